"""One chunk of examples: Hypothesis draws a fault, the plan is run, and the next is drawn where it came.

Each fault is drawn at a call site that the run with the faults before it has reached. A fault that did
not fire is taken out again. Runs are remembered by their plan, so that a prefix is run once, and what is
drawn depends on nothing but the choices: Hypothesis can repeat and shrink it on real sockets too.

Refuses to know workers: the caller runs the plans and takes what comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import hypothesis
from hypothesis import Phase
from hypothesis import strategies as st

from harness.adapter.subprocess import SubprocessSaga
from harness.clock import real
from harness.errors import SagaChaosError
from harness.faults import KINDS
from harness.inputs import InputRef, cannot_draw, place_of
from harness.invariants import InvariantViolated, invariants_of
from harness.plan import FaultPlan, Site
from harness.repeatable import own_hypothesis_run, quiet_settings
from harness.scenario import Scenario
from harness.search.chunks import Chunk, ChunkEnded, Event, Reached, RunBegins, reached_by
from harness.search.interleavings import possible_preemptions
from harness.search.run_summary import Job, RunSummary, input_of
from harness.strategies import NextFault, inputs, overlapping_inputs

SIZES = (1, 2, 3, 3, 3, 4, 4, 4)
"""How many faults a plan is to have: most of them more than guided search has tried by then."""

MOST_REDRAWN = 3
"""Faults of one plan that may fail to fire, or leave nothing to strike; then it stays as it is."""


class _Ended(BaseException):
    """Ends a Hypothesis run from within; no Exception, for those it would take for a failing example."""


class _Escaped(BaseException):
    """An error of the harness or of its user on the way out of a Hypothesis run."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def run_chunk(
    chunk: Chunk,
    scenario: Scenario,
    known: Sequence[Reached],
    run: Callable[[Job], RunSummary],
    emit: Callable[[Event], None],
) -> None:
    """Draw and run all examples of a chunk; emits each run as it begins and as it ends, and its result.

    Raises what `run` raises.
    """
    try:
        with own_hypothesis_run():
            drawing = _Drawing(chunk, scenario, known, run, emit)
            with suppress(_Ended):
                drawing.all_examples()
    except _Escaped as escaped:
        raise escaped.error from None
    emit(drawing.came_to())


class _Runs:
    """Runs plans, each once."""

    def __init__(
        self,
        chunk: Chunk,
        known: Sequence[Reached],
        run: Callable[[Job], RunSummary],
        emit: Callable[[Event], None],
    ) -> None:
        self._chunk = chunk
        self._run = run
        self._emit = emit
        self._known = {(one.input_index, one.plan): one for one in known}
        self._done = {(one.input_index, one.plan): one for one in chunk.done}
        self._made = 0

    def is_known(self, ref: InputRef, plan: FaultPlan) -> bool:
        """Whether another search has run it."""
        return (ref, plan) in self._known

    def run(self, ref: InputRef, plan: FaultPlan) -> Reached:
        """The run of a plan; made where it was not made before."""
        job = (ref, plan)
        found = self._known.get(job) or self._done.get(job)
        if found is None:
            found = self._done[job] = self._make(job)
        return found

    def _make(self, job: Job) -> Reached:
        chunk = self._chunk
        if chunk.deadline_s is not None and real.monotonic_s() >= chunk.deadline_s:
            raise _Ended
        if chunk.most_runs is not None and self._made >= chunk.most_runs:
            hypothesis.reject()  # what is smallest so far was run, so it can still be told
        self._made += 1
        try:
            self._emit(RunBegins(input_index=job[0], plan=job[1]))
            run_summary = self._run(job)
            self._emit(run_summary)
        except Exception as error:
            raise _Escaped(error) from error
        return reached_by(run_summary)


