"""The manners of a declared participant (RULES §6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.participant import Repeats, Response, RestParticipant, UndoAnswers
from harness.participant.resource import routes
from harness.plan import Fault
from tests.unit.faults.counter import Came, Counter
from tests.unit.faults.shop import CHARGE, KEY, MINE, SPEC, TWO_HOLDS, hold, shop

REFUND = "saga-1:charge:undo"


def open_counter(*args: object, parts: int = 0, **manners: object) -> Counter:
    """`parts`: so many creates in a row apply a part only."""
    faults = (Fault(kind="partial", operation="shop.hold.create", count=parts),) if parts else ()
    return Counter(SPEC, shop(hold(**manners), CHARGE), faults=faults)  # type: ignore[arg-type]


def create(counter: Counter, *, key: str = KEY, **fields: object) -> Came:
    return counter.ask("shop", "POST", "/holds", {**MINE, **fields}, key=key)


def undo_by_id(counter: Counter, id_: str = "hold-1") -> Came:
    return counter.ask("shop", "DELETE", f"/holds/{id_}?saga_id=saga-1")


def undo_by_saga(counter: Counter) -> Came:
    return counter.ask("shop", "DELETE", "/holds?saga_id=saga-1")


def listed(counter: Counter) -> list[str]:
    items = counter.ask("shop", "GET", "/holds?saga_id=saga-1").content["items"]
    assert isinstance(items, list)
    return [item["id"] for item in items]


# Creating, asking, undoing ---------------------------------------------------------------------


def test_what_is_made_is_found_until_it_is_undone() -> None:
    counter = open_counter()
    assert (listed(counter), counter.ask("shop", "GET", "/holds/hold-1").status) == ([], 404)
    came = create(counter)
    assert (came.status, came.content) == (201, {"id": "hold-1"})
    assert counter.ask("shop", "GET", "/holds/hold-1").content == {"id": "hold-1"}
    assert listed(counter) == ["hold-1"]
    assert undo_by_id(counter).status == 204
    assert (listed(counter), counter.ask("shop", "GET", "/holds/hold-1").status) == ([], 404)
    assert counter.effects() == ["created hold", "removed hold"]


def test_a_second_undo_by_id_is_404_and_by_saga_204_and_changes_nothing() -> None:
    counter = open_counter()
    create(counter)
    assert [undo_by_id(counter).status for _ in range(2)] == [204, 404]
    assert [undo_by_saga(counter).status for _ in range(2)] == [204, 204]
    assert counter.effects() == ["created hold", "removed hold"]


def test_an_undo_by_saga_undoes_all_that_is_that_sagas() -> None:
    counter = Counter(TWO_HOLDS, shop(), saga_ids=("saga-1", "saga-2"))
    for saga_id, step in (("saga-1", "out"), ("saga-1", "back"), ("saga-2", "out")):
        counter.ask("shop", "POST", "/holds", {"saga_id": saga_id}, key=f"{saga_id}:{step}")
    assert undo_by_saga(counter).status == 204
    assert [one.saga_id for one in counter.participants["shop"].ledger.live()] == ["saga-2"]


def test_an_unknown_id_is_404() -> None:
    assert undo_by_id(open_counter(), "hold-7").status == 404


def test_a_fresh_one_holds_nothing_and_has_the_same_manners() -> None:
    first = RestParticipant("shop", (hold(refuses=422),), key_header="X-Key")
    counter = Counter(SPEC, first)
    create(counter)
    fresh = first.fresh()
    assert (list(fresh.ledger.live()), fresh.resources, fresh.router) == ([], first.resources, first.router)
    assert fresh._key_header == "x-key"


# Tombstones ------------------------------------------------------------------------------------


@pytest.mark.parametrize("refuses", [409, 422])
def test_an_undo_by_saga_refuses_a_create_that_comes_later(refuses: int) -> None:
    counter = open_counter(refuses=refuses)
    assert undo_by_saga(counter).status == 204
    assert create(counter).status == refuses
    assert counter.effects() == []


def test_an_undo_by_id_buries_that_step_alone() -> None:
    counter = Counter(TWO_HOLDS, shop())
    create(counter, key="saga-1:out")
    undo_by_id(counter)
    assert create(counter, key="saga-1:out:2").status == 409
    assert create(counter, key="saga-1:back").status == 201


def test_an_undo_of_what_is_not_there_by_id_buries_nothing() -> None:
    counter = open_counter()
    undo_by_id(counter)
    assert create(counter).status == 201


def test_a_participant_in_python_may_go_without() -> None:
    counter = open_counter(tombstones=False)
    undo_by_saga(counter)
    assert create(counter).status == 201


# Keys ------------------------------------------------------------------------------------------


def test_the_first_success_of_a_key_is_replayed_also_after_the_undo() -> None:
    counter = open_counter()
    first = create(counter)
    assert create(counter).content == first.content
    undo_by_saga(counter)
    assert (create(counter).status, create(counter).content) == (201, first.content)
    assert counter.effects() == ["created hold", "removed hold"]


def test_a_failure_is_not_replayed() -> None:
    counter = Counter(SPEC, Fussy("shop", (hold(),)))
    assert [create(counter).status for _ in range(2)] == [409, 201]


class Fussy(RestParticipant):
    """Refuses the first create."""

    asked = 0

    def admit(self, resource: object, fields: object) -> object:  # type: ignore[override]
        self.asked += 1
        return Response.of(409, {"error": "not now"}) if self.asked == 1 else None


def test_the_same_key_with_another_body_is_422_and_changes_nothing() -> None:
    counter = open_counter()
    create(counter, quantity=1)
    came = create(counter, quantity=2)
    assert came.status == 422
    assert counter.effects() == ["created hold"]


def test_keys_count_over_all_routes_of_a_participant() -> None:
    counter = open_counter()
    create(counter, key="saga-1:order", of="hold")
    assert counter.ask("shop", "POST", "/charges", {**MINE, "of": "charge"}, key="saga-1:order").status == 422


def test_another_key_or_none_is_a_new_effect() -> None:
    counter = open_counter()
    for key in (KEY, f"{KEY}:2", "", ""):
        assert create(counter, key=key).status == 201
    assert counter.effects() == ["created hold"] * 4


def test_a_refund_under_another_key_or_none_is_a_second_effect() -> None:
    counter = open_counter()
    counter.ask("shop", "POST", "/charges", MINE, key="saga-1:charge")
    for key, effects in ((REFUND, 1), (REFUND, 1), (f"{REFUND}:2", 2), ("", 3)):
        came = counter.ask("shop", "POST", "/charges/charge-1/refunds", MINE, key=key)
        assert (came.status, came.content) == (201, {"id": "charge-1"})
        assert len(counter.effects()) == 1 + effects
    assert counter.effects()[1:] == ["removed charge", "removed_again charge", "removed_again charge"]


def test_a_refund_by_saga_again_is_a_second_effect_too() -> None:
    counter = open_counter()
    counter.ask("shop", "POST", "/charges", MINE, key="saga-1:charge")
    for key in (REFUND, REFUND, f"{REFUND}:2"):
        assert counter.ask("shop", "POST", "/refunds", MINE, key=key).status == 201
    assert counter.effects()[1:] == ["removed charge", "removed_again charge"]


def test_a_business_may_refuse_the_second_refund() -> None:
    counter = Counter(SPEC, Strict("shop", (CHARGE,)))
    counter.ask("shop", "POST", "/charges", MINE, key="saga-1:charge")
    for key, status in ((REFUND, 201), (f"{REFUND}:2", 404)):
        assert counter.ask("shop", "POST", "/charges/charge-1/refunds", MINE, key=key).status == status
    assert counter.ask("shop", "POST", "/refunds", MINE, key=f"{REFUND}:3").status == 201
    assert counter.effects()[1:] == ["removed charge"]


class Strict(RestParticipant):
    """A charge is refunded once."""

    def undoable_again(self, incarnation: object) -> bool:
        return False


# Natural repeats, and none ---------------------------------------------------------------------


def test_a_natural_repeat_finds_the_one_of_that_saga_and_step() -> None:
    counter = Counter(TWO_HOLDS, shop(hold(repeats=Repeats.NATURAL)))
    first = create(counter, key="saga-1:out")
    again = create(counter, key="saga-1:out", quantity=2)
    assert (again.status, again.content) == (201, first.content)
    assert create(counter, key="saga-1:back").content == {"id": "hold-2"}
    assert counter.effects() == ["created out", "created back"]


def test_without_repeats_each_create_is_another() -> None:
    counter = open_counter(repeats=Repeats.NONE)
    assert [create(counter).content["id"] for _ in range(2)] == ["hold-1", "hold-2"]


# Accepted, then done ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target"), [("DELETE", "/holds/hold-1"), ("DELETE", "/holds?saga_id=saga-1")]
)
def test_the_first_undo_is_accepted_and_the_second_takes_effect(method: str, target: str) -> None:
    counter = open_counter(undo_answers=UndoAnswers.ACCEPTED)
    create(counter)
    assert counter.ask("shop", method, target).status == 202
    assert counter.effects() == ["created hold"]
    assert counter.ask("shop", method, target).status == 204
    assert counter.effects() == ["created hold", "removed hold"]


def test_a_202_is_not_replayed_for_its_key() -> None:
    counter = Counter(SPEC, shop(replace(CHARGE, undo_answers=UndoAnswers.ACCEPTED)))
    counter.ask("shop", "POST", "/charges", MINE, key="saga-1:charge")
    asked = [counter.ask("shop", "POST", "/refunds", MINE, key=REFUND).status for _ in range(3)]
    assert asked == [202, 201, 201]
    assert counter.effects() == ["created charge", "removed charge"]


# Parts -----------------------------------------------------------------------------------------


def test_a_part_is_not_listed_and_the_same_key_completes_it() -> None:
    counter = open_counter(parts=1)
    assert create(counter).status == 500
    assert (listed(counter), counter.ask("shop", "GET", "/holds/hold-1").status) == ([], 404)
    assert (create(counter).content, listed(counter)) == ({"id": "hold-1"}, ["hold-1"])
    assert counter.effects() == ["part hold", "completed hold"]


def test_another_key_makes_another_and_leaves_the_part() -> None:
    counter = open_counter(parts=1)
    create(counter)
    assert create(counter, key=f"{KEY}:2").content == {"id": "hold-2"}
    assert counter.effects() == ["part hold", "created hold"]


def test_a_natural_repeat_completes_a_part() -> None:
    counter = open_counter(parts=1, repeats=Repeats.NATURAL)
    create(counter)
    assert create(counter).content == {"id": "hold-1"}
    assert counter.effects() == ["part hold", "completed hold"]


@pytest.mark.parametrize("undo", [undo_by_id, undo_by_saga])
def test_an_undo_removes_a_part(undo: object) -> None:
    counter = open_counter(parts=1)
    create(counter)
    assert undo(counter).status == 204  # type: ignore[operator]
    assert counter.effects() == ["part hold", "removed hold"]
    assert create(counter).status == 409


# An id that the caller chooses ----------------------------------------------------------------------

PUT = routes("hold", create="PUT /holds/{id}", delete="DELETE /holds/{id}", get="GET /holds/{id}")


def chosen_counter() -> Counter:
    return Counter(SPEC, shop(replace(hold(repeats=Repeats.NATURAL), routes=PUT), CHARGE))


def put(counter: Counter, id_: str, saga: str = "saga-1") -> Came:
    return counter.ask("shop", "PUT", f"/holds/{id_}", {"saga_id": saga}, key=f"{saga}:hold")


def test_what_is_put_is_called_as_its_path_says_and_there_once() -> None:
    counter = chosen_counter()
    came = put(counter, "ann-7")
    assert (came.status, came.content["id"]) == (201, "ann-7")
    assert put(counter, "ann-7").content == came.content
    assert counter.ask("shop", "GET", "/holds/ann-7?saga_id=saga-1").status == 200
    assert counter.ask("shop", "DELETE", "/holds/ann-7?saga_id=saga-1").status == 204
    assert put(counter, "ann-7").status == 409, "undone before it arrived"


def test_an_undo_that_comes_before_its_put_keeps_it_out() -> None:
    counter = chosen_counter()
    assert counter.ask("shop", "DELETE", "/holds/ann-7?saga_id=saga-1").status == 404
    assert put(counter, "ann-7").status == 409
    assert put(counter, "ann-8").status == 201


def test_an_id_that_another_saga_has_is_refused() -> None:
    counter = chosen_counter()
    assert put(counter, "ann-7").status == 201
    assert put(counter, "ann-7", "saga-2").status == 409
    assert counter.ask("shop", "GET", "/holds/ann-7?saga_id=saga-1").status == 200
