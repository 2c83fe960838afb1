"""Text as users see it, kept beside the tests. UPDATE_SNAPSHOTS=1 writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "snapshots" / "reports"


def check_snapshot(text: str, name: str) -> None:
    path = FOLDER / name
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path} is missing: run the test with UPDATE_SNAPSHOTS=1 and read what it wrote"
    assert text == path.read_text(encoding="utf-8")