class _Drawing:
    def __init__(
        self,
        chunk: Chunk,
        scenario: Scenario,
        known: Sequence[Reached],
        run: Callable[[Job], RunSummary],
        emit: Callable[[Event], None],
    ) -> None:
        self._chunk = chunk
        self._scenario = scenario
        self._runs = _Runs(chunk, known, run, emit)
        self._deliveries = scenario.deliveries
        self._of_services = scenario.changes_of_services
        self._next = NextFault(scenario, chunk.world)
        drawn = scenario.input_strategy
        self._where = scenario.name if drawn is None else place_of(drawn, scenario.name)
        self._inputs = inputs(scenario)
        self._overlapping = overlapping_inputs(scenario)
        self._differ = len(scenario.overlapping) > 1 or drawn is not None
        self._plans: dict[tuple[InputRef, FaultPlan], Reached] = {}
        self._dropped = 0
        self._whole = False

    def all_examples(self) -> None:
        """The Hypothesis run."""
        shrinks = self._chunk.shrink is not None

        def example(data: st.DataObject) -> None:
            self._example(data)

        phases = (Phase.generate, Phase.shrink) if shrinks else (Phase.generate,)
        chosen = quiet_settings(self._chunk.examples, phases)
        test = hypothesis.seed(self._chunk.own_seed)(chosen(hypothesis.given(data=st.data())(example)))
        # Unsatisfiable: nothing could be drawn that was not known.
        try:
            with suppress(hypothesis.errors.Unsatisfiable):
                test()
        except InvariantViolated:
            pass  # raised for the shrinker alone: the finding is in the run summaries
        except hypothesis.errors.Flaky as error:
            if not shrinks:
                raise cannot_draw(error, self._where) from error
        self._whole = True

    def came_to(self) -> ChunkEnded:
        """The result of the chunk."""
        plans = self._plans.values()
        return ChunkEnded(
            plans=len(plans),
            all_fired=sum(one.fired for one in plans),
            three_or_more=sum(one.fired and len(one.plan.faults) >= 3 for one in plans),
            dropped=self._dropped,
            left_out=0 if self._whole else self._chunk.examples - len(plans),
        )

    def _example(self, data: st.DataObject) -> None:
        ref = self._input(data)
        ref, plan = self._sagas(data, ref)
        wanted = data.draw(st.sampled_from(SIZES))
        reached = self._grown(data, ref, plan, wanted)
        job = (ref, reached.plan)
        if self._runs.is_known(*job) or (self._chunk.shrink is None and job in self._plans):
            hypothesis.reject()
        self._plans[job] = reached
        if self._chunk.shrink in reached.violated:
            raise invariants_of(self._scenario)[self._chunk.shrink].error
        if self._chunk.until_first and reached.violated:
            raise _Ended

    def _sagas(self, data: st.DataObject, ref: InputRef) -> Job:
        """The input and the plan without faults; of several sagas the same one or each its own."""
        overlap = self._chunk.overlap
        sagas = 1 if overlap is None else data.draw(st.integers(1, overlap.sagas))
        if overlap is None or sagas == 1:
            return ref, FaultPlan()
        given = [self._input(data, self._overlapping)] if overlap.inputs else [ref]
        if self._differ and data.draw(st.booleans()):
            given += [self._input(data, self._overlapping) for _ in range(sagas - 1)]
        else:
            given *= sagas
        return given[0], FaultPlan(sagas=sagas).with_inputs([input_of(self._scenario, one) for one in given])

    def _input(self, data: st.DataObject, among: st.SearchStrategy[InputRef] | None = None) -> InputRef:
        try:
            return data.draw(self._inputs if among is None else among)
        except hypothesis.errors.HypothesisException:
            raise
        except SagaChaosError as error:
            raise _Escaped(error) from error
        except Exception as error:
            raise _Escaped(cannot_draw(error, self._where)) from error

    def _grown(self, data: st.DataObject, ref: InputRef, plan: FaultPlan, wanted: int) -> Reached:
        """A run with up to so many faults, each drawn where the one before has led.

        A fault after which nothing is left to strike is kept only where no other was found instead.
        """
        reached = self._interleaved(data, ref, plan)
        before: frozenset[Site] = frozenset()
        last: Reached | None = None
        spent = 0
        while len(reached.plan.faults) < wanted and not reached.violated and spent <= MOST_REDRAWN:
            sites, gaps = self._sites(reached), self._gaps(reached)
            if not sites and not gaps:
                break
            fresh = [site for site in sites if site not in before]
            fault = data.draw(self._next.at(fresh, [site for site in sites if site in before], gaps))
            if not runs_there(reached.plan.with_fault(fault), self._scenario, self._chunk.world):
                self._dropped += 1
                spent += 1
                continue
            tried = self._runs.run(ref, reached.plan.with_fault(fault))
            if tried.violated:
                return tried
            if not tried.fired:
                self._dropped += 1
                spent += 1
            elif len(tried.plan.faults) < wanted and not (self._sites(tried) or self._gaps(tried)):
                last = tried
                spent += 1
            else:
                before |= set(reached.open_sites)
                reached, last = tried, None
        return last or reached

    def _interleaved(self, data: st.DataObject, ref: InputRef, plan: FaultPlan) -> Reached:
        """The run without faults; of several sagas with preemptions where they led."""
        overlap = self._chunk.overlap
        reached = self._runs.run(ref, plan)
        if overlap is None or plan.sagas == 1:
            return reached
        for _ in range(data.draw(st.integers(0, overlap.preemptions + 1))):
            found = list(
                possible_preemptions(reached.plan, reached.sites, self._deliveries, self._of_services)
            )
            if not found or reached.violated:
                break
            held = reached.plan.with_preemption(data.draw(st.sampled_from(found)))
            reached = self._runs.run(ref, held)
        return reached

    def _gaps(self, reached: Reached) -> dict[Site, tuple[str, ...]]:
        gaps = reached.open_gaps.items()
        return {site: moments for site, moments in gaps if self._next.strikes_between(site)}

    def _sites(self, reached: Reached) -> list[Site]:
        return [site for site in reached.open_sites if self._next.strikes(site)]


def runs_there(plan: FaultPlan, scenario: Scenario, world: str) -> bool:
    """Whether a world can run it, and would tell the truth.

    On the wire sagas at one service share a process, so none dies alone; and functions that share a memory
    otherwise, with the locks in it, would be torn apart.
    """
    shared = world == "wire" and plan.sagas > 1 and not isinstance(scenario.saga, SubprocessSaga)
    return not (shared and any(KINDS[fault.kind].process_fault is not None for fault in plan.faults))
