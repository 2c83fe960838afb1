"""The files and the description that make a scenario, so that a changed one is not resumed.

Owns which files those are: the `saga.toml`, the Python of the saga and of its participants, and files that a
command names. Refuses to compare them (`harness.campaign.content`).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.campaign.content import described, hashed
from harness.errors import ScenarioError
from harness.participant import OwnService
from harness.scenario import Scenario

_OURS = Path(__file__).parents[1]


def content_of(scenario: Scenario) -> dict[str, str]:
    """A hash of each, by name."""
    files = {str(path): hashed(path.read_bytes()) for path in _files(scenario) if path.is_file()}
    return {**described(scenario), **files}


def _files(scenario: Scenario) -> Iterator[Path]:
    from harness.mutation.sources import find_sources  # noqa: PLC0415 - only to resume, see `cli`

    if scenario.reference.endswith(".toml"):
        yield Path(scenario.reference)
    yield from _of_participants(scenario)
    try:
        yield from find_sources(scenario).files
    except (
        ScenarioError
    ):  # no Python, or one that cannot be parsed: what its command names is all that is known
        yield from _named(scenario)


def _of_participants(scenario: Scenario) -> Iterator[Path]:
    """The user's Python that plays one, what starts a service, and what says what that holds."""
    for one in scenario.participants:
        written: list[object] = [base for base in type(one).__mro__ if base is not object]
        if isinstance(one, OwnService):
            yield from (one.launch.cwd / word for word in one.launch.start)
            written += [holds for holds in one.holds.values() if not isinstance(holds, str)]
        for source in written:
            try:
                path = Path(inspect.getfile(source))  # type: ignore[arg-type]
            except TypeError:  # it is built in, or no file was found for its module
                continue
            if not path.is_relative_to(_OURS):
                yield path


def _named(scenario: Scenario) -> Iterator[Path]:
    saga = scenario.saga
    if isinstance(saga, SubprocessSaga):
        yield from (saga.cwd / word for word in saga.command)
    elif isinstance(saga, HttpSaga):
        yield from (saga.cwd / word for word in saga.start)
