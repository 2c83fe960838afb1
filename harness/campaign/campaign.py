"""Runs a campaign: for each scenario the fault-free run, guided search, Hypothesis, shrinking, summing up.

Each run is recorded the moment it ends (`harness.campaign.recording`). So a campaign can be resumed: it
searches again, and what is recorded is not run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

from harness.campaign.arrivals import JobRunner
from harness.campaign.claims import LoadedWithClaims, unclaimed, widened
from harness.campaign.content import check_same, versions
from harness.campaign.events import (
    Listener,
    Noted,
    RunEnded,
    ScenarioBegan,
    ScenarioEnded,
)
from harness.campaign.fault_free import failures, until_one_fails
from harness.campaign.files import CampaignFiles, tool
from harness.campaign.fold import empty_tally, folded
from harness.campaign.journal import Journal, Recorded, read_recorded
from harness.campaign.options import CampaignOptions
from harness.campaign.processes import uninterrupted
from harness.campaign.progress import Progress
from harness.campaign.recording import RecordedStop, RecordingJobRunner, RunRecords
from harness.campaign.records import (
    BeganLine,
    CampaignLine,
    EndedLine,
    ScenarioEntry,
    StoredJob,
    Tables,
    input_entry,
    job_of,
    plan_entry,
)
from harness.campaign.refutations import shrink, take_unshrunk
from harness.campaign.scenario_report import ScenarioReporter
from harness.campaign.stored import StoredCounterexamples
from harness.campaign.tally import Tally
from harness.campaign.workers import LocalExecutor, Pool, make_world
from harness.choices import WorldName
from harness.clock import real
from harness.errors import EnvironmentFault, ReportError, interruption
from harness.faults import kinds_of
from harness.faults.unlocked import unlocked_faults
from harness.inputs import DrawnInput
from harness.invariants import invariants_of
from harness.report_model import Drawn, Proxy, Report, ScenarioReport, Search, Stored, worst
from harness.scenario import Scenario
from harness.search import GuidedSearch
from harness.search.chunks import KnownRuns
from harness.search.digest import Digest, Job
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One scenario of the campaign. sent: with the claims whose faults are sent."""

    number: int
    scenario: Scenario
    sent: Scenario
    world: WorldName
    records: RunRecords
    tables: Tables
    journal: Journal


