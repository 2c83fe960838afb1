"""How far a saga has come, as its participants see it: for calls that nobody can see.

A connection that is refused leaves no trace. That a saga wanted a participant while it was away shows in
what it does next: it aborts without another reason, passes over an undo that is due, or ends with
work left there. Owns that reading of a run's calls. Refuses to take anybody away (`outages`).
"""

from __future__ import annotations

from harness.participant import Verb
from harness.saga import Direction, SagaSpec, Step
from harness.worlds.wire.call import WireCall


class SagaProgress:
    """Of one run. `done`: steps whose action was acknowledged; `tried`: resources where a create ended."""

    def __init__(self, spec: SagaSpec) -> None:
        self._spec = spec
        self._steps = {step.name: step for step in spec.steps}
        self.done: set[str] = set()
        self.tried: set[str] = set()
        self._begun: set[str] = set()  # done, or in doubt
        self._refused: set[str] = set()
        self._undone: set[str] = set()
        self._back = False
        self._failed = False

    def ended(self, call: WireCall, status: int | None) -> None:
        """A call has ended, by an answer or without."""
        matched, direction = call.in_flight.matched, call.in_flight.direction
        if matched is not None and matched.operation.verb is Verb.CREATE:
            self.tried.add(resource_of(matched.operation.name))
        if direction is Direction.ACTION:
            self._action_ended(call.in_flight.steps, status)
        elif direction is Direction.COMPENSATION:
            self._back = True
            if _good(status) or status in (404, 410):
                self._undone.update(call.in_flight.steps)

    @property
    def turning(self) -> bool:
        """Whether it goes back, or what it last did gives it reason to."""
        return self._back or self._failed

    def wants(self, participant: str) -> bool:
        """Whether the saga has something to do there."""
        if self.turning:
            return any(_undone_at(self._steps[name]) == participant for name in self._begun - self._undone)
        return any(self._due(step) and _at(step.action) == participant for step in self._spec.steps)

    def ends_short(self, participant: str) -> bool:
        """Whether a saga that ends now leaves something undone that it may have had to do there first."""
        if not self.turning or self.wants(participant):
            return self.wants(participant)
        left = any(self._steps[name].compensation is not None for name in self._begun - self._undone)
        refused = self._refused - self._undone
        return left and any(_undone_at(self._steps[name]) == participant for name in refused)

    def ends_in_doubt(self, resource: str) -> bool:
        """Whether a saga that ends now does not know of a step there, so that it may have had to ask."""
        doubtful = self._begun - self.done - self._undone
        return any(resource_of(self._steps[name].action) == resource for name in doubtful)

    def goes_on(self, call: WireCall) -> bool:
        """Whether a call that has arrived is the action of a step whose turn it is."""
        if call.in_flight.direction is not Direction.ACTION or self._back:
            return False
        return any(self._due(self._steps[name]) for name in call.in_flight.steps)

    def passes_over(self, call: WireCall, participant: str) -> bool:
        """Whether a call that has arrived would have come only after one that is due at the participant."""
        if not self.wants(participant):
            return False
        if not self.turning:
            return not self.goes_on(call)
        if call.in_flight.direction is not Direction.COMPENSATION:
            return False
        left = {name for name in self.done - self._undone if _undone_at(self._steps[name]) == participant}
        return any(left & set(self._spec.undone_before(name)) for name in call.in_flight.steps)

    def _action_ended(self, steps: tuple[str, ...], status: int | None) -> None:
        self._failed = not _good(status)
        if _good(status):
            self.done.update(steps)
        refused = status is not None and 400 <= status < 500
        (self._refused if refused else self._begun).update(steps)

    def _due(self, step: Step) -> bool:
        return step.name not in self.done and set(self._spec.parents[step.name]) <= self.done


def _good(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _undone_at(step: Step) -> str | None:
    return _at(step.compensation) if step.compensation is not None else None


def _at(operation: str) -> str:
    return operation.partition(".")[0]


def resource_of(operation: str) -> str:
    """`payments.charge` of `payments.charge.create`."""
    return operation.rpartition(".")[0]
