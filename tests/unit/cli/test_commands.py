"""What each command does where the input is good."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from harness.loader import load_scenario
from tests.unit.cli.console import FIRST_SAGA, ONE_ORDER, saga_chaos

FIRST = FIRST_SAGA.parent
MISTAKE = re.compile(r"( +)(await send\(ctx, \"POST\".*\n) +(undos\.insert.*\n)")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first saga, copied, searched, and found to fail."""
    folder = tmp_path_factory.mktemp("searched")
    for name in ("saga.toml", "sagas.py"):
        (folder / name).write_text((FIRST / name).read_text())
    done = saga_chaos(["run", "saga.toml", "--search", "guided", "--depth", "1", "--out", "out"], folder)
    assert done.returncode == 1
    return folder


@pytest.fixture
def mine(searched: Path, tmp_path: Path) -> Path:
    """A copy of it, as if it had been searched there."""
    shutil.copytree(searched, tmp_path, symlinks=True, dirs_exist_ok=True)
    for path in tmp_path.rglob("*.*json"):
        path.write_bytes(path.read_bytes().replace(bytes(searched), bytes(tmp_path)))
    return tmp_path


def smallest(folder: Path) -> str:
    return str(next((folder / "out" / "failures").glob("*-no_orphaned_resources.json")))


# replay ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", ["sim", "wire"])
def test_a_failure_still_fails_in_either_world(mine: Path, world: str) -> None:
    done = saga_chaos(["replay", smallest(mine), "--world", world, "--proxy", "embedded"], mine)
    assert done.returncode == 1
    assert f"in the {world} world" in done.stdout
    assert "  > " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("STILL FAILS  no_orphaned_resources: ")


@pytest.mark.parametrize("world", ["sim", "wire"])
def test_a_failure_is_fixed(mine: Path, world: str) -> None:
    source = (mine / "sagas.py").read_text()
    fixed = MISTAKE.sub(r"\1\3\1\2", source)
    assert fixed != source
    (mine / "sagas.py").write_text(fixed)
    done = saga_chaos(["replay", smallest(mine), "--world", world, "--proxy", "embedded"], mine)
    assert done.stdout.splitlines()[-1].startswith("FIXED  every fault fired, the saga ended ")
    assert done.returncode == 0


def test_a_failure_differs_where_another_invariant_is_violated(mine: Path) -> None:
    (mine / "sagas.py").write_text("async def order(ctx, item):\n    return 7\n")
    done = saga_chaos(["replay", smallest(mine)], mine)
    assert done.returncode == 1
    assert "DIFFERS  no_orphaned_resources is not violated, but termination (" in done.stdout


def test_a_failure_differs_where_the_plan_no_longer_fires(mine: Path) -> None:
    path = Path(smallest(mine))
    failure = json.loads(path.read_text())
    failure["plan"][0]["nth"] = 9
    path.write_text(json.dumps(failure))
    done = saga_chaos(["replay", str(path)], mine)
    assert done.returncode == 1
    assert "DIFFERS  nothing is violated, but the plan no longer fires: " in done.stdout
    assert ", call 9" in done.stdout.splitlines()[-1]


def test_a_failure_is_replayed_from_another_folder(searched: Path, tmp_path: Path) -> None:
    assert "STILL FAILS" in saga_chaos(["replay", smallest(searched)], tmp_path).stdout


