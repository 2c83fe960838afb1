"""Hypothesis strategies for faults, plans and inputs: the only place where anything is drawn.

Owns two ways to draw faults: `NextFault`, one more at call sites that a run has reached, and
`fault_plans`, whole plans for a test of the user's own, which knows no run. Refuses to draw what no
saga could hold: impossible faults are not among the choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from hypothesis import strategies as st

from harness.faults.enabled import Possible, enabled_faults
from harness.inputs import DrawnInput, InputRef, as_json_text, place_of, strategy_of
from harness.plan import Fault, FaultKind, FaultPlan, Lasting, Site
from harness.saga import Json
from harness.scenario import Scenario

MOST_FAULTS = 4
MOST_NTH = 6

FRESH_WEIGHT = 3
"""How much more often a call is struck that was made only because of the faults before."""

MOST_IN_TIME = 125
"""Most replies that are drawn late come inside the time-out, or soon after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A kind that may strike an operation, with what may be drawn of it."""

    kind: FaultKind
    variants: st.SearchStrategy[str]
    counts: tuple[int | Lasting, ...]


class NextFault:
    """One fault more, at call sites that a run has reached, or between two calls of it.

    A fault takes four draws (where, what, which variant, how often). Kinds are drawn alike, however
    many variants each has.
    """

    def __init__(self, scenario: Scenario, world: str) -> None:
        possible = enabled_faults(scenario, world).possible
        restarts = _restarts([one for found in possible.values() for one in found])
        self._choices = {name: _choices(found, world, restarts) for name, found in possible.items()}

    def strikes(self, site: Site) -> bool:
        """Whether any fault may strike there."""
        return bool(self._choices.get(site.operation))

    def strikes_between(self, site: Site) -> bool:
        """Whether a process fault may strike between that call and the one before or after it."""
        return any(one.kind.between for one in self._choices.get(site.operation, ()))

    def at(
        self,
        fresh: list[Site],
        others: list[Site],
        gaps: Mapping[Site, tuple[str, ...]] = MappingProxyType({}),
    ) -> st.SearchStrategy[Fault]:
        """At one of these sites, or beside one of `gaps`, of which at least one can be struck by something.

        fresh: reached only because of the faults before. gaps: for a site the moments, as variants, between
        it and the call before or after it; of the site itself another fault may have taken hold.
        """
        sites = [*fresh * (FRESH_WEIGHT if others else 1), *others]
        choices = {site: self._choices[site.operation] for site in sites}
        for site, moments in gaps.items():
            between = tuple(_between(self._choices.get(site.operation, ()), moments))
            sites += [site] if between and site not in choices else []
            choices[site] = (*choices.get(site, ()), *between)
        return _fault_at(tuple(sites), choices)


def _between(found: Sequence[_Choice], moments: tuple[str, ...]) -> Iterator[_Choice]:
    for one in found:
        if one.kind.between:
            yield replace(one, variants=st.sampled_from(moments))


@st.composite
def _fault_at(draw: st.DrawFn, sites: tuple[Site, ...], choices: Mapping[Site, tuple[_Choice, ...]]) -> Fault:
    site = draw(st.sampled_from(sites))
    chosen = draw(st.sampled_from(choices[site]))
    return Fault(
        kind=chosen.kind.name,
        operation=site.operation,
        nth=site.nth,
        count=draw(st.sampled_from(chosen.counts)),
        variant=draw(chosen.variants),
        saga=site.saga,
    )


def _choices(found: Sequence[Possible], world: str, restarts: bool) -> tuple[_Choice, ...]:
    kinds = {one.kind.name: one.kind for one in found}
    return tuple(
        _Choice(
            kind=kind,
            variants=_variants(kind, [one.variant for one in found if one.kind is kind], world),
            counts=_counts(kind, restarts),
        )
        for kind in kinds.values()
    )


def _variants(kind: FaultKind, guided: Sequence[str], world: str) -> st.SearchStrategy[str]:
    """Those that guided search takes, and in sim any number that the kind can measure."""
    if world != "sim" or not kind.measures:
        return st.sampled_from(guided)
    measure = kind.measures[0]
    usual = min(MOST_IN_TIME, measure.most)
    return st.one_of(
        st.sampled_from(guided),
        st.integers(measure.least, usual).map(measure.variant),
        st.integers(usual, measure.most).map(measure.variant),
    )


def fault_plans(
    scenario: Scenario,
    world: str = "sim",
    *,
    operations: Sequence[str] | None = None,
    most_faults: int = MOST_FAULTS,
    most_nth: int = MOST_NTH,
) -> st.SearchStrategy[FaultPlan]:
    """Plans of up to `most_faults` faults at the given operations; None: at all of them."""
    enabled = enabled_faults(scenario, world)
    names = tuple(scenario.operations) if operations is None else tuple(operations)
    choices = [possible for name in names for possible in enabled.possible[name]]
    if not choices:
        return st.just(FaultPlan())
    restarts = _restarts(choices)
    fault = st.builds(
        _fault,
        st.sampled_from(choices),
        st.integers(min_value=1, max_value=most_nth),
        st.integers(min_value=0, max_value=max(len(_counts(one.kind, restarts)) for one in choices) - 1),
        st.just(restarts),
    )
    return st.lists(fault, max_size=most_faults).map(_plan)


def inputs(scenario: Scenario) -> st.SearchStrategy[InputRef]:
    """One of the scenario's inputs, or one of its strategy. Raises ScenarioError where that is none."""
    listed = st.integers(min_value=0, max_value=len(scenario.inputs) - 1)
    if scenario.input_strategy is None:
        return listed
    where = place_of(scenario.input_strategy, scenario.name)
    known = {as_json_text(one, where): index for index, one in enumerate(scenario.inputs)}

    def referred_to(value: Json) -> InputRef:
        text = as_json_text(value, where)
        return known.get(text, DrawnInput(text))

    return st.one_of(listed, strategy_of(scenario.input_strategy).map(referred_to))


def overlapping_inputs(scenario: Scenario) -> st.SearchStrategy[InputRef]:
    """One of those that sagas of one run are given. Raises as `inputs` does."""
    listed = scenario.overlap is not None and scenario.overlap.inputs
    return st.sampled_from(scenario.overlapping) if listed else inputs(scenario)


def _restarts(found: Sequence[Possible]) -> bool:
    """Whether a fault may last until the next restart."""
    return any(one.kind.process_fault is not None and one.kind.process_fault.kills for one in found)


def _counts(kind: FaultKind, restarts: bool) -> tuple[int | Lasting, ...]:
    counts = kind.counts
    return (*counts, Lasting.UNTIL_RESTART) if restarts and Lasting.FOR_EVER in counts else counts


def _fault(possible: Possible, nth: int, position: int, restarts: bool) -> Fault:
    counts = _counts(possible.kind, restarts)
    return Fault(
        kind=possible.kind.name,
        operation=possible.operation,
        nth=nth,
        count=counts[min(position, len(counts) - 1)],
        variant=possible.variant,
    )


def _plan(faults: list[Fault]) -> FaultPlan:
    return FaultPlan(tuple(faults))
