"""Runs a campaign: for each scenario the fault-free run, guided search, Hypothesis, shrinking, summing up.

Each run is recorded the moment it ends (`harness.campaign.recording`). So a campaign can be resumed: it
searches again, and what is recorded is not run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace

from harness.campaign.aggregate import Aggregate
from harness.campaign.claims import LoadedWithClaims, unclaimed, widened
from harness.campaign.content import check_same, versions
from harness.campaign.events import (
    Listener,
    Noted,
    ScenarioBegan,
    ScenarioEnded,
)
from harness.campaign.files import CampaignFiles, tool
from harness.campaign.fold import empty_aggregate, folded
from harness.campaign.journal import Journal, Recorded, read_recorded
from harness.campaign.local import LocalJobRunner
from harness.campaign.open_world import make_world
from harness.campaign.options import CampaignOptions
from harness.campaign.pool import Pool
from harness.campaign.processes import uninterrupted
from harness.campaign.recording import RecordingJobRunner
from harness.campaign.records import (
    BeganLine,
    CampaignLine,
    EndedLine,
    ScenarioEntry,
)
from harness.campaign.refutations import take_unshrunk
from harness.campaign.run_records import RunRecords
from harness.campaign.scenario_report import ScenarioReporter
from harness.campaign.scenario_search import ScenarioSearch
from harness.campaign.stored import StoredCounterexamples
from harness.campaign.tables import Tables, job_of, stored_job
from harness.choices import WorldName
from harness.clock import real
from harness.errors import EnvironmentFault, ReportError, interruption
from harness.faults import kinds_of
from harness.invariants import invariants_of
from harness.report_model import Proxy, Report, ScenarioReport, ScenarioVerdict, worst
from harness.saga import Overlap
from harness.scenario import Scenario
from harness.search.run_summary import Job
from harness.situations import required_situations


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One scenario of the campaign. sent: with the claims whose faults are sent."""

    number: int
    scenario: Scenario
    sent: Scenario
    world: WorldName
    content: Mapping[str, str]
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
        if self._options.only:
            scenarios = [replace(scenario, only=self._options.only) for scenario in scenarios]
        scenarios = [self._overlapping(scenario) for scenario in scenarios]
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
                    if self._environment is None and not self._ended_at_first():
                        self._scenario(self._case(number, scenario, world, journal, line))
            except KeyboardInterrupt as interrupt:
                self._environment = interruption(interrupt)
        return self.report()

    def _overlapping(self, scenario: Scenario) -> Scenario:
        """With as many sagas a run as the options ask for."""
        sagas = self._options.sagas
        if sagas is None:
            return scenario
        if sagas == 1:
            return replace(scenario, overlap=None)
        return replace(scenario, overlap=replace(scenario.overlap or Overlap(), sagas=sagas))

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

    def _ended_at_first(self) -> bool:
        """Whether the first violation ends the campaign, and was found."""
        return self._options.until_first and any(
            one.verdict is ScenarioVerdict.FAIL for one in self._scenarios
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
            content=line.scenarios[number].content,
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
        aggregate = empty_aggregate(case.scenario)
        stored = StoredCounterexamples(self._options.stored, case.sent, case.world, self._note)
        search = ScenarioSearch(self._options, self._tell, case.sent, case.world, case.records, aggregate)
        environment = None
        proxy = Proxy()
        try:
            with self._job_runner(case) as inner:
                proxy = inner.proxy
                case.records.begin()
                runner = RecordingJobRunner(inner, case.records)
                search.run(runner, stored, self._stored_jobs(case, stored))
        except EnvironmentFault as fault:
            environment = str(fault)
        except KeyboardInterrupt as interrupt:
            environment = interruption(interrupt)
        with uninterrupted():
            if environment is not None:
                search.searched.complete = search.searched.singles_complete = False
                aggregate = self._all_that_ended(case, aggregate)
            stored.keep(aggregate)
            ended = EndedLine(
                scenario=case.number,
                search=search.searched.report(self._options, case.world),
                proxy=proxy,
                duration_s=round(real.monotonic_s() - began_s, 3),
                environment=environment,
            )
            self._write_ended(case, ended)
            self._summed_up(case, aggregate, ended)
            if environment is None:
                case.records.end(aggregate.needed())

    def _all_that_ended(self, case: _Case, aggregate: Aggregate) -> Aggregate:
        """Runs may have ended whose turn had not come when the campaign was cut short."""
        try:
            recorded = read_recorded(self._options.out)
            again = RunRecords(case.number, case.journal, case.tables, recorded)
            return folded(case.scenario, case.world, again)
        except (EnvironmentFault, ReportError):  # the disk is full, say, or somebody removed the file
            take_unshrunk(aggregate)
            return aggregate

    def _write_ended(self, case: _Case, ended: EndedLine) -> None:
        try:
            case.journal.write(ended)
        except EnvironmentFault as fault:
            self._note(str(fault))

    def _summed_up(self, case: _Case, aggregate: Aggregate, ended: EndedLine) -> None:
        reporter = ScenarioReporter(self._files, case.scenario, case.sent, case.world, case.content)
        report = reporter.report(aggregate, ended)
        self._environment = ended.environment
        if ended.proxy.kind != "none":
            self._proxy = ended.proxy
        self._scenarios.append(report)
        self._tell(ScenarioEnded(report=report))

    @contextmanager
    def _job_runner(self, case: _Case) -> Iterator[LocalJobRunner | Pool]:
        options = self._options
        added = unclaimed(case.scenario, case.sent).added
        with ExitStack() as stack:
            if options.in_process:
                entered = stack.enter_context(make_world(case.world, options.proxy, self._note))
                yield LocalJobRunner(case.sent, entered)
                return
            pool = Pool(
                case.sent,
                case.world,
                workers=options.resolved(case.world, case.scenario).workers,
                proxy=options.proxy,
                load=LoadedWithClaims(options.load, added, options.only)
                if added or options.only
                else options.load,
                note=self._note,
            )
            yield stack.enter_context(pool)

    def _note(self, text: str) -> None:
        self._tell(Noted(text=text))

    def _stored_jobs(self, case: _Case, stored: StoredCounterexamples) -> list[Job]:
        """Those that are kept now; of a campaign that is resumed those that were kept when it began."""
        jobs = stored.jobs()
        began = self._recorded.scenarios[case.number].began if self._recorded is not None else None
        if began is not None:
            return [job_of(one, case.scenario) for one in began.stored]
        told = tuple(stored_job(job, case.scenario) for job in jobs)
        case.journal.write(BeganLine(scenario=case.number, stored=told))
        return jobs


def run_campaign(scenarios: Sequence[Scenario], options: CampaignOptions, listener: Listener) -> Report:
    """Search scenarios and sum up; see `Campaign.run`."""
    return Campaign(options, listener).run(scenarios)
