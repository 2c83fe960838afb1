"""More than there may be: what sagas have between them once they completed, against `at_most`.

Each looked before it acted, and none saw the other: oversold records, or write skew, where they changed
different ones. Who turned back, or needs a person, does not count. Refuses to guess a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.invariants.base import Finding
from harness.invariants.isolation.accesses import Accesses
from harness.participant.state import StateKind
from harness.views import View


def too_many(view: View, accesses: Accesses) -> Iterator[Finding]:
    """Sagas completed, and there is more of something than the scenario allows."""
    for name, resource in view.resources.items():
        if resource.at_most is not None:
            made = _records(view, accesses, name)
            yield from _beyond(made, resource.at_most, f"made {len(made)} of {name}", "oversold")
        if isinstance(resource.kind, StateKind):
            for state, most in resource.kind.at_most.items():
                there = _in_state(accesses, name, state)
                yield from _beyond(there, most, f"left {len(there)} of {name} {state}", "write skew")


def _beyond(there: Mapping[int, str], most: int, what: str, anomaly: str) -> Iterator[Finding]:
    who = tuple(dict.fromkeys(there.values()))
    if len(there) > most and len(who) > 1:
        yield Finding(f"{anomaly}: sagas {' and '.join(who)} {what}, and there may be {most}", tuple(there))


def _records(view: View, accesses: Accesses, name: str) -> Mapping[int, str]:
    """Where each that is left was made, and by which saga that completed.

    What is over by itself later counts, once the last saga has ended while it was there.
    """
    last_s = max((saga.ended.t_s for saga in view.sagas if saga.ended is not None), default=0.0)
    return {
        one.made: one.saga_id
        for one in view.ledger.incarnations
        if one.resource == name and accesses.completed(one.saga_id) and one.stood(last_s)
    }


def _in_state(accesses: Accesses, name: str, state: str) -> Mapping[int, str]:
    """The same, of what is in a state in the end."""
    entities = (acts for entity, acts in accesses.acts.items() if entity[0] == name)
    last = (one for acts in entities for one in [act for act in acts if act.undone is None][-1:])
    return {one.index: one.saga for one in last if one.target == state and accesses.completed(one.saga)}
