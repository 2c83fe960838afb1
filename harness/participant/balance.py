"""`kind = "balance"` and `kind = "stock"`: accounts whose amounts steps move.

Owns what is available and what is held, account by account, never below zero unless the kind says so, and how
much of each action is still to be taken back. An action is a posting, and so is its undo, which takes back as
much as it says. Refuses to repair: an undo of less leaves the rest, one of more is a
second effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from harness.errors import ScenarioError, misplaced
from harness.participant.changes import Changes, effect
from harness.participant.ledger import Change, Effect, Incarnation, Lapse, Ledger
from harness.participant.messages import Owner, Reply, Request, Response
from harness.participant.resource import Operation, Repeats, ResourceSpec, Route, actions_of


class Does(StrEnum):
    """What a posting does to an account."""

    DEBIT = "debit"
    CREDIT = "credit"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"

    @property
    def signs(self) -> tuple[int, int]:
        """Of what is available, and of what is held."""
        return _SIGNS[self]

    @property
    def takes_back(self) -> tuple[Does, ...]:
        """What it is the opposite of."""
        return _OPPOSITES.get(self, ())


_SIGNS = {
    Does.DEBIT: (-1, 0),
    Does.CREDIT: (1, 0),
    Does.HOLD: (-1, 1),
    Does.CAPTURE: (0, -1),
    Does.RELEASE: (1, -1),
}
_OPPOSITES = {
    Does.CREDIT: (Does.DEBIT, Does.CAPTURE),
    Does.DEBIT: (Does.CREDIT,),
    Does.RELEASE: (Does.HOLD,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One thing that can be done to an account. undoes: the postings that it takes back; none: an action."""

    name: str
    routes: tuple[Route, ...]
    does: Does
    undoes: tuple[str, ...] = ()
    expires_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceKind:
    """Raises ScenarioError where a posting takes back what is no action, or not its opposite.

    opening: what is available in each account at the start; a mapping: there are no others. amount: the field
    of requests that says how much, a whole number. conserved: whether what a saga that ended has moved must
    come to zero. below_zero: more may be taken than is there: who takes has to look.
    """

    moves: tuple[Posting, ...]
    opening: int | Mapping[str, int] = 0
    amount: str = "amount"
    conserved: bool = False
    below_zero: bool = False
    usual_repeats: ClassVar[Repeats] = Repeats.KEY

    def __post_init__(self) -> None:
        actions = actions_of(self.moves, "posting")
        for one in self.moves:
            if one.undoes and not any(actions[name].does in one.does.takes_back for name in one.undoes):
                expected = f"a posting that a {one.does} is the opposite of"
                raise ScenarioError(misplaced(f"posting {one.name}, undoes", ", ".join(one.undoes), expected))

    def move(self, name: str) -> Posting:
        """The posting of that name."""
        return next(one for one in self.moves if one.name == name)

    def chosen(self, rivals: Sequence[Operation], request: Request) -> Operation | None:
        """Each posting has a route of its own."""
        del request
        return rivals[0]

    def open(self, resource: ResourceSpec, full: str, ledger: Ledger) -> Accounts:
        """Every account is as it opens."""
        return Accounts(self, resource, Changes(full=full, ledger=ledger))


@dataclass(slots=True)
class _Account:
    available: int
    held: int = 0
    below_zero: bool = False

    def takes(self, does: Does, amount: int) -> bool:
        """Move so much, unless that would leave less than nothing, where that is refused."""
        of_available, of_held = does.signs
        available, held = self.available + of_available * amount, self.held + of_held * amount
        if held < 0 or (available < 0 and not self.below_zero):
            return False
        self.available, self.held = available, held
        return True


