"""`saga_chaos`: single plans in tests of one's own, with `@given` too, in both worlds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugin.conftest import RunTests

pytest_plugins = ["pytester"]

LOST = "FaultPlan((Fault(kind='lose_reply', operation='payments.charge.create'),))"


def test_a_run_is_judged_and_check_raises_the_invariants_own_error(run_tests: RunTests) -> None:
    run_tests(
        f"""
        from harness.invariants.no_orphaned_resources import OrphanedResources

        def test_one_plan(saga_chaos):
            saga_chaos.check(saga_chaos.run(documented))
            run = saga_chaos.run(documented, {LOST}, input=documented.inputs[1])
            assert run.input == documented.inputs[1]
            with pytest.raises(OrphanedResources, match="What happened") as caught:
                saga_chaos.check(run)
            assert "saga_chaos.run(scenario, FaultPlan(" in str(caught.value)

        def test_by_name(saga_chaos):
            assert not saga_chaos.run("order-fulfilment", {LOST}).violated
        """
    ).assert_outcomes(passed=2)


def test_it_goes_with_given(run_tests: RunTests) -> None:
    result = run_tests(
        """
        from hypothesis import given, seed, settings
        from harness import fault_plans

        @seed(0)
        @settings(max_examples=200, database=None, deadline=None)
        @given(plan=fault_plans(documented))
        def test_holds(saga_chaos, plan):
            saga_chaos.check(saga_chaos.run(documented, plan))
        """,
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*distinct failures*", "*Replay: saga_chaos.run(scenario, FaultPlan(*"])


def test_other_httpx_clients_of_the_session_are_left_alone(run_tests: RunTests) -> None:
    run_tests(
        """
        import httpx

        def test_sim_then_the_real_thing(saga_chaos):
            saga_chaos.run(documented)
            with pytest.raises(httpx.ConnectError, match="refused|attempts"):
                httpx.get("http://127.0.0.1:9", trust_env=False)
        """
    ).assert_outcomes(passed=1)


def test_wire_runs_share_a_world_and_make_room_for_a_campaign(run_tests: RunTests) -> None:
    run_tests(
        f"""
        def test_wire(saga_chaos):
            first = saga_chaos.run(documented, {LOST}, world="wire")
            assert [one.invariant for one in first.violated]
            saga_chaos.check(saga_chaos.run(documented, world="wire"))

        @saga_test("order-fulfilment", world="wire", search="guided", depth=0, allow_inconclusive=True)
        def test_between(report):
            assert report.runs

        def test_wire_again(saga_chaos):
            saga_chaos.check(saga_chaos.run(documented, world="wire"))
        """,
        "--saga-proxy",
        "embedded",
    ).assert_outcomes(passed=3)


BAD = {
    "run(documented, world='moon')": "UsageError: *, world: found 'moon', expected sim or wire",
    "run('ordr-fulfilment')": "*found 'ordr-fulfilment', expected 'order-fulfilment'*",
    "run(documented, FaultPlan((Fault(kind='slow', operation='x'),)))": (
        "*plan, fault 1, operation: found 'x', expected *"
    ),
}


def test_bad_input_is_one_of_our_errors(run_tests: RunTests) -> None:
    tests = (
        f"def test_bad_{number}(saga_chaos):\n    saga_chaos.{call}\n" for number, call in enumerate(BAD)
    )
    result = run_tests("\n".join(tests))
    result.assert_outcomes(failed=len(BAD))
    result.stdout.fnmatch_lines([f"*{said}" for said in BAD.values()])


def test_a_path_starts_where_the_test_is_and_else_in_the_root(
    run_tests: RunTests, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Path(__file__).parents[2] / "scenarios" / "examples" / "first_saga"
    for name in ("saga.toml", "sagas.py"):
        (pytester.path / name).write_text((first / name).read_text())
    below = pytester.mkdir("below")
    (below / "test_below.py").write_text(
        "def test_it(saga_chaos):\n    saga_chaos.check(saga_chaos.run('saga.toml'))\n"
    )
    monkeypatch.chdir(below)
    run_tests(
        "def test_it(saga_chaos):\n    saga_chaos.check(saga_chaos.run('saga.toml'))\n", str(below)
    ).assert_outcomes(passed=1)
    monkeypatch.chdir(pytester.path)
    run_tests(
        "def test_it(saga_chaos):\n    saga_chaos.check(saga_chaos.run('saga.toml'))\n"
    ).assert_outcomes(passed=2)


def test_what_a_test_module_loads_starts_where_it_is_and_else_in_its_root(
    run_tests: RunTests, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Path(__file__).parents[2] / "scenarios" / "examples" / "first_saga"
    for name in ("saga.toml", "sagas.py"):
        (pytester.path / name).write_text((first / name).read_text())
    below, other = pytester.mkdir("below"), pytester.mkdir("other")
    loading = (
        "from harness import load\nSAGA = load('saga.toml')\ndef test_it(saga_chaos):\n    assert SAGA.name\n"
    )
    (below / "test_below.py").write_text(loading)
    monkeypatch.chdir(other)
    run_tests(loading, str(pytester.path / "test_it.py"), str(below)).assert_outcomes(passed=2)


def test_an_error_of_ours_is_shown_without_our_own_lines(run_tests: RunTests) -> None:
    result = run_tests("def test_bad(saga_chaos):\n    saga_chaos.run('gone.toml')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ScenarioError: gone.toml: found 'no file'*"])
    result.stdout.no_fnmatch_line("*harness/loader*")


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    script = (
        "import sys, pytest, harness.pytest_plugin\n"
        "heavy = {'hypothesis', 'httpx', 'pandas', 'msgspec', 'matplotlib', 'toxiproxy', 'respx'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
