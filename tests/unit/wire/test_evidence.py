"""When a toxic without effect is the server's fault, and no collateral hit."""

from __future__ import annotations

from harness.worlds.wire.evidence import Evidence


def test_what_never_works_ends_the_campaign_and_names_the_proxy() -> None:
    evidence = Evidence()
    told = [evidence.failed("payments-7-10001", "timeout", "found the whole reply") for _ in range(3)]
    assert told[:2] == [None, None]
    assert str(told[2]) == (
        "proxy payments-7-10001: toxic 'timeout' had no effect, 3 times out of 3: found the whole reply; "
        "is it a Toxiproxy server?"
    )


def test_what_worked_once_is_an_collateral() -> None:
    evidence = Evidence()
    evidence.worked("timeout")
    assert [evidence.failed("payments", "timeout", "why") for _ in range(5)] == [None] * 5


def test_each_toxic_is_counted_on_its_own() -> None:
    evidence = Evidence()
    evidence.worked("timeout")
    assert [evidence.failed("payments", one, "why") for one in ("latency", "slicer")] == [None, None]
    assert evidence.failed("payments", "latency", "why") is None
    assert evidence.failed("payments", "latency", "why") is not None
