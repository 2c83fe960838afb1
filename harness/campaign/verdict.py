"""The verdict of a scenario (RULES §9), and what stands between it and a pass."""

from __future__ import annotations

from collections.abc import Iterator

from harness.campaign.owed import Coverage
from harness.campaign.tally import Tally
from harness.invariants import Verdict
from harness.report_model import Verdict as ScenarioVerdict
from harness.scenario import Scenario
from harness.situations import required_situations, situations_of


def judge(scenario: Scenario, tally: Tally, covered: Coverage) -> tuple[ScenarioVerdict, tuple[str, ...]]:
    """The verdict, and a sentence for each thing that keeps it from being a pass."""
    if tally.violated:
        return ScenarioVerdict.FAIL, ()
    lacking = tuple(_lacking(scenario, tally, covered))
    return (ScenarioVerdict.INCONCLUSIVE if lacking else ScenarioVerdict.PASS), lacking


def _lacking(scenario: Scenario, tally: Tally, covered: Coverage) -> Iterator[str]:
    if not tally.completes:
        ended = sorted({str(one) for digest in tally.fault_free.values() for one in digest.statuses})
        yield f"No fault-free run completed (found {', '.join(ended) or 'no run'})."
    unknown = [id_ for id_, one in tally.invariants.items() if one.verdict is Verdict.UNKNOWN]
    if unknown:
        yield f"The check of {', '.join(unknown)} crashed, so it is unknown."
    if covered.unfired:
        named = [f"{fault.kind} at {fault.operation}" for fault in covered.unfired]
        few = ", ".join(dict.fromkeys(named[:3]))
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        yield f"Not every single fault was seen to fire: {few}{more}."
    for id_ in required_situations(scenario):
        if not tally.situations[id_]:
            yield f"Situation {id_} was never seen. To reach it: {situations_of(scenario)[id_].reach}."
