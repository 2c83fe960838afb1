"""The history of a run: an append-only list of events, faults included, and the calls read from it.

Owns the event types, the recorder, the folding of events into calls and the file form. Refuses to
judge: `harness.invariants` reads a history, and nothing writes to it after the run.
"""

from harness.history.calls import Answer, Call, fold_calls
from harness.history.codec import read_history, write_history
from harness.history.contents import Contents, Message
from harness.history.events import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    EndedEarly,
    Event,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    FaultFired,
    FaultUnconfirmed,
    Held,
    HeldOtherwise,
    KeyConflict,
    Lapsed,
    MessageDead,
    MessageDelivered,
    MessagePublished,
    NobodyHeld,
    ParticipantAway,
    Passed,
    Phase,
    PhaseBegan,
    Released,
    RunBegan,
    StoreChanged,
    TurnPassed,
)
from harness.history.history import History, Recorder
from harness.history.pauses import pauses_of

__all__ = [
    "Answer",
    "Call",
    "CallAnswered",
    "CallFailed",
    "CallSent",
    "Contents",
    "Delivered",
    "EffectApplied",
    "EndedEarly",
    "Event",
    "ExecutorBegan",
    "ExecutorEnded",
    "ExecutorStruck",
    "ExecutorWoken",
    "FaultFired",
    "FaultUnconfirmed",
    "Held",
    "HeldOtherwise",
    "History",
    "KeyConflict",
    "Lapsed",
    "Message",
    "MessageDead",
    "MessageDelivered",
    "MessagePublished",
    "NobodyHeld",
    "ParticipantAway",
    "Passed",
    "Phase",
    "PhaseBegan",
    "Recorder",
    "Released",
    "RunBegan",
    "StoreChanged",
    "TurnPassed",
    "fold_calls",
    "pauses_of",
    "read_history",
    "write_history",
]
