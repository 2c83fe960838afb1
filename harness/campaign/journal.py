"""`runs.ndjson` on disk: appended to as runs end, and read back.

A line is written by one system call, without a buffer of ours. So the death of this process, by whatever
signal, loses nothing that was written: the kernel holds it. The machine's own death may lose the last
seconds, for no run is worth an fsync. What a death cuts off in the middle of a line is dropped when the file
is read; a line that is broken elsewhere is an error.

Refuses to know what the lines mean to a search (`harness.campaign.recording`) or to a report
(`harness.campaign.fold`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from harness.campaign.records import (
    FORMAT_VERSION,
    PARTS,
    BeganLine,
    CampaignLine,
    ChunkLine,
    EndedLine,
    Line,
    Part,
    RunKey,
    RunLine,
    TimeUpLine,
)
from harness.errors import EnvironmentFault, ReportError, UsageError, misplaced
from harness.json_files import write_whole
from harness.search.chunks import ChunkEnded

FILE = "runs.ndjson"
HISTORIES = Path("histories") / "runs"
"""Histories of runs that a report may need, by the place of the run."""

_Read = TypeVar("_Read")
_encode = msgspec.json.Encoder().encode


class Journal:
    """The file of one campaign, open to be appended to. Close it, or use it as a context manager.

    Raises EnvironmentFault where it cannot be written, UsageError where another campaign writes it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._folder = folder
        self._file: int | None = None

    def begin(self, line: CampaignLine) -> None:
        """A new campaign; an earlier one in the same folder is gone."""
        write_whole(self._folder / HISTORIES / ".writable", b"")
        for old in (self._folder / HISTORIES).iterdir():
            old.unlink()
        self._open(keep=0)
        self.write(line)

    def go_on(self, recorded: Recorded) -> None:
        """After what was read: a line that was cut off is overwritten."""
        self._open(keep=recorded.size)

    def write(self, line: Line) -> None:
        """Append one line."""
        assert self._file is not None
        content = _encode(line) + b"\n"
        try:
            written = os.write(self._file, content)
        except OSError as error:
            raise self._unwritable(error.strerror or str(error)) from error
        if written != len(content):
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise self._unwritable("no space left")

    def keep_history(self, key: RunKey, history: bytes) -> None:
        """Of a run whose line comes next."""
        write_whole(self.history_path(key), history)

    def history(self, key: RunKey) -> bytes:
        """What was kept of a run; empty where it is needed no more."""
        try:
            return self.history_path(key).read_bytes()
        except FileNotFoundError:
            return b""

    def drop_history(self, key: RunKey) -> None:
        """Nothing needs it any more."""
        self.history_path(key).unlink(missing_ok=True)

    def history_path(self, key: RunKey) -> Path:
        """Where the history of a run is."""
        return self._folder / HISTORIES / f"{key}.ndjson"

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self, *, keep: int) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, keep)
        except BlockingIOError:
            self.close()
            expected = "one that has ended; choose another folder with --out"
            raise UsageError(misplaced(str(self.path), "a campaign that writes it", expected)) from None
        except OSError as error:
            self.close()
            raise self._unwritable(error.strerror or str(error)) from error

    def _unwritable(self, why: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"{self.path}: cannot append a run ({why}), "
            "expected a folder that can be written to, with space left; choose one with --out"
        )


