"""From what a scenario's records add up to: its report, and the files of its counterexamples.

Says nothing that does not follow from the aggregate and from how the search ended, so that a report made from
the records alone is that of the campaign.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harness.campaign.aggregate import Aggregate
from harness.campaign.claims import Unclaimed, unclaimed
from harness.campaign.files import CampaignFiles
from harness.campaign.records import EndedLine
from harness.campaign.summary import summarise
from harness.choices import WorldName
from harness.report_model import AtStep, ScenarioReport, ScenarioVerdict
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search.run_summary import RunSummary


class ScenarioReporter:
    """Of one scenario in one world. searched: the scenario with the claims whose faults were sent.

    content: what it was made of as the campaign began.
    """

    def __init__(
        self,
        files: CampaignFiles,
        scenario: Scenario,
        searched: Scenario,
        world: WorldName,
        content: Mapping[str, str],
    ) -> None:
        self._content = content
        self._files = files
        self._scenario = scenario
        self._searched = searched
        self._world = world

    def report(self, aggregate: Aggregate, ended: EndedLine) -> ScenarioReport:
        """The report, its files written."""
        scenario, added = self._scenario, unclaimed(self._scenario, self._searched)
        files = {
            id_: self._failure(id_, one.smallest, aggregate, added)
            for id_, one in aggregate.invariants.items()
            if one.smallest is not None
        }
        elsewhere = {
            id_: tuple(
                AtStep(
                    step=step,
                    failure=self._failure(id_, found, aggregate, added, name=f"{id_}-at-{step}"),
                    minimal_faults=len(found.plan.faults),
                )
                for step, found in one.elsewhere.items()
            )
            for id_, one in aggregate.invariants.items()
        }
        for index, run_summary in aggregate.fault_free.items():
            self._files.history(f"{scenario.name}-{self._world}-fault-free-{index + 1}", run_summary)
        summed_up = summarise(
            scenario,
            self._searched,
            self._world,
            aggregate,
            files=files,
            refuting=self._refuting(aggregate, files, added),
            search=ended.search,
        )
        told = _with_elsewhere(summed_up, elsewhere)
        return msgspec.structs.replace(
            _no_pass_if_cut_short(told, ended.environment), duration_s=ended.duration_s
        )

    def _refuting(self, aggregate: Aggregate, files: Mapping[str, str], added: Unclaimed) -> dict[Claim, str]:
        """The failure file of each claim that was refuted: that of an invariant, where it is the same run."""
        named: dict[Claim, str] = {}
        for claim, about in aggregate.claims.items():
            one = about.refuted
            if one is None:
                continue
            if one.run_summary is aggregate.invariants[one.invariant].smallest:
                named[claim] = files[one.invariant]
                continue
            named[claim] = self._failure(
                one.invariant, one.run_summary, aggregate, added, name=f"guarantee-{claim}"
            )
        return named

    def _failure(
        self, invariant: str, found: RunSummary, aggregate: Aggregate, added: Unclaimed, name: str = ""
    ) -> str:
        return self._files.failure(
            self._scenario,
            self._world,
            invariant,
            found,
            aggregate.runs,
            unclaimed=added,
            content=self._content,
            name=name,
        )


def _with_elsewhere(report: ScenarioReport, elsewhere: Mapping[str, tuple[AtStep, ...]]) -> ScenarioReport:
    """With the counterexamples at other steps, and a note on each."""
    invariants = tuple(
        msgspec.structs.replace(
            one, elsewhere=elsewhere[one.id], failures=one.failures + len(elsewhere[one.id])
        )
        for one in report.invariants
    )
    notes = tuple(
        f"{id_} is violated at step {at.step}, too: {at.failure}."
        for id_, found in elsewhere.items()
        for at in found
    )
    return msgspec.structs.replace(report, invariants=invariants, notes=(*report.notes, *notes))


def _no_pass_if_cut_short(report: ScenarioReport, environment: str | None) -> ScenarioReport:
    """A search that the machine or the user ended is not complete."""
    if environment is None or report.verdict is not ScenarioVerdict.PASS:
        return report
    notes = (*report.notes, f"The search was cut short: {environment}.")
    return msgspec.structs.replace(report, verdict=ScenarioVerdict.INCONCLUSIVE, notes=notes)
