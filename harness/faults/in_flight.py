"""One call on its way through the fault injector: what is known of it, and what was decided.

Nothing here changes; how far the call has come is its `Progress`.
"""

from __future__ import annotations

import msgspec

from harness.faults.engine import FaultMatch
from harness.faults.progress import FaultState, Progress
from harness.participant import Matched, Owner, Participant, Request, Response
from harness.plan.decision import Copy, Decision
from harness.saga import Direction


class InFlightCall(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One call.

    fault_match: the fault of the plan that was found for it, if any. decision: what is to happen to it.
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
    fault_match: FaultMatch | None
    progress: Progress
    nth: int
    saga: int | None
    nth_of_saga: int
    steps: tuple[str, ...] = ()
    direction: Direction | None = None

    @property
    def course(self) -> Decision:
        """What of the decision is still to come: less of it once the call was spared, or released."""
        return self.progress.course(self.decision)

    def mark(self, response: Response) -> tuple[object, ...]:
        """Equal for equal requests with equal answers."""
        request = self.request
        asked = request.method, request.path, tuple(request.query.items()), request.body
        return *asked, response.status, response.body

    @property
    def bystander(self) -> bool:
        """Whether no fault of the plan is meant for it, or none any more."""
        return self.fault_match is None or self.progress.fault is FaultState.SPARED

    @property
    def struck_at_delivery(self) -> bool:
        """Whether the fault, if it has no symptom of its own, showed itself when the request was handled."""
        decision, reply = self.course, self.progress.reply
        if self.fault_match is None or decision.process_fault is not None:
            return False
        if decision.copy is Copy.AFTER_REPLY:
            return False
        if decision.garble:
            return reply is not None and bool(reply.body)
        if decision.part:
            return reply is not None and reply.status == 500
        return True
