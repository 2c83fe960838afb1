"""Which statements were executed, by probes that change nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harness.mutation.coverage import instrumented, read_executed

SOURCE = '''"""A docstring."""
from __future__ import annotations
import sys

def never():
    return 1

def main(word):
    """Say it."""
    try:
        if word == "a":
            print(
                "yes",
            )
        else:
            print("no")
    except ValueError:
        print("never")
    for one in [1]:
        print(one)
    match word:
        case "a":
            print("matched")
        case _:
            print("not matched")

main(sys.argv[1])
'''


def test_the_statements_that_ran_and_nothing_else(tmp_path: Path) -> None:
    file, notes, copy = tmp_path / "saga.py", tmp_path / "notes", tmp_path / "copy.py"
    file.write_text(SOURCE)
    copy.write_text(instrumented([file], notes)[file])
    said = [
        subprocess.run([sys.executable, one, "a"], capture_output=True, text=True, check=True).stdout
        for one in (file, copy)
    ]
    assert said[0] == said[1] == "yes\n1\nmatched\n"
    executed = read_executed([file], notes)
    lines = SOURCE.splitlines()
    ran = {lines[line - 1].strip() for line in range(1, len(lines) + 1) if executed.any_of(file, [line])}
    assert {'"yes",', "print(one)", 'print("matched")', "def never():"} <= ran
    assert not {"return 1", 'print("no")', 'print("never")', 'print("not matched")'} & ran


def test_half_a_note_is_none(tmp_path: Path) -> None:
    file, notes = tmp_path / "saga.py", tmp_path / "notes"
    file.write_text("x = 1\ny = 2\n")
    notes.write_text("0 1\n0 ")
    executed = read_executed([file], notes)
    assert executed.any_of(file, [1])
    assert not executed.any_of(file, [2])
