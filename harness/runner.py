"""One run, judged: `run_once(scenario, input, plan, world) -> Run`; `run_sagas` for several sagas.

Owns the saga's id and the order of things (check the plan, run it, judge it). Refuses to choose
plans (`harness.search`) and to sum up verdicts (`harness.campaign`).
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from harness.adapter.printed import take_printed
from harness.clock import real
from harness.errors import PlanError, UsageError, misplaced
from harness.faults import kinds_of
from harness.faults.carried_out import carried_out
from harness.history import History
from harness.history.codec import decode_history, encode_events
from harness.history.hiding import Hiding
from harness.invariants import Invariant, Judgement, Verdict, invariants_of, judge_view
from harness.plan import FaultPlan, check_plan, plan_to_json
from harness.saga import Json, SagaStart
from harness.scenario import Scenario
from harness.situations import SITUATIONS, Situation, situations_of
from harness.views import View
from harness.worlds.protocol import World
from harness.worlds.starts import check_starts

ATTEMPTS = 3
"""At a run of which it is known what every caller saw; nearly always the first is one."""

_runs: Counter[str] = Counter()
"""How often each id was given to a saga of this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The result of one plan: its history and what the invariants say.

    hiding: the history without secrets, as it is written and shown; the judgements have none.
    """

    scenario: str
    world: str
    input: Json
    plan: FaultPlan
    saga_id: str
    history: History
    view: View
    judgements: tuple[Judgement, ...]
    invariants: Mapping[str, Invariant]
    own_situations: tuple[Situation, ...] = ()
    hiding: Hiding

    @property
    def violated(self) -> tuple[Judgement, ...]:
        """What it found."""
        return tuple(one for one in self.judgements if one.verdict is Verdict.VIOLATED)


def run_once(
    scenario: Scenario, input_: Json, plan: FaultPlan, world: World, *, saga_id: str | None = None
) -> Run:
    """Run a plan once and judge it; one of several sagas starts them all, the first with the input.

    Where it is not known what a caller saw, it is run again, `ATTEMPTS` times at most; a run that stays
    void is not judged. Raises PlanError for a plan that names something unknown, UsageError and
    EnvironmentFault as the world does.
    """
    check_plan(
        plan,
        operations=scenario.operations,
        kinds=kinds_of(scenario),
        world=world.name,
        deliveries=scenario.deliveries,
    )
    if plan.sagas > 1 and saga_id is not None:
        raise UsageError(misplaced("saga_id", saga_id, f"none: the run starts {plan.sagas} sagas"))
    for _ in range(ATTEMPTS):
        id_, history = _history(scenario, input_, plan, world, saga_id)
        if not history.void:
            break
    return _judged(scenario, SagaStart(id=id_, input=input_), plan, world, history)


def run_sagas(scenario: Scenario, sagas: Sequence[SagaStart], plan: FaultPlan, world: World) -> Run:
    """Run several sagas of a scenario, and judge each; `Run.saga_id` is the first one's.

    They run side by side, each from its own time on; where the plan has as many sagas, one goes on at a time.

    They keep the ids that they are given. So what a saga stored under an id outside `store_dir` is still
    there in the next run with it. Raises as `run_once` does, and UsageError where the world runs only one.
    """
    kinds = kinds_of(scenario)
    check_starts(sagas, f"scenario {scenario.name!r}, world {world.name}")
    _check_turns(sagas, plan)
    check_plan(
        plan,
        operations=scenario.operations,
        kinds=kinds,
        world=world.name,
        sagas=len(sagas),
        deliveries=scenario.deliveries,
    )
    told = plan.with_inputs([one.input for one in sagas]) if plan.sagas > 1 else plan
    return _judged(scenario, sagas[0], told, world, _run_in(world, scenario, sagas, plan))


def _check_turns(sagas: Sequence[SagaStart], plan: FaultPlan) -> None:
    """A plan that says whose turn it is starts its sagas itself, one after the other."""
    if plan.sagas == 1 and not plan.preemptions:
        return
    if plan.sagas != len(sagas):
        raise PlanError(misplaced("plan, sagas", plan.sagas, f"{len(sagas)}, the sagas that are started"))
    given = [one.input for one in sagas]
    if plan.other_inputs and plan != plan.with_inputs(given):
        expected = "none, or the inputs of the sagas that are started"
        raise PlanError(misplaced("plan, other_inputs", list(plan.other_inputs), expected))
    for number, one in enumerate(sagas, 1):
        if one.at_s:
            expected = "0: in a plan of several sagas each begins when its turn comes"
            raise UsageError(misplaced(f"saga {number}, at_s", one.at_s, expected))


def _judged(scenario: Scenario, first: SagaStart, plan: FaultPlan, world: World, history: History) -> Run:
    view = View(history, scenario.spec, scenario.resources)
    invariants = invariants_of(scenario)
    own_situations = (
        tuple(situations_of(scenario).values())[len(SITUATIONS.ours) :] if scenario.situations else ()
    )
    hiding = Hiding(
        history,
        names=scenario.redact,
        routes=scenario.routes,
        key_header=scenario.spec.policy.key_header,
    )
    judged = _unjudged(history, invariants) if history.void else judge_view(view, invariants.values())
    return Run(
        scenario=scenario.name,
        world=world.name,
        input=first.input,
        plan=plan,
        saga_id=first.id,
        history=history,
        view=view,
        judgements=tuple(_without_secrets(one, hiding) for one in judged),
        invariants=invariants,
        own_situations=own_situations,
        hiding=hiding,
    )


def _without_secrets(judgement: Judgement, hiding: Hiding) -> Judgement:
    if judgement.verdict not in (Verdict.VIOLATED, Verdict.UNKNOWN):
        return judgement
    return replace(
        judgement, message=hiding.text(judgement.message), traceback=hiding.text(judgement.traceback)
    )


def _history(
    scenario: Scenario, input_: Json, plan: FaultPlan, world: World, saga_id: str | None
) -> tuple[str, History]:
    """One run, and the saga's id in its history."""
    id_ = saga_id or saga_id_for(scenario, input_, plan, world.name)
    own = saga_id or _never_used(id_, world.name)
    history = _run_in(world, scenario, _starts(own, input_, plan), plan)
    return (id_, _renamed(history, own, id_)) if world.name == "sim" else (own, history)


