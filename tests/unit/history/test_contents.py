"""What requests and answers held, as a history keeps and tells it."""

from __future__ import annotations

import msgspec
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.history import Contents, History, Message
from harness.history.codec import decode_history, encode_events, encode_history
from harness.history.contents import LONGEST, MOST_BYTES, Kept
from harness.participant import Request, Response
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.saga import Json
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.kit import CHARGE, SHOP, spec_of


def request(body: bytes = b"", query: dict[str, str] | None = None, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method="POST", path="/charges", query=query or {}, headers=named, body=body)


def told(sent: Request, answer: Response | None = None, redact: tuple[str, ...] = ()) -> Contents:
    kept = Kept(redact)
    kept.sent(1, sent)
    if answer is not None:
        kept.answered(1, answer)
    (found,) = kept.told()
    return found


def test_what_was_sent_and_answered_is_told() -> None:
    sent = request(b'{"cents": 5}', {"dry": "no"}, x_order="7", host="here", accept="*/*")
    answer = Response(status=201, body=b'{"id":"charge-1"}', headers=(("retry-after", "1"),))
    assert told(sent, answer) == Contents(
        call=1,
        request=Message(query={"dry": "no"}, headers={"x-order": "7"}, body={"cents": 5}),
        answer=Message(status=201, headers={"retry-after": "1"}, body={"id": "charge-1"}),
    )
    assert told(sent).answer is None


def test_secrets_are_hidden_and_what_redact_names() -> None:
    body = b'{"card": {"number": 4242, "name": "Ann"}, "password": "x", "pins": [1, 2], "number": 1}'
    sent = request(body, {"api_key": "k"}, authorization="Basic abc", cookie="a=b", x_customer="Ann")
    found = told(sent, redact=("X-Customer", "card.number", "pins")).request
    assert found.headers == {"authorization": "***", "cookie": "***", "x-customer": "***"}
    assert found.query == {"api_key": "***"}
    assert found.body == {
        "card": {"number": "***", "name": "Ann"},
        "password": "***",
        "pins": "***",
        "number": 1,
    }


def test_what_is_long_is_cut_and_secrets_in_it_are_hidden_before() -> None:
    body = msgspec.json.encode({"password": "hidden-too", "text": "a" * LONGEST})
    found = told(request(body)).request
    assert isinstance(found.body, str)
    assert (len(found.body), found.bytes) == (LONGEST + 1, len(body))
    assert found.body.startswith('{"password":"***","text":"aaa')
    plain = told(request(b"b" * (LONGEST + 1))).request
    assert (plain.body, plain.bytes) == ("b" * LONGEST + "…", LONGEST + 1)


def test_text_is_text_and_what_is_none_is_counted() -> None:
    assert told(request(b"a=1")).request.body == "a=1"
    assert told(request(b"\xff\xfe")).request == Message(bytes=2)


def test_a_run_keeps_so_much_and_no_more() -> None:
    kept = Kept()
    kept.sent(1, request(b"a" * MOST_BYTES))
    kept.sent(2, request(b"a"))
    kept.answered(1, Response(status=200, body=b"a"))
    assert [(one.call, one.answer) for one in kept.told()] == [(1, None)]
    many = Kept()
    for call in range(2 * MOST_BYTES // LONGEST):
        many.sent(call, request(b"a" * (LONGEST // 2)))
        many.answered(call, Response(status=200, body=b"a" * (LONGEST // 4)))
    assert 0 < len(many.told()) <= MOST_BYTES // LONGEST * 2


async def charge(ctx: SagaContext, input_: Json) -> Json:
    reply = await ctx.client.post(  # type: ignore[misc]  # an async saga has an AsyncClient
        f"{ctx.urls['bank']}/charges",
        json={"saga_id": ctx.saga_id, "cents": 5},
        headers={"Idempotency-Key": f"{ctx.saga_id}:charge", "X-Customer": "Ann"},
        timeout=0.2,
    )
    return {"status": "completed" if reply.is_success else "stuck"}


SCENARIO = Scenario(
    name="contents",
    spec=spec_of((CHARGE,), SHOP),
    participants=tuple(one for one in SHOP if one.name == "bank"),
    saga=CallableSaga(charge, "charge"),
    redact=("X-Customer",),
)


def history(*faults: Fault) -> History:
    with SimWorld() as world:
        return run_once(SCENARIO, {}, FaultPlan(faults), world).history


def test_a_runs_history_has_them_after_its_events_and_reads_back() -> None:
    run = history()
    (saga_id,) = run.began.saga_ids
    contents = run.contents[1]
    assert contents.request.body == {"saga_id": saga_id, "cents": 5}
    assert contents.request.headers == {"idempotency-key": f"{saga_id}:charge", "x-customer": "***"}
    assert contents.answer == Message(status=201, body={"id": "charge-1"})
    written = encode_history(run)
    assert written.startswith(encode_events(run))
    read = decode_history(written, "history")
    assert (read.events, read.contents) == (run.events, run.contents)
    assert encode_history(read) == written


def test_the_same_run_has_the_same_bytes_whatever_its_saga_was_called() -> None:
    assert encode_history(history()) == encode_history(history())


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("lose_reply", Message(status=201, body={"id": "charge-1"})),
        ("lose_request", None),
        ("reject", Message(status=409, body={"error": "rejected"})),
        ("garbage", Message(status=201, body="\0<<garbage>>")),
    ],
)
def test_an_answer_is_there_though_its_caller_never_saw_it(kind: str, answer: Message | None) -> None:
    assert history(Fault(kind=kind, operation="bank.charge.create")).contents[1].answer == answer
