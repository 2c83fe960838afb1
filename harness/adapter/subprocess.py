"""A saga behind a command, in any language (DESIGN, "Saga under test", 2).

Owns the words of the contract: how the command is called, what its environment holds, and how its
outcome is read. Refuses to start it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from harness.adapter.outcome import Returned, read_outcome
from harness.errors import misplaced
from harness.process_faults import ProcessFault
from harness.saga import Json

_FRAME = re.compile(r'^  File "([^"]+)", line (\d+)', re.MULTILINE)
"""Where a traceback of Python has been."""

OUTCOME = "OUTCOME "
BUS = "bus"
STORE_VARIABLE = "SAGA_STORE_DIR"
_LINES = 6
_WIDTH = 600


def url_variable(participant: str) -> str:
    """`SAGA_PAYMENTS_URL` for `payments`."""
    return f"SAGA_{participant.upper().replace('-', '_')}_URL"


def as_processes_find_them(urls: Mapping[str, str], bus: str | None) -> Mapping[str, str]:
    """Participant to base URL; the only bus stands under `bus`, too. bus: its name; None: no such."""
    taken = url_variable(BUS) in map(url_variable, urls)
    return urls if bus is None or taken else {**urls, BUS: urls[bus]}


def environment(urls: Mapping[str, str], store_dir: Path) -> dict[str, str]:
    """What each run sets itself."""
    return {STORE_VARIABLE: str(store_dir), **{url_variable(name): url for name, url in urls.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubprocessSaga:
    """`COMMAND run ID` and `COMMAND resume ID` in `cwd`, with `env` added to the environment.

    listen: participant to the host and port that it has to have; all others get a free one.
    """

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    listen: Mapping[str, tuple[str, int]] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The command, for people."""
        return " ".join(self.command)

    @property
    def worlds(self) -> tuple[str, ...]:
        """A process of its own has real sockets and a real clock."""
        return ("wire",)

    @property
    def alone(self) -> str | None:
        """Why its runs cannot go side by side, or None where they can."""
        return addresses_taken(self.listen)

    def unfit(self, process_fault: ProcessFault) -> str | None:
        """The contract knows no way to cancel a process but to kill it."""
        return "a command cannot be cancelled, only killed" if process_fault is ProcessFault.CANCEL else None


def addresses_taken(listen: Mapping[str, tuple[str, int]]) -> str | None:
    """Why two runs cannot have their participants at the same addresses."""
    if not listen:
        return None
    fixed = ", ".join(f"{name} at {host}:{port}" for name, (host, port) in listen.items())
    return f"participants listen at fixed addresses ({fixed})"


def read_output(stdout: str, stderr: str, exit_code: int) -> Returned:
    """The outcome on the last line that begins with OUTCOME, or what is wrong, in plain words."""
    lines = [line for line in stdout.splitlines() if line.startswith(OUTCOME)]
    if not lines:
        return Returned(problem=_no_outcome(stdout, stderr, exit_code))
    told = lines[-1].removeprefix(OUTCOME)
    try:
        value: Json = msgspec.json.decode(told)
    except msgspec.DecodeError as error:
        found = misplaced("the saga printed, after OUTCOME", cut(told), f"JSON ({error})")
        return Returned(problem=found + _complaint(stderr))
    returned = read_outcome(value)
    if returned.problem is None:
        return returned
    return msgspec.structs.replace(returned, problem=returned.problem + _complaint(stderr))


def cut(text: str) -> str:
    """The end of a text, short enough for a message."""
    lines = text.strip().splitlines()[-_LINES:]
    kept = "\n".join(lines)
    return kept if len(kept) <= _WIDTH else f"…{kept[-_WIDTH:]}"


def last_words(said: str) -> str:
    """The end of a message about a process that said this; empty where it said nothing."""
    return f"; its last words: {cut(said)}" if cut(said) else ""


def without_outcome(stdout: str) -> str:
    """What a command printed for people."""
    return "".join(line for line in stdout.splitlines(keepends=True) if not line.startswith(OUTCOME))


def _no_outcome(stdout: str, stderr: str, exit_code: int) -> str:
    said = f"its last words: {cut(stdout)!r}" if stdout.strip() else "and printed nothing"
    expected = 'a line OUTCOME {"status": …} on stdout'
    return f"the saga ended {ended_how(exit_code)}, {said}; expected {expected}{_complaint(stderr)}"


def ended_how(exit_code: int) -> str:
    """For people: by a signal, or with a code."""
    if exit_code < 0:
        return f"by signal {-exit_code}"
    return f"with exit code {exit_code}"


def _complaint(stderr: str) -> str:
    if not stderr.strip():
        return ""
    frames = _FRAME.findall(stderr)
    if not frames:
        return f"; on stderr: {cut(stderr)}"
    file, line = frames[-1]
    return f"; on stderr: {cut(stderr.strip().splitlines()[-1])} ({Path(file).name}:{line})"
