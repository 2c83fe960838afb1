"""JSON Schemas of the files that others read: `python -m tests.docs.schemas` writes them into docs/schemas.

Made from the types that write the files, so that nobody keeps them by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from harness.campaign.records import Line
from harness.report_model import Report
from tests.docs.blocks import ROOT

FOLDER = ROOT / "docs" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

FILES: dict[str, tuple[Any, str]] = {
    "report.schema.json": (Report, "report.json, format_version 1. Newer versions may add keys."),
    "runs.schema.json": (Line, "One line of runs.ndjson, format_version 1 (docs/runs.md)."),
}


def schema(name: str) -> bytes:
    """As it is to stand in docs/schemas."""
    type_, says = FILES[name]
    made = {"$schema": DIALECT, "description": says, **msgspec.json.schema(type_)}
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def write(folder: Path = FOLDER) -> None:
    """All of them."""
    folder.mkdir(exist_ok=True)
    for name in FILES:
        (folder / name).write_bytes(schema(name))


if __name__ == "__main__":
    write()
