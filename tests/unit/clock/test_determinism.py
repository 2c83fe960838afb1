"""The same in every process, whatever the hash seed and the addresses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("order_script.py")
ROOT = Path(__file__).parents[3]


def output(hash_seed: int) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", str(SCRIPT), str(hash_seed * 997)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_every_order_is_the_same_in_every_process() -> None:
    first, *others = (output(seed) for seed in (0, 1, 31_337))
    assert others == [first, first]


def test_orders_are_those_of_creation() -> None:
    lines = dict(line.partition(" ")[::2] for line in output(7).splitlines()[:4])
    in_order = [str(number) for number in range(60)]
    for what in ("cancelled_in_a_group", "as_they_complete", "closed_generators"):
        assert re.findall(r"\d+", lines[what]) == in_order, what
