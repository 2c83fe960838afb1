"""The document's monitor: counters, an event at the start, durations, and a HIGH alert for each failure."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from harness.saga import Json
from scenarios.orchestrator.events import (
    SagaCompleted,
    SagaEvent,
    SagaFailed,
    SagaStarted,
    StepCompleted,
    StepFailed,
    StepStarted,
)


@dataclass(slots=True)
class SagaMonitor:
    """Lives in memory, as metrics do until they are sent."""

    counters: Counter[str] = field(default_factory=Counter)
    durations_s: list[tuple[str, float, bool]] = field(default_factory=list)
    alerts: list[dict[str, Json]] = field(default_factory=list)
    events: list[dict[str, Json]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    _began_s: dict[str, float] = field(default_factory=dict)

    def record_saga_start(self, saga_id: str, saga_type: str) -> None:
        self.counters[f"saga.started:{saga_type}"] += 1
        self.events.append(
            {"type": "SAGA_STARTED", "sagaId": saga_id, "sagaType": saga_type, "timestamp": time.time()}
        )

    def record_step_execution(self, saga_id: str, step_name: str, duration_s: float, success: bool) -> None:
        self.durations_s.append((step_name, round(duration_s, 3), success))
        if not success:
            self.alerts.append(
                {"type": "SAGA_STEP_FAILED", "sagaId": saga_id, "stepName": step_name, "severity": "HIGH"}
            )

    def watch(self, event: SagaEvent) -> None:
        """The events of the orchestrator. Its durations are those of one process, and end with it."""
        match event:
            case SagaStarted():
                self.record_saga_start(event.saga_id, "project_creation")
            case StepStarted():
                self._began_s[event.step] = time.monotonic()
            case StepCompleted():
                self.record_step_execution(event.saga_id, event.step, self._took_s(event.step), True)
            case StepFailed():
                self.record_step_execution(event.saga_id, event.step, self._took_s(event.step), False)
            case SagaCompleted() | SagaFailed():
                self.counters[f"{type(event).__name__}"] += 1

    def _took_s(self, step: str) -> float:
        return time.monotonic() - self._began_s.get(step, time.monotonic())

    def log(self, line: str) -> None:
        """console.error"""
        self.lines.append(line)

    def told(self) -> Json:
        """What a dashboard would show."""
        return {
            "counters": dict(self.counters),
            "durations_s": [list(one) for one in self.durations_s],
            "alerts": list(self.alerts),
            "events": list(self.events),
            "log": list(self.lines),
        }
