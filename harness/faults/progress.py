"""How far a call has come: its request, its caller, and the fault that was chosen for it.

Three small state machines, each with its own transitions; any other is refused. What is to happen to the
call was decided before (`InFlightCall.decision`) and does not change here. Refuses to record anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto

from harness.participant import Response
from harness.plan.decision import PASS, SWALLOWED, Decision


class IllegalProgress(AssertionError):  # noqa: N818 - a mistake of a world, never a finding
    """A world reported of a call what cannot be from where the call is."""


class RequestState(StrEnum):
    """Where the request is."""

    SENT = auto()
    SWALLOWED = auto()  # its executor was struck as it left: it is to reach nobody
    HELD = auto()
    RELEASED = auto()  # its trigger came: it is to be delivered after all
    DROPPED = auto()  # it may not land any more
    LANDED = auto()  # it was held, and the participant has handled it now
    DELIVERED = auto()  # the participant has handled it, or a copy of it
    LOST = auto()  # by its fault; the participant never sees it


class CallerState(StrEnum):
    """What the caller has heard."""

    WAITING = auto()
    ANSWERED = auto()
    FAILED = auto()


class FaultState(StrEnum):
    """What is known of the fault that was chosen for the call."""

    NONE = auto()
    PENDING = auto()
    SHOWN = auto()  # the caller saw the symptom of a request that has yet to land
    FIRED = auto()
    UNCONFIRMED = auto()
    SPARED = auto()  # it can strike nobody any more: the call is like any other


REQUEST_TRANSITIONS: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.SENT: frozenset(
        {RequestState.SWALLOWED, RequestState.HELD, RequestState.DELIVERED, RequestState.LOST}
    ),
    RequestState.SWALLOWED: frozenset({RequestState.SENT}),
    RequestState.HELD: frozenset({RequestState.RELEASED, RequestState.DROPPED}),
    RequestState.RELEASED: frozenset({RequestState.LANDED}),
    RequestState.LANDED: frozenset(),
    RequestState.DROPPED: frozenset(),
    RequestState.DELIVERED: frozenset({RequestState.DELIVERED}),
    RequestState.LOST: frozenset({RequestState.LOST}),
}
CALLER_TRANSITIONS: Mapping[CallerState, frozenset[CallerState]] = {
    CallerState.WAITING: frozenset({CallerState.ANSWERED, CallerState.FAILED}),
    CallerState.ANSWERED: frozenset(),
    CallerState.FAILED: frozenset(),
}
FAULT_TRANSITIONS: Mapping[FaultState, frozenset[FaultState]] = {
    FaultState.NONE: frozenset(),
    FaultState.PENDING: frozenset(
        {FaultState.SHOWN, FaultState.FIRED, FaultState.UNCONFIRMED, FaultState.SPARED}
    ),
    FaultState.SHOWN: frozenset({FaultState.FIRED, FaultState.UNCONFIRMED}),
    FaultState.FIRED: frozenset(),
    FaultState.UNCONFIRMED: frozenset(),
    FaultState.SPARED: frozenset(),
}

_INSTEAD: Mapping[RequestState, Decision] = {
    RequestState.SWALLOWED: SWALLOWED,
    RequestState.RELEASED: PASS,
    RequestState.LANDED: PASS,
}
# Read at every step of every call: an enum's member costs more to look up.
_SENT, _WAITING = RequestState.SENT, CallerState.WAITING
_NONE, _PENDING, _SPARED = FaultState.NONE, FaultState.PENDING, FaultState.SPARED
_OPEN = frozenset({FaultState.PENDING, FaultState.SHOWN})


class Progress:
    """Of one call. deliveries: how often the participant handled the request.

    reply: what the caller is to be answered, once the participant, or the fault, has spoken.
    shows: the steps that the answer of a query shows, where its participant says so.
    toxic: the one under which the caller saw the symptom, where the request has yet to land.
    """

    __slots__ = ("_caller", "_fault", "_request", "deliveries", "reply", "shows", "toxic")

    def __init__(self, *, struck: bool = False) -> None:
        self._request = _SENT
        self._caller = _WAITING
        self._fault = _PENDING if struck else _NONE
        self.deliveries = 0
        self.reply: Response | None = None
        self.shows: tuple[str, ...] | None = None
        self.toxic: str | None = None

    @property
    def request(self) -> RequestState:
        return self._request

    @property
    def caller(self) -> CallerState:
        return self._caller

    @property
    def fault(self) -> FaultState:
        return self._fault

    @property
    def over(self) -> bool:
        """Whether the caller waits no more."""
        return self._caller is not _WAITING

    @property
    def fault_open(self) -> bool:
        """Whether nothing final is known of the fault yet, and it can still strike."""
        return self._fault in _OPEN

    def course(self, decision: Decision) -> Decision:
        """What of the decision is still to come."""
        if self._fault is _SPARED:
            return PASS
        return decision if self._request is _SENT else _INSTEAD.get(self._request, decision)

    def request_is(self, state: RequestState) -> None:
        """The request has come so far. Raises IllegalProgress."""
        if state not in REQUEST_TRANSITIONS[self._request]:
            raise IllegalProgress(f"request: found {self._request.name}, refused {state.name}")
        self._request = state

    def caller_is(self, state: CallerState) -> None:
        """The caller has heard something. Raises IllegalProgress."""
        if state not in CALLER_TRANSITIONS[self._caller]:
            raise IllegalProgress(f"caller: found {self._caller.name}, refused {state.name}")
        self._caller = state

    def fault_is(self, state: FaultState) -> None:
        """Something is known of the fault. Raises IllegalProgress."""
        if state not in FAULT_TRANSITIONS[self._fault]:
            raise IllegalProgress(f"fault: found {self._fault.name}, refused {state.name}")
        self._fault = state
