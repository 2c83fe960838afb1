"""Each decision of the lifecycle by itself: who is struck, who succeeds whom, who wakes whom."""

from __future__ import annotations

import pytest

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
    IllegalTransition,
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
from harness.lifecycle.machine import MOST_DEATHS_AT_START
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Status

COMPLETED = Returned(status=Status.COMPLETED)
RUNNING = Returned(status=Status.RUNNING)
RESUME_S = 0.1


def struck(fault: ProcessFault, boundary: Boundary = Boundary.APPLIED) -> Struck:
    return Struck(call=7, fault=fault, boundary=boundary)


def begun() -> Lifecycle:
    lifecycle = Lifecycle(resume_after_s=RESUME_S, most_recalls=2)
    lifecycle.handle(Began())
    return lifecycle


def inject(
    lifecycle: Lifecycle, fault: ProcessFault, executor: int = 1, boundary: Boundary = Boundary.APPLIED
) -> tuple[Command, ...]:
    return lifecycle.handle(BoundaryReached(executor=executor, struck=struck(fault, boundary)))


def finish(lifecycle: Lifecycle, executor: int, returned: Returned = COMPLETED) -> tuple[Command, ...]:
    return lifecycle.handle(ExecutorFinished(executor=executor, returned=returned))


def start_due(lifecycle: Lifecycle, commands: tuple[Command, ...]) -> list[Start]:
    started: list[Start] = []
    for one in commands:
        if isinstance(one, StartLater):
            started += [
                start for start in lifecycle.handle(StartDue(ticket=one.ticket)) if isinstance(start, Start)
            ]
    return started


def kinds(commands: tuple[Command, ...]) -> list[type[Command]]:
    return [type(one) for one in commands]


def test_the_first_executor_starts_on_node_one() -> None:
    lifecycle = Lifecycle(resume_after_s=RESUME_S, most_recalls=2)
    assert lifecycle.handle(Began()) == (Start(executor=1, node=1, store=1, resumed=False),)
    with pytest.raises(IllegalTransition, match="twice"):
        lifecycle.handle(Began())


@pytest.mark.parametrize(
    ("fault", "node", "successors"),
    [(ProcessFault.CRASH, 1, 1), (ProcessFault.MOVE, 2, 1), (ProcessFault.RACE, 1, 2)],
)
def test_who_dies_is_succeeded_on_a_copy_of_its_store(
    fault: ProcessFault, node: int, successors: int
) -> None:
    lifecycle = begun()
    commands = inject(lifecycle, fault)
    assert commands[:3] == (
        AbandonCalls(executor=1),
        RecordProcessFault(executor=1, struck=struck(fault), restarts=True),
        CopyStore(source=1, target=2),
    )
    assert commands[-1] == Kill(executor=1)
    started = start_due(lifecycle, commands)
    elsewhere = 1 if fault is ProcessFault.MOVE else None
    assert started == [
        Start(executor=number, node=node, store=2, resumed=True, elsewhere=elsewhere)
        for number in range(2, 2 + successors)
    ]


def die_at_start(lifecycle: Lifecycle, times: int) -> tuple[Command, ...]:
    commands: tuple[Command, ...] = ()
    for _ in range(times):
        (executor,) = lifecycle.alive()
        commands = inject(lifecycle, ProcessFault.CRASH, executor, Boundary.STARTED)
        start_due(lifecycle, commands)
    return commands


def test_who_dies_at_its_start_again_and_again_is_resumed_once_all_heals() -> None:
    lifecycle = begun()
    assert StartLater in kinds(die_at_start(lifecycle, MOST_DEATHS_AT_START - 1))
    assert StartLater not in kinds(die_at_start(lifecycle, 1))
    assert not lifecycle.busy
    (due,) = lifecycle.handle(SettlingBegan())
    assert isinstance(due, StartLater)
    (start,) = start_due(lifecycle, (due,))
    assert (start.executor, start.resumed) == (MOST_DEATHS_AT_START + 1, True)


