"""Which single faults a pass owes: calls everywhere, blows as the claim says (RULES §5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.adapter import CallableSaga
from harness.blows import Blow
from harness.campaign.owed import Coverage, coverage
from harness.faults import KINDS
from harness.plan import Fault
from harness.saga import Claim
from tests.unit.campaign.pretend import CHARGES, HOLDS, UNDO, scenario, searched, tallied

CRASHES = KINDS["crash"].variants


def covered_without(claim: Claim, left_out: Callable[[Fault], bool]) -> Coverage:
    """Of a search in which some faults never fired."""
    one = scenario(claim)
    kept = [digest for digest in searched(one) if not any(left_out(fault) for fault in digest.plan.faults)]
    return coverage(one, "sim", tallied(one, kept))


def missing(claim: Claim, left_out: Callable[[Fault], bool]) -> list[tuple[str, str, str]]:
    return [
        (fault.kind, fault.operation, fault.variant) for fault in covered_without(claim, left_out).unfired
    ]


@pytest.mark.parametrize("claim", Claim)
def test_a_guided_search_one_fault_deep_owes_nothing(claim: Claim) -> None:
    assert missing(claim, lambda fault: False) == []


@pytest.mark.parametrize("variant", CRASHES)
@pytest.mark.parametrize("operation", [HOLDS, CHARGES])
def test_a_crash_is_owed_at_every_boundary_of_every_call(variant: str, operation: str) -> None:
    def this(fault: Fault) -> bool:
        return (fault.kind, fault.variant, fault.operation) == ("crash", variant, operation)

    assert missing(Claim.PROCESS_DEATH, this) == [("crash", operation, variant)]


@pytest.mark.parametrize("variant", CRASHES)
def test_and_at_every_boundary_on_the_way_back(variant: str) -> None:
    def this(fault: Fault) -> bool:
        return (fault.kind, fault.variant, fault.operation) == ("crash", variant, UNDO)

    assert missing(Claim.PROCESS_DEATH, this) == [("crash", UNDO, variant)]


def test_unless_nothing_can_be_undone() -> None:
    one = scenario(Claim.PROCESS_DEATH)
    steps = tuple(replace(step, compensation=None) for step in one.spec.steps)
    forward = replace(one, spec=replace(one.spec, steps=steps))
    singles = [digest for digest in searched(one) if len(digest.plan.faults) < 2]
    assert coverage(one, "sim", tallied(one, singles)).unfired != ()
    assert coverage(forward, "sim", tallied(forward, singles)).unfired == ()


def test_a_participant_that_dies_is_owed_at_every_call() -> None:
    assert missing(Claim.PROCESS_DEATH, lambda fault: fault.kind == "participant_crash") == [
        ("participant_crash", operation, variant)
        for operation in (HOLDS, CHARGES)
        for variant in KINDS["participant_crash"].variants
    ]


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        (Claim.OTHER_NODE, "move"),
        (Claim.RETRY_ELSEWHERE, "race"),
        (Claim.RETRY_ELSEWHERE, "pause"),
        (Claim.CANCEL, "cancel"),
    ],
)
def test_once_for_each_step_is_enough(claim: Claim, kind: str) -> None:
    variants = KINDS[kind].variants
    assert missing(claim, lambda fault: fault.kind == kind and fault.variant in variants[1:]) == []
    assert missing(claim, lambda fault: fault.kind == kind and fault.operation == CHARGES) == [
        (kind, CHARGES, variants[0])
    ]


def test_each_way_of_starting_twice_is_owed_once_anywhere() -> None:
    def elsewhere(fault: Fault) -> bool:
        return fault.kind == "start_twice" and fault.operation != CHARGES

    def late(fault: Fault) -> bool:
        return fault.variant == "after_end"

    assert missing(Claim.DUPLICATE_START, elsewhere) == []
    assert missing(Claim.DUPLICATE_START, late) == [("start_twice", HOLDS, "after_end")]


def test_what_the_saga_is_unfit_for_is_impossible_and_not_owed() -> None:
    one = replace(scenario(Claim.CANCEL), saga=CallableSaga(lambda ctx, input_: None, "plain"))
    assert one.saga.unfit(Blow.CANCEL)
    covered = coverage(one, "sim", tallied(one, searched(one)))
    assert covered.unfired == ()
    assert {(told.operation, told.reason) for told in covered.impossible if told.fault == "cancel"} == {
        (operation, "a plain function cannot be cancelled") for operation in (HOLDS, CHARGES)
    }
