"""What can be wrong with a durable saga, apart from the saga itself."""

from __future__ import annotations


class SagaLogError(Exception):
    """The log of one saga cannot be worked with; that of every other one still can."""


class UnknownSagaError(SagaLogError):
    """Nothing was recorded under this id, or of a type that this orchestrator does not know."""


class CorruptLogError(SagaLogError):
    """An entry is not what was written, or one is missing."""


class DefinitionChangedError(SagaLogError):
    """The saga was begun with other steps than those that it is resumed with."""


class LeaseLostError(Exception):
    """Another executor has taken over: this one must not do anything more."""


class LogConflictError(SagaLogError):
    """Another event stands where one is to be appended, although the lease is held."""
