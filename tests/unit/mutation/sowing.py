"""Plants one operator in a text, and tells what it changed."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from harness.mutation.planting import Planted, plant
from harness.mutation.sources import Sources


def planted(folder: Path, text: str, operator: str, key_header: str = "Idempotency-Key") -> list[Planted]:
    file = folder / "saga.py"
    file.write_text(dedent(text))
    return list(plant(Sources(files=(file,), folder=folder), key_header, [operator]))


def changes(mutant: Planted) -> tuple[str, ...]:
    """Lines taken out and put in, without their indent: `-old`, `+new`."""
    lines = mutant.diff.splitlines()[2:]
    return tuple(line[0] + line[1:].strip() for line in lines if line[:1] in ("-", "+"))
