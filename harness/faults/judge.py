"""Whether a fault fired: decides it from what a world reports of a call, and records it.

Part of the fault injector, and the only place where these events come into being. Each call's fault is
recorded once, as fired or as unconfirmed. Owns what is recorded of a call whose result is not what the
fault means: a reply that comes when its caller has left is a lost one. Refuses to know how a world
learns what it reports.
"""

from __future__ import annotations

from harness.faults.engine import FaultMatch
from harness.faults.in_flight import InFlightCall
from harness.faults.progress import FaultState, RequestState
from harness.history import ExecutorStruck, FaultFired, FaultUnconfirmed, ParticipantAway, Recorder
from harness.participant import Response
from harness.plan.decision import Decision, Symptom
from harness.process_faults import Boundary, ProcessFault

_LOST = {
    Symptom.REFUSED: ("refuse", "refuse"),
    Symptom.SILENCE: ("lose_request", "lose_reply"),
    Symptom.RESET: ("reset_before", "reset_after"),
    Symptom.CUT: ("cut_reply", "cut_reply"),
}
"""The kind of fault that is recorded for a caller who saw this: not delivered, or delivered."""

_AT_ONCE = (Symptom.REFUSED, Symptom.RESET, Symptom.CUT)
"""Symptoms that come to a caller; silence is that nothing does."""


