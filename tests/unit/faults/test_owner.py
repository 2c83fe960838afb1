"""Whose call it is (RULES §2)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from harness.errors import ScenarioError
from harness.faults.identification import OfAnEarlierRun
from harness.participant import Owner, Request
from harness.saga import Correlation, Direction, SagaSpec
from tests.unit.faults.counter import Came, Counter
from tests.unit.faults.shop import LOOK_THEN_SHIP, MINE, SPEC, TWO_HOLDS, shop

BOTH = ("saga-1", "saga-2")


def who(came: Came) -> str:
    return came.in_flight.owner.saga_id


def counter(spec: SagaSpec = SPEC, saga_ids: tuple[str, ...] = BOTH) -> Counter:
    return Counter(spec, shop(), saga_ids=saga_ids)


@pytest.mark.parametrize(
    ("target", "fields", "key", "owner"),
    [
        ("/holds", {"saga_id": "saga-2"}, "", "saga-2"),
        ("/holds?saga_id=saga-2", None, "", "saga-2"),
        ("/holds?saga_id=saga-2", {"saga_id": "saga-1"}, "", "saga-1"),  # the body first
        ("/holds?saga_id=saga-2", {"saga_id": 7}, "", "7"),  # a name, if no saga's
        ("/holds?saga_id=saga-2", {"saga_id": True}, "", "saga-2"),
        ("/holds?saga_id=saga-2", {"saga_id": None}, "", "saga-2"),
        ("/holds?saga_id=saga-2", {"saga_id": ""}, "saga-1:hold", "saga-2"),
        ("/holds?saga_id=saga-2", None, "saga-1:hold", "saga-2"),
        ("/holds", None, "saga-1:hold", "saga-1"),
        ("/holds", None, "saga-2", "saga-2"),
        ("/holds", None, "O-17:hold", ""),  # a prefix that names no saga says nothing
        ("/holds?saga_id=O-17", None, "saga-1:hold", "O-17"),
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
        assert one.injector.send(1, "shop", sent).owner.saga_id == ""


def test_else_by_the_resource_in_the_path() -> None:
    one = counter()
    one.ask("shop", "POST", "/holds", {"saga_id": "saga-2"})
    for method in ("GET", "DELETE"):
        assert who(one.ask("shop", method, "/holds/hold-1")) == "saga-2"
    assert who(one.ask("shop", "DELETE", "/holds/hold-9")) == ""


def test_a_key_whose_prefix_names_no_saga_leaves_it_to_the_path_and_to_the_only_saga() -> None:
    one = counter()
    one.ask("shop", "POST", "/holds", {"saga_id": "saga-2"})
    assert who(one.ask("shop", "DELETE", "/holds/hold-1", key="O-17:hold")) == "saga-2"
    alone = counter(saga_ids=("saga-1",))
    assert who(alone.ask("shop", "POST", "/holds", key="O-17:hold")) == "saga-1"


def test_else_to_the_only_saga() -> None:
    alone = counter(saga_ids=("saga-1",))
    for method, target in (("POST", "/holds"), ("DELETE", "/holds/unknown"), ("GET", "/nowhere")):
        assert who(alone.ask("shop", method, target)) == "saga-1"
    assert who(alone.ask("shop", "POST", "/holds", key="3f2a")) == "saga-1"


def test_a_saga_that_undoes_what_is_anothers_is_the_one_that_did_it() -> None:
    one = counter()
    one.ask("shop", "POST", "/holds", {"saga_id": "saga-2"})
    came = one.ask("shop", "DELETE", "/holds/hold-1?saga_id=saga-1")
    assert (who(came), came.in_flight.steps) == ("saga-1", ("hold",))
    (effect,) = one.history.calls[-1].effects
    assert effect[1].saga_id == "saga-2"


# Said otherwise ---------------------------------------------------------------------------------


def correlated(correlation: Correlation, spec: SagaSpec = SPEC) -> Counter:
    return counter(replace(spec, correlation=correlation))


@pytest.mark.parametrize(
    ("target", "fields", "owner"),
    [
        ("/holds", {"order": {"ref": "saga-2"}}, "saga-2"),
        ("/holds?order.ref=saga-2", None, "saga-2"),
        ("/holds?ref=saga-2", None, "saga-2"),
        ("/holds", {"order": {"ref": {}}}, ""),
        ("/holds", {"order": "saga-2"}, ""),
        ("/holds", {"saga_id": "saga-2"}, ""),
        ("/holds?saga_id=saga-2", None, ""),
    ],
)
def test_a_field_of_another_name(target: str, fields: dict[str, object] | None, owner: str) -> None:
    assert who(correlated(Correlation(field="order.ref")).ask("shop", "POST", target, fields)) == owner


@pytest.mark.parametrize(
    ("target", "headers", "key", "owner"),
    [
        ("/holds", {"x-order-no": "saga-2"}, "", "saga-2"),
        ("/holds", {"x-order-no": "saga-2"}, "saga-1:hold", "saga-2"),  # before the key
        ("/holds?saga_id=saga-1", {"x-order-no": "saga-2"}, "", "saga-1"),  # after body and query
        ("/holds", {"x-order-no": ""}, "saga-1:hold", "saga-1"),
    ],
)
def test_a_header(target: str, headers: dict[str, str], key: str, owner: str) -> None:
    one = correlated(Correlation(header="X-Order-No"))
    assert who(one.ask("shop", "POST", target, key=key, headers=headers)) == owner


@pytest.mark.parametrize(
    ("pattern", "named", "owner"),
    [
        ("order-{saga_id}", "order-saga-2", "saga-2"),
        ("order-{saga_id}", "saga-2", "saga-2"),  # the id itself is a name all the same
        ("order-{saga_id}", "order-", "order-"),
        ("order-{saga_id}", "cart-saga-2", "cart-saga-2"),
        ("{saga_id}/v1", "saga-2/v1", "saga-2"),
        ("{saga_id}/v1", "saga-2/v2", "saga-2/v2"),
    ],
)
def test_a_pattern_for_ids_that_the_saga_derives_from_its_own(pattern: str, named: str, owner: str) -> None:
    one = correlated(Correlation(header="X-Order-No", pattern=pattern))
    assert who(one.ask("shop", "POST", "/holds", {"saga_id": named})) == owner
    assert who(one.ask("shop", "POST", f"/holds?saga_id={named}")) == owner
    assert who(one.ask("shop", "POST", "/holds", headers={"x-order-no": named})) == owner


@pytest.mark.parametrize(
    ("pattern", "key", "owner", "step"),
    [
        ("order-{saga_id}", "order-saga-2:back", "saga-2", "back"),
        ("order-{saga_id}", "order-saga-2", "saga-2", "out"),
        ("order-{saga_id}", "saga-2:back", "", "back"),
        ("order:{saga_id}", "order:saga-2:back", "saga-2", "back"),
        ("order:{saga_id}", "order:saga-9:back", "", "out"),
        ("{saga_id}/v1", "saga-2/v1:back", "saga-2", "back"),
        ("{saga_id}/v1", "saga-2:back", "", "back"),
    ],
)
def test_a_pattern_of_keys(pattern: str, key: str, owner: str, step: str) -> None:
    came = correlated(Correlation(pattern=pattern), TWO_HOLDS).ask("shop", "POST", "/holds", key=key)
    assert (who(came), came.in_flight.steps) == (owner, (step,))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"pattern": "order"}, "{saga_id} in it, once"),
        ({"pattern": "{saga_id}{saga_id}"}, "{saga_id} in it, once"),
        ({"field": "a..b"}, "a path a.b.c"),
        ({"header": ""}, "the name of a header"),
    ],
)
def test_a_correlation_that_says_nothing_is_refused(said: dict[str, str], expected: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(expected)):
        Correlation(**said)


def test_a_scenario_may_say_otherwise() -> None:
    def whose(participant: str, request: Request, ruled: Owner, /) -> Owner:
        assert participant == "shop"
        if "x-nobody" in request.headers:
            return Owner(saga_id="nobody")
        return Owner(saga_id="saga-2", step="back") if "x-back" in request.headers else ruled

    one = Counter(TWO_HOLDS, shop(), saga_ids=BOTH, whose=whose)
    came = one.ask("shop", "POST", "/holds", MINE, headers={"x-back": "1"})
    assert (who(came), came.in_flight.steps, came.in_flight.direction) == (
        "saga-2",
        ("back",),
        Direction.ACTION,
    )
    came = one.ask("shop", "POST", "/holds", MINE, key="saga-1:out")
    assert (who(came), came.in_flight.steps) == ("saga-1", ("out",))
    came = one.ask("shop", "DELETE", "/holds?saga_id=saga-1")
    assert came.in_flight.steps == ("out", "back")
    came = one.ask("shop", "POST", "/holds", MINE, headers={"x-nobody": "1"})
    assert (who(came), came.in_flight.steps) == ("nobody", ())
    assert one.injector.broken is None


def test_what_a_scenario_says_wrongly_is_told_and_the_rules_decide() -> None:
    def whose(participant: str, request: Request, ruled: Owner, /) -> Owner:
        if request.query:
            raise KeyError("order")
        return None  # type: ignore[return-value]

    one = Counter(SPEC, shop(), saga_ids=BOTH, whose=whose)
    assert who(one.ask("shop", "POST", "/holds?saga_id=saga-2")) == "saga-2"
    message = "whose(), POST /holds at shop: found \"KeyError: 'order'\", expected an Owner"
    assert str(one.injector.broken) == message
    one = Counter(SPEC, shop(), saga_ids=BOTH, whose=whose)
    one.ask("shop", "POST", "/holds", MINE)
    assert "it returned None" in str(one.injector.broken)


# Runs that are over ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "fields", "key"),
    [
        ("/holds", {"saga_id": "saga-0"}, "saga-1:hold"),
        ("/holds?saga_id=saga-0", None, ""),
        ("/holds", None, "saga-0:hold"),
    ],
)
def test_a_call_that_names_the_saga_of_an_earlier_run_is_none_of_this_one(
    target: str, fields: dict[str, object] | None, key: str
) -> None:
    one = Counter(SPEC, shop(), saga_ids=("saga-1",), earlier=frozenset({"saga-0"}))
    with pytest.raises(OfAnEarlierRun):
        one.ask("shop", "POST", target, fields, key=key)
    assert (one.injector.calls, len(one.history.calls)) == (0, 0)
    assert who(one.ask("shop", "POST", "/holds", MINE)) == "saga-1"
    assert one.history.calls[0].sent.nth == 1


# Which step, which way -------------------------------------------------------------------------


def test_it_belongs_to_the_step_whose_route_it_takes() -> None:
    one = counter()
    came = one.ask("shop", "POST", "/charges", MINE, key="saga-1:whatever")
    assert (came.in_flight.steps, came.in_flight.direction) == (("charge",), Direction.ACTION)
    came = one.ask("shop", "POST", "/charges/charge-1/refunds", MINE, key="saga-1:refund")
    assert (came.in_flight.steps, came.in_flight.direction) == (("charge",), Direction.COMPENSATION)


def test_a_query_belongs_to_the_steps_at_its_resource_and_goes_no_way() -> None:
    one = counter(TWO_HOLDS)
    came = one.ask("shop", "GET", "/holds?saga_id=saga-1")
    assert (came.in_flight.steps, came.in_flight.direction) == (("out", "back"), None)
    one.ask("shop", "POST", "/holds", MINE, key="saga-1:back")
    assert one.ask("shop", "GET", "/holds/hold-1?saga_id=saga-1").in_flight.steps == ("back",)


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
    assert counter(TWO_HOLDS).ask("shop", "POST", "/holds", MINE, key=key).in_flight.steps == (step,)


def test_an_undo_by_id_is_of_the_step_that_made_it() -> None:
    one = counter(TWO_HOLDS)
    for step in ("back", "out"):
        one.ask("shop", "POST", "/holds", MINE, key=f"saga-1:{step}")
    came = one.ask("shop", "DELETE", "/holds/hold-1", key="saga-1:out:undo")
    assert (came.in_flight.steps, came.in_flight.direction) == (("back",), Direction.COMPENSATION)


def test_an_undo_of_what_is_not_there_is_of_the_step_that_its_key_names() -> None:
    one = counter(TWO_HOLDS)
    assert one.ask("shop", "DELETE", "/holds/lost", key="saga-1:back:undo").in_flight.steps == ("back",)
    assert one.ask("shop", "DELETE", "/holds/lost", key="saga-1:undo").in_flight.steps == ()
    assert counter().ask("shop", "DELETE", "/holds/lost", key="saga-1:undo").in_flight.steps == ("hold",)


def test_an_undo_by_saga_is_of_all_its_steps_there() -> None:
    came = counter(TWO_HOLDS).ask("shop", "DELETE", "/holds?saga_id=saga-1", key="saga-1:back:undo")
    assert (came.in_flight.steps, came.in_flight.direction) == (("out", "back"), Direction.COMPENSATION)


def test_a_create_that_is_no_steps_belongs_to_a_saga_alone() -> None:
    only_hold = SagaSpec(name="one", steps=SPEC.steps[:1])
    came = counter(only_hold).ask("shop", "POST", "/charges", MINE)
    assert (came.in_flight.owner.step, came.in_flight.steps, came.in_flight.direction) == (None, (), None)


def test_what_no_route_serves_is_answered_404() -> None:
    came = counter().ask("shop", "POST", "/nowhere", MINE)
    assert (came.status, who(came), came.in_flight.steps) == (404, "saga-1", ())
    assert came.content == {"error": "no route POST /nowhere at shop"}
    assert counter().history.calls == ()


def test_what_a_compensable_step_without_undo_makes_does_not_count() -> None:
    one = counter(LOOK_THEN_SHIP)
    one.ask("shop", "POST", "/holds", MINE)
    one.ask("shop", "POST", "/charges", MINE)
    counts = [effect.counts for call in one.history.calls for _, effect in call.effects]
    assert counts == [False, True]


def test_unless_it_comes_after_the_pivot() -> None:
    look, ship = LOOK_THEN_SHIP.steps
    one = counter(replace(LOOK_THEN_SHIP, steps=(ship, look)))
    one.ask("shop", "POST", "/holds", MINE)
    assert [effect.counts for call in one.history.calls for _, effect in call.effects] == [True]
