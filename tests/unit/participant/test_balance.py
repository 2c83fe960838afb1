"""`kind = "balance"`: what is available and held, and how much of a posting is taken back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.errors import ScenarioError
from harness.participant import Change, Repeats, RestParticipant, Route
from harness.participant.balance import Accounts, BalanceKind, Does, Posting
from harness.participant.resource import kind_resource
from harness.saga import SagaSpec, Step
from tests.unit.faults.counter import Came, Counter


def posting(does: str, *undoes: str, name: str = "", method: str = "POST") -> Posting:
    named = name or does
    route = Route(method=method, path=f"/accounts/{{id}}/{named}")
    return Posting(name=named, routes=(route,), does=Does(does), undoes=undoes)


MOVES = (
    posting("debit"),
    posting("credit", "debit", name="refund"),
    posting("credit", "debit", name="refund-by-put", method="PUT"),
    posting("hold"),
    posting("release", "hold"),
    posting("capture"),
    posting("credit", "capture", "hold", name="give-back"),
)
SPEC = SagaSpec(
    name="pay",
    steps=(
        Step(name="debit", action="bank.account.debit", compensation="bank.account.refund"),
        Step(name="hold", action="bank.account.hold", compensation="bank.account.release"),
        Step(name="capture", action="bank.account.capture", compensation="bank.account.give-back"),
    ),
)


def open_counter(opening: int | Mapping[str, int] = 100, repeats: Repeats = Repeats.KEY) -> Counter:
    get = (Route(method="GET", path="/accounts/{id}"),)
    kind = BalanceKind(moves=MOVES, opening=opening, conserved=True)
    return Counter(SPEC, RestParticipant("bank", (kind_resource("account", kind, get=get, repeats=repeats),)))


def ask(
    counter: Counter, name: str, amount: object = None, *, key: str = "", at: str = "a", method: str = "POST"
) -> tuple[int | None, object, object]:
    fields: dict[str, object] = {"saga_id": "saga-1"}
    if amount is not None:
        fields["amount"] = amount
    return told(counter.ask("bank", method, f"/accounts/{at}/{name}", fields, key=key))


def told(came: Came) -> tuple[int | None, object, object]:
    content = came.content
    return came.status, content.get("available", content.get("error")), content.get("held")


def changes(counter: Counter) -> list[tuple[Change, object, str | None]]:
    applied = [effect for call in counter.history.calls for _, effect in call.effects]
    return [(one.change, one.amount, one.step) for one in applied]


def total(counter: Counter) -> int:
    accounts = counter.participants["bank"]._behaviours["account"]
    assert isinstance(accounts, Accounts)
    return accounts.total()


def test_what_is_taken_is_given_back() -> None:
    counter = open_counter()
    assert ask(counter, "debit", 30, key="k") == (200, 70, 0)
    assert ask(counter, "debit", 30, key="k") == (200, 70, 0)
    assert ask(counter, "refund", 30, key="u") == (200, 100, 0)
    assert ask(counter, "refund", 30, key="u") == (200, 100, 0)
    assert changes(counter) == [(Change.CREATED, -30, "debit"), (Change.REMOVED, 30, "debit")]
    assert total(counter) == 100


def test_without_an_amount_all_of_it_is_given_back() -> None:
    counter = open_counter()
    ask(counter, "debit", 30, key="k")
    assert ask(counter, "refund", key="u") == (200, 100, 0)


def test_another_key_or_none_is_another_posting_refunds_included() -> None:
    counter = open_counter()
    ask(counter, "debit", 30, key="k")
    assert ask(counter, "debit", 30, key="l") == (200, 40, 0)
    assert ask(counter, "refund", 60, key="u") == (200, 100, 0)
    assert ask(counter, "refund", 30, key="v") == (200, 130, 0)
    assert ask(counter, "refund") == (200, 160, 0)
    assert [one[0] for one in changes(counter)][2:] == [
        Change.REMOVED,
        Change.REMOVED,
        Change.REMOVED_AGAIN,
        Change.REMOVED_AGAIN,
    ]


def test_an_undo_of_less_leaves_the_rest_and_one_of_more_is_a_second_effect() -> None:
    counter = open_counter()
    ask(counter, "debit", 30, key="k")
    assert ask(counter, "refund", 20, key="u") == (200, 90, 0)
    assert ask(counter, "refund", 15, key="v") == (200, 105, 0)
    assert changes(counter)[1:] == [
        (Change.LESSENED, 20, "debit"),
        (Change.REMOVED, 10, "debit"),
        (Change.REMOVED_AGAIN, 5, "debit"),
    ]


def test_never_below_zero() -> None:
    counter = open_counter(opening=20)
    assert ask(counter, "debit", 30, key="k") == (409, "not enough", None)
    assert ask(counter, "hold", 20, key="h") == (200, 0, 20)
    assert ask(counter, "capture", 30, key="c") == (409, "not enough", None)
    assert total(counter) == 20


@pytest.mark.parametrize("amount", [0, -1, 1.5, "3", True])
def test_an_amount_is_a_whole_number_above_zero(amount: object) -> None:
    assert ask(open_counter(), "debit", amount)[0] == 400


def test_an_action_needs_an_amount() -> None:
    assert ask(open_counter(), "debit")[0] == 400


def test_a_capture_without_an_amount_and_a_hold_says_that_nothing_is_held() -> None:
    assert ask(open_counter(), "capture") == (409, "nothing is held", None)


def test_what_is_held_is_released_or_captured() -> None:
    counter = open_counter()
    assert ask(counter, "hold", 50, key="h") == (200, 50, 50)
    assert ask(counter, "capture", 20, key="c") == (200, 50, 30)
    assert ask(counter, "release", key="r") == (200, 80, 0)
    assert total(counter) == 80
    assert [one[:2] for one in changes(counter)] == [
        (Change.CREATED, 0),
        (Change.CREATED, -20),
        (Change.REMOVED, 0),
    ]


def test_without_an_amount_all_that_is_held_is_captured_and_giving_it_back_closes_the_hold() -> None:
    counter = open_counter()
    ask(counter, "hold", 50, key="h")
    assert ask(counter, "capture", key="c") == (200, 50, 0)
    assert ask(counter, "release", key="r") == (409, "not enough", None)
    assert ask(counter, "give-back", key="g") == (200, 100, 0)
    assert [(one[0], one[2]) for one in changes(counter)][2:] == [
        (Change.REMOVED, "capture"),
        (Change.REMOVED, "hold"),
    ]


def test_what_was_not_captured_is_not_given_back_as_if_it_was() -> None:
    counter = open_counter()
    ask(counter, "hold", 50, key="h")
    assert ask(counter, "give-back", key="g") == (409, "nothing that a credit takes back", None)
    assert total(counter) == 100


def test_what_comes_after_its_undo_is_refused() -> None:
    counter = open_counter()
    assert ask(counter, "refund", 30, key="u") == (404, "nothing to take back", None)
    assert ask(counter, "debit", 30, key="k") == (409, "undone before it arrived", None)


def test_by_nature_a_repeat_changes_nothing() -> None:
    counter = open_counter(repeats=Repeats.NATURAL)
    for _ in range(2):
        assert ask(counter, "debit", 30) == (200, 70, 0)
    for _ in range(2):
        assert ask(counter, "refund", 30) == (200, 100, 0)
    assert len(changes(counter)) == 2


def test_a_put_that_is_repeated_is_no_second_refund() -> None:
    counter = open_counter()
    ask(counter, "debit", 30, key="k")
    for _ in range(2):
        assert ask(counter, "refund-by-put", 30, method="PUT") == (200, 100, 0)


def test_accounts_that_are_named_are_all_there_are() -> None:
    counter = open_counter(opening={"a": 5})
    assert ask(counter, "debit", 5, key="k") == (200, 0, 0)
    assert ask(counter, "debit", 5, key="l", at="b") == (404, "no account b", None)


def test_a_query_shows_the_balance_and_the_steps_in_it() -> None:
    counter = open_counter()
    ask(counter, "debit", 30, key="k")
    assert told(counter.ask("bank", "GET", "/accounts/a?saga_id=saga-1")) == (200, 70, 0)
    answered = counter.history.calls[-1].answered
    assert answered is not None
    assert answered.shows == ("debit",)
    assert counter.participants["bank"].owner_of(
        counter.participants["bank"].operations["bank.account.get"], "a"
    )


@pytest.mark.parametrize(
    ("moves", "says"),
    [
        ((posting("debit"), posting("credit", "debt", name="r")), "posting r, undoes: found 'debt'"),
        ((posting("debit"), posting("release", "debit")), "a posting that a release is the opposite of"),
    ],
)
def test_what_takes_back_nothing_is_refused(moves: tuple[Posting, ...], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        BalanceKind(moves=moves)


def test_what_was_done_is_told_by_the_name_of_the_posting() -> None:
    counter = open_counter()
    ask(counter, "debit", 30, key="d")
    ask(counter, "refund", 20, key="r")
    told = [effect.detail for call in counter.history.calls for _, effect in call.effects]
    assert told == ["debit of 30 at a", "refund of 20 at a"]
