"""Turns runs into the lines of `runs.ndjson` and back, by the tables of their scenario.

Owns the letters of verdicts and the numbers of operations. Refuses to read or write files.
"""

from __future__ import annotations

from itertools import groupby, repeat

import msgspec

from harness.campaign.records import (
    PARTS,
    DrawnEntry,
    InputEntry,
    Operation,
    RunKey,
    RunLine,
    ScenarioEntry,
    StoredJob,
)
from harness.inputs import DrawnInput, InputRef, as_json_text
from harness.invariants import Verdict
from harness.plan import FaultPlan, Site, from_planned, planned_preemptions, to_planned
from harness.scenario import Scenario
from harness.search.gaps import Gap
from harness.search.run_summary import Found, Job, RunSummary, input_of

_LETTERS = {Verdict.HELD: "h", Verdict.NOT_EXERCISED: "n", Verdict.UNKNOWN: "u", Verdict.VIOLATED: "v"}
_VERDICTS = {letter: verdict for verdict, letter in _LETTERS.items()}
_ABSENT = "-"


class Tables:
    """Turns the runs of one scenario into lines and back."""

    def __init__(self, scenario: Scenario, entry: ScenarioEntry) -> None:
        self.entry = entry
        self._scenario = scenario
        self._invariants = entry.invariants
        self._operations = entry.operations
        self._numbers = {name: number for number, name in enumerate(entry.operations)}
        self._sites: dict[tuple[Operation, int, int | None], Site] = {}

    def line(self, key: RunKey, run_summary: RunSummary, t_s: float) -> RunLine:
        """Of a run."""
        return RunLine(
            scenario=key.scenario,
            part=PARTS[key.part],
            chunk=key.chunk,
            number=key.number,
            t_s=round(t_s, 3),
            input=input_entry(run_summary.input_index),
            plan=to_planned(run_summary.plan),
            preemptions=planned_preemptions(run_summary.plan),
            sagas=run_summary.plan.sagas,
            other_inputs=other_entries(self._scenario, run_summary.plan),
            saga_id=run_summary.saga_id,
            verdicts="".join(map(self._letter, map(run_summary.found.get, self._invariants))),
            found={
                id_: one for id_, one in run_summary.found.items() if one != _SILENT[_LETTERS[one.verdict]]
            },
            strikes=run_summary.strikes,
            as_planned=run_summary.as_planned,
            unconfirmed=run_summary.unconfirmed,
            collateral=run_summary.collateral,
            fired=tuple(
                (kind, self._number(operation), sum(1 for _ in same))
                for (kind, operation), same in groupby(run_summary.kinds)
            ),
            sites=tuple((self._number(site.operation), site.nth, last) for site, last in run_summary.sites),
            senders=()
            if run_summary.plan.sagas == 1
            else tuple(site.saga or 0 for site, _ in run_summary.sites),
            preempted=run_summary.preempted,
            gaps=tuple(
                (self._number(gap.site.operation), gap.site.nth, gap.last, gap.variants)
                for gap in run_summary.gaps
            ),
            first=run_summary.first,
            unfollowed=run_summary.unfollowed,
            healed=run_summary.healed,
            trace=run_summary.trace,
            reaction=run_summary.reaction,
            situations=run_summary.situations,
            statuses=run_summary.statuses,
            compensation_s=run_summary.compensation_s,
            left=run_summary.left,
            early_repeat=run_summary.early_repeat,
            lapsed=run_summary.lapsed,
            trouble=run_summary.trouble,
            cut_short=run_summary.cut_short,
            history=run_summary.history is not None,
            fingerprint=run_summary.fingerprint,
        )

    def run_summary(self, line: RunLine, history: bytes | None) -> RunSummary:
        """Of a line. history: what was kept of it."""
        ref, plan = job_of(line, self._scenario)
        return RunSummary(
            input_index=ref,
            plan=plan,
            saga_id=line.saga_id,
            input=input_of(self._scenario, ref),
            found={
                id_: line.found.get(id_) or _SILENT[letter]
                for id_, letter in zip(self._invariants, line.verdicts, strict=True)
                if letter != _ABSENT
            },
            strikes=line.strikes,
            as_planned=line.as_planned,
            unconfirmed=line.unconfirmed,
            collateral=line.collateral,
            kinds=tuple(
                (kind, self._operation(operation))
                for kind, operation, times in line.fired
                for _ in range(times)
            ),
            sites=tuple(
                (self._site(operation, nth, saga or None), last)
                for (operation, nth, last), saga in zip(line.sites, line.senders or repeat(0), strict=False)
            ),
            preempted=line.preempted,
            gaps=tuple(
                Gap(site=self._site(operation, nth), variants=variants, last=last)
                for operation, nth, last, variants in line.gaps
            ),
            first=line.first,
            unfollowed=line.unfollowed,
            healed=line.healed,
            trace=line.trace,
            reaction=line.reaction,
            situations=line.situations,
            statuses=line.statuses,
            compensation_s=line.compensation_s,
            left=line.left,
            early_repeat=line.early_repeat,
            lapsed=line.lapsed,
            trouble=line.trouble,
            cut_short=line.cut_short,
            history=history if line.history else None,
            fingerprint=line.fingerprint,
        )

    def _letter(self, found: Found | None) -> str:
        return _ABSENT if found is None else _LETTERS[found.verdict]

    def _number(self, operation: str) -> Operation:
        return self._numbers.get(operation, operation)

    def _operation(self, operation: Operation) -> str:
        return self._operations[operation] if isinstance(operation, int) else operation

    def _site(self, operation: Operation, nth: int, saga: int | None = None) -> Site:
        """Each once in memory: a campaign holds the sites of many runs."""
        known = self._sites.get((operation, nth, saga))
        if known is None:
            known = Site(operation=self._operation(operation), nth=nth, saga=saga)
            self._sites[operation, nth, saga] = known
        return known


