"""compose.yaml and the Dockerfile are valid, and give each service what it needs and no more."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import yaml

from shared.contracts.topology import EXCHANGES
from shared.settings import ServiceSettings, load
from tools.dotenv import parse

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "infractions", "stats", "admin", "web")
PORTS = {"gateway": 8001, "infractions": 8002, "stats": 8003, "admin": 8004, "web": 8080}
VARIABLE = re.compile(r"\$\{(\w+)(?::?[-?]([^}]*))?\}")

# What YAML holds has no type before it was looked at.
Tree = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> Tree:
    """Give compose.yaml with its variables filled in."""
    values = {name: name.lower().ljust(40, "x") for name in example()}
    values["PUBLIC_URL"] = "http://localhost:8080"
    values["OPERATORS"] = "1,2"

    def fill(match: re.Match[str]) -> str:
        return values.get(match[1], match[2] or "")

    text = VARIABLE.sub(fill, (ROOT / "compose.yaml").read_text())
    return cast("Tree", yaml.safe_load(text))


def example() -> dict[str, str]:
    return parse((ROOT / ".env.example").read_text())


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the words stand in this file
        words, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_file_follows_the_compose_specification() -> None:
    said = run(
        *(sys.executable, "-m", "check_jsonschema"),
        *("--builtin-schema", "vendor.compose-spec", "compose.yaml"),
    )
    assert said.returncode == 0, said.stdout


def test_the_dockerfile_passes_hadolint() -> None:
    said = run(str(Path(sys.executable).with_name("hadolint")), "Dockerfile")
    assert said.returncode == 0, said.stdout


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no docker command here")
def test_docker_understands_the_file(tmp_path: Path) -> None:
    filled = "".join(f"{name}={'x' * 40}\n" for name in example())
    (tmp_path / ".env").write_text(filled)
    said = run("docker", "compose", "--env-file", str(tmp_path / ".env"), "config", "--quiet")
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_the_environment_it_is_given(compose: Tree, service: str) -> None:
    settings = load(settings_of(service), environment(compose, service))
    assert settings.http_port == PORTS[service]
    assert f"//{service}:" in settings.database_url.reveal()
    assert f"//{service}:" in settings.amqp_url.reveal()
    assert settings.operators == (1, 2)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_nothing_that_it_does_not_read(compose: Tree, service: str) -> None:
    read = {field.name.upper() for field in msgspec.structs.fields(settings_of(service))}
    assert set(environment(compose, service)) - read == set()


def environment(compose: Tree, service: str) -> dict[str, str]:
    """Return a service's variables: those of compose.yaml on those of the image."""
    return {"HTTP_HOST": "0.0.0.0", **compose["services"][service]["environment"]}  # noqa: S104 - in a container


def settings_of(service: str) -> type[ServiceSettings]:
    return importlib.import_module(f"services.{service}.settings").Settings


def test_services_find_each_other_where_they_listen(compose: Tree) -> None:
    given = environment(compose, "web")
    for service in ("infractions", "stats", "admin"):
        assert given[f"{service.upper()}_URL"] == f"http://{service}:{PORTS[service]}"
        assert environment(compose, service)["HTTP_PORT"] == str(PORTS[service])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_cannot_write_to_its_image_nor_gain_rights(compose: Tree, service: str) -> None:
    described = compose["services"][service]
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]
    assert described["restart"] == "unless-stopped"
    assert described["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert described["build"]["args"] == {"SERVICE": service}


def test_only_chosen_addresses_reach_a_published_port(compose: Tree) -> None:
    published = [
        port for described in compose["services"].values() for port in described.get("ports", [])
    ]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_variable_is_explained_in_the_example() -> None:
    used = {match[1] for match in VARIABLE.finditer((ROOT / "compose.yaml").read_text())}
    text = (ROOT / ".env.example").read_text()
    missing = [name for name in used if not re.search(rf"^#?{name}=", text, re.MULTILINE)]
    assert missing == []


def test_a_new_file_of_settings_has_long_random_passwords(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / ".env.example", tmp_path)
    script = shutil.copy(ROOT / "deploy" / "new-env", tmp_path / "deploy")

    assert run("sh", str(script)).returncode == 0

    values = parse((tmp_path / ".env").read_text())
    made = [value for name, value in values.items() if name.endswith(("_PASSWORD", "_SECRET"))]
    assert values["DISCORD_CLIENT_SECRET"] == ""
    made.remove("")
    assert len(set(made)) == len(made) == 10
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in made)
    before = (tmp_path / ".env").read_text()
    assert run("sh", str(script)).returncode == 1
    assert (tmp_path / ".env").read_text() == before


class Rights(msgspec.Struct):
    """What a user of RabbitMQ may do: patterns of names."""

    user: str
    configure: str
    write: str
    read: str


class Definitions(msgspec.Struct):
    """The part of RabbitMQ's definitions that is about rights."""

    permissions: list[Rights]


def rights(user: str) -> Rights:
    raw = (ROOT / "deploy" / "rabbitmq" / "definitions.json").read_bytes()
    known = msgspec.json.decode(raw, type=Definitions).permissions
    return next(entry for entry in known if entry.user == user)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_broker_to_itself_only_where_it_is_its_own(service: str) -> None:
    has = rights(service)
    for mine in (f"{service}.events", f"{service}.commands.retry.10", f"replies.{service}.00ff"):
        assert all(re.search(pattern, mine) for pattern in (has.configure, has.write, has.read))
    others = [name for name in SERVICES if name != service]
    for theirs in (f"{other}.{queue}" for other in others for queue in ("events", "dead")):
        assert not any(
            re.search(pattern, theirs) for pattern in (has.configure, has.write, has.read)
        )
    assert all(re.search(has.configure, exchange) for exchange in EXCHANGES)


def test_only_the_gateway_speaks_for_discord() -> None:
    for exchange in ("discord.events", "discord.commands"):
        assert re.search(rights("gateway").write, exchange)
        for service in SERVICES[1:]:
            assert not re.search(rights(service).write, exchange)
            assert re.search(rights(service).read, exchange)