def test_a_death_after_a_request_begins_the_row_anew() -> None:
    lifecycle = begun()
    die_at_start(lifecycle, MOST_DEATHS_AT_START - 1)
    (executor,) = lifecycle.alive()
    start_due(lifecycle, inject(lifecycle, ProcessFault.CRASH, executor))
    assert StartLater in kinds(die_at_start(lifecycle, MOST_DEATHS_AT_START - 1))


def test_who_waits_for_all_to_heal_waits_in_vain_once_the_run_is_over() -> None:
    lifecycle = begun()
    die_at_start(lifecycle, MOST_DEATHS_AT_START)
    lifecycle.handle(TimeUp(problem="over"))
    assert lifecycle.handle(SettlingBegan()) == ()


def test_a_successor_of_one_of_two_shares_the_store_of_the_other() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.RACE))
    commands = inject(lifecycle, ProcessFault.CRASH, executor=2)
    assert CopyStore not in kinds(commands)
    (successor,) = start_due(lifecycle, commands)
    assert successor.store == 2


def test_a_successor_shares_the_store_of_one_that_is_due() -> None:
    lifecycle = begun()
    race = inject(lifecycle, ProcessFault.RACE)
    first = next(one for one in race if isinstance(one, StartLater))
    lifecycle.handle(StartDue(ticket=first.ticket))
    assert CopyStore not in kinds(inject(lifecycle, ProcessFault.CRASH, executor=2))


def test_a_frozen_executor_wakes_once_its_standby_has_ended() -> None:
    lifecycle = begun()
    commands = inject(lifecycle, ProcessFault.FREEZE)
    assert commands[-1] == Freeze(executor=1)
    assert start_due(lifecycle, commands) == [Start(executor=2, node=1, store=1, resumed=True)]
    assert finish(lifecycle, 2) == (
        RecordEnd(executor=2, returned=COMPLETED),
        RecordWake(executor=1),
        Wake(executor=1),
    )
    assert lifecycle.state(1) is ExecutorState.RUNNING


def test_a_standby_that_finds_another_at_work_is_called_again_and_then_no_more() -> None:
    lifecycle = begun()
    commands = inject(lifecycle, ProcessFault.FREEZE)
    for executor in (2, 3):
        start_due(lifecycle, commands)
        commands = finish(lifecycle, executor, RUNNING)
        assert RecordWake not in kinds(commands)
    start_due(lifecycle, commands)
    assert Wake(executor=1) in finish(lifecycle, 4, RUNNING)


def test_both_successors_of_a_killed_standby_stand_in_and_the_last_to_end_wakes() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.FREEZE))
    start_due(lifecycle, inject(lifecycle, ProcessFault.RACE, executor=2))
    assert finish(lifecycle, 3) == (RecordEnd(executor=3, returned=COMPLETED),)
    assert Wake(executor=1) in finish(lifecycle, 4)


def test_a_standby_that_is_due_keeps_a_frozen_one_asleep() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.FREEZE))
    race = inject(lifecycle, ProcessFault.RACE, executor=2)
    first, second = (one for one in race if isinstance(one, StartLater))
    lifecycle.handle(StartDue(ticket=first.ticket))
    assert Wake(executor=1) not in finish(lifecycle, 3)
    lifecycle.handle(StartDue(ticket=second.ticket))
    assert Wake(executor=1) in finish(lifecycle, 4)


def test_the_word_of_one_that_finished_as_it_froze_is_heard_when_it_wakes() -> None:
    lifecycle = begun()
    freeze = struck(ProcessFault.FREEZE, Boundary.ANSWERED)
    commands = lifecycle.handle(ExecutorFinished(executor=1, returned=COMPLETED, struck=freeze))
    assert Freeze not in kinds(commands)
    assert lifecycle.last_word == Returned()
    start_due(lifecycle, commands)
    assert finish(lifecycle, 2)[-2:] == (
        RecordWake(executor=1),
        RecordEnd(executor=1, returned=COMPLETED),
    )


def test_a_result_that_arrives_from_a_frozen_executor_is_kept() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.FREEZE))
    assert finish(lifecycle, 1) == ()
    assert lifecycle.state(1) is ExecutorState.FINISHED_FROZEN
    assert RecordEnd(executor=1, returned=COMPLETED) in finish(lifecycle, 2)


