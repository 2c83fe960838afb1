"""Runs a campaign: for each scenario the fault-free run, guided search, Hypothesis, shrinking, summing up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import msgspec

from harness.campaign.claims import (
    LoadedWithClaims,
    Unclaimed,
    irreversible_faults,
    unclaimed,
    widened,
)
from harness.campaign.events import (
    Listener,
    Noted,
    RunEnded,
    ScenarioBegan,
    ScenarioEnded,
)
from harness.campaign.fault_free import failures, until_one_fails
from harness.campaign.files import CampaignFiles, tool
from harness.campaign.options import CampaignOptions
from harness.campaign.progress import Progress
from harness.campaign.refutations import shrink, take_unshrunk
from harness.campaign.stored import StoredCounterexamples
from harness.campaign.summary import summarise
from harness.campaign.tally import InvariantTally, Tally
from harness.campaign.workers import LocalExecutor, Pool, make_world
from harness.choices import WorldName
from harness.clock import real
from harness.errors import EnvironmentFault
from harness.faults import kinds_of
from harness.faults.unlocked import unlocked_faults
from harness.inputs import DrawnInput
from harness.invariants import invariants_of
from harness.report_model import Drawn, Proxy, Report, ScenarioReport, Search, Stored, Verdict, worst
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search import GuidedSearch
from harness.search.chunks import ChunkExecutor, KnownRuns
from harness.search.digest import Digest
from harness.search.guided import StopAsked
from harness.search.property import PropertySearch
from harness.situations import required_situations

PROGRESS_EVERY = 25


@dataclass(slots=True)
class _Searched:
    """What the searches of one scenario left behind."""

    complete: bool = True
    singles_complete: bool = False
    needs_s: float | None = None
    singles_need_s: float | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    drawn: Drawn | None = None
    stored: Stored = field(default_factory=Stored)
    proxy: Proxy = field(default_factory=Proxy)
    environment: str | None = None


class Campaign:
    """One call of `saga-chaos run`. `report` is whole whatever cut it short."""

    def __init__(self, options: CampaignOptions, listener: Listener) -> None:
        self._options = options
        self._tell = listener
        self._files = CampaignFiles(options)
        self._began_s = real.monotonic_s()
        self._scenarios: list[ScenarioReport] = []
        self._proxy = Proxy()
        self._environment: str | None = None

    def run(self, scenarios: Sequence[Scenario]) -> Report:
        """Search them all. Raises UsageError before anything runs; a machine that fails is in the report."""
        worlds = [scenario.world(self._options.world) for scenario in scenarios]
        for scenario in scenarios:
            required_situations(scenario)
            invariants_of(scenario)
            kinds_of(scenario)
        self._files.check_writable()
        for scenario, world in zip(scenarios, worlds, strict=True):
            if self._environment is None:
                self._scenario(scenario, world)
        return self.report()

    def report(self) -> Report:
        """What was found so far."""
        return Report(
            verdict=worst(one.verdict for one in self._scenarios),
            scenarios=tuple(self._scenarios),
            tool=tool(),
            duration_s=round(real.monotonic_s() - self._began_s, 3),
            proxy=self._proxy,
            environment=self._environment,
        )

    def _scenario(self, scenario: Scenario, world: WorldName) -> None:
        self._tell(ScenarioBegan(name=scenario.name, world=world))
        began_s = real.monotonic_s()
        sent = widened(scenario) if self._options.unclaimed else scenario
        searched = _Searched()
        tally = Tally(
            irreversible=irreversible_faults(scenario),
            invariants={id_: InvariantTally() for id_ in invariants_of(scenario)},
            kinds=kinds_of(scenario),
        )
        stored = StoredCounterexamples(self._options.stored, sent, world, self._note)
        try:
            with self._executor(sent, unclaimed(scenario, sent).added, world, searched) as executor:
                self._try_stored(stored, executor, tally, searched)
                self._search(sent, world, executor, tally, searched)
                shrink(world, executor, tally)
        except EnvironmentFault as fault:
            searched.environment, searched.complete = str(fault), False
        except KeyboardInterrupt:
            searched.environment, searched.complete = "interrupted by the user", False
        if searched.environment is not None:
            take_unshrunk(tally)
        stored.keep(tally)
        self._environment = searched.environment
        if searched.proxy.kind != "none":
            self._proxy = searched.proxy
        summed_up = self._summed_up(scenario, sent, world, tally, searched)
        report = msgspec.structs.replace(
            _no_pass_if_cut_short(summed_up, searched.environment),
            duration_s=round(real.monotonic_s() - began_s, 3),
        )
        self._scenarios.append(report)
        self._tell(ScenarioEnded(report=report))

    @contextmanager
    def _executor(
        self, scenario: Scenario, added: tuple[Claim, ...], world: WorldName, searched: _Searched
    ) -> Iterator[ChunkExecutor]:
        options = self._options
        with ExitStack() as stack:
            if options.in_process:
                entered = stack.enter_context(make_world(world, options.proxy, self._note))
                searched.proxy = _proxy(entered)
                yield LocalExecutor(scenario, entered)
                return
            pool = Pool(
                scenario,
                world,
                workers=options.resolved(world).workers,
                proxy=options.proxy,
                load=LoadedWithClaims(options.load, added) if added else options.load,
                note=self._note,
            )
            stack.enter_context(pool)
            searched.proxy = _proxy(pool)
            yield pool

    def _note(self, text: str) -> None:
        self._tell(Noted(text=text))

    def _try_stored(
        self, stored: StoredCounterexamples, executor: ChunkExecutor, tally: Tally, searched: _Searched
    ) -> None:
        self._count(stored.watch(executor.run(stored.jobs())), tally, StopAsked())
        searched.stored = Stored(tried=stored.tried, failing=stored.failing)

    def _search(
        self, scenario: Scenario, world: WorldName, executor: ChunkExecutor, tally: Tally, searched: _Searched
    ) -> None:
        options = self._options
        deadline_s = None if options.seconds is None else real.monotonic_s() + options.seconds
        stop = StopAsked(deadline_s)
        depth = options.resolved(world).depth if options.search != "hypothesis" else 0
        guided = GuidedSearch(unlocked_faults(scenario, world), len(scenario.inputs), depth)
        asked = options.search != "guided"
        progress = Progress(guided=guided, examples=options.resolved(world).examples if asked else 0)
        known = KnownRuns()
        digests = known.watch(guided.run(executor, stop))
        self._count(until_one_fails(digests, scenario, stop), tally, stop, progress)
        ended = bool(options.until_first and tally.violated)
        if asked and not ended and not failures(scenario, tally):
            search = self._property_search(world, known)
            self._by_property(search, executor, tally, searched, stop, progress)
            self._count(guided.rest(executor, stop), tally, stop, progress)
        searched.left_out.update(guided.left_out_parts)
        searched.complete, searched.singles_complete = guided.complete, guided.singles_complete
        if failures(scenario, tally):
            # Nothing was left out for want of time: there was no point in it.
            searched.left_out.clear()
            searched.complete = searched.singles_complete = False
        elif searched.left_out.total():
            searched.needs_s = progress.needs_s
            searched.singles_need_s = None if guided.singles_complete else progress.singles_need_s

    def _property_search(self, world: WorldName, known: KnownRuns) -> PropertySearch:
        examples = self._options.resolved(world).examples
        return PropertySearch(world, examples=examples, seed=self._options.seed, known=known.runs)

    def _by_property(
        self,
        search: PropertySearch,
        executor: ChunkExecutor,
        tally: Tally,
        searched: _Searched,
        stop: StopAsked,
        progress: Progress,
    ) -> None:
        known = tally.violated
        first = self._options.until_first
        drawn = progress.guided.overhear(search.run(executor, stop, until_first=first))
        self._count(drawn, tally, stop, progress, drawn=True)
        searched.left_out["drawn plans"] += search.came_to.left_out
        searched.drawn = Drawn(
            plans=search.came_to.plans,
            all_fired=search.came_to.all_fired,
            three_or_more=search.came_to.three_or_more,
            dropped=search.came_to.dropped,
        )
        new = [id_ for id_ in tally.violated if id_ not in known]
        if not first:
            shrunk = search.shrink(executor, self._for_hypothesis(search, tally, new))
            self._count(shrunk, tally, stop, progress, drawn=True)

    def _for_hypothesis(self, search: PropertySearch, tally: Tally, new: Iterable[str]) -> list[str]:
        """What Hypothesis is to shrink: on the wire, where each run takes long, only inputs that it drew."""
        found = {id_: tally.invariants[id_].smallest for id_ in new}
        return [
            id_
            for id_, one in found.items()
            if search.world == "sim" or (one is not None and isinstance(one.input_index, DrawnInput))
        ]

    def _count(
        self,
        digests: Iterable[Digest],
        tally: Tally,
        stop: StopAsked,
        progress: Progress | None = None,
        *,
        drawn: bool = False,
    ) -> None:
        for digest in digests:
            tally.add(digest)
            if progress is not None:
                progress.ran(drawn=drawn)
            self._tell(RunEnded(digest=digest))
            if self._options.until_first and digest.violated:
                stop.now()
            if progress is not None and tally.runs % PROGRESS_EVERY == 0:
                self._tell(progress.told(tally.runs, len(tally.violated)))

    def _summed_up(
        self,
        scenario: Scenario,
        sent: Scenario,
        world: WorldName,
        tally: Tally,
        searched: _Searched,
    ) -> ScenarioReport:
        added = unclaimed(scenario, sent)
        files = {
            id_: self._files.failure(scenario, world, id_, one.smallest, tally.runs, unclaimed=added)
            for id_, one in tally.invariants.items()
            if one.smallest is not None
        }
        for index, digest in tally.fault_free.items():
            self._files.history(f"{scenario.name}-{world}-fault-free-{index + 1}", digest)
        return summarise(
            scenario,
            sent,
            world,
            tally,
            files=files,
            refuting=self._refuting(scenario, world, tally, files, added),
            search=self._search_report(world, searched),
        )

    def _refuting(
        self, scenario: Scenario, world: WorldName, tally: Tally, files: Mapping[str, str], added: Unclaimed
    ) -> dict[Claim, str]:
        """The failure file of each claim that was refuted: that of an invariant, where it is the same run."""
        named: dict[Claim, str] = {}
        for claim, about in tally.claims.items():
            one = about.refuted
            if one is None:
                continue
            if one.digest is tally.invariants[one.invariant].smallest:
                named[claim] = files[one.invariant]
                continue
            named[claim] = self._files.failure(
                scenario,
                world,
                one.invariant,
                one.digest,
                tally.runs,
                unclaimed=added,
                name=f"guarantee-{claim}",
            )
        return named

    def _search_report(self, world: WorldName, searched: _Searched) -> Search:
        left_out = {part: number for part, number in searched.left_out.items() if number}
        return Search(
            kind=self._options.search,
            depth=self._options.resolved(world).depth,
            complete=searched.complete and not left_out,
            singles_complete=searched.singles_complete and searched.environment is None,
            needs_s=_rounded(searched.needs_s),
            singles_need_s=_rounded(searched.singles_need_s),
            left_out=sum(left_out.values()),
            left_out_parts=left_out,
            drawn=searched.drawn,
            stored=searched.stored,
        )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _no_pass_if_cut_short(report: ScenarioReport, environment: str | None) -> ScenarioReport:
    """What the machine or the user ended has not seen all that it was asked to see."""
    if environment is None or report.verdict is not Verdict.PASS:
        return report
    notes = (*report.notes, f"The search was cut short: {environment}.")
    return msgspec.structs.replace(report, verdict=Verdict.INCONCLUSIVE, notes=notes)


def _proxy(source: object) -> Proxy:
    kind = getattr(source, "proxy_kind", "none")
    version = getattr(source, "proxy_version", "")
    if kind == "toxiproxy":
        return Proxy(kind="toxiproxy", version=version)
    return Proxy(kind="embedded", version=version) if kind == "embedded" else Proxy()


def run_campaign(scenarios: Sequence[Scenario], options: CampaignOptions, listener: Listener) -> Report:
    """Search scenarios and sum up; see `Campaign.run`."""
    return Campaign(options, listener).run(scenarios)
