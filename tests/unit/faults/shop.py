"""One participant with a resource of each manner, and a saga that uses it."""

from __future__ import annotations

from harness.participant import Answers, Repeats, ResourceSpec, RestParticipant, Route, UndoAnswers, Verb
from harness.saga import SagaSpec, Step, StepKind


def routes(*pairs: tuple[Verb, str]) -> dict[Verb, tuple[Route, ...]]:
    return {verb: (Route.parse(text, "shop"),) for verb, text in pairs}


def hold(
    *,
    repeats: Repeats = Repeats.KEY,
    undo_answers: UndoAnswers = UndoAnswers.DONE,
    action_answers: UndoAnswers = UndoAnswers.DONE,
    refuses: int = 409,
    tombstones: bool = True,
    answers: Answers | None = None,
) -> ResourceSpec:
    return ResourceSpec(
        name="hold",
        routes=routes(
            (Verb.CREATE, "POST /holds"),
            (Verb.DELETE, "DELETE /holds/{id}"),
            (Verb.DELETE_BY_SAGA, "DELETE /holds"),
            (Verb.GET, "GET /holds/{id}"),
            (Verb.FIND, "GET /holds"),
        ),
        repeats=repeats,
        undo_answers=undo_answers,
        action_answers=action_answers,
        refuses=refuses,
        tombstones=tombstones,
        answers=answers or Answers(),
    )


CHARGE = ResourceSpec(
    name="charge",
    routes=routes(
        (Verb.CREATE, "POST /charges"),
        (Verb.DELETE, "POST /charges/{id}/refunds"),
        (Verb.DELETE_BY_SAGA, "POST /refunds"),
    ),
)


def shop(*resources: ResourceSpec) -> RestParticipant:
    return RestParticipant("shop", resources or (hold(), CHARGE))


SPEC = SagaSpec(
    name="order",
    steps=(
        Step(name="hold", action="shop.hold.create", compensation="shop.hold.delete_by_saga"),
        Step(name="charge", action="shop.charge.create", compensation="shop.charge.delete"),
    ),
)
TWO_HOLDS = SagaSpec(
    name="trip",
    steps=(
        Step(name="out", action="shop.hold.create", compensation="shop.hold.delete"),
        Step(name="back", action="shop.hold.create", compensation="shop.hold.delete"),
    ),
)
LOOK_THEN_SHIP = SagaSpec(
    name="looked",
    steps=(
        Step(name="hold", action="shop.hold.create"),
        Step(name="charge", action="shop.charge.create", kind=StepKind.PIVOT),
    ),
)
MINE = {"saga_id": "saga-1"}
KEY = "saga-1:hold"
