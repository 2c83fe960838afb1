"""The eight events of a saga. Together they are its log: an instance is a fold of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStarted:
    """A saga of a type began."""

    saga_id: str
    saga_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """From here on the step may have been applied."""

    saga_id: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted:
    """Acknowledged, or shown by a query. `resource_id` is what it made."""

    saga_id: str
    step: str
    resource_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    """The step, or with `compensating` its undo, was given up.

    `in_doubt`: some attempt may have been applied.
    """

    saga_id: str
    step: str
    error: str
    in_doubt: bool
    compensating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationStarted:
    """From here on there is no way forward."""

    saga_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationCompleted:
    """The undo of a step was acknowledged."""

    saga_id: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaCompleted:
    """All steps are done."""

    saga_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaFailed:
    """The end of a saga that did not complete. `stuck`: a person must look at it."""

    saga_id: str
    reason: str
    stuck: bool


_SHOWN = ("step", "stuck", "compensating")

SagaEvent = (
    SagaStarted
    | StepStarted
    | StepCompleted
    | StepFailed
    | CompensationStarted
    | CompensationCompleted
    | SagaCompleted
    | SagaFailed
)


def told(event: SagaEvent) -> dict[str, str | bool]:
    """An event for those who watch: its name, and its step; ids and reasons stay in the log."""
    kind = type(event)
    shown = {name: getattr(event, name) for name in _SHOWN if name in kind.__slots__}
    return {"event": kind.__name__, **shown}
