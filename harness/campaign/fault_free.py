"""The fault-free run of each input (RULES §9): whether it ended as it has to, and what is said where not.

Owns the sentence that stands in place of all others then. Refuses to judge runs with faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from harness.campaign.tally import Tally
from harness.saga import Json, Status
from harness.scenario import Scenario
from harness.search.digest import Digest
from harness.search.guided import StopAsked

LONGEST_INPUT = 80
SEARCH_ENDED = "The search ended there."
MAY_COMPENSATE = 'If that is right, say so: [[saga.cases]] with expect = "compensated".'


def failed(scenario: Scenario, digest: Digest) -> bool:
    """Whether a run is the fault-free one of an input, and violates something or ends otherwise."""
    if digest.plan.faults or not isinstance(digest.input_index, int):
        return False
    expected = scenario.expected(digest.input_index)
    return bool(digest.violated) or any(status != expected for status in digest.statuses)


def until_one_fails(digests: Iterable[Digest], scenario: Scenario, stop: StopAsked) -> Iterator[Digest]:
    """The digests; nothing is searched where a run without faults fails already."""
    for digest in digests:
        yield digest
        if failed(scenario, digest):
            stop.now()


def failures(scenario: Scenario, tally: Tally) -> tuple[str, ...]:
    """What is wrong without any fault, the cause first. Empty where every input ended as it has to."""
    bad = [one for one in tally.fault_free.values() if failed(scenario, one)]
    if not bad:
        return ()
    others = len(bad) - 1
    more = f" {others} more of the inputs failed, too." if others else ""
    return (f"{_sentence(scenario, bad[0])}{more} {SEARCH_ENDED}",)


def missing(scenario: Scenario, tally: Tally) -> Iterator[str]:
    """Inputs without a fault-free run, and drawn ones whose fault-free run did not complete."""
    for index in range(len(scenario.inputs)):
        if index not in tally.fault_free:
            yield f"No fault-free run{_of_input(scenario, index)} was made."
    if tally.unfinished:
        first = min(tally.unfinished.values(), key=lambda one: (len(_shown(one.input)), one.saga_id))
        ended = ", ".join(status or "without a word" for status in first.statuses)
        others = len(tally.unfinished) - 1
        more = f", and so did {others} more" if others else ""
        yield (
            f"The fault-free run of a drawn input, {_shown(first.input)}, ended {ended}{more}: "
            "let the schema or the strategy describe inputs that complete."
        )


def _sentence(scenario: Scenario, digest: Digest) -> str:
    assert isinstance(digest.input_index, int)
    run = f"the fault-free run{_of_input(scenario, digest.input_index)}"
    if digest.violated:
        first = digest.violated[0]
        message = digest.found[first].message
        if digest.trouble:
            return f"{_upper(digest.trouble)}. So {run} violates {first}: {message}."
        return f"{_upper(message)}. So {run} violates {first}."
    ended = ", ".join(status or "without a word" for status in digest.statuses)
    expected = scenario.expected(digest.input_index)
    cause = f"{_upper(digest.trouble)}. So {run}" if digest.trouble else _upper(run)
    hint = f" {MAY_COMPENSATE}" if Status.COMPENSATED in digest.statuses else ""
    return f"{cause} ended {ended}, and {expected} was expected.{hint}"


def _of_input(scenario: Scenario, index: int) -> str:
    if len(scenario.inputs) == 1:
        return ""
    return f" of input {index + 1}, {_shown(scenario.inputs[index])},"


def _shown(input_: Json) -> str:
    text = msgspec.json.encode(input_).decode()
    return text if len(text) <= LONGEST_INPUT else f"{text[:LONGEST_INPUT]}…"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
