"""Counterexamples of earlier campaigns, kept in a folder of the user's and tried before anything else.

Owns the file of one scenario in one world: what is added, what still applies, and what is removed.
A file that cannot be read is ignored with a note. Refuses to decide anything by what it holds: a
counterexample is run again like any other plan, and only that run counts.

A counterexample is kept as long as it fails. It is removed when it holds or names something that is gone.
While its faults or its input are not enabled, it is kept untried.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from harness.campaign.aggregate import Aggregate, size_of_run
from harness.errors import EnvironmentFault, PlanError, ReportError, meant_path, misplaced
from harness.faults import kinds_of
from harness.faults.enabled import EnabledFaults
from harness.inputs import DrawnInput, InputRef, SchemaInputs, as_json_text
from harness.json_files import converted, json_object, pretty, write_whole
from harness.plan import FaultPlan, check_plan, plan_from_json, plan_to_json
from harness.saga import Json
from harness.scenario import Scenario
from harness.search.run_summary import Job, RunSummary, input_of

FORMAT_VERSION = 1
MOST = 20
"""Of one scenario in one world; the smallest are kept."""

MOST_BYTES = 1_000_000

_Kept = tuple[bytes, FaultPlan]
"""The input as JSON text, and the plan."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    invariants: tuple[str, ...]
    input: Json
    plan: list[dict[str, Json]]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    scenario: str
    reference: str
    world: str
    counterexamples: tuple[_Entry, ...] = ()
    format_version: int = FORMAT_VERSION