class FaultJudge:
    """Of one run.

    certain: whether a caller sees what its world shows it, as in sim. Else the world reports what was seen
    of a symptom (`confirmed`, `contradicted`), and nothing of that follows from how the call ended.
    """

    def __init__(self, recorder: Recorder, *, certain: bool) -> None:
        self._recorder = recorder
        self._certain = certain

    # What follows from the moments of a call -----------------------------------------------------

    def delivered(self, in_flight: InFlightCall, course: Decision) -> None:
        """The request, or a copy of it, was handed to its participant. course: as it came."""
        if in_flight.fault_match is None:
            return
        progress = in_flight.progress
        if course.copy is not None and progress.deliveries > 1 and course.process_fault is None:
            self._fired(in_flight)
        elif progress.request is RequestState.LANDED and (
            self._certain or progress.fault is FaultState.SHOWN
        ):
            self._fired(in_flight, progress.toxic)

    def answered(self, in_flight: InFlightCall, response: Response) -> None:
        """The whole reply reached a caller that still waited."""
        if in_flight.fault_match is None:
            return
        course, reply = in_flight.course, in_flight.progress.reply
        if course.symptom is Symptom.DELAYED:
            if self._certain:
                self._fired(in_flight)
        elif course.symptom is Symptom.NONE and reply is not None and in_flight.struck_at_delivery:
            if response.status == reply.status:
                self._fired(in_flight)
            else:
                self.contradicted(in_flight, f"found status {response.status}, expected {reply.status}")

    def failed(self, in_flight: InFlightCall, symptom: Symptom, *, abandoned: bool, broken_off: bool) -> None:
        """The caller saw no whole reply. Who waits in vain until settling saw a silence, too."""
        if in_flight.fault_match is None or not self._certain:
            return
        course = in_flight.course
        if course.symptom is Symptom.DELAYED:
            self._fired(in_flight, kind=_lost(in_flight, Symptom.SILENCE))
        elif not (abandoned or course.process_fault is not None or course.delivery.held):
            shown = course.symptom is symptom and symptom in _AT_ONCE
            if shown or (course.symptom is Symptom.SILENCE and broken_off):
                self._fired(in_flight)

    def waited_in_vain(self, in_flight: InFlightCall) -> None:
        """The reply would have been there by now. A caller that left before has lost nothing by that."""
        if not in_flight.progress.over and in_flight.course.process_fault is None:
            self._fired(in_flight)

    def kept_back(self, in_flight: InFlightCall) -> None:
        """The request was kept back as long as its reply is to be late, and its caller still waits."""
        self._fired(in_flight)

    # Deliveries of messages -----------------------------------------------------------------------

    def message_struck(
        self, in_flight: InFlightCall, *, kind: str | None = None, toxic: str | None = None
    ) -> None:
        """A fault struck a delivery. kind: what happened, where that is another kind than was planned."""
        self._fired(in_flight, toxic, kind)

    # What a world saw of a symptom ------------------------------------------------------------------

    def confirmed(
        self, in_flight: InFlightCall, toxic: str | None = None, *, seen: Symptom | None = None
    ) -> None:
        """The caller saw the symptom of its fault. seen: where it saw another one that comes to a fault."""
        decision, match = in_flight.decision, in_flight.fault_match
        if seen is None and match is not None and decision is not match.decision:
            seen = decision.symptom  # in place of what the fault means, which no saga could withstand
        if decision.delivery.held:
            self._shown(in_flight, toxic)
        else:
            self._fired(in_flight, toxic, None if seen is None else _lost(in_flight, seen))

    def contradicted(
        self, in_flight: InFlightCall, reason: str, toxic: str | None = None, *, void: bool = True
    ) -> None:
        """The caller saw something else than the fault shows; void: or that is not known."""
        match = in_flight.fault_match
        if match is None or not in_flight.progress.fault_open:
            return
        in_flight.progress.fault_is(FaultState.UNCONFIRMED)
        self._unconfirmed(in_flight.call, match.fault, match.kind, reason, toxic, void=void)

    def collateral(self, in_flight: InFlightCall, seen: Symptom, toxic: str | None) -> None:
        """A call was lost by what was armed for another; its caller saw, or will see, that symptom."""
        self._record(in_flight.call, None, _lost(in_flight, seen), toxic)

    def left_before(self, in_flight: InFlightCall) -> None:
        """The caller left before it could be shown anything: struck all the same, and not as planned."""
        match = in_flight.fault_match
        if match is not None and in_flight.progress.fault_open:
            self._record(in_flight.call, None, match.kind)

    # Participants that are taken away from calls that nobody can see --------------------------------

    def took_away(self, participant: str, *, call: int, fault: int, kind: str, toxic: str) -> None:
        """A participant is away from now on, after a call; 0: from the start."""
        now_s = self._recorder.now_s()
        self._recorder.add(
            ParticipantAway(
                t_s=now_s, participant=participant, call=call, fault=fault, kind=kind, toxic=toxic
            )
        )

    def absence_met(self, participant: str | None, *, call: int, fault: int, kind: str, toxic: str) -> None:
        """A call met that: this one, or, with `participant`, one after it that nobody could see."""
        self._record(call, fault, kind, toxic, participant)

    def absence_unconfirmed(
        self, reason: str, *, call: int, fault: int, kind: str, toxic: str, void: bool
    ) -> None:
        """Nobody was seen to meet it. void: the participant was not away at all."""
        self._unconfirmed(call, fault, kind, reason, toxic, void=void)

    # Process faults -----------------------------------------------------------------------------------

    def executor_struck(self, in_flight: InFlightCall, process_fault: ProcessFault) -> None:
        """The process fault of a call struck the executor that sent it."""
        self._struck(
            in_flight.executor,
            in_flight.owner.saga_id,
            in_flight.call,
            process_fault,
            in_flight.decision.boundary,
        )
        self._fired(in_flight)

    def executor_struck_between(
        self, executor: int, in_flight: InFlightCall | None, saga_id: str, match: FaultMatch
    ) -> None:
        """A process fault struck an executor between two calls: after one, or before its first."""
        call = 0 if in_flight is None else in_flight.call
        process_fault = match.decision.process_fault
        assert process_fault is not None
        self._struck(executor, saga_id, call, process_fault, match.decision.boundary)
        self._record(call, match.fault, match.kind)

    # ---------------------------------------------------------------------------------------------------

    def _shown(self, in_flight: InFlightCall, toxic: str | None) -> None:
        """The symptom of a held request: the fault has fired once the request has landed, too."""
        progress = in_flight.progress
        if progress.request is RequestState.LANDED:
            self._fired(in_flight, toxic)
        elif progress.fault is FaultState.PENDING:
            progress.toxic = toxic
            progress.fault_is(FaultState.SHOWN)

    def _fired(self, in_flight: InFlightCall, toxic: str | None = None, kind: str | None = None) -> None:
        match = in_flight.fault_match
        if match is not None and in_flight.progress.fault_open:
            in_flight.progress.fault_is(FaultState.FIRED)
            self._record(in_flight.call, match.fault, kind or match.kind, toxic)

    def _record(
        self,
        call: int,
        fault: int | None,
        kind: str,
        toxic: str | None = None,
        participant: str | None = None,
    ) -> None:
        now_s = self._recorder.now_s()
        self._recorder.add(
            FaultFired(t_s=now_s, call=call, fault=fault, kind=kind, toxic=toxic, participant=participant)
        )

    def _unconfirmed(
        self, call: int, fault: int, kind: str, reason: str, toxic: str | None, *, void: bool
    ) -> None:
        now_s = self._recorder.now_s()
        self._recorder.add(
            FaultUnconfirmed(
                t_s=now_s, call=call, fault=fault, kind=kind, toxic=toxic, reason=reason, void=void
            )
        )

    def _struck(
        self, executor: int, saga_id: str, call: int, process_fault: ProcessFault, boundary: Boundary
    ) -> None:
        self._recorder.add(
            ExecutorStruck(
                t_s=self._recorder.now_s(),
                executor=executor,
                saga_id=saga_id,
                call=call,
                process_fault=process_fault,
                boundary=boundary,
            )
        )


def taken_back(fired: FaultFired, reason: str) -> FaultUnconfirmed:
    """In place of an event whose fault turned out not to be carried out. It names a fault of the plan."""
    assert fired.fault is not None
    return FaultUnconfirmed(
        t_s=fired.t_s, call=fired.call, fault=fired.fault, kind=fired.kind, toxic=fired.toxic, reason=reason
    )


def _lost(in_flight: InFlightCall, seen: Symptom) -> str:
    return _LOST[seen][in_flight.progress.deliveries > 0]
