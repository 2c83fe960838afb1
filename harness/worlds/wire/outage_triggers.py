"""When a participant is to go away from callers whom nobody sees coming, and for how long it is wanted.

A refusal is armed ahead, by a trigger, before the answer after which its call could be sent. Owns reading
that from the plan, the calls so far and the saga's progress. Refuses to take anybody away (`outages`).

    refused call             trigger
    first create             the participant's answer to the last of the steps before; none: from the start
    first undo or query      the end of a call that may turn the saga back, once there is something to undo
    nth call                 the end of the one before
    after a call (outage)    its end
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.engine import FaultEngine
from harness.participant import Verb
from harness.plan import Fault
from harness.plan.types import FaultKind
from harness.saga import Direction
from harness.scenario import Scenario
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.saga_progress import SagaProgress, resource_of


@dataclass(slots=True, kw_only=True, eq=False)
class Outage:
    """A fault of the plan that takes a participant away.

    due: its trigger came, be it too late for anybody to meet it.
    after: the call after which it went, 0 where there was none. canary: what one met there, where it was
    not refused. begun: it was away at some time. fired: a call of the saga met that.
    """

    index: int
    fault: Fault
    kind: FaultKind
    due: bool = False
    begun: bool = False
    fired: bool = False
    down: bool = False
    over: bool = False
    after: int = 0
    canary: str | None = None

    @property
    def participant(self) -> str:
        return self.fault.operation.partition(".")[0]

    @property
    def crash(self) -> bool:
        """Its first call arrives, and the participant dies with it."""
        return self.kind.then is not None

    @property
    def of_an_undo(self) -> bool:
        """It is to strike a call that comes only if the saga aborts, or asks."""
        return not self.kind.after_site and Verb(self.fault.operation.rpartition(".")[2]) is not Verb.CREATE


class OutageTriggers:
    """Of one run."""

    def __init__(self, scenario: Scenario, saga_progress: SagaProgress, engine: FaultEngine) -> None:
        self._scenario = scenario
        self._saga_progress = saga_progress
        self._engine = engine

    def first_of_all(self, outage: Outage) -> bool:
        """Whether the participant is away from the start."""
        if outage.kind.after_site or outage.fault.nth > 1 or self._verb(outage) is not Verb.CREATE:
            return False
        steps = [step.name for step in self._scenario.spec.steps if step.action == outage.fault.operation]
        return not steps or any(not self._scenario.spec.parents[step] for step in steps)

    def triggered(self, outage: Outage, call: WireCall, status: int | None) -> bool:
        """Whether it begins as a call ends, with a status or without an answer."""
        matched = call.in_flight.matched
        name = matched.operation.name if matched is not None else None
        nth, seen = outage.fault.nth, self._seen(outage)
        if outage.kind.after_site:
            return name == outage.fault.operation and seen >= nth
        if nth > 1:
            return name == outage.fault.operation and seen == nth - 1
        if seen:
            return False
        if self._verb(outage) is Verb.CREATE:
            return self._next_to_come(outage)
        return self.may_abort(outage) and self._aborts(outage, call, status)

    def may_abort(self, outage: Outage) -> bool:
        """Whether it is an undo or a query of something that may be there."""
        if self._verb(outage) is Verb.CREATE or outage.fault.nth > 1 or self._seen(outage):
            return False
        return not outage.kind.after_site and resource_of(outage.fault.operation) in self._saga_progress.tried

    def ends_with(self, outage: Outage, call: WireCall) -> bool:
        """Whether one that lasts a number of calls is over, as the saga calls another participant."""
        if not isinstance(outage.fault.count, int):
            return False
        if outage.kind.after_site:
            return outage.fired
        return outage.crash or outage.of_an_undo or not self._saga_progress.goes_on(call)

    def wanted_at_the_end(self, outage: Outage) -> bool:
        """Whether a saga that ends now had to do something there."""
        if not outage.kind.after_site and self._verb(outage).queries:
            in_doubt = self._saga_progress.ends_in_doubt(resource_of(outage.fault.operation))
            return in_doubt or self._saga_progress.ends_short(outage.participant)
        return self._saga_progress.ends_short(outage.participant)

    def is_past(self, outage: Outage) -> bool:
        """Whether one whose participant comes back is over; what is undone or asked for may lie ahead."""
        if self._verb(outage) is Verb.CREATE or outage.kind.after_site:
            return True
        return self._seen(outage) >= outage.fault.nth

    def _next_to_come(self, outage: Outage) -> bool:
        spec = self._scenario.spec
        steps = [step.name for step in spec.steps if step.action == outage.fault.operation]
        return any(set(spec.parents[step]) <= self._saga_progress.done for step in steps)

    def _aborts(self, outage: Outage, call: WireCall, status: int | None) -> bool:
        """An action that failed, another undo; for a query any end at its resource."""
        if call.in_flight.direction is Direction.COMPENSATION:
            return call.in_flight.participant.name != outage.participant
        if call.in_flight.direction is Direction.ACTION and (status is None or not 200 <= status < 300):
            return True
        matched = call.in_flight.matched
        here = matched is not None and resource_of(matched.operation.name) == resource_of(
            outage.fault.operation
        )
        return here and self._verb(outage).queries

    def _seen(self, outage: Outage) -> int:
        return self._engine.counted(self._scenario.operations[outage.fault.operation])

    def _verb(self, outage: Outage) -> Verb:
        return self._scenario.operations[outage.fault.operation].verb
