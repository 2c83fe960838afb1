"""The door of a run of several sagas in virtual time: calls of a saga that is held wait here.

Owns the calls that wait, and writes down whose turn it is. Refuses to decide that
(`harness.lifecycle.turns`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from harness.history import NobodyHeld, Recorder, TurnPassed
from harness.lifecycle import Ticket, Turn, Turns
from harness.plan.decision import Symptom
from harness.saga import SagaStart
from harness.worlds.sim.exchange import Exchange


class Door:
    """Of one run. The supervisor sets `begin`, which starts a saga by its number, and `number`.

    number: which saga an executor works for.
    """

    begin: Callable[[int], object]
    number: Callable[[int], int]

    def __init__(self, turns: Turns, recorder: Recorder, sagas: Sequence[SagaStart]) -> None:
        self._turns = turns
        self._recorder = recorder
        self._ids = [one.id for one in sagas]
        self._waiting: dict[int, deque[tuple[Ticket, Exchange]]] = {
            number: deque() for number in range(1, len(self._ids) + 1)
        }

    def open(self) -> None:
        """The first saga begins."""
        self._pass(self._turns.begin(), None)

    def comes(self, exchange: Exchange) -> None:
        """A call was sent: it goes on its way, now or when its saga goes on.

        Where nobody listens there is no door: on the wire such a call is seen by nobody.
        """
        if exchange.in_flight.course.symptom is Symptom.REFUSED:
            exchange.start()
            return
        saga = self.number(exchange.in_flight.executor)
        matched = exchange.in_flight.matched
        ticket = self._turns.sent(saga, None if matched is None else matched.operation.name)
        self._waiting[saga].append((ticket, exchange))
        self._let_through(saga)

    def ended(self, exchange: Exchange) -> None:
        """A call ended: where its saga does nothing but ask again, another one goes on."""
        reply = exchange.response
        in_flight = exchange.in_flight
        if reply is None or in_flight.fault_match is not None:
            return
        request = in_flight.request
        mark = (
            request.method,
            request.path,
            tuple(request.query.items()),
            request.body,
            reply.status,
            reply.body,
        )
        held = not self._turns.free
        turn = self._turns.answered(self.number(in_flight.executor), mark)
        if turn is not None:
            self._pass(turn, None)
        elif held and self._turns.free:
            waited = tuple(self._ids[number - 1] for number in self._turns.waited)
            self._recorder.add(NobodyHeld(t_s=self._recorder.now_s(), waited=waited))
            self._let_all_through()

    def left(self, saga: int) -> None:
        """A saga ended: what it still sends goes through, and the next one goes on."""
        turn = self._turns.ended(saga)
        self._let_through(saga)
        if turn is not None:
            self._pass(turn, None)

    def heal(self) -> None:
        """Every fault has healed: nobody is held any longer."""
        if any(self._waiting.values()):
            self._recorder.add(NobodyHeld(t_s=self._recorder.now_s()))
        for saga in self._turns.heal():
            self.begin(saga)
        self._let_all_through()

    def _let_all_through(self) -> None:
        for saga in self._waiting:
            self._let_through(saga)

    def _let_through(self, saga: int) -> None:
        waiting = self._waiting[saga]
        while waiting and self._turns.goes_on(saga):
            ticket, exchange = waiting[0]
            turn = self._turns.passes_at(ticket)
            if turn is not None:
                self._pass(turn, exchange.in_flight.call)
                return
            waiting.popleft()
            exchange.start()

    def _pass(self, turn: Turn, call: int | None) -> None:
        if turn.held is not None or not turn.begins:
            self._recorder.add(
                TurnPassed(
                    t_s=self._recorder.now_s(),
                    saga_id=self._ids[turn.saga - 1],
                    why=turn.why,
                    held=None if turn.held is None else self._ids[turn.held - 1],
                    call=call,
                    preemption=turn.preemption,
                )
            )
        if turn.begins:
            self.begin(turn.saga)
        else:
            self._let_through(turn.saga)