class Accounts:
    """The accounts of one resource in one run."""

    def __init__(self, kind: BalanceKind, resource: ResourceSpec, changes: Changes) -> None:
        self._kind = kind
        self._resource = resource
        self._changes = changes
        self._accounts: dict[str, _Account] = {}
        self._open: dict[int, int] = {}  # incarnation to what is still to be taken back of it
        self._whole: dict[int, int] = {}
        self._does: dict[int, Does] = {}
        self._names: dict[int, str] = {}
        self._lapsing: list[tuple[float, str, Incarnation]] = []
        self._now_s = 0.0

    def lapse(self, now_s: float | None) -> tuple[Lapse, ...]:
        """Holds that are over by themselves at a time, less what was captured; None: whatever would be."""
        self._now_s = self._now_s if now_s is None else now_s
        found = []
        for one in [*self._lapsing]:
            until_s, id_, made = one
            left = self._open[made.number] if made.live else 0
            if left and now_s is not None and now_s < until_s:
                continue
            self._lapsing.remove(one)
            if left:
                self._accounts[id_].takes(Does.RELEASE, left)
                self._open[made.number] = 0
                if left == self._whole[made.number]:
                    found.append(
                        self._changes.lapse(
                            made,
                            f"{self._names[made.number]} of {left} at {id_} is over, its time was up",
                            until_s,
                        )
                    )
        return tuple(found)

    def handle(self, operation: Operation, id_: str | None, request: Request, owner: Owner) -> Reply:
        """A posting, or a look at the account."""
        assert id_ is not None, "a route of an account names it"
        account = self._account(id_)
        if account is None:
            return self._refused(404, f"no {self._resource.name} {id_}", id_)
        if operation.verb.queries:
            saga = Owner(saga_id=owner.saga_id)
            return Reply(response=self._told(id_, account), shows=self._changes.shown(id_, saga))
        amount = request.fields().get(self._kind.amount)
        if amount is not None and (type(amount) is not int or amount < 1):
            return self._refused(400, f"{self._kind.amount}: expected a whole number above 0", id_)
        move = self._kind.move(operation.label)
        if move.undoes:
            again = request.method == "POST" and self._resource.repeats is not Repeats.NATURAL
            return self._undo(move, id_, account, amount, owner, again=again)
        return self._act(move, id_, account, amount, owner)

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """The saga that changed it last."""
        del operation
        return self._changes.owner_of(id_)

    def total(self) -> int:
        """What is available and held in all accounts that were asked for."""
        return sum(one.available + one.held for one in self._accounts.values())

    def _act(self, move: Posting, id_: str, account: _Account, amount: int | None, owner: Owner) -> Reply:
        if self._changes.is_closed(move.name, id_, owner):
            return self._refused(self._resource.refuses, "undone before it arrived", id_)
        if self._resource.repeats is Repeats.NATURAL and self._changes.live((move.name,), id_, owner):
            return Reply(response=self._told(id_, account))
        if amount is None and move.does is Does.CAPTURE:
            amount = self._held_for(id_, owner)
            if not amount:
                return self._refused(self._resource.refuses, "nothing is held", id_)
        if not amount:
            return self._refused(400, f"{self._kind.amount}: expected a whole number above 0", id_)
        if not account.takes(move.does, amount):
            return self._refused(self._resource.refuses, "not enough", id_)
        words = f"{move.name} of {amount} at {id_}"
        made, applied = self._changes.add(move.name, id_, owner, words, amount=_moved(move.does, amount))
        self._open[made.number] = self._whole[made.number] = amount
        self._does[made.number] = move.does
        self._names[made.number] = move.name
        if move.does is Does.CAPTURE:
            self._use_holds(id_, owner, amount)
        if move.expires_s is not None:
            self._lapsing.append((self._now_s + move.expires_s, id_, made))
        return Reply(response=self._told(id_, account), effects=(applied,))

    def _undo(
        self, move: Posting, id_: str, account: _Account, amount: int | None, owner: Owner, *, again: bool
    ) -> Reply:
        saga = Owner(saga_id=owner.saga_id)
        made = self._changes.made(move.undoes, id_, saga)
        money = [one for one in made if self._does[one.number] in move.does.takes_back]
        opened = sum(self._open[one.number] for one in money if one.live)
        if not opened and not (money and again):
            self._changes.close(move.undoes, id_, saga)
            if any(one.live for one in made):
                return self._refused(self._resource.refuses, f"nothing that a {move.does} takes back", id_)
            if made:
                return Reply(response=self._told(id_, account))
            return self._refused(404, "nothing to take back", id_)
        asked = amount or opened or self._whole[money[-1].number]
        if not account.takes(move.does, asked):
            return self._refused(self._resource.refuses, "not enough", id_)
        self._changes.close(move.undoes, id_, saga)
        effects = tuple(self._taken_back(move, money, asked, id_))
        if not any(one.live for one in money):
            others = [one for one in made if one.live and not self._open[one.number]]
            effects += tuple(self._changes.remove(one, f"closed by {move.name}") for one in others)
        return Reply(response=self._told(id_, account), effects=effects)

    def _taken_back(self, move: Posting, money: list[Incarnation], asked: int, id_: str) -> list[Effect]:
        """Of what was done last first; what is too much is a second effect of the last."""
        effects = []
        for one in reversed(money):
            part = min(asked, self._open[one.number]) if one.live else 0
            if not part:
                continue
            asked -= part
            self._open[one.number] -= part
            words, moved = f"{move.name} of {part} at {id_}", _moved(move.does, part)
            if self._open[one.number]:
                effects.append(effect(one, Change.LESSENED, words, moved))
            else:
                effects.append(self._changes.remove(one, words, amount=moved))
        if asked:
            words = f"{move.name} of {asked} at {id_}, taken back before"
            effects.append(self._changes.remove(money[-1], words, amount=_moved(move.does, asked)))
        return effects

    def _held_for(self, id_: str, owner: Owner) -> int:
        """What holds of a saga still keep in an account."""
        return sum(self._open[one.number] for one in self._holds(id_, owner))

    def _use_holds(self, id_: str, owner: Owner, amount: int) -> None:
        """What was captured is not released any more."""
        for one in self._holds(id_, owner):
            used = min(amount, self._open[one.number])
            self._open[one.number] -= used
            amount -= used

    def _holds(self, id_: str, owner: Owner) -> list[Incarnation]:
        names = [one.name for one in self._kind.moves if one.does is Does.HOLD]
        return self._changes.live(names, id_, Owner(saga_id=owner.saga_id))

    def _account(self, id_: str) -> _Account | None:
        opening = self._kind.opening
        found = self._accounts.get(id_)
        if found is not None or (isinstance(opening, Mapping) and id_ not in opening):
            return found
        there = opening[id_] if isinstance(opening, Mapping) else opening
        self._accounts[id_] = _Account(there, below_zero=self._kind.below_zero)
        return self._accounts[id_]

    def _told(self, id_: str, account: _Account) -> Response:
        body = {**self._resource.answers.about(id_), "available": account.available, "held": account.held}
        return Response.of(200, body)

    def _refused(self, status: int, error: str, id_: str) -> Reply:
        return Reply(response=self._resource.answers.refusal(status, error, id_))


def _moved(does: Does, amount: int) -> int:
    """What it adds to the account, what is held included."""
    return sum(does.signs) * amount
