"""Compensation latencies of a campaign, run by run, from `runs.ndjson`.

Owns the few fields of that file that matter here, read line by line. Refuses to know the others
(`harness.campaign.records`). A last line that is half written is left out, as when a campaign is resumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harness.errors import ReportError, meant_path, misplaced

FILE = "runs.ndjson"
FORMAT_VERSION = 1

_NOT_COUNTED = "minimised"
"""Runs of this part repeat what was found, with less."""

Job = tuple[bytes, bytes]
"""The input and the plan of a run, as the file has them: equal bytes are the same job."""


class _Scenario(msgspec.Struct):
    name: str
    world: str


class _Line(msgspec.Struct):
    type: str
    format_version: int | None = None
    scenarios: tuple[_Scenario, ...] = ()
    scenario: int = 0
    part: str = ""
    input: msgspec.Raw = msgspec.Raw(b"null")
    plan: msgspec.Raw = msgspec.Raw(b"[]")
    preemptions: msgspec.Raw = msgspec.Raw(b"[]")
    sagas: msgspec.Raw = msgspec.Raw(b"1")
    other_inputs: msgspec.Raw = msgspec.Raw(b"[]")
    compensation_s: tuple[float, ...] = ()


def compensations(path: Path) -> Mapping[str, Mapping[Job, list[float]]]:
    """Scenario title to what each of its jobs took, in seconds. Raises ReportError with file and line."""
    found: dict[str, dict[Job, list[float]]] = {}
    titles: list[str] = []
    for number, line in _lines(path):
        if number == 1:
            titles = _titles(line, path)
            found = {title: {} for title in titles}
        elif line.type == "run" and line.compensation_s and line.part != _NOT_COUNTED:
            if not 0 <= line.scenario < len(titles):
                raise ReportError(misplaced(f"{path}:{number}, scenario", line.scenario, _indexes(titles)))
            plan = (line.plan, line.preemptions, line.sagas, line.other_inputs)
            job = bytes(line.input), b" ".join(map(bytes, plan))
            found[titles[line.scenario]].setdefault(job, []).extend(line.compensation_s)
    return found


def _titles(line: _Line, path: Path) -> list[str]:
    if line.type != "campaign" or line.format_version != FORMAT_VERSION:
        shown = f"{line.type}, format_version {line.format_version}"
        raise ReportError(misplaced(f"{path}:1", shown, f"campaign, format_version {FORMAT_VERSION}"))
    return [f"{one.name} ({one.world})" for one in line.scenarios]


def _indexes(titles: list[str]) -> str:
    return f"the number of a scenario, 0 to {len(titles) - 1}"


def _lines(path: Path) -> Iterator[tuple[int, _Line]]:
    decoder = msgspec.json.Decoder(_Line)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield number, decoder.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                    if not line.endswith(b"\n") and number > 1:
                        return
                    expected = "a line as saga-chaos writes it"
                    raise ReportError(misplaced(f"{path}:{number}", str(error), expected)) from None
    except OSError as error:
        raise ReportError(
            misplaced(str(path), error.strerror or str(error), f"a file to read{meant_path(path)}")
        ) from error
