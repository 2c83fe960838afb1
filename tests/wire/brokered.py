"""What the tests of every broker ask: a fault as in sim, and a saga that brings a client of another house."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import psutil

from harness.adapter.subprocess import SubprocessSaga
from harness.bus import Broker, BrokerKind, Bus
from harness.history import ExecutorEnded, FaultFired, MessageDead, MessageDelivered
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.saga import Json, SagaSpec
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from tests.planted.kit import SHOP
from tests.planted.messages.broken import Parallel
from tests.planted.messages.scenario import QUICK
from tests.planted.messages.shop import Shop
from tests.wire.sagas import PROGRAMS
from tests.wire.test_message_bus import SITE, complaints, fired, told

SIDE_BY_SIDE = ("reserve", "charge")
AMOUNT = {"amount": 10}
PARALLEL = Parallel().scenario(promise=QUICK, inputs=(AMOUNT,))
FOR_EVER = FaultPlan((Fault(kind="drop_message", operation=SITE, count=Lasting.FOR_EVER),))
OVERTAKEN = FaultPlan((Fault(kind="reorder_message", operation="events.OrderPlaced.deliver"),))

OF_OWN = (
    (None, "", [False]),
    ("drop_message", "", [True]),
    ("duplicate_message", "at_once", [False, False]),
    ("lose_ack", "", [False, True]),
    ("delay_message", "50%", [False]),
    ("lose_reply", "", [False, False]),
    ("reset_after", "", [False, False]),
)
"""A fault, and which of the messages that a service of one's own sees came again."""


def as_in_sim(run: Run, expected: tuple[object, ...]) -> bool:
    """Whether it struck, was handed over, ended and was judged alike."""
    struck, handed, ends, violated = told(run)
    if violated == ["truthful_outcome"]:  # which of its two ends comes first is its own race
        ends = expected[2]
    return (struck, handed, ends, violated) == expected


def order_of_own(program: str, kind: BrokerKind, env: Mapping[str, str] | None = None) -> Scenario:
    """A saga in a process of its own, that publishes an order and takes it from the broker."""
    return Scenario(
        name=f"order-{kind}",
        spec=SagaSpec(name=f"order-{kind}", steps=Shop.steps[:1]),
        participants=(SHOP[0], Bus("events", ("Placed",), promise=QUICK, broker=Broker(kind=kind))),
        saga=SubprocessSaga(command=(sys.executable, str(PROGRAMS / program)), cwd=PROGRAMS, env=env or {}),
        time_limit_s=20.0,
    )


def struck(scenario: Scenario, kind: str | None, variant: str, wire: WireWorld) -> Run:
    """A run of such a saga with one fault, which fired, and did it no harm."""
    at = "events.Placed." + ("publish" if kind in ("lose_reply", "reset_after") else "deliver")
    faults = () if kind is None else (Fault(kind=kind, operation=at, variant=variant),)
    run = run_once(scenario, {}, FaultPlan(faults), wire)
    assert complaints(run) == []
    assert fired(run) == ([] if kind is None else [kind])
    return run


def seen_by(run: Run) -> Json:
    """Of each message that it saw, whether it came again."""
    ((_, ended),) = run.history.of(ExecutorEnded)
    assert isinstance(ended.detail, dict)
    seen: Json = ended.detail["seen"]
    return seen


def dead_letter(run: Run) -> tuple[int, int]:
    """Of the only one: attempts, and those that were struck."""
    ((_, dead),) = run.history.of(MessageDead)
    return dead.attempts, dead.struck


def place_of_struck(run: Run) -> int:
    """Which of the two that ran side by side was overtaken: which comes first is the broker's affair."""
    ((_, fault),) = run.history.of(FaultFired)
    calls = [one.call for _, one in run.history.of(MessageDelivered) if one.subscription in SIDE_BY_SIDE]
    return calls.index(fault.call)


def alive(pid: str) -> bool:
    """Whether a process is there, and not only its entry."""
    return psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
