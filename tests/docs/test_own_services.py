"""docs/own-services.md: every table loads, and what is said of the example is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.loader import load_scenario
from harness.loader.own_service_table import OWN_KEYS
from tests.docs.blocks import ROOT, blocks

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


def test_every_key_is_told() -> None:
    text = (ROOT / DOCUMENT).read_text()
    assert [key for key in OWN_KEYS if f"`{key}`" not in text] == []
