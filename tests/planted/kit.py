"""Plants a broken saga beside its sound twin, searches both, and says what was found.

Owns the participants that planted sagas call, and the check that every file of this folder makes:
guided search catches the broken one with exactly the plan given, the bug is caught by the invariant
it was made for, and the sound twin passes the very same search, which exercised that invariant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.campaign.aggregate import Aggregate
from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.invariants import Verdict
from harness.participant import Repeats, ResourceSpec, RestParticipant, Route, UndoAnswers, Verb
from harness.plan import Fault, FaultPlan
from harness.saga import Claim, Json, SagaPolicy, SagaSpec, Status, Step, StepKind
from harness.scenario import Scenario
from harness.search import GuidedSearch, minimise
from harness.search.guided import StopAsked
from harness.search.run_summary import RunSummary
from harness.worlds import World
from tests.planted.sagas import Saga, Task

BY_SAGA = (Verb.CREATE, Verb.DELETE, Verb.DELETE_BY_SAGA, Verb.FIND)
BY_ID = (Verb.CREATE, Verb.DELETE, Verb.FIND)

HOLD = Task(name="hold", at="stock")
CHARGE = Task(name="charge", at="bank", undo_by="POST")
PARCEL = Task(name="parcel", at="post", kind=StepKind.PIVOT)

DEATHS = {Claim.PROCESS_DEATH, Claim.OTHER_NODE, Claim.RETRY_ELSEWHERE}

TWINS = pytest.mark.parametrize("twin", ["sound", "broken"])


def resource(
    name: str,
    verbs: tuple[Verb, ...] = BY_SAGA,
    *,
    repeats: Repeats = Repeats.KEY,
    undo_by: str = "DELETE",
    undo_answers: UndoAnswers = UndoAnswers.DONE,
    tombstones: bool = True,
) -> ResourceSpec:
    behind = "" if undo_by == "DELETE" else "/refunds"
    routes = {
        Verb.CREATE: f"POST /{name}s",
        Verb.DELETE: f"{undo_by} /{name}s/{{id}}{behind}",
        Verb.DELETE_BY_SAGA: f"{undo_by} /{name}s{behind}",
        Verb.GET: f"GET /{name}s/{{id}}",
        Verb.FIND: f"GET /{name}s",
    }
    return ResourceSpec(
        name=name,
        routes={verb: (Route.parse(routes[verb], name),) for verb in verbs},
        repeats=repeats,
        undo_answers=undo_answers,
        tombstones=tombstones,
    )


STOCK = RestParticipant("stock", (resource("hold"),))
BANK = RestParticipant("bank", (resource("charge", undo_by="POST"),))
POST = RestParticipant("post", (resource("parcel"),))
SHOP = (STOCK, BANK, POST)

# A repeat makes a second one there, and an undo by saga undoes them all.
UNKEYED = (
    RestParticipant("stock", (resource("hold", repeats=Repeats.NONE),)),
    RestParticipant("bank", (resource("charge", repeats=Repeats.NONE, undo_by="POST"),)),
)

# Neither keys nor an undo by saga: nothing may land late there, and doubt is for a query.
FOUND_ONLY = (RestParticipant("stock", (resource("hold", BY_ID, repeats=Repeats.NONE),)),)


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A bug. `smallest` is the plan that minimising comes to, fault by fault.

    caught_by: the invariant that it was made for. alone: the kinds of single fault that uncover it.
    """

    broken: type[Saga]
    caught_by: str
    smallest: tuple[Fault, ...]
    sound: type[Saga] = Saga
    tasks: tuple[Task, ...] = (HOLD, CHARGE)
    participants: tuple[RestParticipant, ...] = SHOP
    claims: frozenset[Claim] = frozenset({Claim.LOST_REPLY})
    policy: SagaPolicy = field(default_factory=SagaPolicy)
    depth: int = 1
    patience_s: float | None = None
    alone: frozenset[str] | None = None

    def scenario(self, twin: str) -> Scenario:
        kind = self.broken if twin == "broken" else self.sound
        called = {task.at for task in self.tasks}
        return Scenario(
            name=f"{self.broken.__name__}-{twin}",
            spec=spec_of(self.tasks, self.participants, self.claims, self.policy),
            participants=tuple(one for one in self.participants if one.name in called),
            saga=CallableSaga(
                callable_of(kind, self.tasks), kind.__name__, durable=bool(self.claims & DEATHS)
            ),
            patience_s=self.patience_s,
        )

    def sound_scenario(self) -> Scenario:
        """By a name, so that another process can load it."""
        return self.scenario("sound")

    def broken_scenario(self) -> Scenario:
        return self.scenario("broken")

    def check(self, world: World, twin: str) -> None:
        if twin == "sound":
            searched = _searched_sound(self, world)
            assert searched.told == {}
            assert searched.completes
            assert searched.aggregate.invariants[self.caught_by].verdict is Verdict.HELD
            return
        searched = search(self.scenario(twin), world, self.depth)
        found = searched.smallest(self.caught_by)
        assert found.plan == FaultPlan(self.smallest), searched.told
        assert all(found.strikes), found.strikes
        if self.alone is not None:
            assert searched.kinds_alone(self.caught_by) == self.alone


