"""Resources that are no records: what is read, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.loader import load_scenario
from harness.participant import Answers, Repeats, Route, Verb
from harness.participant.balance import BalanceKind, Does, Posting
from harness.participant.state import StateKind, Transition
from harness.scenario import Scenario
from tests.unit.loader.conftest import Write

HEAD = """\
format_version = 1
name = "order"
[saga]
adapter = "callable"
target = "sagas.py:order"
"""
STATE = """\
[participants.orders.resources.order]
kind = "state"
field = "status"
states = ["pending", "approved", "cancelled"]
get = "GET /orders/{id}"
etag = true
repeats = "key"
refuses = 422
id = "number"
[participants.orders.resources.order.transitions]
approve = { route = "PUT /orders/{id}", from = "pending", to = "approved" }
cancel = { route = ["PUT /orders/{id}", "DELETE /orders/{id}"], from = ["pending", "approved"], to = "cancelled", undoes = "approve" }
[[steps]]
name = "approve"
action = "orders.order.approve"
compensation = "orders.order.cancel"
"""  # noqa: E501 - as in a file
PUT = Route(method="PUT", path="/orders/{id}")


def load(write: Write, content: str) -> Scenario:
    return load_scenario(str(write(HEAD + content)), registered={})


def test_reads_a_state(write: Write) -> None:
    scenario = load(write, STATE)
    resource = scenario.resources["orders.order"]
    assert resource.kind == StateKind(
        states=("pending", "approved", "cancelled"),
        value="status",
        etag=True,
        moves=(
            Transition(name="approve", routes=(PUT,), sources=("pending",), target="approved"),
            Transition(
                name="cancel",
                routes=(PUT, Route(method="DELETE", path="/orders/{id}")),
                sources=("pending", "approved"),
                target="cancelled",
                undoes=("approve",),
            ),
        ),
    )
    assert (resource.repeats, resource.refuses, resource.answers) == (Repeats.KEY, 422, Answers(id="number"))
    assert scenario.operations["orders.order.approve"].verb is Verb.CREATE
    assert scenario.operations["orders.order.cancel"].undoes == ("orders.order.approve",)


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ('kind = "state"', 'kind = "stat"', ["order.kind", "'state' (did you mean it?)"]),
        ("etag = true", "etags = true", ["unknown key 'etags'", "'etag' (did you mean it?)"]),
        ("etag = true", "at_most = { aproved = 1 }", ["aproved", "'approved' (did you mean it?)"]),
        ("etag = true", 'at_most = { approved = "1" }', ["at_most.approved: found '1'", "a whole number"]),
        ("etag = true", "at_most = 1", ["at_most: found 1", "a table of states"]),
        ('repeats = "key"', 'repeats = "none"', ["found 'none'", "one of key, natural"]),
        ('from = "pending",', 'from = "pendin",', ["approve.from", "found 'pendin'", "'pending' (did you"]),
        ('to = "approved"', 'to = "aproved"', ["approve.to", "found 'aproved'", "'approved' (did you"]),
        ('undoes = "approve"', 'undoes = "aprove"', ["cancel.undoes", "'approve' (did you mean it?)"]),
        (
            'route = "PUT /orders/{id}"',
            'route = "PUT /orders"',
            ["approve.route", "a path with {id} once"],
        ),
        ('route = "PUT /orders/{id}"', 'route = "orders"', ["approve.route", "a method and a path"]),
        (
            'route = "PUT /orders/{id}"',
            'route = "GET /orders/{id}"',
            ["a route of its own", "order.get: found"],
        ),
        ('to = "approved" }', 'to = "approved", form = "x" }', ["unknown key 'form'", "'from' (did you"]),
        (
            'states = ["pending", "approved", "cancelled"]',
            "states = []",
            ["states that differ, at least one"],
        ),
        ('states = ["pending", "approved", "cancelled"]', 'states = ["pending", "pending"]', ["that differ"]),
        ('from = "pending",', "from = [],", ["a state, or a list of them, at least one"]),
        ('undoes = "approve" }', "undoes = [] }", ["a list of them, at least one"]),
        (
            'compensation = "orders.order.cancel"',
            'compensation = "orders.order.approve"',
            ["an undo of orders.order", "orders.order.cancel"],
        ),
        (', undoes = "approve" }', " }", ["compensation", "an undo of orders.order"]),
    ],
)
def test_what_is_wrong_is_refused_where_it_is(
    write: Write, tmp_path: Path, line: str, instead: str, says: list[str]
) -> None:
    assert line in STATE
    with pytest.raises(ScenarioError) as raised:
        load(write, STATE.replace(line, instead, 1))
    assert str(raised.value).startswith(f"{tmp_path}/saga.toml, line ")
    assert [one for one in says if one not in str(raised.value)] == [], str(raised.value)


BALANCE = """\
[participants.bank.resources.account]
kind = "balance"
opening = { ann = 100 }
amount = "cents"
conserved = true
get = "GET /accounts/{id}"
[participants.bank.resources.account.postings]
debit = { route = "POST /accounts/{id}/debits" }
refund = { route = "POST /accounts/{id}/refunds", does = "credit", undoes = "debit" }
[[steps]]
name = "debit"
action = "bank.account.debit"
compensation = "bank.account.refund"
"""


def test_reads_a_balance(write: Write) -> None:
    scenario = load(write, BALANCE)
    assert scenario.resources["bank.account"].kind == BalanceKind(
        opening={"ann": 100},
        amount="cents",
        conserved=True,
        moves=(
            Posting(
                name="debit",
                routes=(Route(method="POST", path="/accounts/{id}/debits"),),
                does=Does.DEBIT,
            ),
            Posting(
                name="refund",
                routes=(Route(method="POST", path="/accounts/{id}/refunds"),),
                does=Does.CREDIT,
                undoes=("debit",),
            ),
        ),
    )


def test_a_stock_is_a_balance_in_other_words(write: Write) -> None:
    told = BALANCE.replace('"balance"', '"stock"').replace("{ ann = 100 }", "7").replace("debit", "take")
    told = told.replace('does = "credit"', 'does = "put"').replace('amount = "cents"\n', "")
    kind = load(write, told).resources["bank.account"].kind
    assert isinstance(kind, BalanceKind)
    assert (kind.opening, kind.amount, [one.does for one in kind.moves]) == (
        7,
        "quantity",
        [Does.DEBIT, Does.CREDIT],
    )


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("{ ann = 100 }", "{ ann = -1 }", ["account.opening.ann: found -1", "a whole number, 0 or more"]),
        ("{ ann = 100 }", '"much"', ["account.opening: found 'much'", "a whole number, 0 or more"]),
        ('does = "credit"', 'does = "credt"', ["refund.does", "'credit' (did you mean it?)"]),
        ('undoes = "debit"', 'undoes = "debt"', ["refund.undoes", "'debit' (did you mean it?)"]),
        (
            'does = "credit"',
            'does = "hold"',
            ["postings.refund.undoes", "no such key: a hold takes nothing back"],
        ),
        ('does = "credit"', 'does = "debit"', ["a credit, which a debit takes back"]),
        ("conserved = true", "conserves = true", ["'conserved' (did you mean it?)"]),
        ("debit = { route", "debit = { to = 1, route", ["unknown key 'to'"]),
    ],
)
def test_what_is_wrong_of_a_balance_is_refused(
    write: Write, line: str, instead: str, says: list[str]
) -> None:
    assert line in BALANCE
    with pytest.raises(ScenarioError) as raised:
        load(write, BALANCE.replace(line, instead, 1))
    assert [one for one in says if one not in str(raised.value)] == [], str(raised.value)


def test_how_many_there_may_be(write: Write) -> None:
    limited = load(write, STATE.replace("etag = true", "at_most = { approved = 2 }", 1))
    kind = limited.resources["orders.order"].kind
    assert isinstance(kind, StateKind)
    assert kind.at_most == {"approved": 2}
    below = load(write, BALANCE.replace("conserved = true", "below_zero = true", 1))
    (account,) = (one.kind for one in below.resources.values() if isinstance(one.kind, BalanceKind))
    assert account.below_zero


def test_an_undo_takes_back_its_own_action_alone(write: Write) -> None:
    more = 'ship = { route = "POST /orders/{id}/ship", from = "approved", to = "cancelled" }\n[[steps]]'
    step = '[[steps]]\nname = "ship"\naction = "orders.order.ship"\ncompensation = "orders.order.cancel"\n'
    with pytest.raises(ScenarioError, match=r"an undo of orders\.order"):
        load(write, STATE.replace("[[steps]]", more) + step)
