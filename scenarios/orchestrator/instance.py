"""A saga instance: where one saga stands, as the fold of its events and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scenarios.orchestrator.events import (
    CompensationCompleted,
    CompensationStarted,
    SagaCompleted,
    SagaEvent,
    SagaFailed,
    SagaStarted,
    StepCompleted,
    StepFailed,
    StepStarted,
)


class SagaState(StrEnum):
    """The four states of a saga."""

    RUNNING = "running"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    FAILED = "failed"


class Progress(StrEnum):
    """How far one step is. A step without any was never tried."""

    STARTED = "started"
    DONE = "done"
    REFUSED = "refused"  # failed, and surely not applied
    DOUBTED = "doubted"  # failed, and perhaps applied
    UNDONE = "undone"
    GIVEN_UP = "given_up"  # its undo failed

    @property
    def failed(self) -> bool:
        """The step failed and nothing was done about it yet."""
        return self in (Progress.REFUSED, Progress.DOUBTED)

    @property
    def perhaps_applied(self) -> bool:
        """The step may have left something, and its undo was not tried to the end."""
        return self in (Progress.STARTED, Progress.DONE, Progress.DOUBTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStatus:
    """What `status` tells: the state, the step last begun, why it failed, and what was done and undone.

    completed_steps: those that were done and not undone. context: what the steps made, by their names.
    events: all of them, oldest first.
    """

    saga_id: str
    saga_type: str
    state: SagaState
    current_step: str | None
    stuck: bool
    error: str
    log: tuple[tuple[str, str], ...]
    completed_steps: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    events: tuple[SagaEvent, ...] = ()


@dataclass(slots=True, kw_only=True)
class SagaInstance:
    """Changed by `apply` alone."""

    saga_id: str
    saga_type: str
    begun: bool = False
    state: SagaState = SagaState.RUNNING
    stuck: bool = False
    error: str = ""
    current_step: str | None = None
    progress: dict[str, Progress] = field(default_factory=dict)
    resource_ids: dict[str, str] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    events: list[SagaEvent] = field(default_factory=list)

    @property
    def completed_steps(self) -> tuple[str, ...]:
        """Done, and not undone."""
        return tuple(step for step, progress in self.progress.items() if progress is Progress.DONE)

    def apply(self, event: SagaEvent) -> None:
        """Take one event into account."""
        self.events.append(event)
        match event:
            case SagaStarted():
                self.begun = True
            case StepStarted() | StepCompleted() | StepFailed() | CompensationCompleted():
                self._apply_to_step(event)
            case CompensationStarted():
                self.state = SagaState.COMPENSATING
            case SagaCompleted():
                self.state = SagaState.COMPLETED
            case SagaFailed():
                self.state, self.stuck = SagaState.FAILED, event.stuck

    def status(self) -> SagaStatus:
        """A snapshot."""
        return SagaStatus(
            saga_id=self.saga_id,
            saga_type=self.saga_type,
            state=self.state,
            current_step=self.current_step,
            stuck=self.stuck,
            error=self.error,
            log=tuple(self.log),
            completed_steps=self.completed_steps,
            context=dict(self.resource_ids),
            events=tuple(self.events),
        )

    def _apply_to_step(self, event: StepStarted | StepCompleted | StepFailed | CompensationCompleted) -> None:
        match event:
            case StepStarted():
                self.current_step = event.step
                self.progress[event.step] = Progress.STARTED
            case StepCompleted():
                self.progress[event.step] = Progress.DONE
                self.resource_ids[event.step] = event.resource_id
                self.log.append((event.step, "done"))
            case StepFailed():
                self._fail(event)
            case CompensationCompleted():
                self.progress[event.step] = Progress.UNDONE
                self.log.append((event.step, "undone"))

    def _fail(self, event: StepFailed) -> None:
        # The first cause is what a person wants to know; later failures only follow from it.
        self.error = self.error or event.error
        if event.compensating:
            self.progress[event.step] = Progress.GIVEN_UP
        else:
            self.progress[event.step] = Progress.DOUBTED if event.in_doubt else Progress.REFUSED
