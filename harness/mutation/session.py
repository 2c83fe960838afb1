"""`saga-chaos mutate` from end to end: the original, then each mutant, then the score.

Owns the order of things and the time. The original is searched first, for a saga that fails already
teaches nothing, and to know which statements a search executes. Refuses to print: it tells events.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path

import msgspec

from harness.campaign import CampaignOptions
from harness.campaign.files import tool
from harness.choices import ProxyKind, WorldName
from harness.clock import real
from harness.errors import EnvironmentFault, ScenarioError, UsageError, interruption, misplaced, nearest
from harness.history import History
from harness.mutation.coverage import instrumented, read_executed
from harness.mutation.model import Mutant, Mutants, Status, Untried, counts_by_operator, score_of
from harness.mutation.operators import OPERATORS
from harness.mutation.planting import Planted, plant
from harness.mutation.sources import Sources, find_sources
from harness.mutation.trial import Asked, Load, Result, search, standing_in
from harness.mutation.verdicts import Ended, invalid, judged
from harness.mutation.workers import Job, Workers
from harness.report_model import ScenarioVerdict
from harness.scenario import Scenario

EACH_S = {"sim": 20.0, "wire": 60.0}
"""Real seconds that a mutant is searched at most, where nothing is asked."""

ORIGINAL_S = {"sim": 60.0, "wire": 180.0}
"""Real seconds for the search of the original."""

_EXAMPLES = {"sim": 200, "wire": None}
_LAST_WORDS_S = 5.0
_LEAST_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class MutateOptions:
    """None means the default.

    seconds: for everything; each_s: for one mutant. depth: how many faults guided search combines. only:
    names of operators, or ids of mutants; none: all. reasons: by the id of a mutant, why it may survive.
    """

    load: Load
    world: WorldName | None = None
    seconds: float | None = None
    each_s: float | None = None
    depth: int | None = None
    workers: int | None = None
    proxy: ProxyKind = "auto"
    only: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("--seconds", self.seconds), ("--each", self.each_s)):
            if value is not None and not value > 0:
                raise UsageError(misplaced(name, value, "a number above 0"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalBegan:
    """What was asked for makes sense; the saga itself is searched now."""

    scenario: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalEnded:
    """The original holds. planned: mutants to be searched; invalid: those that are not worth it."""

    result: Result
    planned: int
    invalid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantEnded:
    """One more, in the order in which they end."""

    mutant: Mutant
    done: int
    planned: int


Event = OriginalBegan | OriginalEnded | MutantEnded
Listener = Callable[[Event], None]


def planted_in(scenario: Scenario, only: Iterable[str] = ()) -> tuple[Sources, tuple[Planted, ...]]:
    """The saga's sources and its mutants. Raises UsageError for an unknown operator or id."""
    sources = find_sources(scenario)
    planted = plant(sources, scenario.spec.policy.key_header)
    wanted = tuple(only)
    ids = {one.id for one in planted}
    for name in wanted:
        if name not in OPERATORS and name not in ids:
            operator = name.rpartition("-")[0]
            near = [id_ for id_ in sorted(ids) if id_.rpartition("-")[0] == operator]
            raise UsageError(misplaced("--only", name, nearest(name, near or [*OPERATORS])))
    return sources, tuple(one for one in planted if not wanted or _is_wanted(one, wanted))


def _is_wanted(one: Planted, wanted: Iterable[str]) -> bool:
    """Whether a mutant is among the operators and ids that are wanted."""
    return any(name in (one.operator, one.id) for name in wanted)


def mutate(scenario: Scenario, options: MutateOptions, listener: Listener) -> Mutants:
    """Plant, search, sum up. What the machine or the user cuts short is in what is returned.

    Raises UsageError before anything runs, ScenarioError where the saga itself fails.
    """
    return _Session(scenario, options, listener).run()


