"""Steps of the orchestrator that depend on the input, are verified, looked at, or retried their own way."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.orchestrator import (
    Answered,
    Call,
    RetryPolicy,
    SagaBuilder,
    SagaDefinition,
    SagaInstance,
    Send,
    Sleep,
    StepContext,
    run_saga,
)

Ctx = StepContext[bool]


def _call(method: str, path: str) -> Callable[[Ctx], Call]:
    return lambda ctx: Call(service="shop", method=method, path=f"{path}{ctx.made.get('first', '')}")


def built() -> SagaDefinition[bool]:
    saga = SagaBuilder[bool]("Shop")
    saga.step("first").action(_call("POST", "/firsts")).compensation(_call("DELETE", "/firsts/"))
    saga.looked_at_by(_call("GET", "/firsts/")).timeout(0.7)
    saga.step("extra").when(lambda wanted: wanted).action(_call("POST", "/extras/"))
    saga.compensation(_call("DELETE", "/extras/")).verified_by(_call("GET", "/extras/"))
    saga.step("last").action(_call("POST", "/lasts/")).with_retry(2, 0.4)
    return saga.build()


def run(answers: dict[str, int], *, wanted: bool) -> tuple[list[str], SagaInstance, list[Send], list[float]]:
    """answers: method and path to a status; 201 with an id for a POST and 200 for others unless given."""
    instance = SagaInstance(saga_id="s", saga_type="Shop")
    core, reply = run_saga(built(), wanted, instance, RetryPolicy()), None
    sent: list[Send] = []
    slept: list[float] = []
    while True:
        try:
            command = core.send(reply)
        except StopIteration:
            return [f"{one.call.method} {one.call.path}" for one in sent], instance, sent, slept
        reply = None
        if isinstance(command, Send):
            sent.append(command)
            name = f"{command.call.method} {command.call.path}"
            usual = 201 if command.call.method == "POST" else 200
            reply = Answered(status=answers.get(name, usual), content={"id": "7"})
        elif isinstance(command, Sleep):
            slept.append(command.seconds)


def test_a_step_that_the_input_does_not_need_is_neither_done_nor_undone() -> None:
    sent, instance, _, _ = run({"POST /lasts/7": 409}, wanted=False)
    assert sent == ["POST /firsts", "POST /lasts/7", "GET /firsts/7", "DELETE /firsts/7"]
    assert "extra" not in instance.progress


def test_a_later_call_sees_what_was_made() -> None:
    sent, instance, _, _ = run({}, wanted=True)
    assert sent == ["POST /firsts", "POST /extras/7", "GET /extras/7", "POST /lasts/7"]
    assert instance.completed_steps == ("first", "extra", "last")


def test_what_cannot_be_verified_has_failed_and_is_undone() -> None:
    sent, instance, _, _ = run({"GET /extras/7": 500}, wanted=True)
    assert sent[2:] == [*["GET /extras/7"] * 5, "DELETE /extras/7", "GET /firsts/7", "DELETE /firsts/7"]
    assert instance.log[-2:] == [("extra", "undone"), ("first", "undone")]


def test_what_is_gone_need_not_be_undone() -> None:
    sent, instance, _, _ = run({"POST /lasts/7": 409, "GET /firsts/7": 404}, wanted=False)
    assert sent[-1] == "GET /firsts/7"
    assert instance.log[-1] == ("first", "undone")


def test_a_step_has_a_time_out_and_retries_of_its_own() -> None:
    _, _, sent, slept = run({"POST /lasts/7": 503}, wanted=False)
    assert [one.call.timeout_s for one in sent if one.call.path.startswith("/firsts")] == [0.7, 0.7, 0.7]
    assert [one.call.path for one in sent].count("/lasts/7") == 2
    assert slept == [0.4]
