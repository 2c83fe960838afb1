"""What can happen in a run. Each event has its time in seconds since the run began.

msgspec structs rather than dataclasses: a run makes dozens of them, and they are made ten times
faster; they are as frozen, and their repr pastes back just as well.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from harness.participant.ledger import Change
from harness.plan.decision import Delivery, Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Direction, Json, SagaStart


class Phase(StrEnum):
    """RULES §3."""

    FAULTS = "faults"
    SETTLING = "settling"
    JUDGING = "judging"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """The base of all events."""

    t_s: float


class RunBegan(Event, frozen=True, kw_only=True, tag="run_began"):
    """`visible_attempts`: whether an attempt that found no listener was recorded too.

    input: of the first saga. sagas: all starts, where there are several, or one that begins later.
    """

    scenario: str
    world: str
    saga_ids: tuple[str, ...]
    input: Json
    sagas: tuple[SagaStart, ...] | msgspec.UnsetType = msgspec.UNSET
    visible_attempts: bool = True


class PhaseBegan(Event, frozen=True, kw_only=True, tag="phase_began"):
    """A phase of the run."""

    phase: Phase


class ExecutorBegan(Event, frozen=True, kw_only=True, tag="executor_began"):
    """A saga was started or called again. Executors are numbered from 1, nodes too."""

    executor: int
    saga_id: str
    resumed: bool = False
    node: int = 1


class ExecutorEnded(Event, frozen=True, kw_only=True, tag="executor_ended"):
    """What came back: a known status, or what was wrong with it. `timed_out`: it never came back.

    cancelled: the caller cancelled it, and the cancellation is what came out of it.
    """

    executor: int
    saga_id: str
    status: str | None = None
    detail: Json = None
    problem: str | None = None
    timed_out: bool = False
    cancelled: bool = False


class EndedEarly(Event, frozen=True, kw_only=True, tag="ended_early"):
    """The run was ended before the saga was: it violates something for certain (`why`), again and again.

    Invariants that judge the end of a run are unknown for this one.
    """

    why: str


class ExecutorStruck(Event, frozen=True, kw_only=True, tag="executor_struck"):
    """A process fault struck an executor at a boundary of a call, or as it ended.

    call is 0 where the executor had sent nothing yet.
    """

    executor: int
    saga_id: str
    call: int
    process_fault: ProcessFault
    boundary: Boundary


class StoreChanged(Event, frozen=True, kw_only=True, tag="store_changed"):
    """An executor changed what a crash would leave in its store, between two of its calls; in sim alone.

    call: the one whose end came before, 0 where the executor had sent nothing yet. state: which content
    the store then has, numbered from 1 in the order in which they were first seen since then; 0: the one
    that it had. The nth change of a plan is the one that first comes to state n.
    """

    executor: int
    saga_id: str
    call: int
    state: int


class ExecutorWoken(Event, frozen=True, kw_only=True, tag="executor_woken"):
    """One that was frozen goes on."""

    executor: int
    saga_id: str


class Passed(StrEnum):
    """Why the turn passes to a saga, in a run of several."""

    NEXT = "next"  # it is the next to begin
    PREEMPTED = "preempted"  # another one is held at a call, and it runs meanwhile
    REACHED = "reached"  # the one that ran meanwhile has come as far as it was to
    TOGETHER = "together"  # the same, and its call is delivered with the one that was held
    ENDED = "ended"  # the one that ran meanwhile has ended
    WAITS = "waits"  # the one that ran meanwhile does nothing but ask again


class TurnPassed(Event, frozen=True, kw_only=True, tag="turn_passed"):
    """From now on the calls of saga `saga_id` go through, and those of the others are held.

    held: the saga that stands still, at `call`; None where it had ended. preemption: the one of the plan that
    is the reason, counted from 0.
    """

    saga_id: str
    why: Passed
    held: str | None = None
    call: int | None = None
    preemption: int | None = None


class NobodyHeld(Event, frozen=True, kw_only=True, tag="nobody_held"):
    """All sagas go on side by side. waited: those that waited for each other, if that is why.

    at: the line of each at which it waits for the others in memory; empty where it asks a participant.
    """

    waited: tuple[str, ...] = ()
    at: tuple[str, ...] = ()


class CallSent(Event, frozen=True, kw_only=True, tag="call_sent"):
    """A request of the saga: in sim as it was sent, on the wire as it arrived or was refused.

    steps: those it belongs to; more than one where an undo by saga covers several. `nth` counts the
    calls of the operation. operation is None where no route serves the request.
    """

    call: int
    executor: int
    saga_id: str
    participant: str
    operation: str | None
    nth: int
    method: str
    path: str
    steps: tuple[str, ...] = ()
    direction: Direction | None = None
    resource_id: str | None = None
    key: str | None = None
    heeds_key: bool = False
    endless: bool = False  # sent without a time-out


class FaultFired(Event, frozen=True, kw_only=True, tag="fault_fired"):
    """The receipt: fault `fault` of the plan (counted from 0) struck a call.

    fault is None for a call struck as a collateral hit, while a toxic was armed for another. call is 0 where
    a
    participant was taken away before any call of which the harness could know.
    participant: the one that was taken away; the call is then that after which it went, and was not struck.
    """

    call: int
    fault: int | None
    kind: str
    toxic: str | None = None
    participant: str | None = None


class ParticipantAway(Event, frozen=True, kw_only=True, tag="participant_away"):
    """A participant was made unavailable for calls that are not seen; a receipt says whether one met that.

    call: that after which it went, or 0; it was not struck.
    """

    participant: str
    call: int
    fault: int
    kind: str
    toxic: str | None = None


class FaultUnconfirmed(Event, frozen=True, kw_only=True, tag="fault_unconfirmed"):
    """Fault `fault` of the plan was set at a call, and its effect was not confirmed: it did not fire.

    void: it is not known what the caller saw, so the run is not judged. call, toxic: see FaultFired.
    """

    call: int
    fault: int
    kind: str
    reason: str
    toxic: str | None = None
    void: bool = False


class Delivered(Event, frozen=True, kw_only=True, tag="delivered"):
    """A request reached its participant; `copy` counts repeats by a fault, 0 is the original."""

    call: int
    copy: int = 0


class EffectApplied(Event, frozen=True, kw_only=True, tag="effect_applied"):
    """What the participant changed while handling a delivery of `call`."""

    call: int
    change: Change
    resource: str
    incarnation: int
    saga_id: str
    step: str | None
    counts: bool = True  # false: made by a step that has nothing to undo
    detail: str | msgspec.UnsetType = msgspec.UNSET  # its result, in words
    amount: float | msgspec.UnsetType = msgspec.UNSET  # what it added to what is held in all


class HeldOtherwise(Event, frozen=True, kw_only=True, tag="held_otherwise"):
    """A service of the user's was asked what it holds, and that is not what its answers said.

    held: it holds the incarnation, which its answers had removed, or never said to be made; else it does not
    hold one that its answers said was made. says: the whole disagreement, in words.
    """

    resource: str
    incarnation: int
    saga_id: str
    step: str | None
    held: bool
    says: str
    counts: bool = True


class Lapsed(Event, frozen=True, kw_only=True, tag="lapsed"):
    """What an action did was over by itself: its time was up. Seen by the next request, or in the end.

    due_s: when its time was up. could_be_kept: some other step could have kept it, by confirming or capturing
    it.
    """

    resource: str
    incarnation: int
    saga_id: str
    step: str | None
    detail: str
    due_s: float = 0.0
    could_be_kept: bool = True


class KeyConflict(Event, frozen=True, kw_only=True, tag="key_conflict"):
    """The same key came with another body."""

    call: int
    key: str


class CallAnswered(Event, frozen=True, kw_only=True, tag="call_answered"):
    """A whole reply reached a caller that still waited.

    content: equal for equal bodies and headers, whatever the saga is called; empty where there is neither.
    """

    call: int
    status: int
    content: str = ""
    readable: bool = True
    retry_after_s: float | None = None
    lists: tuple[str, ...] | None = None  # ids that a query's answer shows
    shows: tuple[str, ...] | None = None  # the steps that made them


class CallFailed(Event, frozen=True, kw_only=True, tag="call_failed"):
    """The caller saw no whole reply. `abandoned`: it stopped waiting by itself."""

    call: int
    symptom: Symptom
    abandoned: bool = False
    broken_off: bool = False  # by settling
    unsure: bool = False  # the caller may have left earlier than it was heard to
    late: bool = False  # it had left when its request was read: when that was sent is not known


class Held(Event, frozen=True, kw_only=True, tag="held"):
    """A request is held at the fault injector."""

    call: int
    until: Delivery


class Released(Event, frozen=True, kw_only=True, tag="released"):
    """A held request goes on; `dropped` where RULES §6 forbids that it lands."""

    call: int
    dropped: bool = False


class MessagePublished(Event, frozen=True, kw_only=True, tag="message_published"):
    """A bus accepted an event. message: its number in the run. call: that which published it, 0: the start.

    id: of the event, the same wherever it is published again. source: of the event; whoever compares ids
    compares it too. end: how the saga ends by it, if it does. step: the one that its data names, if any.
    """

    call: int
    message: int
    id: str
    type: str
    saga_id: str
    end: str | None = None
    source: str = ""
    step: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two publications one event: source and id (CloudEvents), and the same type."""
        return self.source, self.id, self.type


