"""A folder with a saga.toml and the Python beside it, and an import state that is put back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.loader import modules

SAGAS = """\
from __future__ import annotations

import json


async def order(ctx, input):
    return {"status": "completed"}


def plain(ctx, input):
    return {"status": "completed"}


def pages(ctx, input):
    yield 1


def too_few(ctx):
    return None


class Nested:
    order = staticmethod(plain)


number = 7
"""

MINIMAL = """\
format_version = 1
name = "order"

[saga]
adapter = "callable"
target = "sagas.py:order"

[participants.inventory.resources.reservation]
create = "POST /reservations"
delete = "DELETE /reservations/{id}"

[participants.payments.resources.charge]
create = "POST /charges"
delete = "POST /charges/{id}/refunds"

[[steps]]
name = "reserve"
action = "inventory.reservation.create"
compensation = "inventory.reservation.delete"

[[steps]]
name = "charge"
action = "payments.charge.create"
kind = "pivot"
"""

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _imports_put_back() -> Iterator[None]:
    modules_before, path_before, seen_before = set(sys.modules), list(sys.path), set(modules._seen_folders)
    yield
    for name in set(sys.modules) - modules_before:
        if "saga_chaos_file" in name or name.startswith("user_"):
            del sys.modules[name]
    sys.path[:] = path_before
    modules._seen_folders.clear()
    modules._seen_folders.update(seen_before)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_(content: str = MINIMAL, **files: str) -> Path:
        (tmp_path / "sagas.py").write_text(SAGAS)
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        path = tmp_path / "saga.toml"
        path.write_text(content)
        return path

    return write_
