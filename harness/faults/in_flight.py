"""One call on its way through the fault injector: what is known of it, and what it has come to."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.engine import FaultMatch
from harness.participant import Matched, Owner, Participant, Request, Response
from harness.plan.decision import PASS, Copy, Decision
from harness.saga import Direction


@dataclass(slots=True, kw_only=True)
class InFlightCall:
    """`reply` is what the caller is to be answered, once the participant, or the fault, has spoken.

    nth: the call's number among those of its operation. saga: the number of the saga that sent it, from 1;
    None: one that is none of the run. nth_of_saga: the call's number among those of its operation and saga.
    """

    call: int
    executor: int
    participant: Participant
    request: Request
    matched: Matched | None
    owner: Owner
    decision: Decision
    strike: FaultMatch | None = None
    nth: int = 0
    saga: int | None = None
    nth_of_saga: int = 0
    steps: tuple[str, ...] = ()
    direction: Direction | None = None
    reply: Response | None = None
    deliveries: int = 0
    over: bool = False
    receipted: bool = False

    def spare(self) -> None:
        """Its fault can strike no more: the call is like any other."""
        self.decision, self.strike = PASS, None

    @property
    def struck_at_delivery(self) -> bool:
        """Whether the fault, if it has no symptom of its own, showed itself when the request was handled."""
        decision, reply = self.decision, self.reply
        if self.strike is None or decision.process_fault is not None or decision.copy is Copy.AFTER_REPLY:
            return False
        if decision.garble:
            return reply is not None and bool(reply.body)
        if decision.part:
            return reply is not None and reply.status == 500
        return True
