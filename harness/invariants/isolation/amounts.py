"""Anomalies of amounts: accounts and stock that several sagas draw on.

Debits, credits and holds commute, so their order alone is never an alarm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from harness.history import EffectApplied, FaultFired
from harness.invariants.base import Finding
from harness.invariants.isolation.accesses import Accesses, named
from harness.participant.balance import BalanceKind
from harness.saga import Status
from harness.views import View


def not_taken_back(view: View, accesses: Accesses) -> Iterator[Finding]:
    """A saga could not take back what it gave, for another one had used it meanwhile: a dirty read."""
    for refused in accesses.refused_undos:
        if _kind(view, refused.entity[0]) is None:
            continue
        acts = accesses.acts.get(refused.entity, [])
        own = [one for one in acts if one.saga == refused.saga and one.index < refused.index]
        given = [one for one in own if one.words.startswith("credit") and one.undone is None]
        used = [
            one
            for one in acts
            if given
            and one.saga != refused.saga
            and one.undone is None
            and one.words.startswith(("debit", "hold"))
            and given[-1].index < one.index < refused.index
        ]
        if used:
            message = (
                f"dirty read: saga {used[-1].saga} used ({used[-1].words}) what saga {refused.saga} had "
                f"given ({given[-1].words}) and could not take back"
            )
            yield Finding(message, (given[-1].index, used[-1].index, refused.index))


def oversold(view: View, accesses: Accesses) -> Iterator[Finding]:
    """Sagas together took more out of an account than was in it."""
    for entity in accesses.acts:
        kind = _kind(view, entity[0])
        opening = None if kind is None else _opening(kind, entity[1])
        found = None if opening is None else _overdrawn(view, accesses, entity, opening)
        if found is not None:
            yield found


def _overdrawn(view: View, accesses: Accesses, entity: tuple[str, str], opening: float) -> Finding | None:
    """In the end: who takes too much, sees it and puts it back is sound. After `stuck` a person looks."""
    stuck = [saga for saga, status in accesses.statuses.items() if status is Status.STUCK]
    postings = [one for one in _postings(view, accesses, entity) if one[1] not in stuck]
    left = opening + sum(amount for _, _, amount in postings)
    kept = {act.index for act in accesses.acts[entity] if act.undone is None}
    taken = {saga: index for index, saga, amount in postings if amount < 0 and index in kept}
    if left >= 0 or len(taken) < 2:
        return None
    message = f"oversold stock: {' and '.join(taken)} took {-left:g} more of {named(entity)} than it held"
    return Finding(message, tuple(taken.values()))


def not_conserved(view: View, accesses: Accesses) -> Iterator[Finding]:
    """Sagas that ended moved each other's amounts: each for itself, they do not come to zero.

    One alone is another matter, and *conservation*'s, where a fault may be the reason. Without any fault it
    is not: a saga that does not come to zero by itself is found before sagas are put side by side.
    """
    sums: dict[str, float] = defaultdict(float)
    where: dict[str, list[int]] = defaultdict(list)
    for index, event in view.history.of(EffectApplied):
        kind = _kind(view, event.resource)
        if kind is not None and kind.conserved and event.amount:
            sums[event.saga_id] += event.amount
            where[event.saga_id].append(index)
    ended = (Status.COMPLETED, Status.COMPENSATED)
    wrong = {saga: total for saga, total in sums.items() if total and accesses.statuses.get(saga) in ended}
    if len(wrong) > 1 or (wrong and len(sums) > 1 and not view.history.of(FaultFired)):
        each = " and ".join(f"{saga} moved {total:+g}" for saga, total in wrong.items())
        yield Finding(
            f"a balance that is not conserved: {each}",
            tuple(index for saga in wrong for index in where[saga]),
        )


def _postings(view: View, accesses: Accesses, entity: tuple[str, str]) -> Iterator[tuple[int, str, float]]:
    for call in view.history.calls:
        for index, effect in call.effects:
            if (effect.resource, call.sent.resource_id or "") == entity and effect.amount:
                yield index, accesses.sender(call), float(effect.amount)


def _kind(view: View, resource: str) -> BalanceKind | None:
    spec = view.resources.get(resource)
    return spec.kind if spec is not None and isinstance(spec.kind, BalanceKind) else None


def _opening(kind: BalanceKind, id_: str) -> int | None:
    return kind.opening.get(id_) if isinstance(kind.opening, Mapping) else kind.opening