_SILENT = {letter: Found(verdict) for letter, verdict in _VERDICTS.items()}
"""One for all runs: most judgements have nothing to say."""


def input_entry(ref: InputRef) -> InputEntry:
    """Which input, for a line."""
    return DrawnEntry(drawn=msgspec.Raw(ref.text)) if isinstance(ref, DrawnInput) else ref


def other_entries(scenario: Scenario, plan: FaultPlan) -> tuple[InputEntry, ...]:
    """The inputs of the sagas but the first, for a line: by their index where the scenario lists them."""
    if not plan.other_inputs:
        return ()
    listed = {as_json_text(one, scenario.name): index for index, one in enumerate(scenario.all_inputs)}
    texts = [as_json_text(one, scenario.name) for one in plan.other_inputs]
    return tuple(listed[one] if one in listed else input_entry(DrawnInput(one)) for one in texts)


def stored_job(job: Job, scenario: Scenario) -> StoredJob:
    """A counterexample that is tried, for a line."""
    ref, plan = job
    return StoredJob(
        input=input_entry(ref),
        plan=to_planned(plan),
        preemptions=planned_preemptions(plan),
        sagas=plan.sagas,
        other_inputs=other_entries(scenario, plan),
    )


def job_of(line: RunLine | StoredJob, scenario: Scenario) -> Job:
    """The input and the plan of a line."""
    others = [input_of(scenario, _ref(one)) for one in line.other_inputs]
    return _ref(line.input), from_planned(line.plan, line.preemptions, line.sagas, others)


def _ref(given: InputEntry) -> InputRef:
    return given if isinstance(given, int) else DrawnInput(bytes(given.drawn))


def shown(job: Job) -> str:
    """A job, for messages."""
    ref, plan = job
    text = ref.text.decode() if isinstance(ref, DrawnInput) else f"input {ref + 1}"
    told = ", ".join(f"{one.kind} at {one.operation}" for one in plan.faults) or "no fault"
    held = "".join(f", saga {one.saga} held at {one.operation}" for one in plan.preemptions)
    return f"{text}: {told}{held}" + (f", {plan.sagas} sagas" if plan.sagas > 1 else "")
