"""Executors that are processes: several at once, killed, frozen, woken and started again.

The servers' loop deals a blow at the very moment at which a participant sees its boundary; the main
thread does what comes after: buries, starts again, wakes. Refuses to know what an executor is (a
command, a call of a service): a `Starter` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.adapter import Returned
from harness.blows import Blow
from harness.clock.real import monotonic_s
from harness.errors import SagaChaosError
from harness.faults.passage import Passage
from harness.processes import Watch
from harness.saga import Status
from harness.worlds.bounds import MOST_RECALLS, RESUME_AFTER_S
from harness.worlds.wire.executors.running import Place, Running, Starter
from harness.worlds.wire.executors.stage import Stage

QUIET_S = 2.0
"""A child that outlives its executor and makes no call for so long has been left behind."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Executor:
    """One that has begun.

    beside: the frozen one that it stands in for, called again `recalls` times at most.
    kept: what it came to, where it was frozen as it ended.
    """

    place: Place
    running: Running
    beside: _Executor | None = None
    recalls: int = MOST_RECALLS
    frozen: bool = False
    killed: bool = False
    kept: Returned | None = None

    def fileno(self) -> int | None:
        return self.running.fileno()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begin:
    """An executor to begin, once its time has come."""

    at_s: float
    node: int
    resumed: bool
    not_lane: int | None = None
    beside: _Executor | None = None
    recalls: int = MOST_RECALLS


@dataclass(slots=True)
class _Shared:
    """What both threads touch, under the lock of the traffic."""

    live: dict[int, _Executor] = field(default_factory=dict)
    fallen: list[tuple[_Executor, Blow]] = field(default_factory=list)


