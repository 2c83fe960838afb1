"""The decisions of the orchestrator, free of I/O.

Each turn looks at the instance alone and records what it decides before it acts on it, so that a
saga can be taken up again after any event.

The rules, each with its reason:
- What was tried without a clear answer may have been applied: it is undone by saga id, which also
  bars a request that is still on its way.
- A refusal after an attempt in doubt is a contradiction and settles nothing.
- The pivot is never undone. In doubt, it is asked about; only what shows is believed, since what
  does not show may still land. Otherwise the saga ends stuck, and says so.
- An undo that is given up does not stop those before it: the less is left, the less a person has
  to clear up. The saga ends stuck, never compensated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Generic

from scenarios.orchestrator.commands import Emit, Send
from scenarios.orchestrator.definition import Call, D, Kind, MakeCall, SagaDefinition, Step, StepContext
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
from scenarios.orchestrator.instance import Progress, SagaInstance, SagaState
from scenarios.orchestrator.policy import RetryPolicy
from scenarios.orchestrator.retry import (
    Delivery,
    Steps,
    deliver,
    first_listed,
    read_action,
    read_look,
    read_query,
    read_undo,
    resource_id,
)


def run_saga(
    definition: SagaDefinition[D], data: D, instance: SagaInstance, policy: RetryPolicy
) -> Steps[None]:
    """Bring an instance to its end, from wherever it is."""
    return _Run(definition=definition, data=data, instance=instance, policy=policy).to_the_end()


@dataclass(slots=True, kw_only=True)
class _Run(Generic[D]):
    definition: SagaDefinition[D]
    data: D
    instance: SagaInstance
    policy: RetryPolicy

    def to_the_end(self) -> Steps[None]:
        if not self.instance.begun:
            yield from self._record(SagaStarted(saga_id=self._id, saga_type=self.definition.name))
        while self.instance.state is SagaState.RUNNING:
            yield from self._forward()
        while self.instance.state is SagaState.COMPENSATING:
            yield from self._backward()

    # Forward ----------------------------------------------------------------------------------

    def _forward(self) -> Steps[None]:
        step = next((one for one in self._steps if self._progress(one) is not Progress.DONE), None)
        progress = self._progress(step) if step is not None else None
        if step is None:
            yield from self._record(SagaCompleted(saga_id=self._id))
        elif progress is not None and progress.failed:
            yield from self._turn_back(step, progress)
        else:
            yield from self._act(step, resumed=progress is Progress.STARTED)

    def _act(self, step: Step[D], *, resumed: bool) -> Steps[None]:
        if not resumed:
            yield from self._record(StepStarted(saga_id=self._id, step=step.name))
        send = Send(call=self._call(step, step.action), key=f"{self._id}:{step.name}")
        delivery = yield from deliver(send, read_action, step.retry or self.policy, in_doubt=resumed)
        made = resource_id(delivery.content) if delivery.done else None
        if made is not None and step.verified_by is not None:
            delivery = yield from deliver(
                Send(call=self._call(step, step.verified_by)), read_query, self.policy, in_doubt=True
            )
            made = made if delivery.done else None
        elif made is None and delivery.in_doubt and step.kind is not Kind.COMPENSABLE:
            made = yield from self._ask(step)
        if made is None:
            yield from self._record(self._failed(step, delivery))
        else:
            yield from self._record(StepCompleted(saga_id=self._id, step=step.name, resource_id=made))

    def _ask(self, step: Step[D]) -> Steps[str | None]:
        if step.found_by is None:
            return None
        delivery = yield from deliver(Send(call=self._call(step, step.found_by)), read_query, self.policy)
        return first_listed(delivery.content) if delivery.done else None

    def _turn_back(self, step: Step[D], progress: Progress) -> Steps[None]:
        undecided = step.kind is Kind.PIVOT and progress is Progress.DOUBTED
        if undecided or step.kind is Kind.RETRIABLE:
            yield from self._record(SagaFailed(saga_id=self._id, reason=self.instance.error, stuck=True))
        else:
            yield from self._record(CompensationStarted(saga_id=self._id))

    # Backward ---------------------------------------------------------------------------------

    def _backward(self) -> Steps[None]:
        for step in reversed(self._steps):
            progress = self._progress(step)
            if step.compensation is not None and progress is not None and progress.perhaps_applied:
                yield from self._undo(step, step.compensation)
        stuck = Progress.GIVEN_UP in self.instance.progress.values()
        yield from self._record(SagaFailed(saga_id=self._id, reason=self.instance.error, stuck=stuck))

    def _undo(self, step: Step[D], make: MakeCall[D]) -> Steps[None]:
        if (yield from self._is_gone(step)):
            yield from self._record(CompensationCompleted(saga_id=self._id, step=step.name))
            return
        send = Send(call=self._call(step, make), key=self._undo_key(step))
        delivery = yield from deliver(send, read_undo, self.policy)
        if delivery.done:
            yield from self._record(CompensationCompleted(saga_id=self._id, step=step.name))
        else:
            yield from self._record(self._failed(step, delivery, compensating=True))

    def _is_gone(self, step: Step[D]) -> Steps[bool]:
        """Only what has an id can be looked at: what is in doubt may still land."""
        if step.looked_at_by is None or step.name not in self.instance.resource_ids:
            return False
        send = Send(call=self._call(step, step.looked_at_by))
        delivery = yield from deliver(send, read_look, self.policy)
        return delivery.done and delivery.status in (404, 410)

    # Helpers ----------------------------------------------------------------------------------

    @property
    def _id(self) -> str:
        return self.instance.saga_id

    def _progress(self, step: Step[D]) -> Progress | None:
        return self.instance.progress.get(step.name)

    def _undo_key(self, step: Step[D]) -> str:
        return f"{self._id}:{step.name}:undo"

    @property
    def _steps(self) -> tuple[Step[D], ...]:
        return self.definition.needed(self.data)

    def _call(self, step: Step[D], make: MakeCall[D]) -> Call:
        made = self.instance.resource_ids
        context = StepContext(
            saga_id=self._id, data=self.data, resource_id=made.get(step.name), made=MappingProxyType(made)
        )
        call = make(context)
        return call if step.timeout_s is None else replace(call, timeout_s=step.timeout_s)

    def _failed(self, step: Step[D], delivery: Delivery, *, compensating: bool = False) -> StepFailed:
        what = f"undo of {step.name}" if compensating else step.name
        return StepFailed(
            saga_id=self._id,
            step=step.name,
            error=f"{what}: {delivery.error or 'the outcome is unknown'}",
            in_doubt=delivery.in_doubt,
            compensating=compensating,
        )

    def _record(self, event: SagaEvent) -> Steps[None]:
        yield Emit(event=event)
        self.instance.apply(event)
