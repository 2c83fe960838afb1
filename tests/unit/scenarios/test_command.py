"""The command, as a process: what it reads, and the line that it writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import scenarios
from scenarios.order_fulfilment.command import main
from scenarios.order_fulfilment.inputs import ORDERS

ROOT = Path(scenarios.__file__).parents[1]
NOBODY = {f"SAGA_{name}_URL": "http://127.0.0.1:9" for name in ("INVENTORY", "PAYMENTS", "SHIPPING")}


@pytest.mark.parametrize("word", ["run", "resume"])
def test_the_last_line_is_the_outcome(word: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "scenarios.order_fulfilment.command", word, "saga-1"],
        input=json.dumps(ORDERS[0]),
        env={**NOBODY, "SAGA_STORE_DIR": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    word, _, outcome = ran.stdout.splitlines()[-1].partition(" ")
    assert word == "OUTCOME"
    # Nobody listens there: surely nothing was reserved.
    told = json.loads(outcome)
    events = [event["event"] for event in told["detail"].pop("events")]
    assert told == {
        "status": "compensated",
        "detail": {"error": "reserve_inventory: ConnectError", "log": []},
    }
    assert events == ["SagaStarted", "StepStarted", "StepFailed", "CompensationStarted", "SagaFailed"]


@pytest.mark.parametrize("arguments", [[], ["run"], ["walk", "saga-1"], ["run", "saga-1", "more"]])
def test_anything_else_is_told_how_it_is_used(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"usage: .* run\|resume ID"):
        main(arguments, {}, "{}")
