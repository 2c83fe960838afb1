"""`saga-chaos doctor`: what is there, what is missing, what would be used, and how a scenario behaves.

Owns the checks of the machine. `conformance` checks the saga's side of the contract.

Exit 0 where all is well, 4 where the machine lacks something, 2 where the scenario does.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from harness.conformance import conformance
from harness.conformance.checks import Check, told
from harness.loading import load
from harness.toxiproxy.build import cached_binary
from harness.toxiproxy.discovery import URL_VARIABLE, Tried, explain
from harness.versions import version_of

OUT = Path("reports/out")
OLDEST_PYTHON = (3, 11)
ENVIRONMENT_FAILED, SCENARIO_FAILED = 4, 2


def run(arguments: argparse.Namespace) -> int:
    """Look at the machine, then at the scenario, where one is named."""
    machine = told(_machine())
    machine = _tell_proxies(explain()) and machine
    if arguments.scenario is None:
        return 0 if machine else ENVIRONMENT_FAILED
    kept = told(conformance(load(arguments.scenario), _note, arguments.world))
    if not machine:
        return ENVIRONMENT_FAILED
    return 0 if kept else SCENARIO_FAILED


# The machine ----------------------------------------------------------------------------------


def _machine() -> Iterator[Check]:
    found = ".".join(str(part) for part in sys.version_info[:3])
    oldest = ".".join(str(part) for part in OLDEST_PYTHON)
    yield Check(
        sys.version_info >= OLDEST_PYTHON, f"Python {found} at {sys.executable} ({oldest} or newer is needed)"
    )
    yield from _dependencies()
    yield _writable(OUT, "reports go there unless --out says otherwise")
    yield _writable(cached_binary().parent, "a Toxiproxy that is built here is kept there")
    yield _writable(Path(tempfile.gettempdir()), "sagas get a folder of their own there")
    yield _loopback()


def _dependencies() -> Iterator[Check]:
    try:
        names = [
            re.split(r"[^\w.-]", one, maxsplit=1)[0]
            for one in requires("saga-chaos") or ()
            if "extra ==" not in one
        ]
    except PackageNotFoundError:
        yield Check(
            good=False, sentence="saga-chaos is not installed: found no metadata, expected pip install"
        )
        return
    found = {name: version_of(name) for name in sorted(names)}
    have = [f"{name} {version}" for name, version in found.items() if version is not None]
    yield Check(good=True, sentence=f"saga-chaos {version_of('saga-chaos')} with {', '.join(have)}")
    for name in (name for name, version in found.items() if version is None):
        yield Check(good=False, sentence=f"{name} is not installed: pip install {name}")


def _writable(folder: Path, use: str) -> Check:
    """Tried where it is, or where it would be made; nothing is left behind."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            return Check(good=True, sentence=f"{folder} can be written to ({use})")
    except OSError as error:
        return Check(good=False, sentence=f"{folder} cannot be written to ({error.strerror}): {use}")


def _loopback() -> Check:
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
    except OSError as error:
        return Check(good=False, sentence=f"127.0.0.1 cannot be listened on ({error.strerror})")
    return Check(good=True, sentence="127.0.0.1 can be listened on")


def _tell_proxies(trail: tuple[Tried, ...]) -> bool:
    """Whether the wire would find a proxy: not where the one that is named does not answer."""
    _say("")
    _say("The proxy of the wire world, in the order in which it is looked for:")
    for tried in trail:
        _say(f"  {'found ' if tried.found else 'not   '} {tried}")
    used = next((tried for tried in trail if tried.found), None)
    if used is None:
        _say(f"  --proxy auto would fail: no other server is taken while {URL_VARIABLE} names one")
    else:
        _say(f"  --proxy auto would use: {used.place}")
    _say("")
    return used is not None


def _say(line: str) -> None:
    print(line)  # noqa: T201 - this is the command line


def _note(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - see above
