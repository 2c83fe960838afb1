"""The reference orchestrator: what a sound saga engine has to do, and no more.

Owns the definition of a saga, its instance as a fold of events, every decision about retries,
doubt, compensation and the pivot, and two thin drivers that do the I/O. Refuses to know the harness:
this is a saga under test, and could stand in anybody's project.

Decisions are sans-I/O: `run_saga` is a generator that yields commands (`Send`, `Sleep`, `Emit`) and
is given the result of each request. The asynchronous and the synchronous orchestrator drive the same
one. It goes on from whatever state an instance is in, so that a log of its events is enough to
resume it; the durable orchestrators keep one, in SQLite (`SqliteLog`) or PostgreSQL (`PostgresLog`).
"""

from scenarios.orchestrator.commands import Answered, Command, Emit, Send, Sleep, Unanswered
from scenarios.orchestrator.core import run_saga
from scenarios.orchestrator.definition import (
    Call,
    DefinitionError,
    Kind,
    SagaBuilder,
    SagaDefinition,
    StepContext,
)
from scenarios.orchestrator.durable import (
    DurableOrchestrator,
    Recovered,
    SyncDurableOrchestrator,
)
from scenarios.orchestrator.errors import (
    CorruptLogError,
    DefinitionChangedError,
    LeaseLostError,
    LogConflictError,
    SagaLogError,
    UnknownSagaError,
)
from scenarios.orchestrator.events import SagaEvent, told
from scenarios.orchestrator.execution import DurableSaga
from scenarios.orchestrator.instance import SagaInstance, SagaState, SagaStatus
from scenarios.orchestrator.log import Entry, Lease, SagaLog, SagaRecord, Taken
from scenarios.orchestrator.orchestrators import Orchestrator, SyncOrchestrator
from scenarios.orchestrator.policy import RetryPolicy
from scenarios.orchestrator.postgres_log import PostgresLog
from scenarios.orchestrator.sqlite_log import SqliteLog

__all__ = [
    "Answered",
    "Call",
    "Command",
    "CorruptLogError",
    "DefinitionChangedError",
    "DefinitionError",
    "DurableOrchestrator",
    "DurableSaga",
    "Emit",
    "Entry",
    "Kind",
    "Lease",
    "LeaseLostError",
    "LogConflictError",
    "Orchestrator",
    "PostgresLog",
    "Recovered",
    "RetryPolicy",
    "SagaBuilder",
    "SagaDefinition",
    "SagaEvent",
    "SagaInstance",
    "SagaLog",
    "SagaLogError",
    "SagaRecord",
    "SagaState",
    "SagaStatus",
    "Send",
    "Sleep",
    "SqliteLog",
    "StepContext",
    "SyncDurableOrchestrator",
    "SyncOrchestrator",
    "Taken",
    "Unanswered",
    "UnknownSagaError",
    "run_saga",
    "told",
]
