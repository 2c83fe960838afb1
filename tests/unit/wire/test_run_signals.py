"""What ends or turns a run: each comes once, stays, and is told to whoever wants to hear."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from harness.errors import EnvironmentFault
from harness.worlds.wire.run_signals import RunOver, RunSignals


def signals(check: Future[None] | None = None) -> tuple[RunSignals, list[str]]:
    told: list[str] = []
    one = RunSignals(threading.RLock(), lambda: check or Future())
    one.when_over(lambda: told.append("over"))
    one.when_settling(lambda: told.append(f"settling, {one.settling}"))
    one.when_closing(lambda: told.append(f"closing, {one.closed}"))
    return one, told


def test_a_run_is_over_once_and_for_its_first_reason() -> None:
    one, told = signals()
    one.check()
    one.end("too many calls")
    one.end("too late")
    assert (one.over, told) == ("too many calls", ["over"])
    with pytest.raises(RunOver, match="too many calls"):
        one.check()


def test_what_failed_first_stays_and_ends_the_run() -> None:
    one, told = signals()
    first = EnvironmentFault("no port")
    one.abort(first)
    one.abort(EnvironmentFault("no memory"))
    assert (one.fault, one.over, told) == (first, "no port", ["over"])


def test_who_listens_hears_of_settling_once_it_is_so_and_of_closing_before() -> None:
    one, told = signals()
    one.settle()
    one.close()
    assert told == ["settling, True", "closing, False"]
    assert (one.settling, one.closed, one.over) == (True, True, None)


@pytest.mark.parametrize("lives", [True, False])
def test_a_proxy_server_that_is_suspected_ends_the_run_if_it_is_dead(*, lives: bool) -> None:
    check: Future[None] = Future()
    one, _ = signals(check)
    one.suspect()
    dead = EnvironmentFault("the proxy server died")
    if lives:
        check.set_result(None)
    else:
        check.set_exception(dead)
    assert one.fault is (None if lives else dead)


def test_a_check_that_was_cancelled_says_nothing() -> None:
    check: Future[None] = Future()
    one, _ = signals(check)
    check.cancel()
    one.suspect()
    assert one.fault is None