class Campaign:
    """One call of `saga-chaos run`. `report` is whole whatever cut it short.

    recorded: what an earlier session of the same campaign wrote to the same folder; None begins a new one.
    """

    def __init__(
        self, options: CampaignOptions, listener: Listener, recorded: Recorded | None = None
    ) -> None:
        self._options = options
        self._tell = listener
        self._recorded = recorded
        self._files = CampaignFiles(options)
        self._began_s = real.monotonic_s()
        self._scenarios: list[ScenarioReport] = []
        self._earlier_s = 0.0
        self._proxy = Proxy()
        self._environment: str | None = None

    def run(self, scenarios: Sequence[Scenario]) -> Report:
        """Search them all. A machine that fails is in the report.

        Raises UsageError before anything runs, also where they are not those that were recorded.
        """
        worlds = [scenario.world(self._options.world) for scenario in scenarios]
        for scenario in scenarios:
            required_situations(scenario)
            invariants_of(scenario)
            kinds_of(scenario)
        line = self._line(scenarios, worlds)
        if self._recorded is not None:
            check_same(self._recorded, line)
        self._files.check_writable()
        with closing(Journal(self._options.out)) as journal:
            self._open(journal, line)
            try:
                for number, (scenario, world) in enumerate(zip(scenarios, worlds, strict=True)):
                    if self._environment is None:
                        self._scenario(self._case(number, scenario, world, journal, line))
            except KeyboardInterrupt as interrupt:
                self._environment = interruption(interrupt)
        return self.report()

    def report(self) -> Report:
        """What was found so far."""
        return Report(
            verdict=worst(one.verdict for one in self._scenarios),
            scenarios=tuple(self._scenarios),
            tool=tool(),
            duration_s=round(self._earlier_s + real.monotonic_s() - self._began_s, 3),
            proxy=self._proxy,
            environment=self._environment,
        )

    # The records ------------------------------------------------------------------------------

    def _line(self, scenarios: Sequence[Scenario], worlds: Sequence[WorldName]) -> CampaignLine:
        return CampaignLine(
            origin=self._options.origin,
            versions=versions(),
            options=self._options.recorded(),
            scenarios=tuple(
                ScenarioEntry(
                    name=scenario.name,
                    reference=scenario.reference,
                    world=world,
                    content=self._options.content(scenario),
                    invariants=tuple(invariants_of(scenario)),
                    operations=tuple(scenario.operations),
                )
                for scenario, world in zip(scenarios, worlds, strict=True)
            ),
        )

    def _open(self, journal: Journal, line: CampaignLine) -> None:
        if self._recorded is None:
            journal.begin(line)
        else:
            journal.go_on(self._recorded)

    def _case(
        self, number: int, scenario: Scenario, world: WorldName, journal: Journal, line: CampaignLine
    ) -> _Case:
        tables = Tables(scenario, line.scenarios[number])
        return _Case(
            number=number,
            scenario=scenario,
            sent=widened(scenario) if self._options.unclaimed else scenario,
            world=world,
            records=RunRecords(number, journal, tables, self._recorded),
            tables=tables,
            journal=journal,
        )

    # One scenario -----------------------------------------------------------------------------

    def _scenario(self, case: _Case) -> None:
        self._tell(ScenarioBegan(name=case.scenario.name, world=case.world))
        earlier = self._recorded.scenarios[case.number] if self._recorded is not None else None
        if earlier is not None and earlier.ended is not None and earlier.whole:
            self._summed_up(case, folded(case.scenario, case.world, case.records), earlier.ended)
            self._earlier_s += earlier.ended.duration_s
            return
        began_s = real.monotonic_s() - case.records.spent_s
        self._earlier_s += case.records.spent_s
        searched = _Searched()
        tally = empty_tally(case.scenario)
        stored = StoredCounterexamples(self._options.stored, case.sent, case.world, self._note)
        try:
            with self._job_runner(case, searched) as inner:
                runner = RecordingJobRunner(inner, case.records)
                self._try_stored(case, stored, runner, tally, searched)
                self._search(case, runner, tally, searched)
                with runner.during("minimised"):
                    shrink(case.world, runner, tally)
        except EnvironmentFault as fault:
            searched.environment, searched.complete = str(fault), False
        except KeyboardInterrupt as interrupt:
            searched.environment, searched.complete = interruption(interrupt), False
        with uninterrupted():
            if searched.environment is not None:
                tally = self._all_that_ended(case, tally)
            stored.keep(tally)
            ended = EndedLine(
                scenario=case.number,
                search=self._search_report(case.world, searched),
                proxy=searched.proxy,
                duration_s=round(real.monotonic_s() - began_s, 3),
                environment=searched.environment,
            )
            self._write_ended(case, ended)
            self._summed_up(case, tally, ended)
            if ended.environment is None:
                case.records.end(tally.needed())

    def _all_that_ended(self, case: _Case, tally: Tally) -> Tally:
        """Runs may have ended whose turn had not come when the campaign was cut short."""
        try:
            recorded = read_recorded(self._options.out)
            again = RunRecords(case.number, case.journal, case.tables, recorded)
            return folded(case.scenario, case.world, again)
        except (EnvironmentFault, ReportError):  # the disk is full, say, or somebody removed the file
            take_unshrunk(tally)
            return tally

    def _write_ended(self, case: _Case, ended: EndedLine) -> None:
        try:
            case.journal.write(ended)
        except EnvironmentFault as fault:
            self._note(str(fault))

    def _summed_up(self, case: _Case, tally: Tally, ended: EndedLine) -> None:
        reporter = ScenarioReporter(self._files, case.scenario, case.sent, case.world)
        report = reporter.report(tally, ended)
        self._environment = ended.environment
        if ended.proxy.kind != "none":
            self._proxy = ended.proxy
        self._scenarios.append(report)
        self._tell(ScenarioEnded(report=report))

    @contextmanager
    def _job_runner(self, case: _Case, searched: _Searched) -> Iterator[JobRunner]:
        options = self._options
        added = unclaimed(case.scenario, case.sent).added
        with ExitStack() as stack:
            if options.in_process:
                entered = stack.enter_context(make_world(case.world, options.proxy, self._note))
                searched.proxy = _proxy(entered)
                yield LocalExecutor(case.sent, entered)
                return
            pool = Pool(
                case.sent,
                case.world,
                workers=options.resolved(case.world).workers,
                proxy=options.proxy,
                load=LoadedWithClaims(options.load, added) if added else options.load,
                note=self._note,
            )
            stack.enter_context(pool)
            searched.proxy = _proxy(pool)
            yield pool

    def _note(self, text: str) -> None:
        self._tell(Noted(text=text))

    # Searching --------------------------------------------------------------------------------

    def _try_stored(
        self,
        case: _Case,
        stored: StoredCounterexamples,
        runner: RecordingJobRunner,
        tally: Tally,
        searched: _Searched,
    ) -> None:
        case.records.begin()
        jobs = self._stored_jobs(case, stored)
        with runner.during("stored"):
            self._count(case, stored.watch(runner.run(jobs)), tally, StopAsked())
        searched.stored = Stored(tried=stored.tried, failing=stored.failing)

    def _stored_jobs(self, case: _Case, stored: StoredCounterexamples) -> list[Job]:
        """Those that are kept now; of a campaign that is resumed those that were kept when it began."""
        jobs = stored.jobs()
        began = self._recorded.scenarios[case.number].began if self._recorded is not None else None
        if began is not None:
            return [job_of(one) for one in began.stored]
        told = tuple(StoredJob(input=input_entry(ref), plan=plan_entry(plan)) for ref, plan in jobs)
        case.journal.write(BeganLine(scenario=case.number, stored=told))
        return jobs

    def _search(self, case: _Case, runner: RecordingJobRunner, tally: Tally, searched: _Searched) -> None:
        options, scenario, world = self._options, case.sent, case.world
        stop = RecordedStop(runner, case.records)
        case.records.when_answered(lambda: self._set_deadline(stop, case.records.spent_s))
        runner.deadline_s = lambda: stop.deadline_s
        depth = options.resolved(world).depth if options.search != "hypothesis" else 0
        guided = GuidedSearch(unlocked_faults(scenario, world), len(scenario.inputs), depth)
        asked = options.search != "guided"
        progress = Progress(
            guided=guided,
            examples=options.resolved(world).examples if asked else 0,
            earlier_s=case.records.spent_s,
        )
        known = KnownRuns()
        with runner.during("guided"):
            digests = known.watch(guided.run(runner, stop))
            self._count(case, until_one_fails(digests, scenario, stop), tally, stop, progress)
        ended = bool(options.until_first and tally.violated)
        if asked and not ended and not failures(scenario, tally):
            search = self._property_search(world, known)
            self._by_property(case, search, runner, tally, searched, stop, progress)
            with runner.during("rest"):
                self._count(case, guided.rest(runner, stop), tally, stop, progress)
        searched.left_out.update(guided.left_out_parts)
        searched.complete, searched.singles_complete = guided.complete, guided.singles_complete
        if failures(scenario, tally):
            # Nothing was left out for want of time: there was no point in it.
            searched.left_out.clear()
            searched.complete = searched.singles_complete = False
        elif searched.left_out.total():
            searched.needs_s = progress.needs_s
            searched.singles_need_s = None if guided.singles_complete else progress.singles_need_s

    def _set_deadline(self, stop: StopAsked, spent_s: float) -> None:
        if self._options.seconds is not None:
            stop.deadline_s = real.monotonic_s() + max(0.0, self._options.seconds - spent_s)

    def _property_search(self, world: WorldName, known: KnownRuns) -> PropertySearch:
        examples = self._options.resolved(world).examples
        return PropertySearch(world, examples=examples, seed=self._options.seed, known=known.runs)

    def _by_property(
        self,
        case: _Case,
        search: PropertySearch,
        runner: RecordingJobRunner,
        tally: Tally,
        searched: _Searched,
        stop: StopAsked,
        progress: Progress,
    ) -> None:
        known = tally.violated
        first = self._options.until_first
        with runner.during("drawn"):
            drawn = progress.guided.overhear(search.run(runner, stop, until_first=first))
            self._count(case, drawn, tally, stop, progress, drawn=True)
        searched.left_out["drawn plans"] += search.came_to.left_out
        searched.drawn = Drawn(
            plans=search.came_to.plans,
            all_fired=search.came_to.all_fired,
            three_or_more=search.came_to.three_or_more,
            dropped=search.came_to.dropped,
        )
        new = [id_ for id_ in tally.violated if id_ not in known]
        if not first:
            with runner.during("shrunk_drawn"):
                shrunk = search.shrink(runner, self._for_hypothesis(search, tally, new))
                self._count(case, shrunk, tally, stop, progress, drawn=True)

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
        case: _Case,
        digests: Iterable[Digest],
        tally: Tally,
        stop: StopAsked,
        progress: Progress | None = None,
        *,
        drawn: bool = False,
    ) -> None:
        for digest in digests:
            tally.add(digest)
            case.records.count(digest, tally.needed)
            if progress is not None:
                progress.ran(drawn=drawn)
            self._tell(RunEnded(digest=digest))
            if self._options.until_first and digest.violated:
                stop.now()
            if progress is not None and tally.runs % PROGRESS_EVERY == 0:
                self._tell(progress.told(tally.runs, len(tally.violated)))

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


def _proxy(source: object) -> Proxy:
    kind = getattr(source, "proxy_kind", "none")
    version = getattr(source, "proxy_version", "")
    if kind == "toxiproxy":
        return Proxy(kind="toxiproxy", version=version)
    return Proxy(kind="embedded", version=version) if kind == "embedded" else Proxy()


def run_campaign(scenarios: Sequence[Scenario], options: CampaignOptions, listener: Listener) -> Report:
    """Search scenarios and sum up; see `Campaign.run`."""
    return Campaign(options, listener).run(scenarios)
