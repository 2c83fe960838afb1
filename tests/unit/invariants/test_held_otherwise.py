"""What a service of the user's holds outweighs what it answered, in every invariant that asks."""

from __future__ import annotations

from harness.history import HeldOtherwise
from tests.unit.invariants.tale import HOLD, Tale, spec

LOST = "shop answered 201 for hold 'h' and does not hold it"
STAYED = "shop answered that hold 'h' is removed and holds it"
UNHEARD_OF = "shop holds hold 'h', and no answer said that it was made"


def told(tale: Tale, number: int, says: str, *, held: bool) -> None:
    tale.events.append(
        HeldOtherwise(
            t_s=tale.now_s,
            resource="shop.hold",
            incarnation=number,
            saga_id="saga-1",
            step="hold",
            held=held,
            says=says,
        )
    )


def test_completed_is_untrue_where_what_was_answered_is_not_held() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    told(tale, 1, LOST, held=False)
    message = f"the saga says completed, and step hold is not applied; {LOST}"
    assert tale.end("completed").violation("truthful_outcome") == message


def test_what_is_lost_and_made_again_took_effect_once() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    tale.act("hold")
    told(tale, 1, LOST, held=False)
    ended = tale.end("completed")
    assert ended.held("idempotent_actions")
    assert ended.held("truthful_outcome")


def test_what_is_removed_and_held_is_left() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    tale.undo("hold")
    told(tale, 1, STAYED, held=True)
    ended = tale.end("compensated")
    left = "shop.hold #1 of step hold is left"
    assert (
        ended.violation("no_orphaned_resources") == f"{left}, and the saga ended with compensated; {STAYED}"
    )
    assert ended.violation("truthful_outcome") == f"the saga says compensated, and {left}; {STAYED}"


def test_what_nobody_answered_for_is_an_effect_and_no_zombie() -> None:
    tale = Tale(spec(HOLD))
    tale.act("hold")
    tale.undo("hold")
    tale.deliver(1, 1)
    told(tale, 2, UNHEARD_OF, held=True)
    ended = tale.end("compensated")
    twice = f"the action of step hold took effect 2 times; {UNHEARD_OF}"
    assert ended.violation("idempotent_actions") == twice
    assert ended.held("no_zombie_effects")
    assert not ended.held("no_orphaned_resources")
