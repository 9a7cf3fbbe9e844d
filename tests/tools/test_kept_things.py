"""Ports, secrets, locks and settings of a stack are kept, and given up when they must be."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from tools import dotenv
from tools.discord import Discord
from tools.errors import StackError
from tools.files import write_whole
from tools.keys import Keys
from tools.lock import AlreadyRunningError, is_free, only_one
from tools.manifest import Manifest
from tools.ports import Ports
from tools.shell import variables


def test_a_port_is_the_same_the_next_time(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json").get("web")
    assert Ports(tmp_path / "ports.json").get("web") == first


def test_a_kept_port_that_somebody_took_is_given_up(tmp_path: Path) -> None:
    kept = Ports(tmp_path / "ports.json").get("web")
    with socket.create_server(("127.0.0.1", kept)):
        other = Ports(tmp_path / "ports.json").get("web")
    assert other != kept
    assert Ports(tmp_path / "ports.json").get("web") == other


def test_a_kept_port_taken_on_all_interfaces_is_given_up(tmp_path: Path) -> None:
    kept = Ports(tmp_path / "ports.json").get("web")
    with socket.create_server(("", kept)):
        assert Ports(tmp_path / "ports.json").get("web") != kept


def test_no_two_parts_get_one_port(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    given = [ports.get(f"part {number}") for number in range(50)]
    assert len(set(given)) == 50


def test_a_damaged_list_of_ports_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"web": 2')
    assert Ports(tmp_path / "ports.json").get("web")


def test_a_secret_is_kept_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = Keys(tmp_path / "keys.json").get("token_secret")
    assert len(first) >= 32
    assert Keys(tmp_path / "keys.json").get("token_secret") == first
    assert Keys(tmp_path / "keys.json").get("session_secret") != first
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_a_folder_runs_one_stack_at_a_time(tmp_path: Path) -> None:
    with only_one(tmp_path / "lock"):
        assert not is_free(tmp_path / "lock")
        with (
            pytest.raises(AlreadyRunningError, match="running already"),
            only_one(tmp_path / "lock"),
        ):
            pass
    assert is_free(tmp_path / "lock")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "stack.json", b"old")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "stack.json", None)  # type: ignore[arg-type]  # a failing write
    assert (tmp_path / "stack.json").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]


def test_a_file_of_settings_is_read_below_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# comment\n\nDISCORD_TOKEN='a#b'\nexport OPERATORS=1,2 # us\nEMPTY=\nBOTH=file\n"
    )
    assert dotenv.with_dotenv(tmp_path / ".env", {"BOTH": "environment"}) == {
        "DISCORD_TOKEN": "a#b",
        "OPERATORS": "1,2",
        "EMPTY": "",
        "BOTH": "environment",
    }


def test_a_line_that_sets_nothing_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKEN=x\nnonsense\n")
    with pytest.raises(StackError, match="line 2"):
        dotenv.with_dotenv(tmp_path / ".env", {})


def test_running_against_discord_names_what_is_not_set() -> None:
    with pytest.raises(StackError, match="DISCORD_TOKEN and DISCORD_CLIENT_SECRET must be set"):
        Discord.real({"DISCORD_CLIENT_ID": "1"})


def test_a_running_stack_is_told_as_shell_variables(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make demo"):
        variables((tmp_path,))
    running = Manifest(stats="http://127.0.0.1:1", api_key="flk_1_a'b", pids={"stats": 7})
    running.write(tmp_path / "stack.json")
    lines = variables((tmp_path / "elsewhere", tmp_path)).splitlines()
    assert "STATS=http://127.0.0.1:1" in lines
    assert "PID_STATS=7" in lines
    assert """API_KEY='flk_1_a'"'"'b'""" in lines
