"""`kind` of a resource: what each is read from. Registered here, one reader a kind.

Owns the keys of moves (`transitions`) and their references to each other. Refuses to know what a kind
does (`harness.participant`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.answers_keys import ANSWER_KEYS, read_answers
from harness.loader.route_keys import Taken, read_move_routes, read_refusal, read_routes
from harness.loader.table import Table
from harness.participant import Repeats, ResourceSpec, Verb
from harness.participant.balance import BalanceKind, Does, Posting
from harness.participant.resource import Kind, Move, kind_resource
from harness.participant.state import StateKind, Transition

_MOVE = "a table of moves, like approve = { route = 'PUT /orders/{id}', … }"


class ResourceKind(StrEnum):
    """What a resource is."""

    RECORD = "record"
    STATE = "state"
    BALANCE = "balance"
    STOCK = "stock"


class _NotNone(StrEnum):
    """How moves are repeated."""

    KEY = Repeats.KEY
    NATURAL = Repeats.NATURAL


_STATE_KEYS = (
    *("kind", "field", "states", "transitions", "etag", "get", "repeats", "refuses", "at_most"),
    *ANSWER_KEYS,
)
_TRANSITION_KEYS = ("route", "from", "to", "undoes", "expires_s")


def _state(name: str, table: Table, taken: Taken) -> ResourceSpec:
    table.refuse_unknown(_STATE_KEYS)
    states = table.texts("states", "a list of states; it begins in the first")
    if not states or len(set(states)) < len(states):
        raise table.wrong("states", "a list of states that differ, at least one")
    own: Taken = {}
    tables = dict(table.table("transitions", _MOVE).named(_MOVE))
    moves = tuple(_transition(one, move, states, taken, own) for one, move in tables.items())
    _check_undoes(tables, moves)
    kind = StateKind(
        states=states,
        moves=moves,
        value=table.text("field", "the field that is the state", "state"),
        etag=table.flag("etag", default=False),
        at_most=_at_most_in(table, states),
    )
    repeats = Repeats(table.word("repeats", _NotNone, _NotNone.NATURAL))
    return _resource(name, kind, table, taken, repeats)


def _transition(name: str, table: Table, states: tuple[str, ...], taken: Taken, own: Taken) -> Transition:
    table.refuse_unknown(_TRANSITION_KEYS)
    sources = _one_or_more(table, "from", "a state, or a list of them")
    target = table.text("to", "a state")
    for key, named in (*(("from", one) for one in sources), ("to", target)):
        if named not in states:
            raise ScenarioError(misplaced(table.where(key), named, nearest(named, states)))
    return Transition(
        name=name,
        routes=read_move_routes(table, taken, own),
        sources=sources,
        target=target,
        undoes=_one_or_more(table, "undoes", "a transition, or a list of them")
        if table.has("undoes")
        else (),
        expires_s=_expires_s(table),
    )


def _at_most_in(table: Table, states: tuple[str, ...]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    if table.has("at_most"):
        limits = table.table("at_most", "a table of states, like { booked = 1 }")
        limits.refuse_unknown(states)
        for state in limits.values:
            found[state] = _number(limits, state)
    return found


def read_at_most(table: Table) -> int | None:
    """How many records sagas that completed may have between them."""
    return _number(table, "at_most") if table.has("at_most") else None


def _number(table: Table, key: str) -> int:
    value = table.values.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise table.wrong(key, "a whole number, 0 or more")
    return value


def _expires_s(table: Table) -> float | None:
    """Of an action: an undo is no more undone by itself."""
    if table.has("expires_s") and table.has("undoes"):
        raise table.wrong("expires_s", "it at an action: what undoes is not over by itself")
    return table.seconds("expires_s", "seconds above 0, after which it is over by itself")


def _check_undoes(tables: Mapping[str, Table], moves: Sequence[Move]) -> None:
    actions = [move.name for move in moves if not move.undoes]
    expected = "an action, and there is none"
    for move in moves:
        for named in move.undoes:
            if named not in actions:
                where = tables[move.name].where("undoes")
                raise ScenarioError(misplaced(where, named, nearest(named, actions) if actions else expected))


def _check_opposites(
    tables: Mapping[str, Table], moves: Sequence[Posting], words: Mapping[str, Does]
) -> None:
    """A posting takes back what it is the opposite of, and is told in the words of its kind."""
    does = {move.name: move.does for move in moves}
    for move in moves:
        if move.undoes and not any(does[one] in move.does.takes_back for one in move.undoes):
            opposites = " or ".join(name for name, one in words.items() if one in move.does.takes_back)
            word = next(name for name, one in words.items() if one is move.does)
            takes_back = f"a {opposites}, which a {word} takes back"
            nothing = f"no such key: a {word} takes nothing back"
            raise tables[move.name].wrong("undoes", takes_back if opposites else nothing)


def _one_or_more(table: Table, key: str, expected: str) -> tuple[str, ...]:
    if isinstance(table.values.get(key), list):
        found = table.texts(key, expected)
        if not found:
            raise table.wrong(key, f"{expected}, at least one")
        return found
    return (table.text(key, expected),)


_BALANCE_KEYS = (
    "kind",
    "postings",
    "opening",
    "amount",
    "conserved",
    "below_zero",
    "get",
    "repeats",
    "refuses",
    *ANSWER_KEYS,
)
_POSTING_KEYS = ("route", "does", "undoes", "expires_s")
_OF_MONEY: Mapping[str, Does] = {str(one): one for one in Does}
_OF_GOODS: Mapping[str, Does] = {
    "take": Does.DEBIT,
    "put": Does.CREDIT,
    "reserve": Does.HOLD,
    "ship": Does.CAPTURE,
    "release": Does.RELEASE,
}


def _balance(name: str, table: Table, taken: Taken) -> ResourceSpec:
    return _accounts(name, table, taken, _OF_MONEY, "amount")


def _stock(name: str, table: Table, taken: Taken) -> ResourceSpec:
    return _accounts(name, table, taken, _OF_GOODS, "quantity")


def _accounts(name: str, table: Table, taken: Taken, words: Mapping[str, Does], amount: str) -> ResourceSpec:
    table.refuse_unknown(_BALANCE_KEYS)
    expected = f"a table of postings, like refund = {{ route = 'POST …', does = '{next(iter(words))}' }}"
    tables = dict(table.table("postings", expected).named(expected))
    moves = tuple(_posting(one, posting, words, taken) for one, posting in tables.items())
    _check_undoes(tables, moves)
    _check_opposites(tables, moves, words)
    kind = BalanceKind(
        moves=moves,
        opening=_opening(table),
        amount=table.text("amount", "the field that says how much", amount),
        conserved=table.flag("conserved", default=False),
        below_zero=table.flag("below_zero", default=False),
    )
    return _resource(name, kind, table, taken, table.word("repeats", Repeats, Repeats.KEY))


def _resource(name: str, kind: Kind, table: Table, taken: Taken, repeats: Repeats) -> ResourceSpec:
    return kind_resource(
        name,
        kind,
        get=read_routes(table, Verb.GET, taken) if table.has(Verb.GET) else (),
        repeats=repeats,
        refuses=read_refusal(table),
        answers=read_answers(table),
    )


def _posting(name: str, table: Table, words: Mapping[str, Does], taken: Taken) -> Posting:
    table.refuse_unknown(_POSTING_KEYS)
    word = table.text("does", f"one of {', '.join(words)}", name)
    if word not in words:
        raise ScenarioError(misplaced(table.where("does"), word, nearest(word, words)))
    if table.has("expires_s") and words[word] is not Does.HOLD:
        holds = next(name for name, does in words.items() if does is Does.HOLD)
        raise table.wrong("expires_s", f"it at a {holds}: nothing else is over by itself")
    return Posting(
        name=name,
        routes=read_move_routes(table, taken, {}),
        does=words[word],
        undoes=_one_or_more(table, "undoes", "a posting, or a list of them") if table.has("undoes") else (),
        expires_s=_expires_s(table),
    )


def _opening(table: Table) -> int | Mapping[str, int]:
    expected = "a whole number, 0 or more, for every account, or a table of them"
    value = table.values.get("opening", 0)
    if isinstance(value, dict):
        return {name: _amount(table, amount, expected, name) for name, amount in value.items()}
    return _amount(table, value, expected)


def _amount(table: Table, amount: object, expected: str, *inner: str) -> int:
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
        raise table.wrong("opening", expected, *inner)
    return amount


KINDS: Mapping[ResourceKind, Callable[[str, Table, Taken], ResourceSpec]] = {
    ResourceKind.STATE: _state,
    ResourceKind.BALANCE: _balance,
    ResourceKind.STOCK: _stock,
}
"""Every kind but the record, which `participants_table` reads."""