@pytest.mark.parametrize("fault", [ProcessFault.CRASH, ProcessFault.MOVE, ProcessFault.RACE])
def test_who_dies_as_it_ends_is_not_heard(fault: ProcessFault) -> None:
    lifecycle = begun()
    due = struck(fault, Boundary.ANSWERED)
    commands = lifecycle.handle(ExecutorFinished(executor=1, returned=COMPLETED, struck=due))
    assert RecordEnd not in kinds(commands)
    assert lifecycle.state(1) is ExecutorState.KILLED
    assert lifecycle.last_word == Returned()


def test_a_second_start_is_a_twin_and_not_a_resume() -> None:
    lifecycle = begun()
    commands = inject(lifecycle, ProcessFault.START_AGAIN, boundary=Boundary.ON_ARRIVAL)
    assert [one.after_s for one in commands if isinstance(one, StartLater)] == [0.0]
    assert start_due(lifecycle, commands) == [Start(executor=2, node=1, store=1, resumed=False)]


def test_a_second_start_after_the_end_is_told_after_the_end() -> None:
    lifecycle = begun()
    due = struck(ProcessFault.START_AGAIN, Boundary.ENDED)
    commands = lifecycle.handle(ExecutorFinished(executor=1, returned=COMPLETED, struck=due))
    assert kinds(commands) == [RecordEnd, RecordProcessFault, StartLater]


def test_nobody_is_cancelled_twice() -> None:
    lifecycle = begun()
    assert kinds(inject(lifecycle, ProcessFault.CANCEL)) == [RecordProcessFault, Cancel]
    assert inject(lifecycle, ProcessFault.CANCEL) == ()


def test_a_cancel_that_is_due_as_the_executor_ends_comes_too_late() -> None:
    lifecycle = begun()
    due = struck(ProcessFault.CANCEL)
    commands = lifecycle.handle(ExecutorFinished(executor=1, returned=COMPLETED, struck=due))
    assert kinds(commands) == [RecordEnd]


@pytest.mark.parametrize("fault", list(ProcessFault))
def test_no_process_fault_strikes_who_is_frozen(fault: ProcessFault) -> None:
    lifecycle = begun()
    inject(lifecycle, ProcessFault.FREEZE)
    assert inject(lifecycle, fault) == ()


@pytest.mark.parametrize("fault", list(ProcessFault))
def test_no_process_fault_strikes_who_has_ended_or_died(fault: ProcessFault) -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.CRASH))
    assert inject(lifecycle, fault, executor=1) == ()
    finish(lifecycle, 2)
    assert inject(lifecycle, fault, executor=2) == ()


@pytest.mark.parametrize("fault", list(ProcessFault))
def test_no_process_fault_strikes_while_settling(fault: ProcessFault) -> None:
    lifecycle = begun()
    lifecycle.handle(SettlingBegan())
    assert inject(lifecycle, fault) == ()
    due = struck(fault, Boundary.ANSWERED)
    ended = lifecycle.handle(ExecutorFinished(executor=1, returned=COMPLETED, struck=due))
    assert kinds(ended) == [RecordEnd]


def test_settling_wakes_who_is_frozen_and_its_standby_is_not_called_again() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.FREEZE))
    assert lifecycle.handle(SettlingBegan()) == (RecordWake(executor=1), Wake(executor=1))
    assert kinds(finish(lifecycle, 2, RUNNING)) == [RecordEnd]


def test_what_was_due_before_settling_still_starts() -> None:
    lifecycle = begun()
    commands = inject(lifecycle, ProcessFault.CRASH)
    lifecycle.handle(SettlingBegan())
    assert len(start_due(lifecycle, commands)) == 1


def test_who_answers_running_is_called_again_where_it_was() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.MOVE))
    finish(lifecycle, 2, RUNNING)
    lifecycle.handle(SettlingBegan())
    assert start_due(lifecycle, lifecycle.handle(WentQuiet())) == [
        Start(executor=3, node=2, store=2, resumed=True)
    ]