class Supervisor:
    """The executors of one run."""

    def __init__(self, stage: Stage, starter: Starter) -> None:
        self._stage = stage
        self._starter = starter
        self._traffic = stage.traffic
        self._watch = Watch()
        self._shared = _Shared()
        self._due: list[_Begin] = []
        self._gone: list[_Executor] = []  # ended or killed, and not buried yet
        self._last = Returned()
        self._traffic.occupants = {}
        self._traffic.deal = self._deal
        self._traffic.on_settling = self._watch.wake

    # What a run asks --------------------------------------------------------------------------

    def to_their_end(self, *, resumed: bool) -> Returned:
        self._begin(_Begin(at_s=monotonic_s(), node=self._last_node, resumed=resumed))
        while self._busy():
            self._watch.wait(list(self._awaited()), self._next_s())
            if self._traffic.over is not None or not self._stage.in_time():
                self._give_up()
                break
            self._take_blows()
            self._take_ends()
            self._begin_due()
            self._wake_at_settling()
        return self._last

    def interrupt(self) -> None:
        self._watch.wake()

    def run_on(self, until_s: float) -> None:
        self._starter.run_on(until_s)
        self._stage.until_quiet(QUIET_S, until_s, self.left)

    def left(self) -> list[str]:
        ended = [executor for executor in self._gone if not executor.killed]
        return [f"process {marked}" for executor in ended for marked in executor.running.left()]

    def close(self) -> None:
        with self._traffic.lock:
            self._traffic.deal = self._traffic.on_settling = None
            everyone = [*self._shared.live.values(), *self._gone]
        for executor in everyone:
            executor.running.kill()
        self._bury(everyone)
        self._starter.close()
        self._watch.close()

    # Blows, dealt on the servers' loop under the traffic's lock --------------------------------

    def _deal(self, number: int, blow: Blow) -> bool:
        """Let a blow fall; whether there was anybody to befall."""
        executor = self._shared.live.get(number)
        if executor is None or executor.frozen:
            return False
        if blow is not Blow.START_AGAIN and executor.running.over():
            return False  # what a child of it still sends outlives it, and no signal reaches the dead
        if blow is Blow.CANCEL:
            return executor.running.cancel()
        if blow.kills:
            executor.running.kill()
            self._leave(executor)
            executor.killed = True
        elif blow is Blow.FREEZE:
            try:
                executor.running.freeze()
            except SagaChaosError as fault:
                self._traffic.abort(fault)
                return False
            executor.frozen = True
        self._shared.fallen.append((executor, blow))
        self._watch.wake()
        return True

    def _leave(self, executor: _Executor) -> None:
        del self._shared.live[executor.place.executor]
        occupants = self._traffic.occupants
        if occupants is not None and occupants.get(executor.place.lane) == executor.place.executor:
            del occupants[executor.place.lane]

    # What comes after, on the main thread -----------------------------------------------------

    def _take_blows(self) -> None:
        with self._traffic.lock:
            fallen, self._shared.fallen = self._shared.fallen, []
        for executor, blow in fallen:
            if executor.killed:
                self._bury([executor])
            self._follow(executor, blow)

    def _follow(self, struck: _Executor, blow: Blow, *, ended: bool = False) -> None:
        """Begin those who come after a blow."""
        now_s = monotonic_s()
        later_s, place = now_s + RESUME_AFTER_S, struck.place
        if blow is Blow.START_AGAIN:
            self._due.append(_Begin(at_s=later_s if ended else now_s, node=place.node, resumed=False))
        elif blow is Blow.FREEZE:
            self._due.append(_Begin(at_s=later_s, node=place.node, resumed=True, beside=struck))
        else:
            heir = _Begin(
                at_s=later_s,
                node=place.node + (blow is Blow.MOVE),
                resumed=True,
                not_lane=place.lane if blow is Blow.MOVE else None,
                beside=struck.beside,
                recalls=struck.recalls,
            )
            self._due.append(heir)
            if blow is Blow.RACE:
                self._due.append(_Begin(at_s=later_s, node=place.node, resumed=True))

    def _begin_due(self) -> None:
        now_s = monotonic_s()
        due = [one for one in self._due if one.at_s <= now_s]
        self._due = [one for one in self._due if one.at_s > now_s]
        for one in due:
            self._begin(one)

    def _begin(self, asked: _Begin) -> None:
        lane = self._starter.lane or self._free_lane(asked.not_lane)
        self._stage.urls(lane)  # its proxies are there before anybody is told to begin
        with self._traffic.lock:
            number = self._stage.began(resumed=asked.resumed, node=asked.node)
            place = Place(executor=number, lane=lane, node=asked.node, resumed=asked.resumed)
            self._occupy(place)
            # Within the lock: its first call may be there before this returns.
            executor = _Executor(
                place=place,
                running=self._starter.start(place),
                beside=asked.beside,
                recalls=asked.recalls,
            )
            self._shared.live[number] = executor

    def _occupy(self, place: Place) -> None:
        occupants = self._traffic.occupants
        assert occupants is not None
        if occupants.get(place.lane) not in self._shared.live:  # else one process serves both
            occupants[place.lane] = place.executor

    def _free_lane(self, unwanted: int | None) -> int:
        with self._traffic.lock:
            taken = {executor.place.lane for executor in self._shared.live.values()}
        return next(lane for lane in range(1, len(taken) + 3) if lane not in taken and lane != unwanted)

    def _take_ends(self) -> None:
        for executor in self._awaited():
            returned = executor.running.returned()
            if returned is not None:
                self._end(executor, returned)

    def _end(self, executor: _Executor, returned: Returned) -> None:
        with self._traffic.lock:
            if executor.killed:
                return  # just now: what it came to, nobody was told
            if executor.frozen:
                executor.kept = returned
                return
            passage = self._traffic.ended(executor.place.executor)
            blow = passage.treatment.blow if passage is not None else None
            if passage is not None and blow is not None and blow is not Blow.START_AGAIN:
                self._strike_at_end(executor, returned, passage, blow)
                return
            self._record(executor, returned)
            if passage is not None and blow is not None:
                self._traffic.struck(passage, blow)
                self._follow(executor, blow, ended=True)
        self._recall_or_wake(executor, returned)

    def _strike_at_end(self, executor: _Executor, returned: Returned, passage: Passage, blow: Blow) -> None:
        """It is struck between its last word and whoever waited for it."""
        if blow is Blow.FREEZE:
            executor.frozen, executor.kept = True, returned
        else:
            executor.killed = True
            self._leave(executor)
        self._traffic.struck(passage, blow)
        self._shared.fallen.append((executor, blow))
        self._watch.wake()

    def _record(self, executor: _Executor, returned: Returned) -> None:
        cancelled = executor.running.cancelled
        self._stage.ended(executor.place.executor, returned, cancelled=cancelled)
        # Its lane stays its own until somebody else begins there: what it left behind may still call.
        del self._shared.live[executor.place.executor]
        self._gone.append(executor)
        self._last = returned

    def _recall_or_wake(self, executor: _Executor, returned: Returned) -> None:
        frozen = executor.beside
        if frozen is None:
            return
        if returned.status is Status.RUNNING and executor.recalls and not self._traffic.settling:
            self._due.append(
                _Begin(
                    at_s=monotonic_s() + RESUME_AFTER_S,
                    node=executor.place.node,
                    resumed=True,
                    beside=frozen,
                    recalls=executor.recalls - 1,
                )
            )
        else:
            self._wake(frozen)

    def _wake(self, executor: _Executor) -> None:
        if not executor.frozen:
            return
        with self._traffic.lock:
            executor.frozen = False
            self._stage.woken(executor.place.executor)
            executor.running.wake()
        if executor.kept is not None:
            returned, executor.kept = executor.kept, None
            self._end(executor, returned)

    def _wake_at_settling(self) -> None:
        if self._traffic.settling:
            for executor in self._frozen():
                self._wake(executor)

    # Looking ----------------------------------------------------------------------------------

    @property
    def _last_node(self) -> int:
        return max((executor.place.node for executor in self._gone), default=1)

    def _busy(self) -> bool:
        with self._traffic.lock:
            return bool(self._shared.live or self._shared.fallen or self._due)

    def _frozen(self) -> list[_Executor]:
        with self._traffic.lock:
            return [one for one in self._shared.live.values() if one.frozen]

    def _awaited(self) -> list[_Executor]:
        """Those whose end would tell something; an end that is kept is known."""
        with self._traffic.lock:
            return [one for one in self._shared.live.values() if one.kept is None]

    def _next_s(self) -> float:
        return min([self._stage.deadline_s(), *(one.at_s for one in self._due)])

    # Ending -----------------------------------------------------------------------------------

    def _give_up(self) -> None:
        """Nobody has any time left."""
        over = self._traffic.over
        problem = Returned(problem=self._stage.late if over is None else over)
        with self._traffic.lock:
            self._due = []
            self._shared.fallen = []
            late = list(self._shared.live.values())
            for executor in late:
                executor.running.kill()
                executor.killed = True
                self._leave(executor)
                self._stage.ended(executor.place.executor, problem, timed_out=True)
        self._gone += late
        self._last = problem

    def _bury(self, executors: list[_Executor]) -> None:
        for executor in executors:
            executor.running.bury()
