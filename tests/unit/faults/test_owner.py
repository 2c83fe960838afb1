"""Whose call it is (RULES §2)."""

from __future__ import annotations

import pytest

from harness.participant import Request
from harness.saga import Direction, SagaSpec
from tests.unit.faults.counter import Came, Counter
from tests.unit.faults.shop import LOOK_THEN_SHIP, MINE, SPEC, TWO_HOLDS, shop

BOTH = ("saga-1", "saga-2")


def who(came: Came) -> str:
    return came.passage.owner.saga_id


def counter(spec: SagaSpec = SPEC, saga_ids: tuple[str, ...] = BOTH) -> Counter:
    return Counter(spec, shop(), saga_ids=saga_ids)


@pytest.mark.parametrize(
    ("target", "fields", "key", "owner"),
    [
        ("/holds", {"saga_id": "saga-2"}, "", "saga-2"),
        ("/holds?saga_id=saga-2", None, "", "saga-2"),
        ("/holds?saga_id=saga-2", {"saga_id": "saga-1"}, "", "saga-1"),  # the body first
        ("/holds?saga_id=saga-2", {"saga_id": 7}, "", ""),  # nobody is called 7
        ("/holds?saga_id=saga-2", {"saga_id": ""}, "saga-1:hold", "saga-2"),
        ("/holds?saga_id=saga-2", None, "saga-1:hold", "saga-2"),
        ("/holds", None, "saga-1:hold", "saga-1"),
        ("/holds", None, "saga-2", "saga-2"),
        ("/holds", None, "someone:else", "someone"),
        ("/holds", None, "3f2a", ""),
        ("/holds", None, "", ""),
    ],
)
def test_named_in_body_then_query_then_key(
    target: str, fields: dict[str, object] | None, key: str, owner: str
) -> None:
    assert who(counter().ask("shop", "POST", target, fields, key=key)) == owner


def test_an_empty_name_names_nobody() -> None:
    assert (
        who(counter().ask("shop", "POST", "/holds?saga_id=", {"saga_id": ""}, key="saga-1:hold")) == "saga-1"
    )


def test_a_body_that_is_no_object_names_nobody() -> None:
    one = counter()
    for body in (b"[1]", b"saga-1", b"\xff"):
        sent = Request(method="POST", path="/holds", query={}, headers={}, body=body)
        assert one.door.send(1, "shop", sent).owner.saga_id == ""


def test_else_by_the_resource_in_the_path() -> None:
    one = counter()
    one.ask("shop", "POST", "/holds", {"saga_id": "saga-2"})
    for method in ("GET", "DELETE"):
        assert who(one.ask("shop", method, "/holds/hold-1")) == "saga-2"
    assert who(one.ask("shop", "DELETE", "/holds/hold-9")) == ""


def test_else_to_the_only_saga() -> None:
    alone = counter(saga_ids=("saga-1",))
    for method, target in (("POST", "/holds"), ("DELETE", "/holds/unknown"), ("GET", "/nowhere")):
        assert who(alone.ask("shop", method, target)) == "saga-1"
    assert who(alone.ask("shop", "POST", "/holds", key="3f2a")) == "saga-1"


def test_a_saga_that_undoes_what_is_anothers_is_the_one_that_did_it() -> None:
    one = counter()
    one.ask("shop", "POST", "/holds", {"saga_id": "saga-2"})
    came = one.ask("shop", "DELETE", "/holds/hold-1?saga_id=saga-1")
    assert (who(came), came.passage.steps) == ("saga-1", ("hold",))
    (effect,) = one.history.calls[-1].effects
    assert effect[1].saga_id == "saga-2"


# Which step, which way -------------------------------------------------------------------------


def test_it_belongs_to_the_step_whose_route_it_takes() -> None:
    one = counter()
    came = one.ask("shop", "POST", "/charges", MINE, key="saga-1:whatever")
    assert (came.passage.steps, came.passage.direction) == (("charge",), Direction.ACTION)
    came = one.ask("shop", "POST", "/charges/charge-1/refunds", MINE, key="saga-1:refund")
    assert (came.passage.steps, came.passage.direction) == (("charge",), Direction.COMPENSATION)


def test_a_query_belongs_to_the_steps_at_its_resource_and_goes_no_way() -> None:
    one = counter(TWO_HOLDS)
    came = one.ask("shop", "GET", "/holds?saga_id=saga-1")
    assert (came.passage.steps, came.passage.direction) == (("out", "back"), None)
    one.ask("shop", "POST", "/holds", MINE, key="saga-1:back")
    assert one.ask("shop", "GET", "/holds/hold-1?saga_id=saga-1").passage.steps == ("back",)


@pytest.mark.parametrize(
    ("key", "step"),
    [
        ("saga-1:out", "out"),
        ("saga-1:back", "back"),
        ("saga-1:back:2", "back"),
        ("saga-1:nothing", "out"),
        ("", "out"),
    ],
)
def test_where_steps_share_a_route_the_key_decides(key: str, step: str) -> None:
    assert counter(TWO_HOLDS).ask("shop", "POST", "/holds", MINE, key=key).passage.steps == (step,)


def test_an_undo_by_id_is_of_the_step_that_made_it() -> None:
    one = counter(TWO_HOLDS)
    for step in ("back", "out"):
        one.ask("shop", "POST", "/holds", MINE, key=f"saga-1:{step}")
    came = one.ask("shop", "DELETE", "/holds/hold-1", key="saga-1:out:undo")
    assert (came.passage.steps, came.passage.direction) == (("back",), Direction.COMPENSATION)


def test_an_undo_of_what_is_not_there_is_of_the_step_that_its_key_names() -> None:
    one = counter(TWO_HOLDS)
    assert one.ask("shop", "DELETE", "/holds/lost", key="saga-1:back:undo").passage.steps == ("back",)
    assert one.ask("shop", "DELETE", "/holds/lost", key="saga-1:undo").passage.steps == ()
    assert counter().ask("shop", "DELETE", "/holds/lost", key="saga-1:undo").passage.steps == ("hold",)


def test_an_undo_by_saga_is_of_all_its_steps_there() -> None:
    came = counter(TWO_HOLDS).ask("shop", "DELETE", "/holds?saga_id=saga-1", key="saga-1:back:undo")
    assert (came.passage.steps, came.passage.direction) == (("out", "back"), Direction.COMPENSATION)


def test_a_create_that_is_no_steps_belongs_to_a_saga_alone() -> None:
    only_hold = SagaSpec(name="one", steps=SPEC.steps[:1])
    came = counter(only_hold).ask("shop", "POST", "/charges", MINE)
    assert (came.passage.owner.step, came.passage.steps, came.passage.direction) == (None, (), None)


def test_what_no_route_serves_is_answered_404() -> None:
    came = counter().ask("shop", "POST", "/nowhere", MINE)
    assert (came.status, who(came), came.passage.steps) == (404, "saga-1", ())
    assert came.content == {"error": "no route POST /nowhere at shop"}
    assert counter().history.calls == ()


def test_what_a_compensable_step_without_undo_makes_does_not_count() -> None:
    one = counter(LOOK_THEN_SHIP)
    one.ask("shop", "POST", "/holds", MINE)
    one.ask("shop", "POST", "/charges", MINE)
    counts = [effect.counts for call in one.history.calls for _, effect in call.effects]
    assert counts == [False, True]
