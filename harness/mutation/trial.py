"""One search: of a saga with some of its sources replaced, in this process or from it.

Owns what is asked of each search of a session, and what is kept of it. Refuses to judge what it
means for a mutant (`harness.mutation.verdicts`).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.campaign import CampaignEvent, CampaignOptions, RunEnded, run_campaign
from harness.choices import ProxyKind, SearchKind, WorldName
from harness.errors import ScenarioError
from harness.history import History
from harness.mutation.folders import copy_folder
from harness.mutation.replaced import Replaced, replaced_by
from harness.mutation.sources import Sources
from harness.plan import FaultPlan
from harness.report_model import Report, ScenarioReport, ScenarioVerdict, read_failure
from harness.saga import Json
from harness.scenario import Scenario
from harness.search.run_summary import RunSummary

Load = Callable[[str], Scenario]
Heard = Callable[[RunSummary], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What all searches of a session have in common; it travels to other processes.

    load: what a reference means there; it heeds `harness.mutation.replaced`.
    """

    reference: str
    load: Load
    world: WorldName
    search: SearchKind
    workers: int
    depth: int | None = None
    examples: int | None = None
    proxy: ProxyKind = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """A violated invariant with its smallest plan."""

    invariant: str
    plan: FaultPlan
    input: Json = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a search. verdict None: it could not begin, for the reason in `problem`.

    fingerprints: of all runs so far, one on the other. complete: nothing was left out; singles: of the
    single faults. environment: what the machine or the user did that cut it short.
    """

    verdict: ScenarioVerdict | None
    found: tuple[Counterexample, ...] = ()
    notes: tuple[str, ...] = ()
    runs: int = 0
    complete: bool = False
    singles: bool = False
    chain: tuple[bytes, ...] = ()
    problem: str = ""
    environment: str | None = None

    @property
    def smallest(self) -> Counterexample | None:
        """The one with the fewest faults, the first of them in the order of the catalogue."""
        return min(self.found, key=lambda one: len(one.plan.faults), default=None)


@dataclass(slots=True)
class Chain:
    """Fingerprints of runs, each with those before it: equal where all runs up to there were."""

    links: list[bytes] = field(default_factory=list)

    def add(self, run_summary: RunSummary) -> None:
        """One more run."""
        before = self.links[-1] if self.links else b""
        self.links.append(hashlib.blake2b(before + run_summary.fingerprint, digest_size=8).digest())


@contextmanager
def standing_in(sources: Sources, texts: dict[Path, str]) -> Iterator[None]:
    """These texts in the place of those files, for all that this process starts meanwhile."""
    with tempfile.TemporaryDirectory(prefix="saga-chaos-mutant-", ignore_cleanup_errors=True) as scratch:
        moved = None
        if sources.root is not None:
            copy = Path(scratch).resolve() / "copy"
            copy_folder(sources.root, texts, copy, keep=sources.files)
            moved = (str(sources.root), str(copy))
        replaced = Replaced(texts={str(file): text for file, text in texts.items()}, moved=moved)
        with replaced_by(replaced, Path(scratch) / "replaced.json"):
            yield


def search(
    asked: Asked,
    scenario: Scenario,
    seconds: float,
    *,
    alone: bool,
    until_first: bool,
    heard: Heard | None = None,
) -> Result:
    """Search with what stands in now. alone: in this process, without workers."""
    chain = Chain()

    def listen(event: CampaignEvent) -> None:
        if isinstance(event, RunEnded):
            chain.add(event.run_summary)
            if heard is not None:
                heard(event.run_summary)

    with tempfile.TemporaryDirectory(prefix="saga-chaos-mutant-") as out:
        options = CampaignOptions(
            out=Path(out),
            load=asked.load,
            narrate=_no_story,
            world=asked.world,
            search=asked.search,
            depth=asked.depth,
            examples=asked.examples,
            seconds=seconds,
            workers=asked.workers,
            proxy=asked.proxy,
            in_process=alone,
            until_first=until_first,
        )
        try:
            report = run_campaign([scenario], options, listen)
        except ScenarioError as error:
            return Result(verdict=None, problem=str(error))
        return _result(report, Path(out), tuple(chain.links))


def _result(report: Report, out: Path, chain: tuple[bytes, ...]) -> Result:
    (scenario,) = report.scenarios
    return Result(
        verdict=scenario.verdict,
        found=tuple(_found(scenario, out)),
        notes=scenario.notes,
        runs=scenario.runs,
        complete=scenario.search.left_out == 0,
        singles=_singles_complete(scenario),
        chain=chain,
        environment=report.environment,
    )


def _found(scenario: ScenarioReport, out: Path) -> Iterator[Counterexample]:
    for one in scenario.invariants:
        if one.failure is not None:
            failure = read_failure(out / one.failure)
            yield Counterexample(
                invariant=one.id, plan=failure.plan, input=failure.input, message=failure.message
            )


def _singles_complete(scenario: ScenarioReport) -> bool:
    return not any(part.startswith("single") for part in scenario.search.left_out_parts)


def _no_story(history: History, evidence: tuple[int, ...]) -> list[str]:
    del history, evidence
    return []
