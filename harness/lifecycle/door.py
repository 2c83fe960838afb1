"""The door of a run of several sagas: calls of a saga that is held wait here, in both worlds.

Owns the calls that wait, and writes down whose turn it is. Refuses to decide that (`turns`), and to know how
a call goes on or a saga begins: a world says so. A world with threads holds its lock around every call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from harness.history import NobodyHeld, Passed, Recorder, TurnPassed
from harness.lifecycle.turns import Ticket, Turn, Turns


class _Waiting(NamedTuple):
    """A call at the door. go_on: lets it through."""

    ticket: Ticket
    call: int
    go_on: Callable[[], object]


class Door:
    """Of one run. saga_ids: in the order of their numbers. begin: starts a saga by its number, from 1."""

    def __init__(
        self,
        turns: Turns,
        recorder: Recorder,
        saga_ids: Sequence[str],
        begin: Callable[[int], object],
    ) -> None:
        self._turns = turns
        self._recorder = recorder
        self._ids = tuple(saga_ids)
        self._begin = begin
        self._deadlock_told = False
        self._waiting: dict[int, deque[_Waiting]] = {
            number: deque() for number in range(1, len(self._ids) + 1)
        }

    def open(self) -> None:
        """The first saga begins."""
        self._pass(self._turns.begin(), None)

    def comes(self, saga: int, operation: str | None, call: int, go_on: Callable[[], object]) -> None:
        """A call of a saga came: it goes on, now or when its saga does."""
        self._waiting[saga].append(_Waiting(self._turns.sent(saga, operation), call, go_on))
        self._let_through(saga)

    def answered(self, saga: int, mark: Hashable) -> None:
        """A saga was answered; see `Turns.answered`. Where it only asks again, another one goes on."""
        held = not self._turns.free
        self._waits(self._turns.answered(saga, mark), held=held)

    def idle(self, where: Callable[[int], str]) -> bool:
        """Nothing is under way: who goes on waits for another one in memory. Whether that changes anything.

        where: at which line a saga stands, by its number.
        """
        held = not self._turns.free
        if not held and not self._deadlock_told and len(self._turns.alive()) > 1:
            self._tell_deadlock(self._turns.alive(), where)
        return held and self._waits(self._turns.idle(), held=held, where=where)

    def _waits(self, turn: Turn | None, *, held: bool, where: Callable[[int], str] | None = None) -> bool:
        if turn is not None:
            self._pass(turn, None)
        elif held and self._turns.free:
            self._tell_deadlock(self._turns.waited, where)
            self._let_all_through()
        return turn is not None or (held and self._turns.free)

    def _tell_deadlock(self, waited: Sequence[int], where: Callable[[int], str] | None) -> None:
        self._deadlock_told = True
        self._recorder.add(
            NobodyHeld(
                t_s=self._recorder.now_s(),
                waited=tuple(self._ids[number - 1] for number in waited),
                at=() if where is None else tuple(map(where, waited)),
            )
        )

    def loop_stopped(self, waited: Sequence[int], where: Callable[[int], str]) -> None:
        """Sagas of one event loop that one of them has stopped: none of them ever goes on."""
        self._tell_deadlock(waited, where)

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
            self._begin(saga)
        self._let_all_through()

    def _let_all_through(self) -> None:
        for saga in self._waiting:
            self._let_through(saga)

    def _let_through(self, saga: int) -> None:
        waiting = self._waiting[saga]
        while waiting and self._turns.goes_on(saga):
            turn = self._turns.passes_at(waiting[0].ticket)
            if turn is None:
                waiting.popleft().go_on()
                continue
            call = waiting[0].call
            with_it = waiting.popleft() if turn.why is Passed.TOGETHER else None
            self._pass(turn, call)
            if with_it is not None:
                with_it.go_on()
            return

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
            self._begin(turn.saga)
        else:
            self._let_through(turn.saga)
