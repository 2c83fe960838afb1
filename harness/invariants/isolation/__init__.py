"""ISO: sagas that overlap neither lose, undo nor build on each other's unfinished work.

A saga has no isolation of its own, so it needs countermeasures: a semantic lock, commutative updates,
rereading, a version (Garcia-Molina and Salem 1987; Frank and Zahle 1998; Richardson, Microservices Patterns).
Each module finds anomalies by their names in the field, with the events of both sagas as evidence:

- `ownership`: undo of another's work, by what it changed; memory that sagas share.
- `states`: lost update, undo of another's work, dirty read, fuzzy read, of what has a state.
- `records`: dirty read of a record.
- `limits`: oversold records, and write skew, where the scenario says how many there may be.
- `amounts`: dirty read of an amount that could not be taken back, oversold stock, a balance that is not
  conserved.
- `deadlock`: sagas that wait for each other and do not end.

Only judged where a run has several sagas. Refuses to guess: what a saga may rightly do with what it saw is no
alarm, so only what is certain from the calls and their effects is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.invariants.isolation import amounts, deadlock, limits, ownership, records, states
from harness.invariants.isolation.accesses import Accesses
from harness.views import SagaView, View


class NotIsolated(InvariantViolated):
    """One saga undid, lost or built on what another one had not finished."""


_ANOMALIES: tuple[Callable[[View, Accesses], Iterator[Finding]], ...] = (
    ownership.work_of_another,
    ownership.shared_memory,
    states.lost_updates,
    states.undone_of_another,
    states.dirty_reads,
    states.fuzzy_reads,
    records.dirty_reads,
    limits.too_many,
    amounts.not_taken_back,
    amounts.oversold,
    amounts.not_conserved,
    deadlock.waits,
)


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    """Each anomaly concerns two sagas, so a run is looked at once."""
    if len(view.sagas) > 1 and saga is view.sagas[0]:
        accesses = Accesses(view)
        for anomaly in _ANOMALIES:
            yield from anomaly(view, accesses)


def _exercised(view: View, saga: SagaView) -> bool:
    del saga
    return len(view.sagas) > 1


INVARIANT = Invariant(
    id="isolation",
    says="Overlapping sagas neither lose, undo nor build on each other's unfinished work.",
    error=NotIsolated,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