def _starts(own: str, input_: Json, plan: FaultPlan) -> tuple[SagaStart, ...]:
    started = zip(plan.saga_ids(own), plan.inputs(input_), strict=True)
    return tuple(SagaStart(id=id_, input=given) for id_, given in started)


def _run_in(world: World, scenario: Scenario, sagas: Sequence[SagaStart], plan: FaultPlan) -> History:
    """What happened, less the process faults that were half done, and what was printed meanwhile."""
    history = carried_out(world.run(scenario, sagas, plan), own_hosts=world.own_hosts)
    return history.with_printed(take_printed())


def _unjudged(history: History, invariants: Iterable[str]) -> tuple[Judgement, ...]:
    """Of a run of which it is not known what a caller saw."""
    unknown = (one for one in history.unconfirmed() if one.void)
    why = "; ".join(f"{one.kind} was not confirmed: {one.reason}" for one in unknown)
    return tuple(Judgement(invariant=id_, verdict=Verdict.NOT_EXERCISED, message=why) for id_ in invariants)


def saga_id_for(scenario: Scenario, input_: Json, plan: FaultPlan, world: str) -> str:
    """The same for the same scenario, input and plan; of its own for every other."""
    content = msgspec.json.encode([scenario.name, input_, plan_to_json(plan), world])
    return f"saga-{hashlib.blake2b(content, digest_size=6).hexdigest()}"


def _never_used(id_: str, world: str) -> str:
    """An id that no saga had before: nothing that a saga keeps of an earlier run may match it.

    Sagas of sim live in this process; their histories use `id_`, whatever id they were called with.
    """
    if world != "sim":
        return f"{id_}.{os.getpid():x}-{real.monotonic_ns():x}"
    _runs[id_] += 1
    return id_ if _runs[id_] == 1 else f"{id_}.{_runs[id_]}"


def _renamed(history: History, own: str, id_: str) -> History:
    if own == id_:
        return history
    told = decode_history(encode_events(history).replace(own.encode(), id_.encode()), "history")
    return history.renamed(told.events, own, id_)
