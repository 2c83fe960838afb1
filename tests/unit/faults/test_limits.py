"""No fault strikes where no saga could hold: the table of RULES §6."""

from __future__ import annotations

import pytest

from harness.faults import KINDS
from harness.participant import Operation, Repeats, ResourceSpec, UndoAnswers, Verb
from harness.plan import Target
from harness.saga import Direction
from tests.unit.faults.shop import CHARGE, hold, routes

LOST = ("lose_reply", "cut_reply", "reset_after", "error_after", "garbage")
ALWAYS = ("refuse", "lose_request", "reset_before", "error_before", "throttle", "slow", "outage")


def owned(*verbs: Verb, repeats: Repeats) -> ResourceSpec:
    paths = {
        Verb.DELETE: "DELETE /holds/{id}",
        Verb.DELETE_BY_SAGA: "DELETE /holds",
        Verb.FIND: "GET /holds",
    }
    return ResourceSpec(
        name="hold",
        routes=routes((Verb.CREATE, "POST /holds"), *((verb, paths[verb]) for verb in verbs)),
        repeats=repeats,
    )


def strikes(kind: str, resource: ResourceSpec, verb: Verb = Verb.CREATE) -> bool:
    direction = None if verb.queries else Direction.COMPENSATION if verb.undoes else Direction.ACTION
    operation = Operation(participant="shop", resource=resource, verb=verb)
    reason = KINDS[kind].impossible(Target(operation=operation, direction=direction))
    assert reason is None or reason
    return reason is None


BARE = owned(Verb.DELETE, repeats=Repeats.NONE)
BY_SAGA = owned(Verb.DELETE_BY_SAGA, repeats=Repeats.NONE)
FOUND = owned(Verb.DELETE, Verb.FIND, repeats=Repeats.NONE)
KEYED = owned(Verb.DELETE, repeats=Repeats.KEY)
NATURAL = owned(Verb.DELETE, repeats=Repeats.NATURAL)
EACH = (BARE, BY_SAGA, FOUND, KEYED, NATURAL)


@pytest.mark.parametrize("kind", ALWAYS)
def test_what_strikes_everything(kind: str) -> None:
    assert all(strikes(kind, one) for one in EACH)
    assert all(strikes(kind, hold(), verb) for verb in Verb)


@pytest.mark.parametrize(
    ("kinds", "allowed"),
    [
        (("duplicate",), [False, False, False, True, True]),
        (("late", "partial"), [False, True, False, True, True]),
        (LOST, [False, True, True, True, True]),
        (("reject",), [True] * 5),
    ],
)
def test_a_create_is_struck_only_where_the_resource_lets_a_saga_hold(
    kinds: tuple[str, ...], allowed: list[bool]
) -> None:
    for kind in kinds:
        assert [strikes(kind, one) for one in EACH] == allowed, kind


@pytest.mark.parametrize("verb", [Verb.GET, Verb.FIND])
def test_queries_have_no_effect_to_repeat_hold_refuse_or_halve(verb: Verb) -> None:
    spared = [kind for kind in KINDS if not strikes(kind, hold(), verb)]
    assert sorted(spared) == ["duplicate", "late", "partial", "reject"]


@pytest.mark.parametrize("verb", [Verb.DELETE, Verb.DELETE_BY_SAGA])
def test_undos_have_no_parts_and_garbage_needs_a_body(verb: Verb) -> None:
    assert [kind for kind in KINDS if not strikes(kind, hold(), verb)] == ["garbage", "partial"]
    assert [kind for kind in KINDS if not strikes(kind, CHARGE, verb)] == ["partial"]


def test_an_undo_that_answers_202_has_a_body_to_garble() -> None:
    assert strikes("garbage", hold(undo_answers=UndoAnswers.ACCEPTED), Verb.DELETE)