class MessageDelivered(Event, frozen=True, kw_only=True, tag="message_delivered"):
    """A message was handed to a subscription by delivery `call`; its answer is the acknowledgement, or none.

    attempt: the delivery's number among those of the message there. copy: as in `Delivered`.
    """

    call: int
    message: int
    subscription: str
    attempt: int
    copy: int = 0


class MessageDead(Event, frozen=True, kw_only=True, tag="message_dead"):
    """A message went to the dead letters after that delivery.

    struck: how many of its deliveries failed by a fault. last_struck: whether this one did.
    """

    call: int
    message: int
    type: str
    subscription: str
    saga_id: str
    attempts: int
    struck: int
    last_struck: bool = False


AnyEvent = (
    RunBegan
    | PhaseBegan
    | ExecutorBegan
    | ExecutorEnded
    | EndedEarly
    | ExecutorStruck
    | StoreChanged
    | ExecutorWoken
    | TurnPassed
    | NobodyHeld
    | CallSent
    | FaultFired
    | FaultUnconfirmed
    | ParticipantAway
    | Delivered
    | EffectApplied
    | HeldOtherwise
    | Lapsed
    | KeyConflict
    | CallAnswered
    | CallFailed
    | Held
    | Released
    | MessagePublished
    | MessageDelivered
    | MessageDead
)
