"""Which single faults a scenario's claims unlock, and which are impossible, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from harness.bus.types import broker_of
from harness.faults import kinds_of
from harness.plan import FaultKind, Target
from harness.process_faults import ProcessFault
from harness.saga import Direction, StepKind
from harness.scenario import Scenario

UNCLAIMED = "the step can be neither undone, nor repeated, nor found, and irreversible_step is not claimed"


OF_SERVICES = ("duplicate", "participant_crash")
"""Kinds that no participant of ours gets wrong, and that a service of the user's may."""

ANSWERS_OF_HTTP = frozenset({"reject", "throttle", "garbage", "partial"})
NO_SUCH_ANSWER = "a broker answers a publish by a confirm or a negative one, and has no other answer"
NOT_OURS = "the broker is your own, at a url, and only what is started here can be killed"
NO_OTHER_NODE = "this machine lets no process have a host name of its own (unshare --uts)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """A kind with one of its variants, at an operation."""

    kind: FaultKind
    variant: str
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """A kind that may not strike an operation, and why."""

    kind: str
    operation: str
    reason: str


class EnabledFaults:
    """What may be sent against a scenario in a world."""

    def __init__(self, scenario: Scenario, world: str) -> None:
        self._scenario = scenario
        self._world = world

    @cached_property
    def possible(self) -> dict[str, tuple[Possible, ...]]:
        """By operation, in the order of the kinds."""
        return {name: tuple(self._possible(name)) for name in self._scenario.operations}

    @property
    def real_time(self) -> bool:
        """Whether the same plan may come to another run the next time."""
        return self._world == "wire"

    def between(self, operation: str, variants: Iterable[str]) -> Iterator[Possible]:
        """What may strike between the calls at an operation, by variants that a run has shown to be there."""
        kinds = dict.fromkeys(one.kind.name for one in self.possible[operation] if one.kind.between)
        for kind in self.kinds():
            for variant in variants if kind.name in kinds else ():
                yield Possible(kind=kind, variant=variant, operation=operation)

    def impossible(self, operation: str) -> tuple[Impossible, ...]:
        """What is enabled by the claims and cannot strike an operation."""
        return tuple(self._impossible(operation))

    def kinds(self) -> tuple[FaultKind, ...]:
        """Those that the claims unlock."""
        claims = self._scenario.spec.claims
        return tuple(
            kind for kind in kinds_of(self._scenario).values() if kind.claim is None or kind.claim in claims
        )

    def _possible(self, operation: str) -> Iterator[Possible]:
        target = self.target(operation)
        for kind in self._kinds_at(target):
            if self._reason(kind, target) is None:
                for variant in self._variants(kind):
                    yield Possible(kind=kind, variant=variant, operation=operation)

    def _impossible(self, operation: str) -> Iterator[Impossible]:
        target = self.target(operation)
        for kind in self._kinds_at(target):
            reason_or_none = self._reason(kind, target)
            if reason_or_none is not None:
                yield Impossible(kind=kind.name, operation=operation, reason=reason_or_none)

    def _kinds_at(self, target: Target) -> Iterator[FaultKind]:
        """Deliveries of messages have kinds of their own."""
        return (kind for kind in self.kinds() if kind.deliveries == target.operation.delivery)

    def _reason(self, kind: FaultKind, target: Target) -> str | None:
        """Why a kind may not strike a target, be it for the resource or for the saga."""
        unfit = self._scenario.saga.unfit(kind.process_fault) if kind.process_fault is not None else None
        return (
            unfit
            or self._no_other_node(kind)
            or self._unclaimed(kind, target)
            or self._not_by_broker(kind, target)
            or kind.impossible(target)
        )

    def _not_by_broker(self, kind: FaultKind, target: Target) -> str | None:
        """A broker speaks no HTTP: what it says to a publish is a confirm, or a negative one."""
        broker = broker_of(target.operation)
        if self._world != "wire" or target.operation.delivery or broker is None:
            return None
        if kind.name == "participant_crash" and broker.url is not None:
            return NOT_OURS
        return NO_SUCH_ANSWER if kind.name in ANSWERS_OF_HTTP else None

    def _no_other_node(self, kind: FaultKind) -> str | None:
        """A changed variable HOSTNAME alone is no other node."""
        if kind.process_fault is not ProcessFault.MOVE or self._world != "wire":
            return None
        from harness.processes import hosts  # noqa: PLC0415 - sim needs no processes

        return None if hosts.permitted() else NO_OTHER_NODE

    def _unclaimed(self, kind: FaultKind, target: Target) -> str | None:
        """Whether only the claim irreversible_step would unlock it there."""
        if target.irreversible or target.operation.name not in self._scenario.irreversible:
            return None
        claimed = replace(target, irreversible=True)
        return UNCLAIMED if kind.impossible(target) and not kind.impossible(claimed) else None

    def _variants(self, kind: FaultKind) -> tuple[str, ...]:
        return kind.wire_variants or kind.variants if self._world == "wire" else kind.variants

    @cached_property
    def decisive(self) -> frozenset[str]:
        """Operations at the resources of the pivot, and of the steps after it."""
        spec = self._scenario.spec
        pivots = {step.name for step in spec.steps if step.kind is StepKind.PIVOT}
        steps = [step for step in spec.steps if step.name in pivots or spec.ancestors[step.name] & pivots]
        resources = {step.action.rpartition(".")[0] for step in steps}
        return frozenset(name for name in self._scenario.operations if name.rpartition(".")[0] in resources)

    def strikes_the_service(self, possible: Possible) -> bool:
        """Whether a fault tries what a service of the user's does by itself, rather than the saga.

        Does it look and write without a lock, does it keep what it has to know after a restart?
        """
        own = self._scenario.operations[possible.operation].resource.own is not None
        return own and possible.kind.name in OF_SERVICES

    @property
    def changes_of_services(self) -> Collection[str]:
        """Operations of the user's own services that change something."""
        return self._scenario.changes_of_services

    @property
    def deliveries(self) -> Collection[str]:
        """Operations that are deliveries of messages."""
        return self._scenario.deliveries

    def is_action(self, operation: str) -> bool:
        """Whether an operation goes forward, rather than back or nowhere; so does a message."""
        target = self.target(operation)
        return target.operation.delivery or target.direction is Direction.ACTION

    def target(self, operation: str) -> Target:
        """What a fault at an operation would strike."""
        found = self._scenario.operations[operation]
        if found.verb.queries:
            return Target(operation=found, direction=None)
        return Target(
            operation=found,
            direction=Direction.COMPENSATION if found.verb.undoes else Direction.ACTION,
            irreversible=operation in self._scenario.left_in_doubt,
        )


def enabled_faults(scenario: Scenario, world: str) -> EnabledFaults:
    """What may be sent against a scenario in a world."""
    return EnabledFaults(scenario, world)
