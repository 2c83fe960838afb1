"""Executors side by side in one thread: who runs, who waits, who stands still for good.

Each member has a stack of its own (a greenlet), so that it stops where it stands, whatever saga code
it is in: one that is killed or frozen is simply not switched to. Whoever waits hands over to the
greenlets, which lets the world go on until somebody's time has come; so world callbacks never run on the
stack of a saga. Where nobody can be struck and nobody else runs, that makes no difference, and whoever waits
lets the world go on where it stands. Refuses to know what members do, and why one is killed.
"""

# ruff: noqa: SLF001 - asyncio underscores what it offers to implementers of event loops

from __future__ import annotations

import contextvars
import math
import sys
from asyncio import events
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet  # type: ignore[import-untyped]

from harness.clock import Scheduler, outside_of_loops
from harness.clock.active import FIRST_PROCESS, Process, current
from harness.clock.last_lines import MOST_REFUSALS, last_lines, never_free
from harness.clock.locks import unlock_files_of
from harness.clock.thread_locks import release_locks_of


class RunOver(BaseException):
    """Ends a saga that has not ended by itself; not an Exception, so that sagas let it through."""


class Member:
    """Something that runs, waits and ends. `ended` is called with what `body` returned.

    at: where it waits; sagas may have greenlets of their own. beside: another member waits for it, so nobody
    else has to.
    """

    __slots__ = (
        *("at", "begun", "beside", "body", "came_to", "done", "ended", "frozen", "number", "process"),
        *("stack", "stop", "until_s"),
    )

    def __init__(
        self,
        number: int,
        body: Callable[[], object],
        ended: Callable[[Any], None],
        process: Process = FIRST_PROCESS,
        *,
        beside: bool = False,
    ) -> None:
        self.body = body
        self.beside = beside
        self.stack: greenlet
        self.at: greenlet
        self.begun = self.done = False
        self.came_to: object = None
        self.number = number
        self.ended = ended
        self.process = process
        self.frozen = False
        self.until_s = -math.inf
        self.stop: Callable[[], bool] = _at_once

    def go_on(self) -> None:
        """Until it waits or ends."""
        if self.begun:
            self.at.switch()
        else:
            self.begun = True
            self.stack = self.at = _free_stack()  # here, for its home is who switches to it first
            self.stack.gr_context = contextvars.copy_context()
            self.stack.switch(self._run)
        if self.done:
            _free.append(self.stack)

    def _run(self) -> None:
        self.came_to = self.body()
        self.done = True

    @property
    def suspended(self) -> bool:
        """Whether it stands somewhere in its body."""
        return self.begun and not self.done and not self.stack.dead


_free: list[greenlet] = []
"""Stacks that have nothing to do: a new one costs as much as ten switches."""


def _free_stack() -> greenlet:
    home = getcurrent()
    stack = _free.pop() if _free else None
    if stack is None or stack.parent is not home:
        stack = greenlet(_serve)
        stack.switch(home)
    return stack


def _serve(home: greenlet) -> None:
    """Run one body after the other, and hold on to none in between."""
    bodies = [home.switch()]
    while True:
        bodies.pop()()
        bodies.append(home.switch())


def _at_once() -> bool:
    return True


def _nothing_changed() -> bool:
    return False


