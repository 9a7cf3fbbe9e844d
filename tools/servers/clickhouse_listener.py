"""A real ClickHouse on the loopback, out of the `chdb-core` wheel: for development and tests only.

The wheel holds the whole engine and its `clickhouse local` can listen. The entry point is private,
so the version is pinned and `tests/tools/test_clickhouse.py` holds this file to it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Protocol, cast

CONFIG = """\
<clickhouse>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>{tcp_port}</tcp_port>
  <http_port>{http_port}</http_port>
  <mlock_executable>false</mlock_executable>
  <max_server_memory_usage>{memory}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <asynchronous_metrics_update_period_s>60</asynchronous_metrics_update_period_s>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
  </users>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
</clickhouse>
"""
MEMORY = 2 << 30
# The last statement never ends: the listeners live as long as their query does.
LISTEN = """\
SYSTEM START LISTEN TCP;
SYSTEM START LISTEN HTTP;
SELECT sleepEachRow(3) FROM system.numbers
SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null
"""


class Engine(Protocol):
    """The part of the wheel's private module that is used here."""

    def query(self, sql: str, output_format: str, *, path: str) -> object:
        """Run statements one after the other on the data in a folder."""
        ...


def load_engine() -> Engine:
    """Import the engine, which needs a moment and a folder for its temporary files."""
    from chdb import _chdb  # noqa: PLC0415 - slow, private, and not before the chdir

    return cast("Engine", _chdb)


def prepare(folder: Path, tcp_port: int, http_port: int) -> None:
    """Write the configuration and go where the engine looks for it: the working directory."""
    scratch = folder / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    config = CONFIG.format(tcp_port=tcp_port, http_port=http_port, memory=MEMORY)
    (folder / "config.xml").write_text(config)
    os.environ["TMPDIR"] = str(scratch)
    os.chdir(folder)


def listen(engine: Engine, data: Path) -> None:
    """Serve until the process ends; leave at once if the engine refuses."""
    try:
        # The format must be TSV: with Null every later SELECT answers nothing.
        engine.query(LISTEN, "TSV", path=str(data))
    except BaseException as error:  # noqa: BLE001 - whatever it was, nobody listens any more
        sys.stderr.write(f"ClickHouse stopped listening: {error}\n")
    os._exit(1)


def wait_for_signal() -> None:
    """Return when somebody asks the process to stop."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    stopped.wait()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.servers.clickhouse_listener")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tcp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    return parser.parse_args()


def main() -> None:
    """Run ClickHouse until SIGTERM."""
    options = arguments()
    folder: Path = options.folder.resolve()
    prepare(folder, options.tcp_port, options.http_port)
    engine = load_engine()
    threading.Thread(target=listen, args=(engine, folder / "data"), daemon=True).start()
    wait_for_signal()
    with contextlib.suppress(OSError):
        shutil.rmtree(folder / "tmp", ignore_errors=True)
    # Acknowledged inserts are parts on disk by now, and the engine aborts when unloaded while it
    # runs a query: so nothing is unloaded.
    os._exit(0)


if __name__ == "__main__":
    main()
