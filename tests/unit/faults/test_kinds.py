"""Each kind at the injector: whether the participant gets the call, what changes, what the caller sees."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from harness.faults import KINDS
from harness.history import CallAnswered, Delivered, FaultFired
from harness.plan import Fault
from harness.plan.decision import Symptom
from harness.saga import Claim
from tests.unit.faults.counter import Came, Counter
from tests.unit.faults.shop import KEY, MINE, SPEC, shop

CREATE = "shop.hold.create"
CREATED = ["created hold"]
ALWAYS = (
    *("refuse", "lose_request", "reset_before", "error_before", "reject"),
    *("throttle", "slow", "duplicate", "outage"),
)
LOST = ("lose_reply", "cut_reply", "reset_after", "error_after", "garbage", "partial", "late")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Of a create that is struck. status None: no reply at all."""

    delivered: int
    effects: list[str]
    status: int | None
    symptom: Symptom = Symptom.NONE
    retry_after_s: float | None = None
    readable: bool = True


ALL = {
    ("refuse", ""): Expected(delivered=0, effects=[], status=None, symptom=Symptom.REFUSED),
    ("lose_request", ""): Expected(delivered=0, effects=[], status=None, symptom=Symptom.SILENCE),
    ("reset_before", ""): Expected(delivered=0, effects=[], status=None, symptom=Symptom.RESET),
    ("reset_after", ""): Expected(delivered=1, effects=CREATED, status=None, symptom=Symptom.RESET),
    ("lose_reply", ""): Expected(delivered=1, effects=CREATED, status=None, symptom=Symptom.SILENCE),
    ("cut_reply", ""): Expected(delivered=1, effects=CREATED, status=None, symptom=Symptom.CUT),
    ("error_before", ""): Expected(delivered=0, effects=[], status=500),
    ("error_after", ""): Expected(delivered=1, effects=CREATED, status=500),
    ("reject", ""): Expected(delivered=0, effects=[], status=409),
    ("throttle", "429"): Expected(delivered=0, effects=[], status=429, retry_after_s=1.0),
    ("throttle", "503"): Expected(delivered=0, effects=[], status=503, retry_after_s=1.0),
    ("throttle", "429:30s"): Expected(delivered=0, effects=[], status=429, retry_after_s=30.0),
    ("garbage", ""): Expected(delivered=1, effects=CREATED, status=201, readable=False),
    ("slow", "10%"): Expected(delivered=1, effects=CREATED, status=201),
    ("slow", "50%"): Expected(delivered=1, effects=CREATED, status=201),
    ("slow", "95%"): Expected(delivered=1, effects=CREATED, status=201),
    ("duplicate", "at_once"): Expected(delivered=2, effects=CREATED, status=201),
    ("duplicate", "concurrent"): Expected(delivered=2, effects=CREATED, status=201),
    ("duplicate", "after_reply"): Expected(delivered=2, effects=CREATED, status=201),
    ("partial", ""): Expected(delivered=1, effects=["part hold"], status=500),
    ("late", "after_retry"): Expected(delivered=0, effects=[], status=None, symptom=Symptom.SILENCE),
    ("late", "after_undo"): Expected(delivered=0, effects=[], status=None, symptom=Symptom.SILENCE),
    ("late", "settling"): Expected(delivered=0, effects=[], status=None, symptom=Symptom.SILENCE),
}


def struck(kind: str, variant: str = "", **more: object) -> tuple[Counter, Came]:
    fault = Fault(kind=kind, operation=CREATE, variant=variant, **more)  # type: ignore[arg-type]
    counter = Counter(SPEC, shop(), faults=(fault,))
    return counter, counter.ask("shop", "POST", "/holds", MINE, key=KEY)


def fired(counter: Counter) -> list[tuple[int, int | None, str]]:
    events = counter.recorder.events
    return [(one.call, one.fault, one.kind) for one in events if isinstance(one, FaultFired)]


def test_every_kind_and_variant_of_a_call_is_here_but_outage() -> None:
    of_calls = [
        kind for kind in KINDS.values() if kind.claim in (None, Claim.LOST_REPLY) and not kind.deliveries
    ]
    known = {(kind.name, variant) for kind in of_calls for variant in kind.variants}
    assert known - set(ALL) == {("outage", "")}
    assert set(ALL) <= known


@pytest.mark.parametrize(("kind", "variant"), ALL)
def test_what_the_injector_does(kind: str, variant: str) -> None:
    expected = ALL[kind, variant]
    counter, came = struck(kind, variant)
    assert (came.status, came.symptom) == (expected.status, expected.symptom)
    assert counter.effects() == expected.effects
    delivered = [one for one in counter.recorder.events if isinstance(one, Delivered)]
    assert [one.copy for one in delivered] == list(range(expected.delivered))
    answered = [one for one in counter.recorder.events if isinstance(one, CallAnswered)]
    assert [(one.retry_after_s, one.readable) for one in answered] == (
        [] if expected.status is None else [(expected.retry_after_s, expected.readable)]
    )
    assert fired(counter) == ([] if kind == "late" else [(1, 0, kind)])


@pytest.mark.parametrize(("kind", "variant"), ALL)
def test_the_next_call_passes_and_completes_what_was_begun(kind: str, variant: str) -> None:
    counter, _ = struck(kind, variant)
    again = counter.ask("shop", "POST", "/holds", MINE, key=KEY)
    assert (again.status, again.content) == (201, {"id": "hold-1"})
    assert len([one for one in counter.participants["shop"].ledger.live() if one.whole]) == 1


def test_the_first_variant_is_meant_where_none_is_named() -> None:
    assert struck("throttle")[1].status == 429
    assert struck("late")[0].history.events[-2].until == "after_retry"  # type: ignore[union-attr]


def test_a_refusal_has_the_status_of_the_resource_at_actions_and_403_at_undos() -> None:
    faults = tuple(
        Fault(kind="reject", operation=f"shop.hold.{verb}") for verb in ("delete", "delete_by_saga", "find")
    )
    counter = Counter(SPEC, shop(), faults=faults)
    assert counter.ask("shop", "POST", "/holds", MINE, key=KEY).status == 201
    assert counter.ask("shop", "DELETE", "/holds/hold-1").status == 403
    assert counter.ask("shop", "DELETE", "/holds?saga_id=saga-1").status == 403
    assert counter.ask("shop", "GET", "/holds?saga_id=saga-1").content == {"items": [{"id": "hold-1"}]}


def test_garbage_needs_a_body() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="garbage", operation="shop.hold.delete_by_saga"),))
    came = counter.ask("shop", "DELETE", "/holds?saga_id=saga-1")
    assert (came.status, fired(counter)) == (204, [])


def test_partial_twice_stays_partial() -> None:
    counter, _ = struck("partial", count=2)
    assert counter.ask("shop", "POST", "/holds", MINE, key=KEY).status == 500
    assert counter.effects() == ["part hold"]


def test_what_each_claim_unlocks() -> None:
    always = [name for name, kind in KINDS.items() if kind.claim is None and not kind.deliveries]
    lost = [name for name, kind in KINDS.items() if kind.claim is Claim.LOST_REPLY]
    assert {*always} == {*ALWAYS}
    assert {*lost} == {*LOST}
    assert all(kind.claim is None for kind in KINDS.values() if kind.deliveries)
    assert all(kind.meaning for kind in KINDS.values())


def test_slow_is_a_delay_that_the_world_has_to_show() -> None:
    assert struck("slow")[1].in_flight.decision.symptom is Symptom.DELAYED
