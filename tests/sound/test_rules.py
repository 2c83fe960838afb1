"""Rules that a style alone does not pin down: each was once broken here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.faults import KINDS
from harness.invariants import Verdict
from harness.participant import Request, ResourceSpec, RestParticipant, Route, UndoAnswers, Verb
from harness.participant.messages import Owner
from harness.plan import Fault, FaultPlan, Target
from harness.plan.decision import Symptom
from harness.runner import Run, run_once
from harness.saga import Claim, Direction, Outcome, SagaSpec, Step, StepKind
from harness.scenario import Scenario
from harness.situations import required_situations
from harness.worlds.sim import SimWorld
from tests.unit.invariants.tale import Tale, spec, step
from tests.unit.invariants.tale import resource as told

CREATE = "shop.hold.create"


def resource(**more: object) -> ResourceSpec:
    routes = {Verb.CREATE: "POST /holds", Verb.DELETE_BY_SAGA: "DELETE /holds", Verb.FIND: "GET /holds"}
    parsed = {verb: (Route.parse(text, "hold"),) for verb, text in routes.items()}
    return ResourceSpec(name="hold", routes=parsed, **more)  # type: ignore[arg-type]


def scenario(saga: Callable[..., object], *steps: Step, claims: frozenset[Claim] | None = None) -> Scenario:
    held = steps or (Step(name="hold", action=CREATE, compensation="shop.hold.delete_by_saga"),)
    claimed = frozenset({Claim.LOST_REPLY}) if claims is None else claims
    return Scenario(
        name="rule",
        spec=SagaSpec(name="rule", steps=held, claims=claimed),
        participants=(RestParticipant("shop", (resource(),)),),
        saga=CallableSaga(saga, "saga"),
    )


def run(one: Scenario, *faults: Fault) -> Run:
    with SimWorld() as world:
        return run_once(one, {}, FaultPlan(faults), world)


async def hold(ctx: SagaContext, input_: object) -> object:
    await ctx.client.post(  # type: ignore[misc]
        f"{ctx.urls['shop']}/holds/",
        json={"saga_id": ctx.saga_id},
        headers={"Idempotency-Key": f"{ctx.saga_id}:hold"},
    )
    return {"status": "completed"}


def test_a_trailing_slash_changes_nothing() -> None:
    assert not run(scenario(hold)).violated


def test_running_for_ever_is_no_end() -> None:
    async def saga(ctx: SagaContext, input_: object) -> object:
        return {"status": "running"}

    assert "termination" in {one.invariant for one in run(scenario(saga)).violated}


def test_an_outcome_object_with_an_unknown_word_is_no_outcome() -> None:
    async def saga(ctx: SagaContext, input_: object) -> object:
        return Outcome(status="finished")  # type: ignore[arg-type]

    (found,) = (one for one in run(scenario(saga)).violated if one.invariant == "termination")
    assert "'finished'" in found.message


def test_the_store_of_a_run_is_the_same_for_every_executor_and_new_for_every_run() -> None:
    async def saga(ctx: SagaContext, input_: object) -> object:
        mark = ctx.store_dir / "mark"
        if mark.exists():
            return await hold(ctx, input_)
        mark.write_text("")
        return {"status": "running"}

    for _ in range(2):
        found = run(scenario(saga))
        assert not found.violated
        assert [end.status for end in found.history.ends(found.saga_id)] == ["running", "completed"]


def test_no_two_runs_share_a_saga_id_and_yet_their_histories_are_equal() -> None:
    seen: list[str] = []

    async def saga(ctx: SagaContext, input_: object) -> object:
        seen.append(ctx.saga_id)
        return await hold(ctx, input_)

    first, second = run(scenario(saga)), run(scenario(saga))
    assert seen[0] != seen[1]
    assert first.history == second.history


def test_the_first_reply_is_replayed_over_all_routes_while_the_body_is_the_same() -> None:
    shop = RestParticipant("shop", (resource(),))
    create = shop.router.operations[CREATE]

    def post(path: str, body: bytes) -> int:
        request = Request(method="POST", path=path, query={}, headers={"idempotency-key": "k"}, body=body)
        return shop.handle(create, None, request, Owner(saga_id="s")).response.status

    assert [post("/holds", b"{}"), post("/other", b"{}"), post("/holds", b"[]")] == [201, 201, 422]
    assert len(shop.ledger.incarnations) == 1


def test_the_body_of_a_202_can_be_garbled() -> None:
    shop = RestParticipant("shop", (resource(undo_answers=UndoAnswers.ACCEPTED),))
    undo = shop.router.operations["shop.hold.delete_by_saga"]
    assert KINDS["garbage"].impossible(Target(operation=undo, direction=Direction.COMPENSATION)) is None


def test_slow_loses_no_reply_where_none_may_be_lost() -> None:
    async def saga(ctx: SagaContext, input_: object) -> object:
        import asyncio  # noqa: PLC0415 - as a user would

        try:
            async with asyncio.timeout(1):
                return await hold(ctx, input_)
        except TimeoutError:
            return {"status": "compensated"}

    slow = Fault(kind="slow", operation=CREATE)
    careless = run(scenario(saga, claims=frozenset()), slow)
    assert not careless.violated
    assert careless.history.fired() == {0}
    assert run(scenario(saga), slow).violated


def violated(tale: Tale, invariant: str) -> bool:
    return tale.judge(invariant).verdict is Verdict.VIOLATED


# What a person is called for ------------------------------------------------------------------


def test_an_attempt_that_nobody_could_see_may_be_the_cause_of_stuck() -> None:
    for visible in (True, False):
        tale = Tale(visible_attempts=visible)
        tale.act("hold")
        tale.act("charge", 409)
        tale.take_away()
        tale.end("stuck")
        assert violated(tale, "termination") is visible


def test_what_was_not_found_may_still_land() -> None:
    tale = Tale(resources=(told("hold", Verb.CREATE, Verb.DELETE, Verb.FIND),))
    tale.act("hold", Symptom.SILENCE, fault="lose_request")
    tale.ask("hold")
    tale.end("stuck")
    assert not violated(tale, "termination")


def test_a_retry_after_the_undo_of_its_own_step_is_forward_after_backward() -> None:
    tale = Tale(spec(step("hold", after=()), step("charge", after=())))
    tale.act("hold", 500)
    tale.act("charge", 500)
    tale.undo("charge")
    tale.act("hold", 500)
    assert not violated(tale, "pivot_correctness")
    tale.undo("hold")
    tale.act("hold")
    assert violated(tale, "pivot_correctness")


# What must have been seen ---------------------------------------------------------------------


def needs(*steps: Step, claims: frozenset[Claim] = frozenset({Claim.LOST_REPLY})) -> set[str]:
    return set(required_situations(scenario(hold, *steps, claims=claims)))


def one(
    name: str, kind: StepKind = StepKind.COMPENSABLE, *, undo: bool = True, optional: bool = False
) -> Step:
    compensation = "shop.hold.delete_by_saga" if undo else None
    return Step(name=name, action=CREATE, compensation=compensation, kind=kind, optional=optional)


@pytest.mark.parametrize(
    ("steps", "refused", "in_doubt"),
    [
        ((one("a"),), False, True),  # there is something to undo only where it may have been done unseen
        ((one("a"), one("b")), True, True),
        ((one("a"), one("b", optional=True)), False, True),
        ((one("a", optional=True),), False, False),
        ((one("a"), one("b", StepKind.PIVOT)), True, True),
        ((one("a", StepKind.PIVOT), one("b")), False, False),
        ((one("a", undo=False), one("b")), False, True),
        ((one("a", undo=False), one("b", undo=False)), False, False),
    ],
)
def test_an_abort_and_an_undo_that_failed_are_required_where_anything_may_be_left_to_undo(
    steps: tuple[Step, ...], refused: bool, in_doubt: bool
) -> None:
    for id_ in ("compensation", "failed_compensation"):
        assert (id_ in needs(*steps, claims=frozenset())) is refused
        assert (id_ in needs(*steps)) is (refused or in_doubt)


def test_a_lost_reply_is_required_of_a_step_of_any_kind() -> None:
    assert needs(one("a", StepKind.RETRIABLE, undo=False)) == {"completed", "effect_without_reply"}


@pytest.mark.parametrize("claims", [frozenset({Claim.LOST_REPLY}), frozenset()])
def test_a_failure_after_the_pivot_is_required_where_a_step_follows_it(claims: frozenset[Claim]) -> None:
    retried = one("b", StepKind.RETRIABLE, undo=False)
    assert "failure_after_pivot" in needs(one("a", StepKind.PIVOT), retried, claims=claims)
    assert "failure_after_pivot" not in needs(one("a"), retried, claims=claims)
