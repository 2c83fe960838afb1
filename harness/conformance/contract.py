"""Tries a saga in a few runs, and says which parts of the contract it keeps (DESIGN, "three ways in").

One run in which nothing fails; one in which a step is refused; one in which the saga's process is
killed on its way; one in which it is killed while compensating, and the refusal is gone after it: who
forgot that it was undoing goes forward again. A death is held against a saga only where it claims to
survive one. Refuses to search: `saga-chaos run` does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.adapter import CallableSaga
from harness.bench.aborts import aborts
from harness.campaign.claims import LoadedWithClaims, with_claims
from harness.campaign.pool import Pool
from harness.choices import WorldName
from harness.conformance.checks import Check, note
from harness.conformance.manual_command import manual_command
from harness.conformance.placement import placement
from harness.conformance.request_log import LoggedRequest, RequestLog, plain_values
from harness.errors import EnvironmentFault, SagaChaosError
from harness.faults.enabled import Possible, enabled_faults
from harness.history import ExecutorEnded
from harness.history.codec import decode_history
from harness.loading import load
from harness.plan import Fault, FaultPlan, Lasting
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim, Status
from harness.scenario import Scenario
from harness.search.run_summary import RunSummary

LEFT_BEHIND = "the saga left behind: "
_CRASH = "crash"
_WRITE_DOWN = "write what is about to happen to a file in {store}, and read it when called again"
_TURNED_BACK = "write to {store} that it is being undone, and why, before the first undo is sent"
_NAME_IT = "send saga_id in the JSON body or the query: only so can an undo by saga find what was made"


def conformance(
    scenario: Scenario, say: Callable[[str], None], wanted: WorldName | None = None
) -> Iterator[Check]:
    """Each part of the contract in turn, in the wanted world. say: called before what takes long."""
    steps = ", ".join(step.name for step in scenario.spec.steps)
    yield Check(good=True, sentence=f"{scenario.name} loads: {scenario.saga.name}, with the steps {steps}")
    world = scenario.world(wanted)
    why = "in which it runs by default" if wanted is None else "as asked"
    yield note(f"it is tried in the {world} world, {why}")
    with tempfile.TemporaryDirectory(prefix="saga-chaos-") as folder:
        request_log = RequestLog(LoadedWithClaims(load, (Claim.PROCESS_DEATH,)), Path(folder) / "heard")
        try:
            with Pool(scenario, world, workers=1, proxy="auto", load=request_log, note=say) as pool:
                yield from _Patient(scenario, world, pool, request_log).checks()
        except EnvironmentFault:
            raise
        except SagaChaosError as error:  # a command that cannot be started, say
            yield Check(good=False, sentence=str(error), remedy=manual_command(scenario))


@dataclass(frozen=True, slots=True)
class _Killed:
    """A plan that kills the saga, and how to say so."""

    when: str
    plan: FaultPlan
    remedy: str


class _Patient:
    """One scenario, and the results of its runs."""

    def __init__(self, scenario: Scenario, world: WorldName, pool: Pool, request_log: RequestLog) -> None:
        self._scenario = scenario
        self._world = world
        self._pool = pool
        self._log = request_log
        self._left: list[str] = []
        mortal = with_claims(scenario, scenario.spec.claims | {Claim.PROCESS_DEATH})
        self._possible = enabled_faults(mortal, world).possible
        self._survives = Claim.PROCESS_DEATH in scenario.spec.claims
        self._in_process = isinstance(scenario.saga, CallableSaga)

    def checks(self) -> Iterator[Check]:
        calm = self._run(FaultPlan())
        problems = _problems(calm)
        if calm.history is not None:
            yield from placement(self._scenario, decode_history(calm.history, "history"))
        yield from self._calm(calm, problems)
        if not problems and not self._left:  # what it left behind may be what comes of it next
            yield from self._refused_and_killed()
            if self._world == "wire":
                yield from self._requests(self._log.requests())
        yield from self._left_running()

    def _run(self, plan: FaultPlan) -> RunSummary:
        (run_summary,) = self._pool.run([(0, plan)])
        self._left += [one for one in _said(run_summary) if one.startswith(LEFT_BEHIND)]
        return run_summary

    # When nothing fails -----------------------------------------------------------------------

    def _calm(self, run_summary: RunSummary, problems: list[str]) -> Iterator[Check]:
        for problem in problems:
            yield Check(
                good=False, sentence=f"when nothing fails: {problem}", remedy=manual_command(self._scenario)
            )
        if problems:
            return
        if not self._in_process:
            yield Check(good=True, sentence="it starts, and says how it ended as the contract has it")
        yield Check(
            Status.COMPLETED in run_summary.statuses, f"when nothing fails, it ends {_ended(run_summary)}"
        )
        yield from self._violations("when nothing fails", run_summary)

    # When a step is refused, and when it is killed --------------------------------------------

    def _refused_and_killed(self) -> Iterator[Check]:
        refused = None
        for abort in aborts(self._scenario, self._world, kinds=("reject",))[:1]:
            refused = self._run(abort.plan)
            yield from self._refused(abort.step, refused)
        if refused is None:
            yield note("no step of it can be refused, so its undoing was not tried")
        if self._in_process and not self._survives:
            yield note("it does not claim process_death, so it was not killed")
            return
        killed = [*self._on_its_way(), *self._on_its_way_back(refused)]
        if not killed:
            why = self._scenario.saga.unfit(ProcessFault.CRASH) or "no fault may strike it"
            yield note(f"it was not killed: {why}")
        elif not self._survives:
            yield note("it does not claim process_death: what comes of killing it is not held against it")
        for one in killed:
            yield from self._killed(one, self._run(one.plan))

    def _refused(self, step: str, run_summary: RunSummary) -> Iterator[Check]:
        when = f"when {step} is refused"
        if not all(run_summary.strikes):
            yield Check(good=False, sentence=f"{when}: it never called that step, expected it to")
        answered = any(status in (Status.COMPENSATED, Status.STUCK) for status in run_summary.statuses)
        yield Check(answered, f"{when}, it ends {_ended(run_summary)}")
        yield from self._violations(when, run_summary)

    def _on_its_way(self) -> Iterator[_Killed]:
        """In the middle, where there is one: then something is behind it, and something to come."""
        mortal = [step for step in self._scenario.spec.steps if self._crash_at(step.action)]
        if mortal:
            step = mortal[len(mortal) // 2]
            when = f"killed when {step.name} was applied and not yet answered, and resumed"
            yield _Killed(when, FaultPlan((_crash(step.action),)), self._stored(_WRITE_DOWN))

    def _on_its_way_back(self, refused: RunSummary | None) -> Iterator[_Killed]:
        undos = [
            site.operation
            for site, _ in (refused.sites if refused is not None else ())
            if self._scenario.operations[site.operation].verb.undoes and self._crash_at(site.operation)
        ]
        if refused is None or not undos:
            return
        (fault,) = refused.plan.faults
        plan = FaultPlan((replace(fault, count=Lasting.UNTIL_RESTART), _crash(undos[0])))
        when = "killed at its first undo, and resumed where nothing is refused any more"
        yield _Killed(when, plan, self._stored(_TURNED_BACK))

    def _crash_at(self, operation: str) -> list[Possible]:
        return [one for one in self._possible.get(operation, ()) if one.kind.name == _CRASH]

    def _stored(self, remedy: str) -> str:
        return remedy.format(store="ctx.store_dir" if self._in_process else "SAGA_STORE_DIR")

    def _killed(self, one: _Killed, run_summary: RunSummary) -> Iterator[Check]:
        aside = not self._survives
        if not run_summary.strikes[-1]:
            sentence = f"{one.when}: it could not be killed there, for it never came there"
            yield Check(good=False, sentence=sentence, aside=aside)
            return
        problems = _problems(run_summary)
        for problem in problems:
            yield Check(good=False, sentence=f"{one.when}: {problem}", aside=aside, remedy=one.remedy)
        if problems:
            return
        known = any(
            status in (Status.COMPLETED, Status.COMPENSATED, Status.STUCK) for status in run_summary.statuses
        )
        yield Check(known, f"{one.when}, it ends {_ended(run_summary)}", aside=aside, remedy=one.remedy)
        yield from self._violations(one.when, run_summary, aside=aside, remedy=one.remedy)

    def _violations(
        self, when: str, run_summary: RunSummary, *, aside: bool = False, remedy: str = ""
    ) -> Iterator[Check]:
        for id_ in run_summary.violated:
            found = run_summary.found[id_].message
            if found.startswith(LEFT_BEHIND):
                continue  # comes in the end, and once
            sentence = f"{when}, it breaks {id_}: {found}"
            yield Check(good=False, sentence=sentence, aside=aside, remedy=remedy)

    # What its requests say --------------------------------------------------------------------

    def _requests(self, heard: tuple[LoggedRequest, ...]) -> Iterator[Check]:
        owing = [one for one in heard if one.owes_key]
        if owing and all(one.key for one in owing):  # where one has none, idempotency_keys is violated
            header = self._scenario.spec.policy.key_header
            yield Check(
                good=True, sentence=f"its requests carry a key in {header}, {owing[0].key!r} the first"
            )
        nameless = [one.operation for one in heard if not one.named]
        if not nameless:
            yield Check(good=True, sentence="its requests say whose they are, by saga_id")
        else:
            found = f"{len(nameless)} of {len(heard)} requests without saga_id, {nameless[0]} the first"
            yield Check(good=False, sentence=f"found {found}", aside=True, remedy=_NAME_IT)
        yield from self._input(heard)

    def _input(self, heard: tuple[LoggedRequest, ...]) -> Iterator[Check]:
        given = set(plain_values(self._scenario.inputs[0]))
        if given & {value for one in heard for value in one.says}:
            yield Check(good=True, sentence="it reads its input: what it was given stands in its requests")
        elif given:
            yield note("nothing of its input stands in its requests; right where it passes none of it on")

    def _left_running(self) -> Iterator[Check]:
        if self._world != "wire":
            return
        if not self._left:
            yield Check(good=True, sentence="it leaves nothing running")
            return
        sentence = f"{self._left[0]}; expected nothing of it to run once it has ended"
        yield Check(good=False, sentence=sentence, remedy="wait for whatever it starts, or end it")


def _crash(operation: str) -> Fault:
    return Fault(kind=_CRASH, operation=operation, variant=Boundary.APPLIED)


def _said(run_summary: RunSummary) -> list[str]:
    """What was wrong with the ends of its executors."""
    if run_summary.history is None:
        return [run_summary.found["termination"].message] if "termination" in run_summary.violated else []
    events = decode_history(run_summary.history, "history").events
    return [
        event.problem for event in events if isinstance(event, ExecutorEnded) and event.problem is not None
    ]


def _problems(run_summary: RunSummary) -> list[str]:
    return [one for one in dict.fromkeys(_said(run_summary)) if not one.startswith(LEFT_BEHIND)]


def _ended(run_summary: RunSummary) -> str:
    return " and ".join(str(status or "without an outcome") for status in run_summary.statuses)
