import pytest

from fakes import Inventory
from tests.unit.fakes.counter import ask

TWO_LAMPS = {"saga_id": "saga-1", "items": [{"sku": "lamp", "quantity": 2}]}


@pytest.fixture
def inventory() -> Inventory:
    return Inventory(stock={"lamp": 3, "chair": 1})


def test_a_reservation_sets_stock_aside_and_its_release_brings_it_back(inventory: Inventory) -> None:
    status, made = ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k")
    assert (status, inventory.on_hand["lamp"], inventory.conserved()) == (201, 1, True)

    assert ask(inventory, "DELETE", f"/reservations/{made['id']}")[0] == 204
    assert (inventory.on_hand["lamp"], inventory.conserved()) == (3, True)


def test_a_second_release_is_404_and_releases_nothing(inventory: Inventory) -> None:
    _, made = ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k")
    answers = [ask(inventory, "DELETE", f"/reservations/{made['id']}")[0] for _ in range(3)]
    assert answers == [204, 404, 404]
    assert inventory.on_hand["lamp"] == 3


def test_what_is_out_of_stock_is_refused_whole(inventory: Inventory) -> None:
    items = [{"sku": "lamp", "quantity": 1}, {"sku": "chair", "quantity": 2}]
    status, answer = ask(inventory, "POST", "/reservations", {"items": items}, key="k")
    assert (status, answer) == (409, {"error": "out_of_stock", "sku": "chair"})
    assert inventory.on_hand == {"lamp": 3, "chair": 1}


def test_lines_of_one_sku_are_counted_together(inventory: Inventory) -> None:
    items = [{"sku": "lamp", "quantity": 2}, {"sku": "lamp", "quantity": 2}]
    assert ask(inventory, "POST", "/reservations", {"items": items}, key="k")[0] == 409


@pytest.mark.parametrize(
    "items", [None, [], "lamp", ["lamp"], [{"sku": "lamp"}], [{"sku": "lamp", "quantity": 0}]]
)
def test_items_that_are_none_are_400(inventory: Inventory, items: object) -> None:
    status, answer = ask(inventory, "POST", "/reservations", {"items": items}, key="k")
    assert status == 400
    assert "items" in str(answer["error"])


def test_the_same_key_replays_and_reserves_once(inventory: Inventory) -> None:
    answers = [ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k") for _ in range(2)]
    assert answers[0] == answers[1]
    assert inventory.on_hand["lamp"] == 1


def test_without_a_key_a_repeat_is_a_second_reservation(inventory: Inventory) -> None:
    one = {"items": [{"sku": "lamp", "quantity": 1}]}
    for _ in range(2):
        ask(inventory, "POST", "/reservations", one)
    assert (inventory.on_hand["lamp"], inventory.conserved()) == (1, True)


def test_an_undo_by_saga_bars_a_late_reservation(inventory: Inventory) -> None:
    assert ask(inventory, "DELETE", "/reservations?saga_id=saga-1")[0] == 204
    assert ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k")[0] == 409
    assert ask(inventory, "POST", "/reservations", TWO_LAMPS, key="l", saga_id="saga-2")[0] == 201


def test_queries_show_what_is_whole_and_live(inventory: Inventory) -> None:
    _, made = ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k")
    assert ask(inventory, "GET", f"/reservations/{made['id']}") == (200, made)
    assert ask(inventory, "GET", "/reservations?saga_id=saga-1") == (200, {"items": [made]})

    ask(inventory, "DELETE", f"/reservations/{made['id']}")
    assert ask(inventory, "GET", f"/reservations/{made['id']}")[0] == 404
    assert ask(inventory, "GET", "/reservations?saga_id=saga-1") == (200, {"items": []})


def test_a_part_holds_stock_and_no_query_lists_it_until_it_is_completed(inventory: Inventory) -> None:
    assert ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k", part=True)[0] == 500
    assert (inventory.on_hand["lamp"], inventory.conserved()) == (1, True)
    assert ask(inventory, "GET", "/reservations?saga_id=saga-1") == (200, {"items": []})

    assert ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k")[0] == 201
    assert (inventory.on_hand["lamp"], inventory.conserved()) == (1, True)


def test_a_part_is_released_by_saga(inventory: Inventory) -> None:
    ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k", part=True)
    assert ask(inventory, "DELETE", "/reservations?saga_id=saga-1")[0] == 204
    assert (inventory.on_hand["lamp"], inventory.conserved()) == (3, True)


def test_conserved_notices_stock_that_vanished(inventory: Inventory) -> None:
    inventory.on_hand["lamp"] -= 1
    assert not inventory.conserved()


def test_a_fresh_one_keeps_its_stock_and_forgets_the_rest(inventory: Inventory) -> None:
    ask(inventory, "POST", "/reservations", TWO_LAMPS, key="k")
    fresh = inventory.fresh()
    assert (fresh.on_hand, list(fresh.ledger.live()), fresh.router) == (
        {"lamp": 3, "chair": 1},
        [],
        inventory.router,
    )
