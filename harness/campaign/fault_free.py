"""The fault-free run of each input (RULES §9): whether it ended as it has to, and what is said where not.

Owns the sentence that stands in place of all others then. Refuses to judge runs with faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from harness.adapter.redaction import Redaction
from harness.campaign.aggregate import Aggregate
from harness.saga import Json, Status
from harness.scenario import Scenario
from harness.search.guided import StopAsked
from harness.search.run_summary import RunSummary

LONGEST_INPUT = 80
TERMINATION = "termination"
"""What is said of a run that violates several: it has no outcome, and the others follow from that."""

SEARCH_ENDED = "The search ended there."
MAY_COMPENSATE = 'If that is right, say so: [[saga.cases]] with expect = "compensated".'


def failed(scenario: Scenario, run_summary: RunSummary) -> bool:
    """Whether a run is the fault-free one of an input, and violates something or ends otherwise."""
    if not run_summary.plan.empty or not isinstance(run_summary.input_index, int):
        return False
    expected = scenario.expected(run_summary.input_index)
    return bool(run_summary.violated) or any(status != expected for status in run_summary.statuses)


def until_one_fails(
    run_summaries: Iterable[RunSummary], scenario: Scenario, stop: StopAsked
) -> Iterator[RunSummary]:
    """The run summaries; nothing is searched where a run without faults fails already."""
    for run_summary in run_summaries:
        yield run_summary
        if failed(scenario, run_summary):
            stop.now()


def failures(scenario: Scenario, aggregate: Aggregate) -> tuple[str, ...]:
    """What is wrong without any fault, the cause first. Empty where every input ended as it has to."""
    bad = [one for one in aggregate.fault_free.values() if failed(scenario, one)]
    if not bad:
        return ()
    others = len(bad) - 1
    more = f" {others} more of the inputs failed, too." if others else ""
    return (f"{_sentence(scenario, bad[0])}{more} {SEARCH_ENDED}",)


def missing(scenario: Scenario, aggregate: Aggregate) -> Iterator[str]:
    """Inputs without a fault-free run, and drawn ones whose fault-free run did not complete."""
    for index in range(len(scenario.inputs)):
        if index not in aggregate.fault_free:
            yield f"No fault-free run{_of_input(scenario, index)} was made."
    if aggregate.unfinished:
        first = min(
            aggregate.unfinished.values(), key=lambda one: (len(_shown(scenario, one.input)), one.saga_id)
        )
        ended = ", ".join(status or "without a word" for status in first.statuses)
        others = len(aggregate.unfinished) - 1
        more = f", and so did {others} more" if others else ""
        yield (
            f"The fault-free run of a drawn input, {_shown(scenario, first.input)}, ended {ended}{more}: "
            "let the schema or the strategy describe inputs that complete."
        )


def _sentence(scenario: Scenario, run_summary: RunSummary) -> str:
    """What failed, and why, before what that violates."""
    assert isinstance(run_summary.input_index, int)
    trouble = run_summary.trouble
    failed_ = f"The fault-free run{_of_input(scenario, run_summary.input_index)} failed"
    if run_summary.violated:
        first = TERMINATION if TERMINATION in run_summary.violated else run_summary.violated[0]
        message = run_summary.found[first].message
        if not trouble or trouble in message:
            return f"{failed_}: {message}. That violates {first}."
        return f"{failed_}: {trouble}. So it violates {first}: {message}."
    ended = ", ".join(status or "without a word" for status in run_summary.statuses)
    expected = f"ended {ended}, and {scenario.expected(run_summary.input_index)} was expected."
    hint = f" {MAY_COMPENSATE}" if Status.COMPENSATED in run_summary.statuses else ""
    return f"{failed_}: {trouble}. It {expected}{hint}" if trouble else f"{failed_}: it {expected}{hint}"


def _of_input(scenario: Scenario, index: int) -> str:
    if len(scenario.inputs) == 1:
        return ""
    return f" of input {index + 1}, {_shown(scenario, scenario.inputs[index])},"


def _shown(scenario: Scenario, input_: Json) -> str:
    text = msgspec.json.encode(Redaction(scenario.redact).json(input_)).decode()
    return text if len(text) <= LONGEST_INPUT else f"{text[:LONGEST_INPUT]}…"
