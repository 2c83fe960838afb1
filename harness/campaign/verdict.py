"""The verdict of a scenario (RULES §9), and what stands between it and a pass."""

from __future__ import annotations

from collections.abc import Iterator

from harness.campaign.aggregate import Aggregate
from harness.campaign.claims import claims_of
from harness.campaign.fault_free import failures, missing
from harness.campaign.guarantees import guarantees
from harness.campaign.required import Coverage
from harness.invariants import Verdict
from harness.report_model import GuaranteeResult, ScenarioVerdict, Search, check_crashed
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search.agenda import SINGLE
from harness.situations import required_situations, situations_of


def judge(
    scenario: Scenario, aggregate: Aggregate, covered: Coverage, search: Search | None = None
) -> tuple[ScenarioVerdict, tuple[str, ...]]:
    """The verdict, and a sentence for each thing that a pass lacks beside what was violated.

    search: how far it came; None where it is known to have come to its end.

    Where a run fails without any fault, that alone is said: nothing else was searched.
    """
    alone = failures(scenario, aggregate)
    lacking = (
        (*alone, *_unknown(aggregate)) if alone else tuple(_lacking(scenario, aggregate, covered, search))
    )
    if aggregate.violated:
        return ScenarioVerdict.FAIL, lacking
    return (ScenarioVerdict.INCONCLUSIVE if lacking else ScenarioVerdict.PASS), lacking


def _lacking(
    scenario: Scenario, aggregate: Aggregate, covered: Coverage, search: Search | None
) -> Iterator[str]:
    yield from missing(scenario, aggregate)
    if scenario.inputs and not aggregate.fault_free:
        yield from _unknown(aggregate)
        return  # it ended before anything was searched, and why is said elsewhere
    yield from _nothing_seen(scenario, aggregate)
    yield from _unknown(aggregate)
    complete = search is None or search.singles_complete
    if search is not None and not complete and aggregate.fired:
        yield _incomplete(search)
    # What was left out for want of time is said with the search; here only what was tried without effect.
    unfired = [one for one in covered.unfired if complete or aggregate.planned_at[one.kind, one.operation]]
    if unfired:
        named = list(dict.fromkeys(f"{fault.kind} at {fault.operation}" for fault in unfired))
        few = ", ".join(named[:3])
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        yield f"Not every single fault was seen to fire: {few}{more}."
    yield from _unexercised(scenario, aggregate, covered)
    if aggregate.void:
        kinds = dict.fromkeys(
            f"{kind} at {operation}" for kind, operation, _, void in aggregate.unconfirmed if void
        )
        yield (
            f"In {aggregate.void} of {aggregate.runs} runs a fault was set and its symptom not seen, so that "
            f"they were not judged: {', '.join(kinds)}."
        )
    for id_ in required_situations(scenario):
        if not aggregate.situations[id_]:
            yield f"Situation {id_} was never seen. To reach it: {situations_of(scenario)[id_].reach}."


def _incomplete(search: Search) -> str:
    """What is said of single faults that were left out, and how long they take."""
    if search.kind == "hypothesis":
        return "Single faults were not searched: --search hypothesis only draws."
    left_out = sum(number for part, number in search.left_out_parts.items() if part.startswith(SINGLE))
    plans = f": {left_out} plans that were known of were left out" if left_out else ""
    needs = "" if search.singles_need_s is None else f" It needs about {search.singles_need_s:.0f} s in all."
    return f"The search of single faults is not complete{plans}.{needs}"


def _nothing_seen(scenario: Scenario, aggregate: Aggregate) -> Iterator[str]:
    if not aggregate.fault_free:
        return
    actions = {step.action for step in scenario.spec.steps}
    if not actions & set(aggregate.reached_without_faults()):
        named = ", ".join(sorted(actions))
        yield f"No run without faults sent the action of any step, and one of {named} was expected."
    if not aggregate.fired:
        why = "no call was struck" if aggregate.planned else "none was searched for (--depth 0)"
        yield f"No fault fired in {aggregate.runs} runs: {why}."


def _unknown(aggregate: Aggregate) -> Iterator[str]:
    for id_, one in aggregate.invariants.items():
        if one.verdict is Verdict.UNKNOWN:
            yield check_crashed(id_)


def _unexercised(scenario: Scenario, aggregate: Aggregate, covered: Coverage) -> Iterator[str]:
    """Claims that no run tested, unless the faults that did not fire say so already."""
    if aggregate.violated:
        return  # beside a violation a claim is not verified, even where its faults were tried
    told = {claim for fault in covered.unfired for claim in claims_of(fault, aggregate.irreversible)}
    for one in guarantees(scenario, scenario, aggregate, covered):
        if one.claimed and one.result is GuaranteeResult.NOT_EXERCISED and Claim(one.id) not in told:
            if one.reason:
                yield f"Claim {one.id} cannot be exercised: {one.reason}. Take it out of claims."
            else:
                yield f"Claim {one.id} was not exercised. Search deeper, or take it out of claims."
