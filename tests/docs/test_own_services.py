"""docs/own-services.md: every table loads, and what is said of the example is in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from harness.loader import load_scenario
from harness.loader.own_service_table import OWN_KEYS
from harness.participant.launch import Asked
from tests.docs.blocks import ROOT, blocks, named

DOCUMENT = "docs/own-services.md"
TABLES = [one.body for one in blocks(DOCUMENT) if one.language == "toml"]
HEAD = 'format_version = 1\nname = "table"\nsaga = { adapter = "callable", target = "sagas.py:order" }\n'
STEP = '\n[[steps]]\nname = "s"\naction = "payments.charge.create"\n'


@pytest.mark.parametrize("table", TABLES)
def test_every_table_loads(table: str, tmp_path: Path) -> None:
    (tmp_path / "sagas.py").write_text("async def order(ctx, input):\n    return {'status': 'completed'}\n")
    (tmp_path / "saga.toml").write_text(HEAD + table + STEP)
    (service,) = load_scenario(str(tmp_path / "saga.toml"), registered=None).own_services
    assert service.holds == {"payments.charge": "GET /charges?order={saga_id}"}


def test_the_function_that_says_what_is_held_does(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "payments.db") as database:
        database.execute("CREATE TABLE charges (number INTEGER, saga TEXT)")
        database.executemany("INSERT INTO charges VALUES (?, ?)", [(7, "a"), (8, "b")])
    names: dict[str, Any] = {}
    exec(named(DOCUMENT, "checks.py"), names)
    assert names["holdings"](Asked(saga_id="a", url="", folder=tmp_path)) == [7]


def test_every_key_is_told() -> None:
    text = (ROOT / DOCUMENT).read_text()
    assert [key for key in OWN_KEYS if f"`{key}`" not in text] == []