class Greenlets:
    """Those of one run. `awaited` are members that an event is about to add.

    undisturbed: nobody is killed or frozen in this run, and nobody is added while another one runs.
    idle: asked where each of several waits for something that is no time; whether that was changed.
    """

    idle: Callable[[], bool]

    def __init__(self, scheduler: Scheduler, *, undisturbed: bool = False) -> None:
        self._undisturbed = undisturbed
        self._broken: BaseException | None = None
        self.awaited = 0
        self.idle = _nothing_changed
        self.over: str | None = None
        self.running: Member | None = None
        self.latest: Member | None = None
        self._scheduler = scheduler
        self._clocks = current()
        self._members: list[Member] = []
        self._killed: list[Member] = []
        self._news = False
        self._refusals = 0
        self._several = False
        self._closed = False
        self._home = getcurrent()
        scheduler.host = self.wait
        scheduler.adopt(self)

    # Members ----------------------------------------------------------------------------------

    def add(self, member: Member) -> None:
        """It begins as soon as its turn comes."""
        self._several = self._several or self.latest is not None
        self._members.append(member)
        self._news = True

    def kill(self, member: Member) -> None:
        """It never runs another line; where it runs just now, this does not return."""
        if member in self._members:
            self._members.remove(member)
        self._killed.append(member)
        self._news = True
        if self._clocks is not None:
            unlock_files_of(self._clocks, member.process.pid)
            release_locks_of(self._clocks, member.process.pid)
        if member is self.running:
            self._hand_over()

    def freeze(self, member: Member) -> None:
        """It stands still until it is woken; where it runs just now, this returns when it is."""
        member.frozen = True
        self._news = True
        if member is self.running:
            member.until_s, member.stop = -math.inf, _at_once
            self._hand_over()

    def wake(self, member: Member) -> None:
        """One that was frozen goes on."""
        member.frozen = False
        self._news = True

    def end(self, why: str) -> None:
        """Whoever is left ends with `RunOver` at its next wait."""
        self.over = self.over or why
        self._news = True

    def refuse(self) -> None:
        """Ends who calls although the run is over; who swallows that for ever is left where it stands."""
        if self.over is None:
            return
        self._refusals += 1
        if self._refusals > MOST_REFUSALS and self.running is not None:
            self._hand_over()
        raise RunOver(self.over)

    # Waiting ----------------------------------------------------------------------------------

    def wait(self, until_s: float, stop: Callable[[], bool]) -> None:
        """Somebody has nothing to do until then: the host of the scheduler."""
        if self._closed:
            raise GreenletExit
        member = self.running
        if member is None:
            self._scheduler.run_due(until_s, stop)
            return
        if self.waited_in_place(until_s, stop):
            return
        member.until_s, member.stop = until_s, stop
        self._hand_over()

    def waited_in_place(self, until_s: float, stop: Callable[[], bool]) -> bool:
        """Let the world go on below the member that runs, if it is alone; whether its time has come.

        As `_see_to_one` does, without two switches. What fails in the world is none of the saga's business:
        `run` raises it.
        """
        member = self.running
        alone = self._undisturbed and len(self._members) == 1 and self.over is None and not self._closed
        if member is None or not alone or self._broken is not None:
            return False
        if stop():
            return True
        self._news, self.running = False, None
        try:
            if events._get_running_loop() is None:
                self._scheduler.run_due(until_s, lambda: self._news or stop())
            else:
                with outside_of_loops():
                    self._scheduler.run_due(until_s, lambda: self._news or stop())
        except BaseException as error:  # noqa: BLE001 - raised by `run`
            self._broken = error
            return False
        finally:
            self.running = member
        return not self._news

    def _hand_over(self) -> None:
        if self.running is not None:
            self.running.at = getcurrent()
        hooks = sys.get_asyncgen_hooks()
        if events._get_running_loop() is None:
            self._home.switch()
        else:
            with outside_of_loops():
                self._home.switch()
        if self._several:
            sys.set_asyncgen_hooks(*hooks)

    # Running ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Until nobody is left but beside others, and nobody is awaited."""
        hooks = sys.get_asyncgen_hooks()
        try:
            while any(not one.beside for one in self._members) or (self.awaited and self.over is None):
                if self.over is not None:
                    self._end_all(self.over)
                elif len(self._members) == 1 and not self._members[0].frozen:
                    self._see_to_one(self._members[0])
                elif not self._resume_ready():
                    self._let_the_world_go_on()
        finally:
            sys.set_asyncgen_hooks(*hooks)

    def _see_to_one(self, member: Member) -> None:
        """What the two below do for several; most runs have one member all along."""
        stop = member.stop
        if not stop():
            self._news = False
            self._scheduler.run_due(member.until_s, lambda: self._news or stop())
            if self._news:
                return
        self._resume(member)

    def _resume_ready(self) -> bool:
        resumed = False
        for member in tuple(self._members):
            if self.over is None and member in self._members and self._is_ready(member):
                self._resume(member)
                resumed = True
        return resumed

    def _is_ready(self, member: Member) -> bool:
        if member.frozen:
            return False
        scheduler = self._scheduler
        return member.stop() or (member.until_s <= scheduler.now_s and not scheduler.anything_due())

    def _resume(self, member: Member, error: BaseException | None = None) -> None:
        if self._clocks is not None:
            self._clocks.process = member.process
        self.running = self.latest = member
        try:
            if error is None:
                member.go_on()
            else:
                member.at.throw(error)
        finally:
            self.running = None
        if self._broken is not None:
            raise self._broken
        if member.done:
            self._members.remove(member)
            member.ended(member.came_to)

    def _let_the_world_go_on(self) -> None:
        waiting = [member for member in self._members if not member.frozen]
        self._news = False
        until_s = min((member.until_s for member in waiting), default=math.inf)
        if until_s == math.inf and self.idle():
            return
        self._scheduler.run_due(until_s, lambda: self._news or any(member.stop() for member in waiting))
        if not self._news and until_s == math.inf and self._scheduler.next_event_s() is None:
            for member in waiting:  # nothing will ever come: they find out, and say so
                self._resume(member)

    def _end_all(self, why: str) -> None:
        for member in tuple(self._members):
            if member.suspended:
                self._resume(member, RunOver(why))
            if member in self._members:  # swallowed its end, or never began
                self.kill(member)
                member.ended(None)

    # The end ----------------------------------------------------------------------------------

    def discard(self) -> None:
        """Throw away those that still stand somewhere: their last lines run where all I/O is refused."""
        self._closed = True
        self._scheduler.host = None
        left = [member for member in (*self._killed, *self._members) if member.suspended]
        self._members.clear()
        self._killed.clear()
        if not left:
            return
        hooks = sys.get_asyncgen_hooks()
        for member in left:
            self._unwind(member)
        sys.set_asyncgen_hooks(*hooks)

    def _unwind(self, member: Member) -> None:
        with last_lines(self._scheduler), suppress(BaseException):  # whatever its last words are
            member.at.throw(GreenletExit)
        events._set_running_loop(None)
        if member.suspended:
            never_free(member.stack)
