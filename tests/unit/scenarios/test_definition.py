from collections.abc import Callable

import pytest

from scenarios.orchestrator import (
    Call,
    DefinitionError,
    Kind,
    SagaBuilder,
    StepContext,
)


def call(ctx: StepContext[None]) -> Call:
    return Call(service="any", method="POST", path="/any")


def builder() -> SagaBuilder[None]:
    return SagaBuilder[None]("Any")


def test_steps_are_compensable_unless_said_otherwise() -> None:
    definition = (
        builder()
        .step("a")
        .action(call)
        .compensation(call)
        .step("b")
        .action(call)
        .pivot()
        .step("c")
        .action(call)
        .retriable()
        .build()
    )
    assert [step.kind for step in definition.steps] == [Kind.COMPENSABLE, Kind.PIVOT, Kind.RETRIABLE]


WRONG: list[tuple[Callable[[], SagaBuilder[None]], str]] = [
    (builder, "found no step, expected at least one"),
    (lambda: builder().step("a"), "step 'a': found no action, expected one"),
    (lambda: builder().step("a").action(call).step("a").action(call), "found step 'a' twice, expected once"),
    (
        lambda: builder().step("a").action(call).pivot().step("b").action(call),
        "step 'b': found compensable after the pivot, expected retriable",
    ),
    (
        lambda: builder().step("a").action(call).pivot().step("b").action(call).pivot(),
        "step 'b': found pivot after the pivot, expected retriable",
    ),
    (
        lambda: builder().step("a").action(call).retriable(),
        "step 'a': found retriable, expected a pivot before it",
    ),
    (
        lambda: builder().step("a").action(call).compensation(call).pivot(),
        "step 'a': found a compensation, expected none from the pivot on",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_what_makes_no_saga_is_refused(wrong: Callable[[], SagaBuilder[None]], message: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        wrong().build()
    assert message in str(refusal.value)
    assert "saga 'Any'" in str(refusal.value)


def test_a_part_of_a_step_needs_a_step() -> None:
    with pytest.raises(DefinitionError, match=r"expected \.step\(name\) first"):
        builder().action(call)
