"""Sessions inside the session: each a pytest of its own, with warnings as errors."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

FIRST_SAGA = Path(__file__).parents[2] / "scenarios" / "examples" / "first_saga" / "saga.toml"

HEAD = f"""
import dataclasses
import os
import pytest
from harness import Fault, FaultPlan, saga_test
from scenarios.order_fulfilment import order_fulfilment, order_fulfilment_as_documented

FIRST = {str(FIRST_SAGA)!r}
documented = order_fulfilment_as_documented()
one_order = dataclasses.replace(order_fulfilment(), inputs=order_fulfilment().inputs[:1], reference="")
"""

RunTests = Callable[..., pytest.RunResult]


@pytest.fixture
def run_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> RunTests:
    """Runs the tests in a text; `HEAD` stands before them."""
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)  # the inner session is nobody's worker

    def run(test: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=HEAD + textwrap.dedent(test))
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:cov", *options)

    return run
