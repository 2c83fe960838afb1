"""The file forms of a plan: a JSON list of flat objects, read strictly, and a compact one for many runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from harness.errors import PlanError, misplaced, nearest
from harness.plan.types import Fault, FaultPlan, Lasting
from harness.saga import Json

_FIELDS = ("kind", "operation", "nth", "count", "variant", "saga")


class PlannedFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A fault in a line of `runs.ndjson`: what is at its default is left out."""

    kind: str
    operation: str
    nth: int = 1
    count: int | Lasting = 1
    variant: str = ""
    saga: int | None = None


def to_planned(plan: FaultPlan) -> tuple[PlannedFault, ...]:
    """A plan, for a line."""
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


def from_planned(faults: Iterable[PlannedFault]) -> FaultPlan:
    """The inverse of `to_planned`."""
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
        )
    )


def plan_to_json(plan: FaultPlan) -> list[dict[str, Json]]:
    """One object a fault; what is at its default is written too, for the reader's sake.

    But not `saga`: most runs have one saga, and their plans name none.
    """
    return [
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


def plan_from_json(content: Json, where: str = "plan") -> FaultPlan:
    """The inverse of `plan_to_json`. Raises PlanError with the place of what is wrong."""
    if not isinstance(content, Sequence) or isinstance(content, str):
        raise PlanError(misplaced(where, content, "a list of faults"))
    return FaultPlan(tuple(_fault(one, f"{where}, fault {index + 1}") for index, one in enumerate(content)))


def _fault(content: Json, where: str) -> Fault:
    if not isinstance(content, Mapping):
        raise PlanError(misplaced(where, content, "an object with kind and operation"))
    for name in content:
        if name not in _FIELDS:
            raise PlanError(misplaced(where, name, nearest(name, _FIELDS)))
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
