"""A scenario: a saga under test, the participants it calls, and the inputs it is given.

Owns the type that search, runner and reports share. Refuses to load anything: `harness.loader`
does, from a registered name, a `saga.toml` or a Python object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.adapter import SagaAdapter
from harness.adapter.handlers import HandlersSaga
from harness.bus import Bus
from harness.choices import WorldName
from harness.errors import ScenarioError, UsageError, misplaced, nearest
from harness.inputs import InputStrategy, as_json_text, place_of, small_inputs
from harness.participant import Operation, OwnService, Participant, ResourceSpec, Verb, Whose
from harness.saga import Claim, Json, Overlap, ReadStep, SagaSpec, Status, Step

TIME_LIMIT_S = {"sim": 600.0, "wire": 20.0}

NONE_LISTED: tuple[Json, ...] = ({},)
"""Of a scenario that says nothing of its inputs, or describes them by a strategy."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Raises ScenarioError where a step names an operation that no participant has.

    participants: prototypes; each run gets a `fresh()` one of each.
    inputs: those that guided search takes; where there are none, a few small ones of `input_strategy`.
    input_strategy: a Hypothesis strategy of inputs, or a function that returns one, which keeps Hypothesis
        out of the imports. Hypothesis draws from it, and from the inputs; each has to complete.
    expects: how the fault-free run of each input ends, completed or compensated; empty: all complete.
    invariants, situations, faults: its own, beside ours: an `Invariant`, `Situation` or `FaultKind` each, or
        the name of one that an installed package offers (`harness.registry`).
    whose: says whose a call is where the rules of the spec's `correlation` do not; see `Whose`.
    only: ids of the invariants that its runs are judged by; empty: by all.
    holds: whether the saga claims to hold; `saga-chaos run` without names runs those that do.
    requires: ids of the situations that a pass needs; None: those that follow from the spec.
    reference: what the command line was given, so that another process can load it again.
    sources: the saga's own Python, files and folders, for `saga-chaos mutate`; relative ones start from the
        folder of the saga. None: the file of the saga, and what it imports from the same folder.
    overlap: several sagas in one run are searched too; None: they are not.
    redact: names of headers, parameters and fields (or paths a.b of fields) that histories hide, beside those
        that say themselves that they are secret.
    """

    name: str
    spec: SagaSpec
    participants: tuple[Participant, ...]
    saga: SagaAdapter
    inputs: tuple[Json, ...] = NONE_LISTED
    input_strategy: InputStrategy | None = None
    expects: tuple[Status, ...] = ()
    time_limit_s: float | None = None
    patience_s: float | None = None
    requires: tuple[str, ...] | None = None
    invariants: tuple[object, ...] = ()
    situations: tuple[object, ...] = ()
    faults: tuple[object, ...] = ()
    only: tuple[str, ...] = ()
    holds: bool = True
    whose: Whose | None = None
    summary: str = ""
    reference: str = ""
    sources: tuple[Path, ...] | None = None
    redact: tuple[str, ...] = ()
    overlap: Overlap | None = None

    def __post_init__(self) -> None:
        self._check_name()
        if self.inputs is NONE_LISTED and self.input_strategy is not None:
            few = small_inputs(self.input_strategy, place_of(self.input_strategy, self.name))
            object.__setattr__(self, "inputs", few)
        if not self.inputs:
            raise ScenarioError(
                misplaced(f"scenario {self.name!r}, inputs", self.inputs, "at least one input")
            )
        self._check_expects()
        self._check_bus()
        for step in self.spec.steps:
            self._check_step(step)
        for read in self.spec.reads:
            self._check_read(read)

    def expected(self, index: int) -> Status:
        """How the fault-free run of an input has to end."""
        return self.expects[index] if self.expects else Status.COMPLETED

    @cached_property
    def all_inputs(self) -> tuple[Json, ...]:
        """The inputs, and behind them those that only sagas which overlap are given."""
        own = () if self.overlap is None else self.overlap.inputs
        known = {as_json_text(one, self.name) for one in self.inputs}
        others = {as_json_text(one, f"scenario {self.name!r}, overlap, inputs"): one for one in own}
        return (*self.inputs, *(one for text, one in others.items() if text not in known))

    @cached_property
    def overlapping(self) -> tuple[int, ...]:
        """Which of `all_inputs` the sagas of one run are given: those of `overlap`, else all of `inputs`."""
        if self.overlap is None or not self.overlap.inputs:
            return tuple(range(len(self.inputs)))
        texts = [as_json_text(one, self.name) for one in self.all_inputs]
        return tuple(dict.fromkeys(texts.index(as_json_text(one, "")) for one in self.overlap.inputs))

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """All operations of all participants, by full name."""
        return {
            name: one for participant in self.participants for name, one in participant.operations.items()
        }

    @cached_property
    def resources(self) -> Mapping[str, ResourceSpec]:
        """All resources of all participants, by `participant.resource`: made once, asked for in every run."""
        return {
            f"{participant.name}.{resource.name}": resource
            for participant in self.participants
            for resource in participant.resources
        }

    @cached_property
    def routes(self) -> tuple[str, ...]:
        """The paths of all routes, with their placeholders, each once."""
        found = (
            route.path
            for resource in self.resources.values()
            for routes in resource.routes.values()
            for route in routes
        )
        return tuple(dict.fromkeys(found))

    @cached_property
    def irreversible(self) -> frozenset[str]:
        """Actions of steps that can be neither undone, nor repeated, nor found (RULES §5)."""
        return frozenset(
            step.action
            for step in self.spec.steps
            if step.compensation is None and not self.resources[step.resource].found_again
        )

    @cached_property
    def left_in_doubt(self) -> frozenset[str]:
        """Irreversible actions whose effect faults may leave in doubt, for the saga claims to hold there."""
        return self.irreversible if Claim.IRREVERSIBLE_STEP in self.spec.claims else frozenset()

    @cached_property
    def own_services(self) -> tuple[OwnService, ...]:
        """The participants that are services of the user's."""
        return tuple(one for one in self.participants if isinstance(one, OwnService))

    @cached_property
    def changes_of_services(self) -> frozenset[str]:
        """Operations of the user's own services that change something, so that two at once may meet."""
        operations = (one for service in self.own_services for one in service.operations.values())
        return frozenset(one.name for one in operations if not one.verb.queries)

    @cached_property
    def deliveries(self) -> frozenset[str]:
        """Operations that are deliveries of messages: a bus's calls, and none of a saga's."""
        return frozenset(name for name, one in self.operations.items() if one.delivery)

    @cached_property
    def only_bus(self) -> str | None:
        """The name of the bus, where there is one alone."""
        buses = [one.name for one in self.participants if isinstance(one, Bus)]
        return buses[0] if len(buses) == 1 else None

    @cached_property
    def worlds(self) -> tuple[str, ...]:
        """Where it can run: those of its saga, without sim where a service of the user's takes part."""
        real = bool(self.own_services) or any(
            isinstance(one, Bus) and one.subscribers for one in self.participants
        )
        return tuple(world for world in self.saga.worlds if world != "sim" or not real)

    @cached_property
    def alone(self) -> str | None:
        """Why its runs cannot go side by side, or None where they can."""
        shared = [one.name for one in self.own_services if one.launch.address and one.launch.reset]
        if shared:
            return f"a reset of {', '.join(shared)} at its url would strike the other runs"
        named = [one.name for one in self._brokers if one.broker is not None and one.broker.url is not None]
        if named and "sim" not in self.saga.worlds:  # else its handlers have queues for each run
            return f"the queues of {', '.join(named)} at its url would be those of the other runs, too"
        return self.saga.alone

    @property
    def starts_a_broker(self) -> bool:
        """Whether each worker on the wire starts a broker of its own."""
        return any(one.broker is not None and one.broker.url is None for one in self._brokers)

    @property
    def _brokers(self) -> tuple[Bus, ...]:
        return tuple(one for one in self.participants if isinstance(one, Bus) and one.broker is not None)

    def world(self, wanted: str | None = None) -> WorldName:
        """The world that is wanted, else the saga's default.

        Raises UsageError where the saga cannot run there.
        """
        worlds = self.worlds
        world = wanted or worlds[0]
        if world not in worlds:
            where = f"scenario {self.name!r}, saga {self.saga.name}"
            why = "a process of its own has real sockets and a real clock, which no simulation can stand for"
            if self.own_services:
                where = f"scenario {self.name!r}, participant {self.own_services[0].name!r}"
            because = f": {why}" if world == "sim" else ""
            raise UsageError(misplaced(f"{where}, world", world, f"{' or '.join(worlds)}{because}"))
        return "sim" if world == "sim" else "wire"

    def limit_s(self, world: str) -> float:
        """Seconds to reach an outcome once everything has healed."""
        return self.time_limit_s if self.time_limit_s is not None else TIME_LIMIT_S[world]

    def faults_end_s(self, world: str) -> float:
        """Seconds after which faults end at the latest."""
        return self.patience_s if self.patience_s is not None else self.limit_s(world) / 2

    def _check_name(self) -> None:
        """Reports and counterexamples are filed under it, and must stay in their folder."""
        if not self.name.isprintable() or not self.name.strip() or any(mark in self.name for mark in "/\\"):
            expected = "a name of printable characters, without / and \\"
            raise ScenarioError(misplaced("scenario, name", self.name, expected))

    def _check_expects(self) -> None:
        where = f"scenario {self.name!r}, expects"
        if self.expects and len(self.expects) != len(self.inputs):
            raise ScenarioError(misplaced(where, self.expects, f"one for each of {len(self.inputs)} inputs"))
        for one in self.expects:
            if one not in (Status.COMPLETED, Status.COMPENSATED):
                raise ScenarioError(misplaced(where, one, "completed or compensated"))

    def _check_bus(self) -> None:
        saga = self.saga
        if not isinstance(saga, HandlersSaga):
            return
        buses = {one.name: one for one in self.participants if isinstance(one, Bus)}
        where = f"scenario {self.name!r}, saga {saga.name}"
        if saga.bus not in buses:
            raise ScenarioError(misplaced(f"{where}, bus", saga.bus, nearest(saga.bus, buses)))
        for type_ in (*saga.subscriptions, *saga.outcome):
            if type_ not in buses[saga.bus].events:
                expected = nearest(type_, buses[saga.bus].events)
                raise ScenarioError(misplaced(f"{where}, event", type_, expected))

    def _check_step(self, step: Step) -> None:
        where = f"scenario {self.name!r}, step {step.name!r}"
        self._check_operation(step.action, f"{where}, action", creates=True)
        if step.compensation is not None:
            self._check_operation(step.compensation, f"{where}, compensation", creates=False)

    def _check_read(self, step: ReadStep) -> None:
        where = f"scenario {self.name!r}, step {step.name!r}, reads"
        queries = [name for name, one in self.operations.items() if one.verb.queries]
        if step.reads not in queries:
            raise ScenarioError(misplaced(where, step.reads, f"a query, {nearest(step.reads, queries)}"))

    def _check_operation(self, name: str, where: str, *, creates: bool) -> None:
        found = self.operations.get(name)
        if found is None:
            raise ScenarioError(misplaced(where, name, nearest(name, self.operations)))
        if creates and found.verb is not Verb.CREATE:
            raise ScenarioError(misplaced(where, name, "a create operation"))
        if not creates and not found.verb.undoes:
            raise ScenarioError(misplaced(where, name, "a delete or delete_by_saga operation"))
