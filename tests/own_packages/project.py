"""A user's project whose packages are named like ours, submodules included, and which uses them all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TOML = """
format_version = 1
name = "mine"
saga = { adapter = "callable", target = "sagas.py:order" }
[[steps]]
name = "reserve"
action = "inventory.reservation.create"
compensation = "inventory.reservation.delete_by_saga"
[participants]
inventory.resources.reservation = { create = "POST /reservations", delete_by_saga = "DELETE /reservations" }
"""

SAGAS = """
import asyncio

import httpx

from fakes.inventory import Stock
from reports import TITLE
from scenarios import SKU
from tests.helpers import HELPED

assert (Stock.owner, TITLE, SKU, HELPED) == ("user",) * 4


async def order(ctx, item):
    \"\"\"Its mistake: a reply that says no is taken for nothing done.\"\"\"
    from fakes.payments import PAID
    from reports.words import WORD
    from scenarios.order import ORDERED
    from tests.late import LATE

    assert (WORD, PAID, ORDERED, LATE) == ("user",) * 4
    reply = await ctx.client.post(
        f"{ctx.urls['inventory']}/reservations",
        json={"saga_id": ctx.saga_id},
        headers={"Idempotency-Key": ctx.saga_id},
    )
    return {"status": "completed" if reply.is_success else "compensated"}
"""

CONFTEST = """
from fakes.inventory import Stock
from reports.words import WORD
from scenarios.order import ORDERED
from tests.helpers import HELPED

assert (Stock.owner, WORD, ORDERED, HELPED) == ("user",) * 4
"""

TESTS = """
from harness import Fault, FaultPlan, saga_test

from fakes.inventory import Stock
from reports import TITLE
from scenarios import SKU
from tests.helpers import HELPED


def test_my_own_are_mine():
    from fakes.payments import PAID
    from reports.words import WORD
    from tests.late import LATE

    assert (Stock.owner, TITLE, SKU, HELPED, PAID, WORD, LATE) == ("user",) * 7


@saga_test("../saga.toml", search="guided", depth=1)
def test_mine():
    raise RuntimeError("not called: the saga breaks")


@saga_test("order-fulfilment", search="guided", depth=0, allow_inconclusive=True)
def test_a_registered_scenario(report):
    from fakes.payments import PAID
    from scenarios.order import ORDERED

    assert (report.verdict, PAID, ORDERED) == ("inconclusive", "user", "user")


@saga_test("scenarios.order_fulfilment:order_fulfilment", search="guided", depth=0, allow_inconclusive=True)
def test_a_scenario_of_saga_chaos_by_module_and_object(report):
    assert report.runs


def test_single_plans(saga_chaos):
    run = saga_chaos.run(TOML)
    assert str(run.view.sagas[0].status) == "completed"
    lost = FaultPlan((Fault(kind="error_after", operation="inventory.reservation.create"),))
    try:
        saga_chaos.check(saga_chaos.run(TOML, lost))
    except AssertionError as error:
        assert "What happened" in str(error)
    else:
        raise RuntimeError("not found")


def test_mine_again_after_ours():
    from reports.words import WORD
    from scenarios.order import ORDERED

    assert (WORD, ORDERED) == ("user", "user")
"""

PACKAGES = {
    "fakes/__init__.py": "",
    "fakes/inventory.py": "class Stock:\n    owner = 'user'\n",
    "fakes/payments.py": "PAID = 'user'\n",
    "reports/__init__.py": "TITLE = 'user'\n",
    "reports/words.py": "WORD = 'user'\n",
    "scenarios/__init__.py": "SKU = 'user'\n",
    "scenarios/order.py": "ORDERED = 'user'\n",
    "tests/__init__.py": "",
    "tests/helpers.py": "HELPED = 'user'\n",
    "tests/late.py": "LATE = 'user'\n",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def make_project(folder: Path) -> Path:
    tests = f"TOML = {str(folder / 'saga.toml')!r}\n{TESTS}"
    write(folder, {"saga.toml": TOML, "sagas.py": SAGAS, "conftest.py": CONFTEST, **PACKAGES})
    write(folder, {"tests/test_order.py": tests})
    return folder


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder, as a user's shell would."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))
    }
    return subprocess.run(
        command,
        cwd=folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


CONSOLE = (sys.executable, "-P", "-m", "harness.cli")
"""Like the console script: nothing of the folder it is called in is on the path."""

MODULE = (sys.executable, "-m", "harness.cli")
"""The folder it is called in stands first on the path."""
