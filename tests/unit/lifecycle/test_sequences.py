"""Whatever facts come in whatever order: what must hold of any run's executors."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from harness.adapter import Returned
from harness.lifecycle import (
    AbandonCalls,
    Began,
    BoundaryReached,
    Cancel,
    Command,
    CopyStore,
    ExecutorFinished,
    ExecutorState,
    Freeze,
    Kill,
    Lifecycle,
    RecordEnd,
    RecordProcessFault,
    RecordWake,
    SettlingBegan,
    Start,
    StartDue,
    StartLater,
    StopAll,
    Struck,
    TimeUp,
    Wake,
    WentQuiet,
)
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Status

RETURNED = st.sampled_from(
    [Returned(status=Status.COMPLETED), Returned(status=Status.RUNNING), Returned(problem="raised")]
)
FAULTS = st.sampled_from(list(ProcessFault))
MOST_RECALLS = 2


class Run(RuleBasedStateMachine):
    """A world that carries out commands as asked, and keeps its own books."""

    def __init__(self) -> None:
        super().__init__()
        self.lifecycle = Lifecycle(resume_after_s=0.1, most_recalls=MOST_RECALLS)
        self.started: list[int] = []
        self.stores: set[int] = {1}
        self.tickets: list[int] = []
        self.live: dict[int, str] = {}  # executor to what the world has done to it
        self.ended: list[int] = []
        self.settling = self.over = False
        self.carry_out(self.lifecycle.handle(Began()))

    # The world --------------------------------------------------------------------------------

    def carry_out(self, commands: tuple[Command, ...]) -> None:  # noqa: C901 - a case for each command
        for command in commands:
            match command:
                case Start():
                    assert command.executor == len(self.started) + 1
                    assert command.store in self.stores
                    self.started.append(command.executor)
                    self.live[command.executor] = "running"
                case StartLater():
                    assert command.ticket not in self.tickets
                    self.tickets.append(command.ticket)
                case CopyStore():
                    assert command.source in self.stores
                    assert command.target not in self.stores
                    self.stores.add(command.target)
                case AbandonCalls():
                    assert self.live[command.executor] == "running"
                case Kill():
                    self.live.pop(command.executor, None)
                case StopAll():
                    self.live = dict.fromkeys(self.live, "stopping")
                case Freeze():
                    assert self.live[command.executor] == "running"
                    self.live[command.executor] = "frozen"
                case Wake():
                    assert self.live[command.executor] == "frozen"
                    self.live[command.executor] = "running"
                case Cancel():
                    assert self.live[command.executor] == "running"
                case RecordEnd():
                    assert command.executor not in self.ended
                    self.ended.append(command.executor)
                    self.live.pop(command.executor, None)
                case RecordProcessFault() | RecordWake():
                    assert command.executor in self.started

    # What happens -----------------------------------------------------------------------------

    @rule(data=st.data(), fault=FAULTS)
    def boundary_reached(self, data: st.DataObject, fault: ProcessFault) -> None:
        executor = data.draw(st.sampled_from(self.started))
        struck = Struck(call=1, fault=fault, boundary=Boundary.APPLIED)
        before = self.lifecycle.state(executor)
        commands = self.lifecycle.handle(BoundaryReached(executor=executor, struck=struck))
        if before is not ExecutorState.RUNNING or self.settling or self.over:
            assert commands == ()
        self.carry_out(commands)

    @precondition(lambda self: any(how == "running" for how in self.live.values()))
    @rule(data=st.data(), returned=RETURNED, fault=st.none() | FAULTS)
    def finished(self, data: st.DataObject, returned: Returned, fault: ProcessFault | None) -> None:
        running = [number for number, how in self.live.items() if how == "running"]
        executor = data.draw(st.sampled_from(running))
        if self.lifecycle.state(executor) is not ExecutorState.RUNNING:
            return
        struck = None if fault is None else Struck(call=1, fault=fault, boundary=Boundary.ANSWERED)
        self.carry_out(
            self.lifecycle.handle(ExecutorFinished(executor=executor, returned=returned, struck=struck))
        )

    @precondition(lambda self: "stopping" in self.live.values())
    @rule(data=st.data(), returned=RETURNED)
    def stopped(self, data: st.DataObject, returned: Returned) -> None:
        stopping = [number for number, how in self.live.items() if how == "stopping"]
        executor = data.draw(st.sampled_from(stopping))
        commands = self.lifecycle.handle(ExecutorFinished(executor=executor, returned=returned))
        late = Returned(problem="late")
        assert commands == (RecordEnd(executor=executor, returned=late, timed_out=True),)
        self.carry_out(commands)

    @precondition(lambda self: self.tickets)
    @rule(data=st.data())
    def start_is_due(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.tickets))
        self.tickets.remove(ticket)
        commands = self.lifecycle.handle(StartDue(ticket=ticket))
        assert bool(commands) is not self.over
        self.carry_out(commands)

    @precondition(lambda self: not self.settling)
    @rule()
    def settle(self) -> None:
        self.settling = True
        self.carry_out(self.lifecycle.handle(SettlingBegan()))

    @precondition(lambda self: not self.over)
    @rule()
    def time_is_up(self) -> None:
        self.over = True
        self.carry_out(self.lifecycle.handle(TimeUp(problem="late")))

    @precondition(lambda self: not self.lifecycle.busy)
    @rule()
    def went_quiet(self) -> None:
        self.carry_out(self.lifecycle.handle(WentQuiet()))

    # What must hold ---------------------------------------------------------------------------

    @invariant()
    def who_lives_is_known_alike(self) -> None:
        ours = {
            number
            for number in self.lifecycle.alive()
            if self.lifecycle.state(number) is not ExecutorState.FINISHED_FROZEN
        }
        theirs = {
            number
            for number, how in self.live.items()
            if self.lifecycle.state(number) is not ExecutorState.FINISHED_FROZEN
        }
        assert ours == theirs

    @invariant()
    def nobody_is_frozen_while_settling(self) -> None:
        if self.settling:
            assert not any(self.lifecycle.state(number).frozen for number in self.started)

    @invariant()
    def who_is_frozen_has_a_standby(self) -> None:
        frozen = any(self.lifecycle.state(number).frozen for number in self.started)
        others = [number for number in self.lifecycle.alive() if not self.lifecycle.state(number).frozen]
        assert not frozen or others or self.tickets

    @invariant()
    def nobody_does_anything_but_end_when_it_is_over(self) -> None:
        alive = {self.lifecycle.state(number) for number in self.lifecycle.alive()}
        assert not self.over or alive <= {ExecutorState.STOPPING}

    def teardown(self) -> None:
        """Every run comes to an end: whoever is left finishes, and then nobody is alive or due."""
        if not self.settling:
            self.settle()
        for _ in range(1_000):
            if self.tickets:
                self.carry_out(self.lifecycle.handle(StartDue(ticket=self.tickets.pop(0))))
            elif self.live:
                done = Returned(status=Status.COMPLETED)
                self.carry_out(
                    self.lifecycle.handle(ExecutorFinished(executor=min(self.live), returned=done))
                )
            else:
                break
        assert not self.lifecycle.busy


TestRun = Run.TestCase
TestRun.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
