"""The file forms of a plan: a JSON list of objects, read strictly, and a compact one for many runs.

In the list an object is a fault; one with `run` is a preemption, and one with `sagas` says how many sagas the
run starts, and, where they have inputs of their own, those of the others than the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from harness.errors import PlanError, misplaced, nearest
from harness.plan.types import Fault, FaultPlan, Lasting, Preemption, Site
from harness.saga import Json

_FIELDS = ("kind", "operation", "nth", "count", "variant", "saga")
_SAGAS = ("sagas", "other_inputs")
_PREEMPTION = ("saga", "operation", "nth", "run", "until", "together")
_SITE = ("operation", "nth")


class PlannedFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A fault in a line of `runs.ndjson`: what is at its default is left out."""

    kind: str
    operation: str
    nth: int = 1
    count: int | Lasting = 1
    variant: str = ""
    saga: int | None = None


class PlannedPreemption(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A preemption in a line of `runs.ndjson`. until, until_nth: the call at which the other saga is held."""

    saga: int
    operation: str
    nth: int = 1
    run: int
    until: str | None = None
    until_nth: int = 1
    together: bool = False


def to_planned(plan: FaultPlan) -> tuple[PlannedFault, ...]:
    """The faults of a plan, for a line."""
    return tuple(
        PlannedFault(
            kind=one.kind,
            operation=one.operation,
            nth=one.nth,
            count=one.count,
            variant=one.variant,
            saga=one.saga,
        )
        for one in plan.faults
    )


def planned_preemptions(plan: FaultPlan) -> tuple[PlannedPreemption, ...]:
    """The preemptions of a plan, for a line."""
    return tuple(
        PlannedPreemption(
            saga=one.saga,
            operation=one.operation,
            nth=one.nth,
            run=one.run,
            until=None if one.until is None else one.until.operation,
            until_nth=1 if one.until is None else one.until.nth,
            together=one.together,
        )
        for one in plan.preemptions
    )


def from_planned(
    faults: Iterable[PlannedFault],
    preemptions: Iterable[PlannedPreemption] = (),
    sagas: int = 1,
    other_inputs: Iterable[Json] = (),
) -> FaultPlan:
    """The inverse of `to_planned` and `planned_preemptions`."""
    return FaultPlan(
        tuple(
            Fault(
                kind=one.kind,
                operation=one.operation,
                nth=one.nth,
                count=one.count,
                variant=one.variant,
                saga=one.saga,
            )
            for one in faults
        ),
        tuple(
            Preemption(
                saga=one.saga,
                operation=one.operation,
                nth=one.nth,
                run=one.run,
                until=None if one.until is None else Site(operation=one.until, nth=one.until_nth),
                together=one.together,
            )
            for one in preemptions
        ),
        sagas,
        tuple(other_inputs),
    )


def plan_to_json(plan: FaultPlan) -> list[dict[str, Json]]:
    """One object a fault; what is at its default is written too, for the reader's sake.

    But not `saga`: most runs have one saga, and their plans name none. Of a run of several, their number
    comes first, and the preemptions last.
    """
    faults: list[dict[str, Json]] = [
        {
            "kind": fault.kind,
            "operation": fault.operation,
            "nth": fault.nth,
            "count": fault.count.value if isinstance(fault.count, Lasting) else fault.count,
            "variant": fault.variant,
            **({} if fault.saga is None else {"saga": fault.saga}),
        }
        for fault in plan.faults
    ]
    sagas: list[dict[str, Json]] = [] if plan.sagas == 1 else [_sagas_to_json(plan)]
    return [*sagas, *faults, *map(_preemption_to_json, plan.preemptions)]


def _sagas_to_json(plan: FaultPlan) -> dict[str, Json]:
    own = {"other_inputs": list(plan.other_inputs)} if plan.other_inputs else {}
    return {"sagas": plan.sagas, **own}


def _preemption_to_json(one: Preemption) -> dict[str, Json]:
    until = one.until
    return {
        "saga": one.saga,
        "operation": one.operation,
        "nth": one.nth,
        "run": one.run,
        **({} if until is None else {"until": {"operation": until.operation, "nth": until.nth}}),
        **({"together": True} if one.together else {}),
    }


def plan_from_json(content: Json, where: str = "plan") -> FaultPlan:
    """The inverse of `plan_to_json`. Raises PlanError with the place of what is wrong."""
    if not isinstance(content, Sequence) or isinstance(content, str):
        raise PlanError(misplaced(where, content, "a list of faults"))
    faults: list[Fault] = []
    preemptions: list[Preemption] = []
    sagas: int | None = None
    others: tuple[Json, ...] = ()
    for number, one in enumerate(content, 1):
        if isinstance(one, Mapping) and "run" in one:
            preemptions.append(_preemption(one, f"{where}, preemption {len(preemptions) + 1}"))
        elif isinstance(one, Mapping) and "sagas" in one:
            sagas, others = _sagas(one, sagas, f"{where}, entry {number}")
        else:
            faults.append(_fault(one, f"{where}, fault {len(faults) + 1}"))
    return FaultPlan(tuple(faults), tuple(preemptions), 1 if sagas is None else sagas, others)


def _sagas(content: Mapping[str, Json], before: int | None, where: str) -> tuple[int, tuple[Json, ...]]:
    if before is not None:
        raise PlanError(misplaced(where, dict(content), "the number of sagas once"))
    _known(content, _SAGAS, where)
    others = content.get("other_inputs", [])
    if not isinstance(others, list):
        raise PlanError(
            misplaced(f"{where}, other_inputs", others, "a list, one for each saga but the first")
        )
    return _whole(content["sagas"], f"{where}, sagas"), tuple(others)


def _preemption(content: Mapping[str, Json], where: str) -> Preemption:
    _known(content, _PREEMPTION, where)
    return Preemption(
        saga=_whole(content.get("saga"), f"{where}, saga"),
        operation=_text(content, "operation", where),
        nth=_whole(content.get("nth", 1), f"{where}, nth"),
        run=_whole(content["run"], f"{where}, run"),
        until=None if content.get("until") is None else _site(content["until"], f"{where}, until"),
        together=_flag(content.get("together", False), f"{where}, together"),
    )


def _flag(value: Json, where: str) -> bool:
    if not isinstance(value, bool):
        raise PlanError(misplaced(where, value, "true or false"))
    return value


def _site(content: Json, where: str) -> Site:
    if not isinstance(content, Mapping):
        raise PlanError(misplaced(where, content, "an object with operation and nth"))
    _known(content, _SITE, where)
    return Site(
        operation=_text(content, "operation", where), nth=_whole(content.get("nth", 1), f"{where}, nth")
    )


def _known(content: Mapping[str, Json], names: Sequence[str], where: str) -> None:
    for name in content:
        if name not in names:
            raise PlanError(misplaced(where, name, nearest(name, names)))


def _fault(content: Json, where: str) -> Fault:
    if not isinstance(content, Mapping):
        raise PlanError(misplaced(where, content, "an object with kind and operation"))
    _known(content, _FIELDS, where)
    return Fault(
        kind=_text(content, "kind", where),
        operation=_text(content, "operation", where),
        nth=_whole(content.get("nth", 1), f"{where}, nth"),
        count=_count(content.get("count", 1), f"{where}, count"),
        variant=_text({"variant": "", **content}, "variant", where),
        saga=_whole(content["saga"], f"{where}, saga") if content.get("saga") is not None else None,
    )


def _text(content: Mapping[str, Json], name: str, where: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        raise PlanError(misplaced(f"{where}, {name}", value, "a text"))
    return value


def _whole(value: Json, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise PlanError(misplaced(where, value, "a whole number"))
    return value


def _count(value: Json, where: str) -> int | Lasting:
    if isinstance(value, str):
        if value not in list(Lasting):
            raise PlanError(misplaced(where, value, f"a number of calls, or {nearest(value, Lasting)}"))
        return Lasting(value)
    return _whole(value, where)
