"""Identifies a call as it is sent: whose it is, which fault strikes it, and what is decided for it.

The decision is made here, once. Owns the numbers of calls and of sagas. Refuses to record anything, and
to know how far a call has come (`progress`).
"""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import ScenarioError
from harness.faults.engine import FaultEngine, FaultMatch
from harness.faults.in_flight import InFlightCall
from harness.faults.limits import only_actions_found_again
from harness.faults.owner import Attribution
from harness.faults.progress import Progress
from harness.faults.saga_names import SagaNames
from harness.participant import Matched, Participant, Request
from harness.plan.decision import PASS, SWALLOWED, Decision, Delay, Symptom
from harness.saga import Claim, Direction, SagaSpec


class OfAnEarlierRun(Exception):  # noqa: N818 - no error, and never a user's to see
    """The call names a saga that was judged already: it is none of this run, and is answered by nobody."""


class Identification:
    """Of the calls of one run. calls: how many there were so far."""

    def __init__(
        self, spec: SagaSpec, engine: FaultEngine, saga_ids: tuple[str, ...], attribution: Attribution
    ) -> None:
        self._attribution = attribution
        self._engine = engine
        self._claims = spec.claims
        self._numbers = {id_: number for number, id_ in enumerate(saga_ids, 1)}
        self.calls = 0

    @property
    def broken(self) -> ScenarioError | None:
        """Why the scenario's own word on whose a call is could not be had."""
        return self._attribution.broken

    @property
    def names(self) -> SagaNames:
        """What the ids in calls stand for."""
        return self._attribution.names

    def saga_number(self, saga_id: str) -> int | None:
        """From 1, in the order of their starts; None for a saga that is none of the run."""
        return self._numbers.get(saga_id)

    def may_lose_reply(self, matched: Matched | None, direction: Direction | None) -> bool:
        """Whether the saga claims to withstand that, and could (RULES §5, §6)."""
        if matched is None or Claim.LOST_REPLY not in self._claims:
            return False
        return only_actions_found_again(self._engine.target(matched.operation, direction)) is None

    def of(
        self,
        executor: int,
        participant: Participant,
        request: Request,
        *,
        spares: Callable[[int], bool] | None = None,
        too_late: Callable[[Delay], bool] | None = None,
    ) -> InFlightCall:
        """A call that is being sent. Raises OfAnEarlierRun. spares, too_late: see `FaultInjector.send`.

        executor: 0 for that of the saga whose call it is, where each has one, with the saga's number.
        """
        matched = participant.match(request)
        owned = self._attribution.of(participant, matched, request)
        if self._attribution.of_an_earlier_run(owned):
            raise OfAnEarlierRun
        self.calls += 1
        saga = self._numbers.get(owned.owner.saga_id)
        operation = matched.operation if matched is not None else None
        match = self._engine.strike(matched, owned.direction, participant.name, saga)
        if match is not None and spares is not None and spares(match.fault):
            match = None
        return InFlightCall(
            call=self.calls,
            executor=executor or saga or 1,
            participant=participant,
            request=request,
            matched=matched,
            owner=owned.owner,
            decision=PASS if match is None else self._chosen(match, matched, owned.direction, too_late),
            fault_match=match,
            progress=Progress(struck=match is not None),
            nth=self._engine.counted(operation),
            saga=saga,
            nth_of_saga=self._engine.counted_of(operation, saga),
            steps=owned.steps,
            direction=owned.direction,
        )

    def _chosen(
        self,
        match: FaultMatch,
        matched: Matched | None,
        direction: Direction | None,
        too_late: Callable[[Delay], bool] | None,
    ) -> Decision:
        """What the fault means; where that would lose a reply that may not be lost, the request is lost."""
        decision = match.decision
        if decision.symptom is not Symptom.DELAYED or too_late is None or not too_late(decision.delay):
            return decision
        return decision if self.may_lose_reply(matched, direction) else SWALLOWED
