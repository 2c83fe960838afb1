"""Inputs that are described instead of listed: by a JSON Schema, or by a Hypothesis strategy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import find, settings
from hypothesis import strategies as st

from harness.adapter import CallableSaga
from harness.campaign.aggregate import Aggregate, size_of_run
from harness.campaign.fault_free import missing
from harness.campaign.local import LocalJobRunner
from harness.errors import ScenarioError
from harness.inputs import DrawnInput, SchemaInputs, as_json_text, small_inputs
from harness.plan import FaultPlan
from harness.saga import Json
from harness.scenario import Scenario
from harness.search import RunSummary
from harness.search.guided import StopAsked
from harness.search.property import PropertySearch
from harness.strategies import inputs
from harness.worlds.sim import SimWorld
from tests.unit.search.test_property import PLANT


@pytest.fixture
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


ORDER: dict[str, Json] = {
    "type": "object",
    "required": ["sku", "quantity"],
    "additionalProperties": False,
    "properties": {
        "sku": {"enum": ["A", "B"]},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 40},
        "lines": {"type": "array", "items": {"type": "integer"}, "maxItems": 4},
    },
}
QUIET = settings(database=None, derandomize=True, max_examples=500)


def schema(content: dict[str, Json]) -> SchemaInputs:
    return SchemaInputs(schema=content, where="saga.toml:4, saga.input")


def scenario(**more: Any) -> Scenario:
    plain = PLANT.sound_scenario()
    return Scenario(name="drawn", spec=plain.spec, participants=plain.participants, saga=plain.saga, **more)


# A few small ones ------------------------------------------------------------------------------


def test_guided_search_takes_a_few_small_ones_of_different_shapes() -> None:
    few = scenario(input_strategy=schema(ORDER)).inputs
    assert few == (
        {"quantity": 1, "sku": "A"},
        {"quantity": 1, "sku": "A", "lines": []},
        {"quantity": 1, "sku": "A", "lines": [0]},
    )


CHOOSES = "hypothesis.configuration.set_hypothesis_home_dir('mine')"


@pytest.mark.parametrize("chosen", [False, True])
def test_drawing_leaves_nothing_in_the_folder_where_it_is_done(tmp_path: Path, chosen: bool) -> None:
    """Hypothesis would leave `.hypothesis`; a folder that the user chose for its files is used."""
    script = (
        "import hypothesis\n"
        f"{CHOOSES if chosen else ''}\n"
        "from tests.unit.test_inputs import schema, scenario\n"
        "from harness.campaign.local import LocalJobRunner\n"
        "from harness.inputs import small_inputs\n"
        "from harness.search.guided import StopAsked\n"
        "from harness.search.property import PropertySearch\n"
        "from harness.worlds.sim import SimWorld\n"
        "words = schema({'type': 'string', 'pattern': r'^\\w\\S+$'})\n"
        "assert small_inputs(words, 'here')\n"
        "with SimWorld() as sim:\n"
        "    executor = LocalJobRunner(scenario(input_strategy=words), sim)\n"
        "    assert list(PropertySearch('sim', examples=5, seed=0).run(executor, StopAsked()))\n"
    )
    usual = {name: value for name, value in os.environ.items() if name != "HYPOTHESIS_STORAGE_DIRECTORY"}
    root = str(Path(__file__).parents[2])
    own = {"SAGA_CHAOS_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": root}
    here = tmp_path / "here"
    here.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=here,
        env={**usual, **own},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [one.name for one in here.iterdir()] == (["mine"] if chosen else [])
    assert (tmp_path / "cache" / "hypothesis").exists() is not chosen


def test_they_are_the_same_in_every_process() -> None:
    script = (
        "import statistics, wave, harness.cli.main\n"  # modules whose constants must not be drawn
        "from tests.unit.test_inputs import ORDER, schema\n"
        "from harness.inputs import small_inputs\n"
        "print(small_inputs(schema(ORDER), 'here'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{small_inputs(schema(ORDER), 'here')}\n"


def test_what_is_listed_is_taken_as_it_stands() -> None:
    both = scenario(inputs=({"sku": "Z", "quantity": 9},), input_strategy=schema(ORDER))
    assert both.inputs == ({"sku": "Z", "quantity": 9},)
    assert scenario().inputs == ({},)
    assert replace(both, name="another").inputs == both.inputs


# What Hypothesis draws -------------------------------------------------------------------------


def test_listed_ones_and_those_of_the_schema_are_drawn() -> None:
    one = scenario(inputs=({"sku": "Z", "quantity": 9},), input_strategy=schema(ORDER))
    assert find(inputs(one), lambda ref: True, settings=QUIET) == 0
    drawn = find(inputs(one), lambda ref: isinstance(ref, DrawnInput), settings=QUIET)
    assert isinstance(drawn, DrawnInput)
    assert drawn.value == {"sku": "A", "quantity": 1}


def test_what_is_drawn_and_listed_too_is_the_listed_one() -> None:
    one = scenario(inputs=(7,), input_strategy=st.just(7))
    assert find(inputs(one), lambda ref: True, settings=QUIET) == 0
    with pytest.raises(hypothesis.errors.NoSuchExample):
        find(inputs(one), lambda ref: isinstance(ref, DrawnInput), settings=QUIET)


@pytest.mark.parametrize("given", [st.integers(1, 5), lambda: st.integers(1, 5)])
def test_a_strategy_or_what_returns_one(given: Any) -> None:
    one = scenario(input_strategy=given)
    assert one.inputs == (1, 2, 3)
    drawn = find(inputs(one), lambda ref: isinstance(ref, DrawnInput), settings=QUIET)
    assert isinstance(drawn, DrawnInput)
    assert drawn.value == 4


# What cannot be drawn --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"type": "intger"}, "saga.toml:4, saga.input.type: found 'intger', expected a JSON Schema: "),
        (
            {"type": "object", "properties": {"a": {"minimum": "3"}}},
            "saga.toml:4, saga.input.properties.a.minimum: found '3', expected a JSON Schema: ",
        ),
        ({"type": "integer", "minimum": 3, "maximum": 1}, "saga.toml:4, saga.input: found Unsatisfiable"),
        ({"$ref": "https://x.example/y"}, "saga.toml:4, saga.input: found "),
    ],
)
def test_a_bad_schema_is_refused_with_its_place(bad: dict[str, Json], says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario(input_strategy=schema(bad))
    assert str(caught.value).startswith(says)


def broken() -> st.SearchStrategy[Json]:
    raise ZeroDivisionError("no")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (broken, "input_strategy: found ZeroDivisionError: no, expected inputs that can be drawn"),
        (lambda: 7, "input_strategy: found 7, expected a Hypothesis strategy, or what returns one"),
        (7, "input_strategy: found 7, expected a Hypothesis strategy"),
        (st.builds(object), "expected a value that JSON can hold"),
        (st.just("\ud800"), "expected a value that JSON can hold"),
        (st.nothing(), "input_strategy: found Unsatisfiable"),
    ],
)
def test_a_strategy_that_cannot_be_drawn_from_is_a_usage_error(given: Any, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        scenario(input_strategy=given)


def test_large_whole_numbers_are_json_and_nan_is_not_kept() -> None:
    assert as_json_text(2**70, "here") == str(2**70).encode()
    assert as_json_text((1, 2), "here") == b"[1,2]"


def test_what_breaks_only_while_it_is_searched_is_a_usage_error_too(sim: SimWorld) -> None:
    later = scenario(inputs=(1,), input_strategy=st.integers(0, 9).map(lambda number: 1 // (9 - number)))
    with pytest.raises(ScenarioError, match="input_strategy: found ZeroDivisionError"):
        search(later, sim)


def test_one_that_draws_something_else_each_time_is_told(sim: SimWorld) -> None:
    made = iter(range(10_000))
    moody = scenario(
        inputs=(1,),
        input_strategy=st.deferred(lambda: st.just(0)).flatmap(lambda _: st.integers(0, next(made))),
    )
    with pytest.raises(ScenarioError, match="input_strategy: found Flaky"):
        search(moody, sim)


# Searched and shrunk ---------------------------------------------------------------------------


def search(one: Scenario, sim: SimWorld, examples: int = 40) -> tuple[PropertySearch, list[RunSummary]]:
    found = PropertySearch("sim", examples=examples, seed=0)
    return found, list(found.run(LocalJobRunner(one, sim), StopAsked()))


def fails_from(least: int) -> Callable[..., object]:
    async def saga(ctx: Any, input_: Any) -> Json:
        return {"status": "completed" if input_["quantity"] < least else "no word"}

    return saga


def test_an_input_that_fails_is_found_and_shrunk(sim: SimWorld) -> None:
    plain = scenario(input_strategy=schema(ORDER))
    step = replace(plain.spec.steps[0], optional=True)
    one = replace(
        plain, spec=replace(plain.spec, steps=(step,)), saga=CallableSaga(fails_from(23), "from-23")
    )
    property_search, run_summaries = search(one, sim)
    assert any("termination" in run_summary.violated for run_summary in run_summaries)
    aggregate = Aggregate()
    for run_summary in (*run_summaries, *property_search.shrink(LocalJobRunner(one, sim), ["termination"])):
        aggregate.add(run_summary)
    smallest = aggregate.invariants["termination"].smallest
    assert smallest is not None
    assert (smallest.plan, smallest.input) == (FaultPlan(), {"quantity": 23, "sku": "A"})
    assert size_of_run(smallest)[:2] == (0, 0)


def test_a_drawn_input_that_does_not_complete_without_faults_keeps_from_a_pass(sim: SimWorld) -> None:
    async def picky(ctx: Any, input_: Any) -> Json:
        return {"status": "completed" if input_["quantity"] < 5 else "compensated"}

    plain = scenario(input_strategy=schema(ORDER))
    step = replace(plain.spec.steps[0], optional=True)
    one = replace(plain, spec=replace(plain.spec, steps=(step,)), saga=CallableSaga(picky, "picky"))
    aggregate = Aggregate()
    for run_summary in search(one, sim)[1]:
        aggregate.add(run_summary)
    (told,) = [sentence for sentence in missing(one, aggregate) if "drawn input" in sentence]
    assert " ended compensated, and so did " in told
    assert told.endswith("let the schema or the strategy describe inputs that complete.")
    assert all(0 <= index < 3 for index in aggregate.fault_free)
