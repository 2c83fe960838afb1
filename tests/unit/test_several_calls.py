"""Steps of several calls, and steps that only read: how a spec has them, and what may not be said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.loader import load_scenario
from harness.saga import Order, ReadStep, SagaPolicy, SagaSpec, Step, StepKind, several_calls

HEAD = """format_version = 1
name = "n"
saga = { adapter = "callable", target = "sagas.py:order" }
[participants.air.resources.seat]
create = "POST /seats"
delete = "DELETE /seats/{id}"
get = "GET /seats/{id}"
[participants.air.resources.meal]
create = "POST /meals"
delete = "DELETE /meals/{id}"
[[steps]]
name = "pay"
action = "air.seat.create"
"""
BOTH = 'actions = ["air.seat.create", "air.meal.create"]\n'


def step(name: str, action: str, after: tuple[str, ...] | None = None) -> Step:
    return Step(name=name, action=action, after=after)


BOOK = several_calls("book", {"air.seat.create": "air.seat.delete", "air.meal.create": None})


def test_its_calls_have_no_order_among_themselves_and_one_with_the_others() -> None:
    spec = SagaSpec(name="s", steps=(step("a", "x.y.create"), *BOOK, step("c", "x.z.create")))
    assert [one.name for one in BOOK] == ["book/seat", "book/meal"]
    assert spec.parents == {
        "a": (),
        "book/seat": ("a",),
        "book/meal": ("a",),
        "c": ("book/seat", "book/meal"),
    }
    assert spec.undone_before("book/seat") == ("c",)
    assert spec.undone_before("a") == ("book/seat", "book/meal", "c")


def test_after_names_the_whole() -> None:
    policy = SagaPolicy(order=Order.DEPENDENCY)
    spec = SagaSpec(name="s", steps=(*BOOK, step("c", "x.z.create", ("book",))), policy=policy)
    assert spec.undone_before("book/meal") == ("c",)
    assert spec.ancestors["c"] == {"book/seat", "book/meal"}


def test_resources_of_one_name_are_told_apart() -> None:
    calls = several_calls("book", {"a.seat.create": None, "b.seat.create": None})
    assert [one.name for one in calls] == ["book/a.seat", "book/b.seat"]
    moves = several_calls("book", {"a.order.approve": None, "a.order.pay": None})
    assert [one.name for one in moves] == ["book/a.order.approve", "book/a.order.pay"]


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ScenarioError, match="'book'"):
        SagaSpec(name="s", steps=(*BOOK, step("book", "x.y.create")))
    with pytest.raises(ScenarioError, match="'a'"):
        SagaSpec(name="s", steps=(step("a", "x.y.create"),), reads=(ReadStep(name="a", reads="x.y.get"),))


def test_one_call_is_a_step_and_a_pivot_is_one_call() -> None:
    with pytest.raises(ScenarioError, match="at least two"):
        several_calls("book", {"a.b.create": None})
    with pytest.raises(ScenarioError, match="one point"):
        several_calls("book", {"a.b.create": None, "a.c.create": None}, kind=StepKind.PIVOT)


def load(folder: Path, steps: str) -> SagaSpec:
    (folder / "sagas.py").write_text("async def order(ctx, input):\n    return None\n")
    (folder / "saga.toml").write_text(HEAD + steps)
    return load_scenario(str(folder / "saga.toml"), registered={}).spec


def test_they_are_read_and_undos_find_their_actions(tmp_path: Path) -> None:
    undos = 'compensations = ["air.meal.delete"]\n'
    read = '[[steps]]\nname = "look"\nreads = "air.seat.get"\nafter = []\n'
    last = '[[steps]]\nname = "c"\naction = "air.meal.create"\nafter = ["book", "look"]\n'
    spec = load(tmp_path, f'{read}[[steps]]\nname = "book"\n{BOTH}{undos}{last}')
    assert [(one.name, one.compensation) for one in spec.steps[1:3]] == [
        ("book/seat", None),
        ("book/meal", "air.meal.delete"),
    ]
    assert spec.reads == (ReadStep(name="look", reads="air.seat.get"),)
    assert spec.parents["c"] == ("book/seat", "book/meal")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('actions = ["air.seat.create"]', ("at least two",)),
        ('actions = ["air.seat.create", "air.seat.create"]', ("steps of their own",)),
        ('actions = ["air.seat.create", "air.seat.get"]', ("a create operation",)),
        (f'{BOTH}action = "air.seat.create"', ("either action or actions",)),
        (f'{BOTH}compensation = "air.seat.delete"', ("either compensation or compensations",)),
        (f'{BOTH}kind = "pivot"', ("point of no return",)),
        (f'{BOTH}compensations = ["air.seat.delete", "air.seat.delete"]', ("one undo for each action",)),
        (f'{BOTH}compensations = ["air.seat.get"]', ("an undo of air.seat or air.meal",)),
        ('action = "air.seat.create"\ncompensations = ["air.seat.delete"]', ("go with actions",)),
        ('reads = "air.seat.create"', ("a query",)),
        ('reads = "air.seat.get"\nkind = "retriable"', ("no kind beside reads",)),
        ('reads = "air.seat.get"\ncompensation = "air.seat.delete"', ("nothing to undo",)),
    ],
)
def test_what_cannot_be_so_is_told_with_its_line(tmp_path: Path, lines: str, says: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as told:
        load(tmp_path, f'[[steps]]\nname = "book"\n{lines}\n')
    assert "saga.toml, line " in str(told.value)
    assert all(part in str(told.value) for part in says), told.value


def test_a_saga_that_only_reads_is_none(tmp_path: Path) -> None:
    (tmp_path / "sagas.py").write_text("async def order(ctx, input):\n    return None\n")
    (tmp_path / "saga.toml").write_text(HEAD.replace('action = "air.seat.create"', 'reads = "air.seat.get"'))
    with pytest.raises(ScenarioError, match="a step with an action"):
        load_scenario(str(tmp_path / "saga.toml"), registered={})
