"""Every legitimate style passes, and the same saga with one bug in it does not.

Run here: every single fault and some drawn plans. `SAGA_CHAOS_SOUND=full` runs what a release is held
to: every pair of guided search and 5,000 examples for each style, and every single fault on the wire
(`nox -s sound`; over an hour on two cores).
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign import CampaignOptions, run_campaign
from harness.history import History
from harness.loader import load_scenario
from harness.loader.target import load_target
from harness.loading import load
from harness.plan import Fault, FaultPlan, Lasting
from harness.report_model import ScenarioVerdict
from harness.runner import run_once
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld

ROOT = Path(__file__).parent
STYLES = sorted(path.parent.name for path in ROOT.glob("*/saga.toml"))
FULL = os.environ.get("SAGA_CHAOS_SOUND") == "full"
DEPTH, EXAMPLES = (2, 5000) if FULL else (1, 60)
ON_THE_WIRE = STYLES if FULL else ["find_before_undo", "no_claims_impatient"]
EVER = Lasting.FOR_EVER


def scenario_of(style: str) -> Scenario:
    return load_scenario(str(ROOT / style / "saga.toml"), registered={})


def narrate(history: History, evidence: tuple[int, ...]) -> list[str]:
    return []


@pytest.mark.parametrize("style", STYLES)
def test_sound(style: str, tmp_path: Path) -> None:
    scenario = scenario_of(style)
    options = CampaignOptions(
        out=tmp_path,
        load=lambda _: scenario,
        narrate=narrate,
        world="sim",
        depth=DEPTH,
        examples=EXAMPLES,
        in_process=True,
    )
    (report,) = run_campaign([scenario], options, lambda _: None).scenarios
    violated = [one.id for one in report.invariants if one.violations]
    assert (violated, report.notes) == ([], ())
    assert report.verdict is ScenarioVerdict.PASS


@pytest.mark.wire
@pytest.mark.long
@pytest.mark.parametrize("style", ON_THE_WIRE)
def test_sound_on_the_wire(style: str, tmp_path: Path) -> None:
    options = CampaignOptions(
        out=tmp_path, load=load, narrate=narrate, world="wire", search="guided", depth=1, workers=8
    )
    (report,) = run_campaign([scenario_of(style)], options, lambda _: None).scenarios
    violated = [one.id for one in report.invariants if one.violations]
    assert (violated, report.notes) == ([], ())
    assert report.verdict is ScenarioVerdict.PASS


def fault(kind: str, operation: str, nth: int = 1, count: int | Lasting = 1, variant: str = "") -> Fault:
    return Fault(kind=kind, operation=operation, nth=nth, count=count, variant=variant)


RESERVE, UNRESERVE = "inventory.reservation.create", "inventory.reservation.delete_by_saga"
CHARGE, SHIP = "payments.charge.create", "shipping.shipment.create"
SEAT = "airline.seat.create"
REFUSED_CHARGE = fault("reject", CHARGE)
LOST_CHARGE = fault("lose_reply", CHARGE, count=EVER)
KEPT = (REFUSED_CHARGE, fault("reject", UNRESERVE))
"""An abort whose undo fails."""

BROKEN: dict[str, tuple[str, tuple[Fault, ...]]] = {
    "accepted": ("no_orphaned_resources", (REFUSED_CHARGE,)),
    "accepted_actions": ("truthful_outcome", ()),
    "asks_first": ("termination", (fault("error_before", "inventory.reservation.find", count=EVER),)),
    "asyncio_run_inside": ("failed_compensation_escalated", KEPT),
    "capture_same_participant": ("pivot_correctness", ()),
    "correlated": ("no_orphaned_resources", (fault("lose_reply", RESERVE, count=4),)),
    "custom_key_header": ("idempotency_keys", ()),
    "dependency_order": ("compensation_order", (fault("reject", RESERVE),)),
    "ends_remembered": ("truthful_outcome", ()),
    "failed_step_must": ("complete_compensation", (fault("reject", RESERVE),)),
    "failed_step_never": ("complete_compensation", (fault("reject", RESERVE),)),
    "find_before_undo": ("idempotent_actions", (fault("reset_after", RESERVE),)),
    "find_but_unsure": ("no_orphaned_resources", (fault("late", RESERVE, count=EVER, variant="settling"),)),
    "irreversible_step": ("idempotent_actions", (fault("lose_reply", "bank.transfer.create"),)),
    "lapsing_hold": ("truthful_outcome", (fault("throttle", CHARGE, variant="429:30s"),)),
    "lapsing_record": ("truthful_outcome", (fault("throttle", CHARGE, variant="429:30s"),)),
    "lapsing_unconfirmed": ("truthful_outcome", (fault("throttle", CHARGE, variant="429:30s"),)),
    "key_prefix_only": ("idempotency_keys", ()),
    "natural": ("compensation_order", (fault("lose_request", CHARGE, count=EVER),)),
    "no_claims": ("complete_compensation", (REFUSED_CHARGE,)),
    "no_claims_impatient": ("no_orphaned_resources", (REFUSED_CHARGE,)),
    "no_claims_single": ("termination", (REFUSED_CHARGE,)),
    "no_order": ("failed_compensation_escalated", KEPT),
    "no_pivot": ("compensation_order", (fault("reject", SHIP),)),
    "no_repeats": ("idempotent_actions", (fault("reset_after", RESERVE),)),
    "odd_but_legal": ("failed_compensation_escalated", KEPT),
    "one_refund_by_saga": ("idempotency_keys", (fault("reject", CHARGE, nth=2),)),
    "optional_step": ("truthful_outcome", (REFUSED_CHARGE,)),
    "order_keys": ("compensation_order", (LOST_CHARGE,)),
    "outcome_object": ("truthful_outcome", (fault("reject", RESERVE),)),
    "own_answers": ("no_orphaned_resources", (fault("lose_reply", SEAT),)),
    "own_async_client": ("complete_compensation", (LOST_CHARGE,)),
    "own_log": ("log_agreement", (fault("reject", SHIP),)),
    "own_pace": ("bounded_retries", (fault("throttle", RESERVE, count=EVER),)),
    "pivot_first": ("truthful_outcome", (fault("reject", SHIP),)),
    "pivot_in_the_middle": ("pivot_correctness", (LOST_CHARGE,)),
    "gives_up_after_the_pivot": ("pivot_correctness", (LOST_CHARGE,)),
    "pivot_only": ("no_orphaned_resources", (LOST_CHARGE,)),
    "pivot_resolved": ("pivot_correctness", (fault("lose_reply", CHARGE),)),
    "plain_function": ("failed_compensation_escalated", KEPT),
    "random_keys": ("idempotency_keys", (fault("lose_reply", CHARGE),)),
    "refund_with_key": ("idempotency_keys", (LOST_CHARGE,)),
    "reads_first": ("truthful_outcome", (fault("error_before", "bank.account.get", count=EVER),)),
    "refuses_422": ("pivot_correctness", (LOST_CHARGE,)),
    "running_in_memory": ("no_orphaned_resources", KEPT),
    "running_then_called_again": ("no_orphaned_resources", KEPT),
    "several_calls": ("no_orphaned_resources", (fault("reject", "kitchen.meal.create"),)),
    "shared_by_saga": (
        "failed_compensation_escalated",
        (fault("reject", RESERVE, nth=2), fault("refuse", UNRESERVE, count=EVER)),
    ),
    "shared_resource": ("truthful_outcome", ()),
    "single_step": (
        "no_orphaned_resources",
        (LOST_CHARGE, fault("refuse", "payments.charge.delete_by_saga")),
    ),
    "single_step_by_id": ("complete_compensation", (LOST_CHARGE,)),
    "step_without_compensation": ("truthful_outcome", ()),
    "state_put_back": (
        "no_orphaned_resources",
        (fault("lose_reply", "orders.order.approve"), REFUSED_CHARGE),
    ),
    "stock_shipped": (
        "no_orphaned_resources",
        (REFUSED_CHARGE, fault("refuse", "warehouse.lamp.release", count=EVER)),
    ),
    "stuck_on_contradiction": (
        "complete_compensation",
        (fault("lose_reply", CHARGE), fault("reject", CHARGE, nth=2)),
    ),
    "stuck_at_once": ("failed_compensation_escalated", KEPT),
    "task_group": ("complete_compensation", (fault("reject", RESERVE),)),
    "transfer": ("conservation", (fault("reject", "notes.note.create"),)),
    "undo_by_id": ("complete_compensation", (fault("lose_reply", RESERVE, count=EVER),)),
    "undo_by_saga": ("failed_compensation_escalated", KEPT),
    "undo_for_ever": ("bounded_retries", (REFUSED_CHARGE, fault("refuse", UNRESERVE, count=EVER))),
    "undo_in_the_background": ("truthful_outcome", (REFUSED_CHARGE,)),
    "untried_step_may": ("truthful_outcome", KEPT),
}


def test_every_style_has_a_broken_twin() -> None:
    assert sorted(BROKEN) == STYLES


@pytest.mark.parametrize("style", sorted(BROKEN))
def test_broken(style: str) -> None:
    invariant, faults = BROKEN[style]
    folder = ROOT / style
    scenario = scenario_of(style)
    assert not violated(scenario, faults)
    twin = load_target("sagas.py:broken", folder, style, env={}, durable=False)
    assert invariant in violated(replace(scenario, saga=twin), faults, runs=2)


def violated(scenario: Scenario, faults: tuple[Fault, ...], runs: int = 1) -> set[str]:
    """What any of several runs of a plan violates; some bugs need an earlier saga."""
    with SimWorld() as world:
        found = [run_once(scenario, scenario.inputs[0], FaultPlan(faults), world) for _ in range(runs)]
    return {one.invariant for run in found for one in run.violated}
