"""`action_answers = "accepted"`: 202 first, and done once it is asked for, or sent again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.history import Answer
from harness.loader import load_scenario
from harness.loader.target import load_target
from harness.participant import Change, UndoAnswers
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds.sim import SimWorld
from tests.unit.faults.counter import Came, Counter
from tests.unit.faults.shop import CHARGE, KEY, MINE, SPEC, hold, shop

ITEM = {"id": "hold-1"}


def open_counter() -> Counter:
    return Counter(SPEC, shop(hold(action_answers=UndoAnswers.ACCEPTED), CHARGE))


def create(counter: Counter) -> Came:
    return counter.ask("shop", "POST", "/holds", MINE, key=KEY)


def changes(counter: Counter) -> list[Change]:
    return [effect.change for call in counter.history.calls for _, effect in call.effects]


def test_what_is_accepted_is_done_at_the_second_look() -> None:
    counter = open_counter()
    made = create(counter)
    assert (made.status, made.content, changes(counter)) == (202, ITEM, [])
    first = counter.ask("shop", "GET", "/holds/hold-1")
    assert (first.status, first.content) == (200, {**ITEM, "status": "pending"})
    assert changes(counter) == [], "what is said to be pending is not done"
    assert counter.ask("shop", "GET", "/holds/hold-1").content == {**ITEM, "status": "done"}
    assert changes(counter) == [Change.CREATED]
    shown = [call.answered.shows for call in counter.history.calls if call.answered is not None]
    assert shown == [None, (), ("hold",)]


def test_a_look_for_all_is_a_look() -> None:
    counter = open_counter()
    create(counter)
    for status in ("pending", "done"):
        found = counter.ask("shop", "GET", "/holds?saga_id=saga-1").content
        assert found == {"items": [{**ITEM, "status": status}]}
    assert changes(counter) == [Change.CREATED]


def test_sent_again_it_is_done_and_that_is_no_attempt_of_its_own() -> None:
    counter = open_counter()
    assert [create(counter).status for _ in range(3)] == [202, 201, 201]
    assert changes(counter) == [Change.CREATED]
    calls = counter.history.calls
    assert [call.answer for call in calls] == [Answer.ACCEPTED, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED]
    assert [call.again for call in calls] == [False, True, False]


def test_the_same_key_after_it_was_done_makes_no_second_one() -> None:
    counter = open_counter()
    create(counter)
    counter.ask("shop", "GET", "/holds/hold-1")
    assert create(counter).content == ITEM
    assert changes(counter) == [Change.CREATED]


def test_who_takes_pending_for_done_has_completed_what_is_not_done() -> None:
    folder = Path(__file__).parents[2] / "sound" / "accepted_actions"
    scenario = load_scenario(str(folder / "saga.toml"), registered={})
    found = {}
    with SimWorld() as world:
        for name in ("order", "hasty"):
            saga = load_target(f"sagas.py:{name}", folder, name, env={}, durable=False)
            run = run_once(replace(scenario, saga=saga), scenario.inputs[0], FaultPlan(), world)
            found[name] = [one.invariant for one in run.violated]
    assert found == {"order": [], "hasty": ["truthful_outcome", "log_agreement"]}


def test_undone_between_two_looks_it_never_is() -> None:
    counter = open_counter()
    create(counter)
    counter.ask("shop", "GET", "/holds/hold-1")
    assert counter.ask("shop", "DELETE", "/holds?saga_id=saga-1").status == 204
    assert counter.ask("shop", "GET", "/holds/hold-1").status == 404
    assert changes(counter) == []


def test_undone_before_it_was_done_it_never_is() -> None:
    counter = open_counter()
    create(counter)
    assert counter.ask("shop", "DELETE", "/holds?saga_id=saga-1").status == 204
    assert counter.ask("shop", "GET", "/holds/hold-1").status == 404
    assert create(counter).status == 409
    assert changes(counter) == []


def test_undone_twice_by_post_before_it_was_done_nothing_changed_either_time() -> None:
    accepted = replace(CHARGE, action_answers=UndoAnswers.ACCEPTED)
    counter = Counter(SPEC, shop(accepted))
    counter.ask("shop", "POST", "/charges", MINE, key=KEY)
    for key in ("a", "b"):
        assert counter.ask("shop", "POST", "/refunds", MINE, key=key).status == 201
    assert changes(counter) == []


def test_undone_afterwards_it_is_removed() -> None:
    counter = open_counter()
    create(counter)
    create(counter)
    assert counter.ask("shop", "DELETE", "/holds/hold-1?saga_id=saga-1").status == 204
    assert changes(counter) == [Change.CREATED, Change.REMOVED]