_sound: dict[tuple[Plant, str], Searched] = {}


def _searched_sound(plant: Plant, world: World) -> Searched:
    """Once for all bugs that have the same sound twin: its search knows nothing of the bug."""
    alike = replace(plant, broken=plant.sound, caught_by="", smallest=(), alone=None)
    if (alike, world.name) not in _sound:
        _sound[alike, world.name] = search(alike.sound_scenario(), world, alike.depth)
    return _sound[alike, world.name]


def callable_of(kind: type[Saga], tasks: tuple[Task, ...]) -> Callable[[SagaContext, Json], Awaitable[Json]]:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        return await kind(ctx, tasks).run()

    return saga


def spec_of(
    tasks: tuple[Task, ...],
    participants: tuple[RestParticipant, ...],
    claims: frozenset[Claim] = frozenset({Claim.LOST_REPLY}),
    policy: SagaPolicy | None = None,
) -> SagaSpec:
    resources = {f"{one.name}.{owned.name}": owned for one in participants for owned in one.resources}
    return SagaSpec(
        name="planted",
        steps=tuple(_step(task, resources[f"{task.at}.{task.name}"]) for task in tasks),
        claims=claims,
        policy=policy or SagaPolicy(),
    )


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What guided search saw of a scenario."""

    aggregate: Aggregate
    run_summaries: tuple[RunSummary, ...]
    executor: LocalJobRunner

    @property
    def told(self) -> dict[str, str]:
        """Invariant to what it says, of those that did not hold."""
        bad = (Verdict.VIOLATED, Verdict.UNKNOWN)
        return {
            id_: f"{run_summary.plan}: {found.message}{found.traceback}"
            for run_summary in self.run_summaries
            for id_, found in run_summary.found.items()
            if found.verdict in bad
        }

    @property
    def completes(self) -> bool:
        """Whether the fault-free run of each input completed."""
        return all(one.statuses == (Status.COMPLETED,) for one in self.aggregate.fault_free.values())

    def smallest(self, invariant: str) -> RunSummary:
        found = self.aggregate.invariants[invariant].smallest
        assert found is not None, f"{invariant} was not violated, but {self.told}"
        return minimise(found, invariant, self.executor)

    def kinds_alone(self, invariant: str) -> frozenset[str]:
        """The kinds of those single faults that violate it."""
        return frozenset(
            run_summary.plan.faults[0].kind
            for run_summary in self.run_summaries
            if len(run_summary.plan.faults) == 1 and invariant in run_summary.violated
        )


def search(scenario: Scenario, world: World, depth: int) -> Searched:
    executor = LocalJobRunner(scenario, world)
    guided = GuidedSearch(enabled_faults(scenario, world.name), len(scenario.inputs), depth)
    aggregate = Aggregate()
    run_summaries: list[RunSummary] = []
    for run_summary in guided.run(executor, StopAsked()):
        aggregate.add(run_summary)
        run_summaries.append(run_summary)
    assert guided.complete
    return Searched(aggregate=aggregate, run_summaries=tuple(run_summaries), executor=executor)


def _step(task: Task, owned: ResourceSpec) -> Step:
    operation = f"{task.at}.{task.name}"
    undo = Verb.DELETE_BY_SAGA if owned.has(Verb.DELETE_BY_SAGA) else Verb.DELETE
    undone = task.kind is StepKind.COMPENSABLE
    return Step(
        name=task.name,
        action=f"{operation}.create",
        compensation=f"{operation}.{undo}" if undone else None,
        kind=task.kind,
    )
