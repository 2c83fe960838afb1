from __future__ import annotations

import pytest

from harness.plan.decision import Symptom
from harness.views import first_trouble
from harness.views.trouble import last_raised
from tests.unit.invariants.tale import Tale


def test_nothing_went_wrong() -> None:
    tale = Tale()
    tale.act("hold")
    assert first_trouble(tale.end("completed").view) == ""


def test_a_route_that_is_not_declared_comes_first_of_all() -> None:
    tale = Tale()
    tale.act("hold", 500)
    tale.act("charge", saga="order-77")
    assert first_trouble(tale.view) == (
        "POST /charges at shop names the saga 'order-77', which is none of this run "
        "([saga.correlation] says where calls name it)"
    )
    tale.undo(came=404)
    assert first_trouble(tale.end("stuck", error="lost").view) == (
        "DELETE /nowhere at shop is no route that is declared"
    )


def test_what_the_saga_says_comes_before_what_was_answered() -> None:
    tale = Tale()
    tale.act("hold", 402)
    assert first_trouble(tale.view) == "POST /holds at shop was answered 402"
    assert first_trouble(tale.end("compensated", error="x" * 300).view) == f"the saga says {'x' * 200!r}"


def test_what_was_not_answered() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    assert first_trouble(tale.end("compensated", error="").view) == "POST /holds at shop was not answered"
    assert first_trouble(Tale().view) == ""


PYTHON = """noise
Exception in thread Thread-3 (run):
Traceback (most recent call last):
  File "/usr/lib/python3.11/threading.py", line 982, in run
    self._target(*self._args)
  File "/shop/saga.py", line 32, in run
    stock[sku]
    ~~~~~^^^^^
  File "/shop/.venv/lib/python3.11/site-packages/shelf.py", line 9, in __getitem__
    raise KeyError(sku)
KeyError: 'no such sku'
more noise
"""
NODE = """
/shop/saga.js:12
    throw new Error("no stock");
    ^

Error: no stock
    at reserve (/shop/saga.js:12:11)
    at node:internal/main/run_main_module:23:47
"""
JAVA = """
Exception in thread "main" java.lang.IllegalStateException: no stock
\tat Saga.reserve(Saga.java:41)
\tat Saga.main(Saga.java:12)
"""


@pytest.mark.parametrize(
    ("printed", "raised"),
    [
        (PYTHON, "KeyError: 'no such sku' (saga.py:32)"),
        (NODE, "Error: no stock (saga.js:12)"),
        (JAVA, "java.lang.IllegalStateException: no stock (Saga.java:41)"),
        ("panic: no stock\n\ngoroutine 1 [running]:\n", "panic: no stock"),
        ("Error: this is but a word\n", ""),
        ("", ""),
    ],
)
def test_a_traceback_that_was_printed_is_told_by_its_last_line_of_the_sagas_own(
    printed: str, raised: str
) -> None:
    assert last_raised(printed) == raised
