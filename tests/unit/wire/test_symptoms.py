"""What must have been seen of a reply under a toxic, and what does not fit it."""

from __future__ import annotations

import pytest

from harness.plan.decision import Symptom
from harness.toxiproxy.client import Toxic
from harness.worlds.wire.symptoms import Seen, contradiction, least_s
from harness.worlds.wire.toxics import toxic_for

PAYLOAD = b"HTTP/1.1 201 Created\r\ncontent-length: 17\r\n\r\n" + b'{"id":"charge-1"}'
SIZE = len(PAYLOAD)
WHOLE_AT_ONCE = Seen(received=SIZE, whole_s=0.001)
SILENT = Seen(closed_s=0.3)
RESET = Seen(closed_s=0.001, reset=True)


def toxic(symptom: Symptom, variant: str = "") -> Toxic:
    return toxic_for(symptom, variant, PAYLOAD)


CUT = toxic(Symptom.CUT)
HALF = Seen(received=CUT.attributes["bytes"], closed_s=0.001)
SLOW = [toxic(Symptom.DELAYED, variant) for variant in ("latency", "bandwidth", "slicer")]


def test_silence_lasts_until_the_toxic_goes_and_takes_the_connection_along() -> None:
    silence = toxic(Symptom.SILENCE)
    assert contradiction(silence, SIZE, SILENT, lifted_s=0.29) is None
    assert contradiction(silence, SIZE, Seen(closed_s=0.1), lifted_s=0.29) is not None
    assert contradiction(silence, SIZE, Seen(), lifted_s=0.29) is not None
    assert contradiction(silence, SIZE, Seen(received=1, closed_s=0.3), lifted_s=0.29) is not None


def test_a_reset_is_no_mere_end() -> None:
    assert contradiction(toxic(Symptom.RESET), SIZE, RESET) is None
    assert contradiction(toxic(Symptom.RESET), SIZE, Seen(closed_s=0.001)) is not None


def test_a_cut_comes_where_the_toxic_has_it() -> None:
    assert contradiction(CUT, SIZE, HALF) is None
    assert contradiction(CUT, SIZE, RESET) is None  # where closes are resets, what came before may be lost
    assert contradiction(CUT, SIZE, Seen(received=HALF.received)) is not None
    assert contradiction(CUT, SIZE, Seen(received=HALF.received + 1, closed_s=0.001)) is not None


@pytest.mark.parametrize("slow", SLOW, ids=lambda one: one.type)
def test_a_slow_reply_is_whole_and_late(slow: Toxic) -> None:
    held_s = least_s(slow, SIZE)
    assert 0.03 < held_s < 0.12
    assert contradiction(slow, SIZE, Seen(received=SIZE, whole_s=held_s)) is None
    assert contradiction(slow, SIZE, Seen(received=SIZE, whole_s=held_s / 2)) is not None
    assert contradiction(slow, SIZE, Seen(received=SIZE - 1)) is not None


def test_of_a_slow_close_the_end_is_late() -> None:
    slow = toxic(Symptom.DELAYED, "slow_close")
    assert contradiction(slow, SIZE, Seen(received=SIZE, whole_s=0.001, closed_s=0.05)) is None
    assert contradiction(slow, SIZE, Seen(received=SIZE, whole_s=0.001, closed_s=0.002)) is not None
    assert contradiction(slow, SIZE, WHOLE_AT_ONCE) is not None


@pytest.mark.parametrize("symptom", [Symptom.SILENCE, Symptom.RESET, Symptom.CUT, Symptom.DELAYED])
def test_a_reply_that_comes_at_once_contradicts_every_toxic(symptom: Symptom) -> None:
    why = contradiction(toxic(symptom), SIZE, WHOLE_AT_ONCE, lifted_s=0.3)
    assert why is not None
    assert why.startswith("found the whole reply after 1 ms, expected ")