class StoredCounterexamples:
    """Those of one scenario in one world. `tried` and `failing` count what became of them.

    folder: None keeps nothing. note: a message about a file that cannot be read or written.
    """

    def __init__(
        self, folder: Path | None, scenario: Scenario, world: str, note: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._scenario = scenario
        self._world = world
        self._note = note
        self._reference = _settled(scenario.reference)
        self._waiting: list[tuple[_Kept, tuple[str, ...]]] = []
        self._failed: dict[_Kept, RunSummary] = {}
        self.tried = 0

    @property
    def failing(self) -> int:
        """How many fail still."""
        return sum(bool(run_summary.violated) for run_summary in self._failed.values())

    def jobs(self) -> list[Job]:
        """The jobs to run first; the others are kept untried, or removed."""
        enabled = EnabledFaults(self._scenario, self._world)
        jobs: list[Job] = []
        for kept, invariants in self._read():
            others = (as_json_text(one, self._scenario.name) for one in kept[1].other_inputs)
            gone = any(self._ref(one) is None for one in others)
            ref = None if gone else self._ref(kept[0])
            overlap = self._scenario.overlap
            several = kept[1].sagas > (1 if overlap is None else overlap.sagas)
            if ref is None or several or not _is_enabled(kept[1], enabled):
                self._waiting.append((kept, invariants))
            else:
                jobs.append((ref, kept[1]))
        return jobs

    def watch(self, run_summaries: Iterable[RunSummary]) -> Iterator[RunSummary]:
        """The same run summaries, of those jobs."""
        for run_summary in run_summaries:
            self.tried += 1
            unsure = run_summary.void or (self._world == "wire" and not all(run_summary.strikes))
            if run_summary.violated or unsure:
                self._failed[self._kept(run_summary)] = run_summary
            yield run_summary

    def keep(self, aggregate: Aggregate) -> None:
        """Write what fails now. A file that cannot be written is a note, not an error."""
        if self._folder is None:
            return
        found = [one.smallest for one in aggregate.invariants.values() if one.smallest is not None]
        found += [run for one in aggregate.invariants.values() for run in one.elsewhere.values()]
        found += [one.refuted.run_summary for one in aggregate.claims.values() if one.refuted is not None]
        kept: dict[_Kept, tuple[str, ...]] = {}
        for run_summary in sorted([*found, *self._failed.values()], key=size_of_run):
            kept.setdefault(self._kept(run_summary), run_summary.violated)
        for one, invariants in self._waiting:
            kept.setdefault(one, invariants)
        if not kept and not self._path.exists():
            return
        try:
            self._write(dict(list(kept.items())[:MOST]))
        except EnvironmentFault as fault:
            self._note(f"Counterexamples were not kept: {fault}")

    # The file -------------------------------------------------------------------------------------

    @property
    def _path(self) -> Path:
        """Told apart by where the scenario comes from, too: names repeat."""
        assert self._folder is not None
        mark = hashlib.blake2b(
            msgspec.json.encode([self._scenario.name, self._reference, self._world]), digest_size=6
        ).hexdigest()
        plain = re.sub(r"[^\w.-]", "_", self._scenario.name, flags=re.ASCII)[:60]
        return self._folder / f"{plain}-{self._world}-{mark}.json"

    def _read(self) -> list[tuple[_Kept, tuple[str, ...]]]:
        if self._folder is None or not self._path.exists():
            return []
        try:
            return list(self._entries(_file(self._path)))
        except (ReportError, RecursionError) as error:
            self._note(f"Stored counterexamples are ignored: {error}")
            return []

    def _entries(self, file: _File) -> Iterator[tuple[_Kept, tuple[str, ...]]]:
        for number, entry in enumerate(file.counterexamples[:MOST]):
            where = f"{self._path}, counterexample {number + 1}"
            try:
                plan = plan_from_json(entry.plan, where)
                check_plan(
                    plan,
                    operations=self._scenario.operations,
                    kinds=kinds_of(self._scenario),
                    deliveries=self._scenario.deliveries,
                )
            except PlanError as error:
                self._note(f"A stored counterexample is dropped: {error}")
                continue
            yield (as_json_text(entry.input, where), plan), entry.invariants

    def _write(self, kept: dict[_Kept, tuple[str, ...]]) -> None:
        entries = tuple(
            _Entry(invariants=invariants, input=msgspec.json.decode(text), plan=plan_to_json(plan))
            for (text, plan), invariants in kept.items()
        )
        assert self._folder is not None
        ignore = self._folder.parent / ".gitignore"
        if not ignore.exists():
            write_whole(ignore, b"*\n")
        file = _File(
            scenario=self._scenario.name,
            reference=self._reference,
            world=self._world,
            counterexamples=entries,
        )
        write_whole(self._path, pretty(file))

    # ----------------------------------------------------------------------------------------------

    def _kept(self, run_summary: RunSummary) -> _Kept:
        given = input_of(self._scenario, run_summary.input_index)
        return as_json_text(given, self._scenario.name), run_summary.plan

    def _ref(self, text: bytes) -> InputRef | None:
        """None for an input that the scenario no longer has: a saga may rightly fail at it."""
        for index, listed in enumerate(self._scenario.all_inputs):
            if as_json_text(listed, self._scenario.name) == text:
                return index
        drawn = DrawnInput(text)
        strategy = self._scenario.input_strategy
        fits = strategy.fits(drawn.value) if isinstance(strategy, SchemaInputs) else strategy is not None
        return drawn if fits else None


def _file(path: Path) -> _File:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ReportError(
            misplaced(str(path), error.strerror or str(error), f"a file to read{meant_path(path)}")
        ) from error
    if size > MOST_BYTES:
        raise ReportError(misplaced(str(path), f"{size} bytes", f"at most {MOST_BYTES}"))
    return converted(json_object(path, FORMAT_VERSION), _File, path)


def _is_enabled(plan: FaultPlan, enabled: EnabledFaults) -> bool:
    """Whether the claims unlock every fault: what is not claimed is not held against a saga."""
    return all(
        any(one.kind.name == fault.kind for one in enabled.possible[fault.operation]) for fault in plan.faults
    )


def _settled(reference: str) -> str:
    """Equal for the same file, however its path was written."""
    path, colon, name = (reference, "", "") if reference.endswith(".toml") else reference.partition(":")
    return f"{Path(path).resolve()}{colon}{name}" if path and Path(path).exists() else reference