@dataclass(slots=True)
class RecordedScenario:
    """What a file says of one scenario. runs: line number and content, by place.

    time_up: where the time for the search was over, if it was.
    spent_s: real seconds of its search until the last of these runs ended. ended: the last word on it.
    """

    began: BeganLine | None = None
    runs: dict[RunKey, tuple[int, bytes]] = field(default_factory=dict)
    chunks: dict[tuple[Part, int], ChunkEnded] = field(default_factory=dict)
    time_up: TimeUpLine | None = None
    ended: EndedLine | None = None
    spent_s: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether its search was finished."""
        return self.ended is not None and self.ended.environment is None


@dataclass(slots=True)
class Recorded:
    """A file that was read. size: bytes up to the end of the last whole line."""

    path: Path
    campaign: CampaignLine
    scenarios: Mapping[int, RecordedScenario]
    size: int

    def run(self, key: RunKey) -> RunLine | None:
        """The run at a place, where it is recorded. Raises ReportError where its line is broken."""
        found = self.scenarios[key.scenario].runs.get(key)
        return None if found is None else _decoded(found[1], _run_decoder, f"{self.path}, line {found[0]}")

    def where(self, key: RunKey) -> str:
        """File and line of a run, for messages."""
        return f"{self.path}, line {self.scenarios[key.scenario].runs[key][0]}"


class _RunHead(msgspec.Struct, frozen=True, tag="run", tag_field="type"):
    """What is read of every run at once; the rest is read when the run is asked for."""

    scenario: int
    part: Part
    number: int
    t_s: float
    chunk: int = 0

    @property
    def key(self) -> RunKey:
        return RunKey(self.scenario, PARTS.index(self.part), self.chunk, self.number)


_Head = CampaignLine | BeganLine | _RunHead | ChunkLine | TimeUpLine | EndedLine
_decoder: msgspec.json.Decoder[_Head] = msgspec.json.Decoder(_Head)
_run_decoder: msgspec.json.Decoder[RunLine] = msgspec.json.Decoder(RunLine)


def read_recorded(folder: Path) -> Recorded:
    """The file of a campaign. Raises ReportError with file and line of what cannot be read."""
    path = folder / FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        expected = "the file of a campaign that began"
        raise ReportError(misplaced(str(path), error.strerror or str(error), expected)) from error
    size = content.rfind(b"\n") + 1
    lines = content[:size].split(b"\n")[:-1]
    if not lines:
        raise ReportError(misplaced(f"{path}, line 1", "nothing", "the first line of a campaign"))
    campaign = _campaign(lines[0], f"{path}, line 1")
    scenarios = {number: RecordedScenario() for number in range(len(campaign.scenarios))}
    for number, line in enumerate(lines[1:], start=2):
        _add(_decoded(line, _decoder, f"{path}, line {number}"), line, number, scenarios, path)
    return Recorded(path=path, campaign=campaign, scenarios=scenarios, size=size)


def _campaign(line: bytes, where: str) -> CampaignLine:
    version = _decoded(line, msgspec.json.Decoder(dict[str, msgspec.Raw]), where).get("format_version")
    if version is None or bytes(version) != b"%d" % FORMAT_VERSION:
        found = None if version is None else bytes(version).decode()
        raise ReportError(misplaced(f"{where}, format_version", found, str(FORMAT_VERSION)))
    return _decoded(line, msgspec.json.Decoder(CampaignLine), where)


def _add(
    head: _Head, line: bytes, number: int, scenarios: Mapping[int, RecordedScenario], path: Path
) -> None:
    where = f"{path}, line {number}"
    if isinstance(head, CampaignLine):
        raise ReportError(misplaced(where, "another campaign", "a line of the one that began the file"))
    one = scenarios.get(head.scenario)
    if one is None:
        expected = f"a number below {len(scenarios)}"
        raise ReportError(misplaced(f"{where}, scenario", head.scenario, expected))
    if isinstance(head, _RunHead):
        if head.key in one.runs:
            first = one.runs[head.key][0]
            expected = f"each run once: it is in line {first} already"
            raise ReportError(misplaced(where, f"run {head.key}", expected))
        one.runs[head.key] = number, line
        one.spent_s = max(one.spent_s, head.t_s)
    elif isinstance(head, ChunkLine):
        one.chunks[head.part, head.chunk] = head.came_to
    elif isinstance(head, BeganLine):
        one.began = one.began or head
    elif isinstance(head, TimeUpLine):
        one.time_up = head
    else:
        one.ended = head


def _decoded(line: bytes, decoder: msgspec.json.Decoder[_Read], where: str) -> _Read:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        shown = line[:80].decode(errors="replace")
        raise ReportError(misplaced(where, shown, f"a line of a campaign ({error})")) from error
