"""Which single faults a pass requires: of calls everywhere, of the process as the claim says (RULES §5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.adapter import CallableSaga
from harness.campaign.required import HEALED, Coverage, coverage
from harness.faults import KINDS
from harness.faults.enabled import enabled_faults
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.process_faults import ProcessFault
from harness.saga import Claim
from harness.search import RunSummary
from tests.unit.campaign.pretend import CHARGES, HOLDS, UNDO, scenario, searched, tallied

QUERY = "stock.hold.find"
CRASHES = KINDS["crash"].variants


def covered_without(claim: Claim, left_out: Callable[[Fault], bool]) -> Coverage:
    """Of a search in which some faults never fired."""
    one = scenario(claim)
    kept = [
        run_summary
        for run_summary in searched(one)
        if not any(left_out(fault) for fault in run_summary.plan.faults)
    ]
    return coverage(one, "sim", tallied(one, kept))


def missing(claim: Claim, left_out: Callable[[Fault], bool]) -> list[tuple[str, str, str]]:
    found = covered_without(claim, left_out).unfired
    return list(dict.fromkeys((fault.kind, fault.operation, fault.variant) for fault in found))


@pytest.mark.parametrize("claim", Claim)
def test_a_guided_search_one_fault_deep_misses_nothing(claim: Claim) -> None:
    assert missing(claim, lambda fault: False) == []


@pytest.mark.parametrize("variant", CRASHES)
@pytest.mark.parametrize("operation", [HOLDS, CHARGES])
def test_a_crash_is_required_at_every_boundary_of_every_call(variant: str, operation: str) -> None:
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
    onward = [
        run_summary
        for run_summary in searched(one)
        if all(site.operation != UNDO for site, _ in run_summary.sites)
    ]
    without = tallied(one, onward)
    assert [fault.operation for fault in coverage(one, "sim", without).unfired if fault.kind == "crash"] == [
        UNDO
    ] * len(CRASHES)
    assert not any(fault.kind == "crash" for fault in coverage(forward, "sim", without).unfired)


def test_a_participant_that_dies_is_required_at_every_call() -> None:
    assert missing(Claim.PROCESS_DEATH, lambda fault: fault.kind == "participant_crash") == [
        ("participant_crash", operation, variant)
        for operation in (HOLDS, CHARGES, UNDO)
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


def test_each_way_of_starting_twice_is_required_once_anywhere() -> None:
    def elsewhere(fault: Fault) -> bool:
        return fault.kind == "start_twice" and fault.operation != CHARGES

    def late(fault: Fault) -> bool:
        return fault.variant == "after_end"

    assert missing(Claim.DUPLICATE_START, elsewhere) == []
    assert missing(Claim.DUPLICATE_START, late) == [("start_twice", HOLDS, "after_end")]


def test_what_the_saga_is_unfit_for_is_impossible_and_not_required() -> None:
    one = replace(scenario(Claim.CANCEL), saga=CallableSaga(lambda ctx, input_: None, "plain"))
    assert one.saga.unfit(ProcessFault.CANCEL)
    covered = coverage(one, "sim", tallied(one, searched(one)))
    assert covered.unfired == ()
    assert {(told.operation, told.reason) for told in covered.impossible if told.fault == "cancel"} == {
        (operation, "a plain function cannot be cancelled") for operation in (HOLDS, CHARGES, UNDO)
    }


# Every operation that any run reached, with every count -----------------------------------------------


def unfired(*run_summaries: RunSummary) -> list[tuple[str, str, int | Lasting]]:
    one = scenario()
    found = coverage(one, "sim", tallied(one, run_summaries)).unfired
    return [(fault.kind, fault.operation, fault.count) for fault in found]


def run(
    *sites: str, faults: tuple[Fault, ...] = (), strikes: tuple[int, ...] = (), **more: object
) -> RunSummary:
    """Of a run that called these operations, one after the other."""
    nth: Counter[str] = Counter()
    called = []
    for name in sites:
        nth[name] += 1
        called.append((Site(operation=name, nth=nth[name]), -1))
    return RunSummary(
        input_index=0,
        plan=FaultPlan(faults),
        saga_id="saga",
        found={},
        strikes=strikes,
        collateral=0,
        kinds=(),
        sites=tuple(called),
        first=tuple(0 for _ in faults),
        trace=b"",
        situations=(),
        statuses=("completed",),
        **more,  # type: ignore[arg-type]
    )


def test_an_undo_that_a_run_reached_requires_every_fault_there() -> None:
    kinds = {kind for kind, operation, _ in unfired(run(HOLDS, CHARGES, UNDO)) if operation == UNDO}
    assert kinds == {one.kind.name for one in enabled_faults(scenario(), "sim").possible[UNDO]}
    assert not any(operation == UNDO for _, operation, _ in unfired(run(HOLDS, CHARGES)))


def test_a_query_does_too() -> None:
    kinds = {kind for kind, operation, _ in unfired(run(QUERY)) if operation == QUERY}
    assert kinds == {one.kind.name for one in enabled_faults(scenario(), "sim").possible[QUERY]}


def counts_missing(*run_summaries: RunSummary) -> list[int | Lasting]:
    return [
        count
        for kind, operation, count in unfired(*run_summaries)
        if (kind, operation) == ("error_before", HOLDS)
    ]


def error(count: int | Lasting) -> tuple[Fault, ...]:
    return (Fault(kind="error_before", operation=HOLDS, count=count),)


def test_every_count_is_required() -> None:
    assert counts_missing(run(HOLDS)) == [1, 2, 3, Lasting.FOR_EVER]
    # A third call came through, so the fault would have struck it, had it lasted.
    assert counts_missing(run(*[HOLDS] * 3, faults=error(1), strikes=(1,))) == [2, 3, Lasting.FOR_EVER]
    assert counts_missing(run(CHARGES, faults=error(Lasting.FOR_EVER), strikes=(5,))) == []


def test_a_count_that_changes_nothing_is_seen_with_the_one_that_was_run() -> None:
    once = run(CHARGES, UNDO, faults=error(1), strikes=(1,))
    assert counts_missing(run(HOLDS), once) == []
    thrice = run(UNDO, faults=error(Lasting.FOR_EVER), strikes=(3,))
    assert counts_missing(run(HOLDS), thrice) == [1, 2]


def test_a_fault_that_did_not_fire_shows_no_count() -> None:
    assert counts_missing(run(HOLDS, faults=error(1), strikes=(0,))) == [1, 2, 3, Lasting.FOR_EVER]


def test_what_was_called_only_once_all_had_healed_is_impossible_with_the_reason() -> None:
    one = scenario()
    covered = coverage(one, "sim", tallied(one, [run(HOLDS, healed=(QUERY, HOLDS))]))
    healed = [told for told in covered.impossible if told.reason == HEALED]
    assert [(told.fault, told.operation) for told in healed] == [("every kind", QUERY)]
    assert all(fault.operation == HOLDS for fault in covered.unfired)


def test_an_outage_that_was_never_tried_is_no_impossible_one() -> None:
    outage = (Fault(kind="outage", operation=CHARGES),)
    assert ("outage", CHARGES, 1) in unfired(run(HOLDS, CHARGES))
    tried = run(HOLDS, CHARGES, faults=outage, strikes=(0,), unfollowed=(0,))
    assert ("outage", CHARGES, 1) not in unfired(tried)
    followed = run(CHARGES, CHARGES, faults=outage, strikes=(0,))
    assert ("outage", CHARGES, 1) in unfired(followed)
