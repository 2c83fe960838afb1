"""A PostgreSQL of this service's own: in its folder, on a socket there and nowhere else.

The server is that of Debian's package (`apt-get install postgresql`). It refuses to run as root; `nobody`
does it then. It ends with its service.
"""
# mypy: ignore-errors

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg

_WAIT_S = 12.0


@contextlib.contextmanager
def running(folder):
    """A URL for clients, while it runs. What it stores, it finds again in the same folder."""
    binaries, user = _binaries(), "nobody" if os.geteuid() == 0 else None
    home = folder / "postgres"
    data = home / "data"
    if not home.exists():
        home.mkdir()
        if user:
            folder.chmod(0o711)
            shutil.chown(home, user)
    if not (data / "PG_VERSION").exists():
        made = [binaries / "initdb", "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(made, user=user, cwd="/", check=True, stdout=subprocess.DEVNULL)
    # What was written survives the death of a process without fsync: only a machine that dies needs it.
    options = ("listen_addresses=", f"unix_socket_directories={home}", "shared_buffers=16MB", "fsync=off")
    command = [binaries / "postgres", "-D", data, *(part for one in options for part in ("-c", one))]
    with (folder / "postgres.log").open("ab") as log:
        process = subprocess.Popen(command, user=user, cwd="/", stdout=log, stderr=log)
    url = f"postgresql://shop@/postgres?host={home}"
    try:
        _wait(url, process, folder / "postgres.log")
        yield url
    finally:
        process.terminate()
        process.wait()


def _binaries():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [shutil.which("initdb")]
    if not found[-1]:
        sys.exit("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return Path(found[-1]).parent


def _wait(url, process, log):
    end_s = time.monotonic() + _WAIT_S
    while True:
        try:
            return psycopg.connect(url).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end_s:
                sys.exit(f"PostgreSQL did not start: {log.read_text()[-500:]}")
            time.sleep(0.05)
