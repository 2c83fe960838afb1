"""The lifecycle of a saga's executors in one run: a pure state machine, facts in, commands out.

Owns what both worlds must decide alike: which executor a process fault may strike, which one succeeds
or wakes which, when a saga is called again, whose answer is the last, and in a run of several sagas whose
turn it is. Refuses to know processes,
sockets, greenlets and clocks: a world reports facts and carries out the commands in their order.
"""

from harness.lifecycle.commands import (
    AbandonCalls,
    Cancel,
    Command,
    CopyStore,
    Freeze,
    Kill,
    RecordEnd,
    RecordProcessFault,
    RecordWake,
    Start,
    StartLater,
    StopAll,
    Wake,
)
from harness.lifecycle.door import Door
from harness.lifecycle.facts import (
    Began,
    BoundaryReached,
    ExecutorFinished,
    Fact,
    SettlingBegan,
    StartDue,
    Struck,
    TimeUp,
    WentQuiet,
)
from harness.lifecycle.machine import Lifecycle
from harness.lifecycle.states import ExecutorState, IllegalTransition
from harness.lifecycle.turns import Ticket, Turn, Turns

__all__ = [
    "AbandonCalls",
    "Began",
    "BoundaryReached",
    "Cancel",
    "Command",
    "CopyStore",
    "Door",
    "ExecutorFinished",
    "ExecutorState",
    "Fact",
    "Freeze",
    "IllegalTransition",
    "Kill",
    "Lifecycle",
    "RecordEnd",
    "RecordProcessFault",
    "RecordWake",
    "SettlingBegan",
    "Start",
    "StartDue",
    "StartLater",
    "StopAll",
    "Struck",
    "Ticket",
    "TimeUp",
    "Turn",
    "Turns",
    "Wake",
    "WentQuiet",
]
