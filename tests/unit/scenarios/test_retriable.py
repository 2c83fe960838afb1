"""Steps after the pivot: order fulfilment has none, the orchestrator knows them."""

from collections.abc import Iterator

import pytest

from scenarios.orchestrator import (
    Answered,
    Call,
    RetryPolicy,
    SagaBuilder,
    SagaInstance,
    SagaState,
    Send,
    StepContext,
    Unanswered,
    run_saga,
)

MADE = Answered(status=201, content={"id": "x-1"})
LOST = Unanswered(sent=True, error="ReadTimeout")
NOBODY = Unanswered(sent=False, error="ConnectError")


def _call(path: str) -> Call:
    return Call(service="any", method="POST", path=path)


def _do(ctx: StepContext[None]) -> Call:
    return _call("/do")


def _undo(ctx: StepContext[None]) -> Call:
    return _call("/undo")


def _notify(ctx: StepContext[None]) -> Call:
    return _call("/notify")


def _find(ctx: StepContext[None]) -> Call:
    return _call("/find")


DEFINITION = (
    SagaBuilder[None]("Any")
    .step("check")
    .action(_do)
    .step("reserve")
    .action(_do)
    .compensation(_undo)
    .step("decide")
    .action(_do)
    .pivot()
    .step("notify")
    .action(_notify)
    .found_by(_find)
    .retriable()
    .build()
)


def _run(replies: list[Answered | Unanswered]) -> tuple[SagaInstance, list[str]]:
    instance = SagaInstance(saga_id="s", saga_type="Any")
    saga = run_saga(DEFINITION, None, instance, RetryPolicy(max_attempts=3))
    rest: Iterator[Answered | Unanswered] = iter(replies)
    paths: list[str] = []
    reply: Answered | Unanswered | None = None
    while True:
        try:
            command = saga.send(reply)
        except StopIteration:
            return instance, paths
        reply = None
        if isinstance(command, Send):
            paths.append(command.call.path)
            reply = next(rest)


def test_a_retriable_step_is_retried_forward() -> None:
    instance, paths = _run([MADE, MADE, MADE, LOST, NOBODY, MADE])
    assert instance.state is SagaState.COMPLETED
    assert paths[3:] == ["/notify"] * 3


@pytest.mark.parametrize("refusal", [Answered(status=409), NOBODY])
def test_a_retriable_step_that_cannot_be_done_is_stuck_and_nothing_is_undone(
    refusal: Answered | Unanswered,
) -> None:
    instance, paths = _run([MADE, MADE, MADE, *[refusal] * 3])
    assert (instance.state, instance.stuck) == (SagaState.FAILED, True)
    assert "/undo" not in paths


def test_a_retriable_step_in_doubt_is_asked_about() -> None:
    shown = Answered(status=200, content={"items": [{"id": "x-9"}]})
    instance, paths = _run([MADE, MADE, MADE, LOST, LOST, LOST, shown])
    assert (instance.state, paths[-1]) == (SagaState.COMPLETED, "/find")
    assert instance.resource_ids["notify"] == "x-9"


def test_a_pivot_that_cannot_be_asked_about_is_stuck_when_in_doubt() -> None:
    instance, _ = _run([MADE, MADE, LOST, LOST, LOST])
    assert instance.stuck


def test_a_step_without_a_compensation_is_left_out_of_the_way_back() -> None:
    instance, paths = _run([MADE, MADE, Answered(status=409), Answered(status=204)])
    assert (instance.stuck, paths) == (False, ["/do", "/do", "/do", "/undo"])