class _Session:
    def __init__(self, scenario: Scenario, options: MutateOptions, listener: Listener) -> None:
        self._scenario = scenario
        self._options = options
        self._tell = listener
        self._began_s = real.monotonic_s()
        self._world = scenario.world(options.world)
        self._each_s = options.each_s or EACH_S[self._world]
        self._asked = Asked(
            reference=scenario.reference or scenario.name,
            load=options.load,
            world=self._world,
            search="both" if self._world == "sim" else "guided",
            workers=_campaign(options).resolved(self._world, scenario).workers,
            depth=options.depth,
            examples=_EXAMPLES[self._world],
            proxy=options.proxy,
        )
        self._sources, self._planted = planted_in(scenario, options.only)
        self._ended: dict[str, Mutant] = {}

    def run(self) -> Mutants:
        self._tell(OriginalBegan(scenario=self._scenario.name))
        original, executed = self._search_original()
        self._refuse_broken(original)
        if original.environment is not None:
            return self._summed_up(original, original.environment)
        worth = []
        for one in self._planted:
            reason = one.broken or ("" if executed(one) else "no run of the search executes this line")
            if reason:
                self._ended[one.id] = invalid(one, reason)
            else:
                worth.append(one)
        self._tell(OriginalEnded(result=original, planned=len(worth), invalid=len(self._ended)))
        environment = self._search_all(worth, original)
        return self._summed_up(original, environment)

    def _search_original(self) -> tuple[Result, Callable[[Planted], bool]]:
        seconds = ORIGINAL_S[self._world]
        if self._options.seconds is not None:
            seconds = min(seconds, self._options.seconds / 2)
        files = self._sources.files
        with tempfile.TemporaryDirectory(prefix="saga-chaos-mutant-") as scratch:
            notes = Path(scratch).resolve() / "notes"
            with standing_in(self._sources, instrumented(files, notes)):
                result = search(self._asked, self._scenario, seconds, alone=False, until_first=True)
            executed = read_executed(files, notes)
        return result, lambda one: executed.any_of(one.file, one.lines)

    def _refuse_broken(self, original: Result) -> None:
        where = f"scenario {self._scenario.name!r}"
        if original.verdict is None:
            probed = f"{where}, its sources with probes in them"
            raise ScenarioError(f"{probed}: found {original.problem}, expected that it can be searched")
        smallest = original.smallest
        if smallest is not None:
            faults = len(smallest.plan.faults)
            size = "1 fault" if faults == 1 else f"{faults} faults"
            found = f"it violates {smallest.invariant} itself, with {size}"
            expected = f"a saga that holds; see saga-chaos run {self._asked.reference}"
            raise ScenarioError(misplaced(where, found, expected))

    def _search_all(self, worth: list[Planted], original: Result) -> str | None:
        """What the machine or the user cut short, or None."""
        jobs = self._jobs(worth)
        try:
            for ended in self._in_sim(jobs) if self._world == "sim" else self._on_the_wire(jobs):
                if ended.result.environment is not None and not ended.result.found:
                    return ended.result.environment
                if not self._was_cut_short(ended):
                    self._add(judged(ended, original), len(worth))
        except EnvironmentFault as fault:
            return str(fault)
        except KeyboardInterrupt as interrupt:
            return interruption(interrupt)
        return None

    def _add(self, mutant: Mutant, planned: int) -> None:
        if mutant.status is Status.SURVIVED:
            known = self._options.reasons.get(mutant.id) or OPERATORS[mutant.operator].allowed
            mutant = msgspec.structs.replace(mutant, reason=known)
        self._ended[mutant.id] = mutant
        done = sum(one.runs > 0 or one.how is not None for one in self._ended.values())
        self._tell(MutantEnded(mutant=mutant, done=done, planned=planned))

    def _in_sim(self, jobs: Iterator[Job]) -> Iterator[Ended]:
        with Workers(self._asked, self._sources, at_once=self._asked.workers) as workers:
            yield from workers.run(jobs, self._give_up_at_s)

    def _on_the_wire(self, jobs: Iterator[Job]) -> Iterator[Ended]:
        for job in jobs:
            began_s = real.monotonic_s()
            with standing_in(self._sources, {job.planted.file: job.planted.text}):
                result = search(self._asked, self._scenario, job.seconds, alone=False, until_first=True)
            yield Ended(planted=job.planted, result=result, seconds=real.monotonic_s() - began_s)

    def _jobs(self, worth: Iterable[Planted]) -> Iterator[Job]:
        """In turn of the operators, so that a search that is cut short has tried something of each."""
        for one in _in_turn(worth):
            left_s = self._left_s()
            if left_s is not None and left_s < _LEAST_S:
                return
            yield Job(one, self._each_s if left_s is None else min(self._each_s, left_s))

    def _left_s(self) -> float | None:
        if self._options.seconds is None:
            return None
        return self._began_s + self._options.seconds - real.monotonic_s()

    def _give_up_at_s(self) -> float | None:
        left_s = self._left_s()
        return None if left_s is None else real.monotonic_s() + left_s + _LAST_WORDS_S

    def _was_cut_short(self, ended: Ended) -> bool:
        """By the time for everything, and not by its own: whether it would survive is not known."""
        result, left_s = ended.result, self._left_s()
        over = left_s is not None and left_s < _LEAST_S
        if not over or result.found or ended.lost:
            return False
        return result.verdict is None or (not result.singles and ended.seconds < self._each_s)

    def _summed_up(self, original: Result, environment: str | None) -> Mutants:
        mutants = tuple(self._ended[one.id] for one in self._planted if one.id in self._ended)
        untried = tuple(
            Untried(id=one.id, operator=one.operator, where=one.where)
            for one in self._planted
            if one.id not in self._ended
        )
        return Mutants(
            mutants=mutants,
            score=score_of(mutants),
            scenario=self._scenario.name,
            reference=self._asked.reference,
            world=self._world,
            folder=str(self._sources.folder),
            operators=counts_by_operator(OPERATORS, mutants, untried),
            untried=untried,
            complete=not untried,
            environment=environment,
            verdict=original.verdict or ScenarioVerdict.INCONCLUSIVE,
            runs=original.runs,
            seconds=round(real.monotonic_s() - self._began_s, 1),
            tool=tool(),
        )


def _in_turn(planted: Iterable[Planted]) -> Iterator[Planted]:
    queues: dict[str, list[Planted]] = {}
    for one in planted:
        queues.setdefault(one.operator, []).append(one)
    return (one for one in chain.from_iterable(zip_longest(*queues.values())) if one is not None)


def _campaign(options: MutateOptions) -> CampaignOptions:
    """For the checks and defaults that both commands share."""
    return CampaignOptions(
        out=Path(),
        load=options.load,
        narrate=_no_story,
        world=options.world,
        depth=options.depth,
        workers=options.workers,
    )


def _no_story(history: History, evidence: tuple[int, ...]) -> list[str]:
    del history, evidence
    return []