def test_who_has_an_outcome_is_not_called_again() -> None:
    lifecycle = begun()
    finish(lifecycle, 1)
    assert lifecycle.handle(WentQuiet()) == ()


def test_quiet_is_not_while_somebody_lives_or_is_due() -> None:
    lifecycle = begun()
    with pytest.raises(IllegalTransition, match="quiet"):
        lifecycle.handle(WentQuiet())
    inject(lifecycle, ProcessFault.CRASH)
    with pytest.raises(IllegalTransition, match="quiet"):
        lifecycle.handle(WentQuiet())


def test_when_time_is_up_everybody_ends_and_nobody_starts() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.FREEZE))
    (later,) = (
        one for one in inject(lifecycle, ProcessFault.CRASH, executor=2) if isinstance(one, StartLater)
    )
    late = Returned(problem="no outcome")
    assert lifecycle.handle(TimeUp(problem="no outcome")) == (StopAll(problem="no outcome"),)
    assert lifecycle.state(1) is ExecutorState.STOPPING
    assert inject(lifecycle, ProcessFault.CRASH) == ()
    assert finish(lifecycle, 1) == (RecordEnd(executor=1, returned=late, timed_out=True),)
    assert lifecycle.handle(StartDue(ticket=later.ticket)) == ()
    assert lifecycle.handle(WentQuiet()) == ()
    assert not lifecycle.busy
    assert lifecycle.last_word == late


def test_time_is_up_once_and_the_first_problem_counts() -> None:
    lifecycle = begun()
    lifecycle.handle(TimeUp(problem="too many calls"))
    assert lifecycle.handle(TimeUp(problem="no outcome")) == ()
    assert lifecycle.last_word == Returned(problem="too many calls")


def test_one_that_finished_as_it_froze_ends_when_time_is_up() -> None:
    lifecycle = begun()
    freeze = struck(ProcessFault.FREEZE, Boundary.ANSWERED)
    lifecycle.handle(ExecutorFinished(executor=1, returned=COMPLETED, struck=freeze))
    late = Returned(problem="too many calls")
    assert lifecycle.handle(TimeUp(problem="too many calls")) == (
        StopAll(problem="too many calls"),
        RecordEnd(executor=1, returned=late, timed_out=True),
    )


@pytest.mark.parametrize("fault", list(ProcessFault))
def test_who_cannot_be_reached_is_struck_by_nothing_but_a_second_start(fault: ProcessFault) -> None:
    lifecycle = begun()
    reached = BoundaryReached(executor=1, struck=struck(fault), reachable=False)
    assert bool(lifecycle.handle(reached)) is (fault is ProcessFault.START_AGAIN)
    assert lifecycle.state(1) is ExecutorState.RUNNING


def test_a_cancel_that_could_not_be_leaves_the_next_one_free() -> None:
    lifecycle = begun()
    lifecycle.handle(BoundaryReached(executor=1, struck=struck(ProcessFault.CANCEL), reachable=False))
    assert kinds(inject(lifecycle, ProcessFault.CANCEL)) == [RecordProcessFault, Cancel]


def test_a_standby_that_is_started_again_as_it_ends_wakes_the_frozen_one_after_that_is_told() -> None:
    lifecycle = begun()
    start_due(lifecycle, inject(lifecycle, ProcessFault.FREEZE))
    due = struck(ProcessFault.START_AGAIN, Boundary.ENDED)
    commands = lifecycle.handle(ExecutorFinished(executor=2, returned=COMPLETED, struck=due))
    assert kinds(commands) == [RecordEnd, RecordProcessFault, StartLater, RecordWake, Wake]


def test_what_cannot_be_is_refused() -> None:
    lifecycle = begun()
    with pytest.raises(IllegalTransition, match="executor 9 was never started"):
        finish(lifecycle, 9)
    with pytest.raises(IllegalTransition, match="was not planned"):
        lifecycle.handle(StartDue(ticket=4))
    finish(lifecycle, 1)
    with pytest.raises(IllegalTransition, match="ended -> ended"):
        finish(lifecycle, 1)