@pytest.fixture(scope="module")
def unclaimed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A saga that forgets what it did when it dies, and never claimed otherwise."""
    folder = tmp_path_factory.mktemp("unclaimed")
    run = ["run", ONE_ORDER, "--unclaimed", "--search", "guided", "--depth", "1", "--out", "out"]
    done = saga_chaos(run, folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return folder, done.stdout


def test_unclaimed_faults_are_sent_where_asked_and_what_they_break_counts(
    unclaimed: tuple[Path, str],
) -> None:
    folder, said = unclaimed
    report = json.loads((folder / "out" / "report.json").read_text())["scenarios"][0]
    found = {one["id"]: one for one in report["guarantees"]}
    assert report["verdict"] == "fail"
    assert report["unclaimed"]
    assert [id_ for id_, one in found.items() if one["claimed"]] == ["lost_reply"]
    assert found["process_death"]["result"] == "refuted"
    assert found["lost_reply"]["result"] == "verified"
    assert "    process_death      not claimed, refuted" in said
    assert "  By faults of what the saga does not claim: " in said


@pytest.mark.parametrize("claim", ["process_death", "duplicate_start", "cancel"])
def test_what_refutes_a_guarantee_still_fails(unclaimed: tuple[Path, str], claim: str) -> None:
    folder, _ = unclaimed
    report = json.loads((folder / "out" / "report.json").read_text())["scenarios"][0]
    (failure,) = [one["failure"] for one in report["guarantees"] if one["id"] == claim]
    written = json.loads((folder / "out" / failure).read_text())
    assert written["unclaimed"] == [claim]
    done = saga_chaos(["replay", f"out/{failure}"], folder)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(f"STILL FAILS  {written['invariant']}: ")


def test_a_fault_until_the_next_restart_is_replayed(unclaimed: tuple[Path, str]) -> None:
    folder, _ = unclaimed
    path = folder / "out" / "failures" / "order-fulfilment-sim-no_orphaned_resources.json"
    failure = json.loads(path.read_text())
    failure["plan"] = [
        {"kind": "refuse", "operation": "payments.charge.create", "count": "until_restart"},
        {"kind": "crash", "operation": "inventory.reservation.create", "variant": "applied"},
    ]
    lasting = folder / "until_restart.json"
    lasting.write_text(json.dumps(failure))
    done = saga_chaos(["replay", str(lasting)], folder)
    assert "refuse at payments.charge.create, from call 1 on until the next restart: " in done.stdout
    assert done.stdout.splitlines()[-1].startswith(("STILL FAILS", "FIXED", "DIFFERS"))
    assert done.returncode in (0, 1)


def test_depth_0_says_that_it_can_be_no_pass(tmp_path: Path) -> None:
    run = ["run", ONE_ORDER, "--search", "guided", "--depth", "0", "--out", "out"]
    done = saga_chaos(run, tmp_path)
    assert done.returncode == 3
    assert "none was searched for (--depth 0)" in done.stdout


# gate -----------------------------------------------------------------------------------------


def test_the_gate_gives_its_reasons(mine: Path) -> None:
    done = saga_chaos(["gate", "out"], mine)
    assert done.returncode == 1
    assert done.stdout.startswith("gate: FAIL\n  fails ")
    assert "  passes " in done.stdout


def test_only_what_the_report_before_did_not_have_fails_the_gate(mine: Path) -> None:
    shutil.copytree(mine / "out", mine / "twice" / "previous")
    shutil.copy(mine / "out" / "report.json", mine / "twice")
    (mine / "new.toml").write_text("new_only = true\n")
    known = saga_chaos(["gate", "twice", "--policy", "new.toml"], mine)
    assert known.returncode == 0, known.stdout + known.stderr
    assert "\n  known " in known.stdout
    assert saga_chaos(["gate", "twice"], mine).returncode == 1


def test_the_gate_lets_a_pass_through_and_stops_what_is_inconclusive(tmp_path: Path) -> None:
    run = ["run", ONE_ORDER, "--search", "guided", "--out", "out", "--depth"]
    assert saga_chaos([*run, "1"], tmp_path).returncode == 0
    assert saga_chaos(["gate", "out"], tmp_path).returncode == 0
    assert saga_chaos([*run, "0"], tmp_path).returncode == 3
    assert saga_chaos(["gate", "out"], tmp_path).returncode == 3
    (tmp_path / "policy.toml").write_text("allow_inconclusive = true\n")
    assert saga_chaos(["gate", "out", "--policy", "policy.toml"], tmp_path).returncode == 0


# annotations ----------------------------------------------------------------------------------


def test_in_a_job_of_github_actions_findings_are_annotations(mine: Path) -> None:
    run = ["run", "saga.toml", "--search", "guided", "--depth", "1", "--out", "again"]
    there = saga_chaos(run, mine, {"GITHUB_ACTIONS": "true"}).stdout.splitlines()
    told = [line for line in there if line.startswith("::")]
    assert told[0].startswith("::error file=sagas.py,line=")
    assert "title=no_orphaned_resources is violated in first-saga (sim)::" in told[0]
    assert there[-1].startswith("  Replay: "), "the counterexample is the last thing shown"
    (mine / "chaos.toml").write_text("max_p95_s = 0.001\n")
    gate = ["gate", "again", "--policy", "chaos.toml"]
    assert "::error title=first-saga" in saga_chaos(gate, mine, {"GITHUB_ACTIONS": "true"}).stdout
    for command in (run, gate):
        assert "::error" not in saga_chaos(command, mine, {"GITHUB_ACTIONS": ""}).stdout


# doctor ---------------------------------------------------------------------------------------


def test_the_doctor_explains_the_machine_and_a_scenario(tmp_path: Path) -> None:
    done = saga_chaos(["doctor", str(FIRST_SAGA)], tmp_path)
    assert done.returncode == 0, done.stdout
    for said in (
        "ok       Python 3.",
        "httpx ",
        "reports/out can be written to",
        "127.0.0.1 can be listened on",
        "SAGA_CHAOS_TOXIPROXY_URL: not set",
        "--proxy auto would use: ",
        "first-saga loads",
        "when nothing fails, it ends completed",
        "when charge is refused, it ends compensated",
    ):
        assert said in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_what_a_scenario_does_not_keep(tmp_path: Path) -> None:
    (tmp_path / "saga.toml").write_text(FIRST_SAGA.read_text())
    source = (FIRST / "sagas.py").read_text()
    (tmp_path / "sagas.py").write_text(source.replace("in undos]", "in ()]"))  # undoes nothing
    done = saga_chaos(["doctor", "saga.toml"], tmp_path)
    assert done.returncode == 2
    assert "FAILED   when charge is refused, it breaks no_orphaned_resources: " in done.stdout


# scaffold -------------------------------------------------------------------------------------


def test_a_scaffolded_callable_runs_at_once_and_holds(tmp_path: Path) -> None:
    made = saga_chaos(["scaffold", "mine", "--adapter", "callable", "--service", "stock"], tmp_path)
    assert made.returncode == 0
    assert "saga-chaos run mine/saga.toml" in made.stdout
    assert sorted(one.name for one in (tmp_path / "mine").iterdir()) == ["saga.toml", "sagas.py"]
    assert saga_chaos(["run", "mine/saga.toml", "--depth", "1"], tmp_path).returncode == 0


@pytest.mark.parametrize("adapter", ["subprocess", "http"])
def test_a_scaffold_in_any_language_loads(tmp_path: Path, adapter: str) -> None:
    made = saga_chaos(["scaffold", "mine", "--adapter", adapter, "--into", "deep/er"], tmp_path)
    assert made.returncode == 0
    folder = tmp_path / "deep" / "er" / "mine"
    scenario = load_scenario(str(folder / "saga.toml"), registered=None)
    assert scenario.saga.worlds == ("wire",)
    for script in folder.glob("*.py"):
        subprocess.run([sys.executable, "-m", "py_compile", str(script)], check=True)


# bench ----------------------------------------------------------------------------------------


def test_a_benchmark_compares_with_a_baseline(tmp_path: Path) -> None:
    bench = ["bench", "order-fulfilment", "--sagas", "20", "--steps", "create_shipment", "--out"]
    first = saga_chaos([*bench, "first"], tmp_path)
    assert first.returncode == 0, first.stderr
    assert "order-fulfilment (sim), virtual seconds" in first.stdout
    assert "create_shipment by reject  " in first.stdout
    assert "20 stuck; they are no part of the latency" in first.stdout
    again = [*bench, "second", "--baseline", "first/bench.json", "--fail-above", "1.1"]
    second = saga_chaos(again, tmp_path)
    assert (second.returncode, "1.00 (1.00 to 1.00)" in second.stdout) == (0, True), second.stderr
    written = json.loads((tmp_path / "second" / "bench.json").read_text())
    assert written["format_version"] == 2
    refused, unanswered = written["cells"]
    assert (refused["latency_s"]["n"], refused["messages"], refused["ended"]) == (20, 4, {"compensated": 20})
    assert refused["to_baseline"] == {"ratio": 1.0, "low": 1.0, "high": 1.0, "n": 20}
    assert (unanswered["latency_s"]["n"], unanswered["ended"]) == (0, {"stuck": 20})
    assert "var(--" not in (tmp_path / "second" / "bench-phases.svg").read_text()
    lines = (tmp_path / "second" / "bench.csv").read_text().splitlines()
    assert len(lines) == 1 + 40, "who ended stuck has a line, too"
    assert len(pd.read_parquet(tmp_path / "second" / "bench.parquet")) == 40


def test_a_slower_network_fails_a_benchmark(tmp_path: Path) -> None:
    bench = ["bench", "order-fulfilment", "--sagas", "20", "--steps", "create_shipment", "--faults", "reject"]
    assert saga_chaos([*bench, "--latency", "lan", "--out", "first"], tmp_path).returncode == 0
    slower = ["--latency", "wan", "--baseline", "first/bench.json", "--fail-above", "10"]
    done = saga_chaos([*bench, *slower], tmp_path)
    assert done.returncode == 1
    assert "times as long as in the baseline, the whole 95 % interval is above 10" in done.stderr
    assert "wan: 40 ms each way, up to 10 ms more or fewer" in done.stdout
    assert (
        "Note: in the baseline messages were under way lan: 1 ms each way; now they are wan: " in done.stderr
    )


def test_a_benchmark_on_the_wire(tmp_path: Path) -> None:
    wire = ["--world", "wire", "--proxy", "embedded", "--sagas", "4", "--warm-up", "1", "--rounds", "2"]
    chosen = ["--steps", "create_shipment", "--faults", "reject", "--latency", "link.toml", "--out", "out"]
    (tmp_path / "link.toml").write_text("one_way_ms = 5\n[participants.payments]\none_way_ms = 20\n")
    done = saga_chaos(["bench", "order-fulfilment", *wire, *chosen], tmp_path)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out" / "bench.json").read_text())
    (cell,) = written["cells"]
    assert written["proxy"]["kind"] == "embedded"
    assert (cell["sagas"], cell["ended"]) == (4, {"compensated": 4})
    # Of the two undos one goes to payments, over 20 ms each way, and one over 5.
    assert min(cell["seconds"]) >= 0.05


# list, help -----------------------------------------------------------------------------------


def test_list_names_the_registered_scenarios(tmp_path: Path) -> None:
    listed = json.loads(saga_chaos(["list", "--json"], tmp_path).stdout)
    assert {one["name"]: one["holds"] for one in listed}["order-fulfilment-as-documented"] is False
    assert "order-fulfilment-sync" in saga_chaos(["list"], tmp_path).stdout


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom harness.cli.arguments import parser\nparser().format_help()\n"
        "heavy = {'httpx', 'msgspec', 'rich', 'pandas', 'hypothesis', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)


def test_what_failed_is_tried_first_the_next_time_unless_that_is_switched_off(tmp_path: Path) -> None:
    search = ["run", str(FIRST_SAGA), "--search", "guided", "--depth", "1"]
    tried = []
    for out, more in (("first", []), ("second", []), ("third", ["--no-stored"])):
        assert saga_chaos([*search, "--out", out, *more], tmp_path).returncode == 1
        report = json.loads((tmp_path / out / "report.json").read_text())
        tried.append(report["scenarios"][0]["search"]["stored"])
    assert tried[0] == tried[2] == {"tried": 0, "failing": 0}
    assert tried[1]["tried"] == tried[1]["failing"] > 0
    assert len(list((tmp_path / ".saga-chaos" / "counterexamples").glob("first-saga-sim-*.json"))) == 1
