"""Refuses a plan that names something unknown, or that cannot be, before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.errors import PlanError, misplaced, nearest
from harness.plan.moments import MOMENTS, moment_of
from harness.plan.types import Fault, FaultKind, FaultPlan, Lasting, Preemption
from harness.saga import MOST_PREEMPTIONS, MOST_SAGAS

MOST_FAULTS = 8


def check_plan(
    plan: FaultPlan,
    *,
    operations: Collection[str],
    kinds: Mapping[str, FaultKind],
    world: str | None = None,
    sagas: int | None = None,
    deliveries: Collection[str] = (),
) -> None:
    """Raise PlanError where a fault names an unknown operation, kind, variant or saga, or counts below 1.

    And where a preemption names an unknown operation or saga, or lets a saga run that it holds.

    world: where the plan is to run; None: anywhere. A moment between two calls is of one world alone.
    sagas: how many the run starts; None: as many as the plan says. deliveries: operations at which no saga is
    held, because the bus calls.
    """
    sagas = _checked_sagas(plan) if sagas is None else sagas
    if len(plan.faults) > MOST_FAULTS:
        raise PlanError(misplaced("plan", len(plan.faults), f"at most {MOST_FAULTS} faults"))
    for index, fault in enumerate(plan.faults):
        where = f"plan, fault {index + 1}"
        _check_fault(fault, where, operations, kinds)
        if fault.saga is not None and not 1 <= fault.saga <= sagas:
            expected = f"the number of a saga of the run, 1 to {sagas}, or none for any"
            raise PlanError(misplaced(f"{where}, saga", fault.saga, expected))
        if world is not None:
            _check_moment(fault, f"{where}, variant", world)
    if len(plan.preemptions) > MOST_PREEMPTIONS:
        found = len(plan.preemptions)
        raise PlanError(misplaced("plan, preemptions", found, f"at most {MOST_PREEMPTIONS}"))
    for index, preemption in enumerate(plan.preemptions):
        where = f"plan, preemption {index + 1}"
        _check_preemption(preemption, where, operations, sagas)
        _check_held(preemption, where, deliveries)


def _checked_sagas(plan: FaultPlan) -> int:
    if not 1 <= plan.sagas <= MOST_SAGAS:
        raise PlanError(misplaced("plan, sagas", plan.sagas, f"how many the run starts, 1 to {MOST_SAGAS}"))
    if plan.other_inputs and len(plan.other_inputs) != plan.sagas - 1:
        found = len(plan.other_inputs)
        expected = (
            f"{plan.sagas - 1}, one for each saga but the first, or none: then all have that of the run"
        )
        raise PlanError(misplaced("plan, other_inputs", found, expected))
    return plan.sagas


def _check_preemption(one: Preemption, where: str, operations: Collection[str], sagas: int) -> None:
    for name, number in (("saga", one.saga), ("run", one.run)):
        if not 1 <= number <= sagas:
            expected = f"the number of a saga of the run, 1 to {sagas}"
            raise PlanError(misplaced(f"{where}, {name}", number, expected))
    if one.run == one.saga:
        raise PlanError(misplaced(f"{where}, run", one.run, "another saga than the one that is held"))
    if one.together and one.until is None:
        expected = "false, or an until: the call that is delivered at the same time"
        raise PlanError(misplaced(f"{where}, together", one.together, expected))
    sites = [(where, one.operation, one.nth)]
    if one.until is not None:
        sites.append((f"{where}, until", one.until.operation, one.until.nth))
        if one.until.saga is not None:
            found = one.until.saga
            raise PlanError(misplaced(f"{where}, until, saga", found, "none: it is the saga that runs"))
    for place, operation, nth in sites:
        if operation not in operations:
            raise PlanError(misplaced(f"{place}, operation", operation, nearest(operation, operations)))
        if nth < 1:
            raise PlanError(misplaced(f"{place}, nth", nth, "a call number, counted from 1"))


def _check_held(one: Preemption, where: str, deliveries: Collection[str]) -> None:
    sites = [
        (where, one.operation),
        *([] if one.until is None else [(f"{where}, until", one.until.operation)]),
    ]
    for place, operation in sites:
        if operation in deliveries:
            expected = "a call of the saga: its handlers' calls are held, and not what the bus delivers"
            raise PlanError(misplaced(f"{place}, operation", operation, expected))


def _check_fault(
    fault: Fault, where: str, operations: Collection[str], kinds: Mapping[str, FaultKind]
) -> None:
    if fault.operation not in operations:
        raise PlanError(
            misplaced(f"{where}, operation", fault.operation, nearest(fault.operation, operations))
        )
    kind = kinds.get(fault.kind)
    if kind is None:
        raise PlanError(misplaced(f"{where}, kind", fault.kind, nearest(fault.kind, kinds)))
    _check_variant(fault.variant, kind, f"{where}, variant")
    if fault.nth < 1:
        raise PlanError(misplaced(f"{where}, nth", fault.nth, "a call number, counted from 1"))
    if not isinstance(fault.count, Lasting) and fault.count < 1:
        raise PlanError(misplaced(f"{where}, count", fault.count, "at least 1 call, or 'for_ever'"))


def _check_variant(variant: str, kind: FaultKind, where: str) -> None:
    if kind.accepts(variant):
        return
    moments = (*MOMENTS["sim"], *MOMENTS["wire"]) if kind.between else ()
    measures = "".join(f", or {measure}" for measure in kind.measures)
    expected = nearest(variant, (*kind.all_variants, *moments)) + measures
    raise PlanError(misplaced(where, variant, expected))


def _check_moment(fault: Fault, where: str, world: str) -> None:
    moment = moment_of(fault.variant)
    if moment is None or moment.world == world:
        return
    if world == "wire":
        expected = (
            f"a share of the pause after the call, such as {MOMENTS['wire'][1]!r}: on the wire nobody sees "
            "the store change. Replay it with --world sim, or search on the wire"
        )
    else:
        expected = (
            f"a change of the store, such as {MOMENTS['sim'][0]!r}: in sim no time passes while a saga "
            "computes. Replay it with --world wire, or search in sim"
        )
    raise PlanError(misplaced(where, fault.variant, expected))
