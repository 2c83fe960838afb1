"""A PostgreSQL of the tests' own: the binaries that `pgserver` brings, in a folder that is removed.

pgserver's own start is left aside: as root it adds a user to the machine and opens folders to all.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_WAIT_S = 20.0


@dataclass
class Postgres:
    """A running server. It listens on a socket in its folder, and nowhere else."""

    folder: Path
    process: subprocess.Popen[bytes]
    schemas: int = 0

    @property
    def url(self) -> str:
        return f"postgresql://tests@/postgres?host={self.folder}"

    def new_schema(self) -> str:
        """A URL under which nothing is there yet; much quicker than a database."""
        self.schemas += 1
        name = f"log{self.schemas}"
        self.run(self.url, f"CREATE SCHEMA {name}")
        return f"{self.url}&options=-csearch_path%3D{name}"

    def run(self, url: str, statement: str) -> None:
        """One statement, committed."""
        import psycopg  # noqa: PLC0415 - an extra, imported late

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    binaries = _binaries()
    # A short path: that of a socket may have about a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    try:
        _init(binaries, data, user)
        with _started(binaries, data, folder, user) as process:
            server = Postgres(folder, process)
            _wait(server)
            yield server
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    pytest.importorskip("psycopg", reason="PostgreSQL: psycopg is not installed")
    spec = importlib.util.find_spec("pgserver")
    if spec is None or spec.origin is None:
        pytest.skip("PostgreSQL: pgserver, which brings the server, is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _init(binaries: Path, data: Path, user: str | None) -> None:
    command = [
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "tests",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    try:
        done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True, check=False)
    except PermissionError as error:
        pytest.skip(f"PostgreSQL: root cannot run it, and user {user} cannot reach {binaries}: {error}")
    if done.returncode:
        pytest.skip(f"PostgreSQL: initdb does not run here: {done.stderr.strip()[-300:]}")


@contextlib.contextmanager
def _started(binaries: Path, data: Path, folder: Path, user: str | None) -> Iterator[subprocess.Popen[bytes]]:
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", "shared_buffers=16MB"]
    options = [part for setting in settings for part in ("-c", setting)]
    with (data / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options], user=user, cwd="/", stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
        process.wait(_WAIT_S)


def _wait(server: Postgres) -> None:
    import psycopg  # noqa: PLC0415 - an extra, imported late

    end_s = time.monotonic() + _WAIT_S
    while True:
        try:
            psycopg.connect(server.url).close()
        except psycopg.OperationalError:
            assert server.process.poll() is None, (server.folder / "data" / "server.log").read_text()
            assert time.monotonic() < end_s
            time.sleep(0.05)
        else:
            return
