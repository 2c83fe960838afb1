"""`@saga_test`: what passes, what fails, what it says, and what it leaves on disk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.plugin.conftest import RunTests

pytest_plugins = ["pytester"]


def out_of(pytester: pytest.Pytester, worker: str, name: str) -> Path:
    return pytester.path / ".saga-chaos" / worker / f"test_it.py--{name}"


def test_a_sound_saga_passes_and_its_report_is_handed_over(run_tests: RunTests) -> None:
    result = run_tests(
        """
        @saga_test(one_order, search="guided", depth=1)
        def test_holds(report):
            assert report.verdict == "pass"
            assert report.runs > 100
        """
    )
    result.assert_outcomes(passed=1)


def test_a_broken_saga_fails_with_the_counterexample_and_no_traceback(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    result = run_tests(
        """
        @saga_test(documented, search="guided", depth=1)
        def test_breaks():
            raise RuntimeError("not called")
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*no_orphaned_resources violated, and * invariants more, in order-fulfilment-as-documented (sim)",
            "*The whole report: *report.html",
            "VIOLATED  *in order-fulfilment-as-documented (sim)",
            "*What happened*",
            "*the saga starts*",
            "*The smallest plan: 1 fault*",
            "*Replay: saga-chaos replay *.saga-chaos/main/test_it.py--test_breaks/failures/*.json",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*RuntimeError*")
    folder = out_of(pytester, "main", "test_breaks")
    assert (folder / "report.html").is_file()
    assert json.loads((folder / "report.json").read_text())["verdict"] == "fail"
    assert (pytester.path / ".saga-chaos" / ".gitignore").read_text() == "*\n"


def test_a_scenario_of_the_test_module_is_found_again_by_replay(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    run_tests(
        """
        mine = dataclasses.replace(documented, name="mine", reference="")

        @saga_test(mine, search="guided", depth=1)
        def test_mine():
            pass
        """
    ).assert_outcomes(failed=1)
    failures = sorted(out_of(pytester, "main", "test_mine").glob("failures/*.json"))
    assert json.loads(failures[0].read_text())["scenario"]["reference"].endswith("test_it.py:mine")
    command = [sys.executable, "-m", "harness.cli", "replay", str(failures[0])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "STILL FAILS" in done.stdout


def test_an_inconclusive_search_fails_unless_it_is_allowed(run_tests: RunTests) -> None:
    result = run_tests(
        """
        @saga_test("order-fulfilment", search="guided", depth=0)
        def test_too_little():
            pass

        @saga_test("order-fulfilment", search="guided", depth=0, allow_inconclusive=True)
        def test_allowed(report):
            assert report.verdict == "inconclusive"
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*not all that a pass needs was seen*",
            "*No fault fired in 3 runs: none was searched for (--depth 0)*",
        ]
    )


def test_faults_of_what_is_not_claimed_are_sent_where_asked(run_tests: RunTests) -> None:
    result = run_tests(
        """
        @saga_test(one_order, search="guided", depth=1, unclaimed=True)
        def test_dies():
            pass
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*By faults of what the saga does not claim: *"])


def test_fixtures_parameters_and_classes_work_as_ever(run_tests: RunTests) -> None:
    run_tests(
        """
        class TestIt:
            @pytest.mark.parametrize("number", [1, 2])
            @saga_test(one_order, search="guided", depth=0, allow_inconclusive=True)
            def test_in_a_class(self, report, tmp_path, number):
                assert tmp_path.is_dir() and number in (1, 2) and report.runs

        @saga_test(one_order, search="guided", depth=0, allow_inconclusive=True)
        def test_with_request(request, report):
            assert request.node.name == "test_with_request"
        """
    ).assert_outcomes(passed=3)


BAD = {
    'saga_test("order-fulfillment")': "*found 'order-fulfillment', expected 'order-fulfilment'*",
    'saga_test("no/such/saga.toml")': "*no/such/saga.toml*expected*",
    'saga_test("order-fulfilment", depth=-1)': "*--depth: found -1, expected*",
    "saga_test(lambda: 7)": "*@saga_test, scenario: found 7, expected a Scenario*",
}


def test_bad_input_is_one_message(run_tests: RunTests) -> None:
    tests = (f"@{one}\ndef test_bad_{number}():\n    pass\n" for number, one in enumerate(BAD))
    result = run_tests("\n".join(tests))
    result.assert_outcomes(failed=len(BAD))
    said = [line for line in result.outlines if line.startswith("saga-chaos: ")]
    for line, expected in zip(said, BAD.values(), strict=True):
        assert fnmatch(line, f"saga-chaos: {expected}")
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_async_test_function_is_refused(run_tests: RunTests) -> None:
    result = run_tests("@saga_test('order-fulfilment')\nasync def test_bad():\n    pass\n")
    result.stdout.fnmatch_lines(["*TypeError: @saga_test: found *expected a plain test function*"])


def test_a_saga_that_ends_the_process_does_not_end_pytest(run_tests: RunTests) -> None:
    result = run_tests(
        """
        from harness import CallableSaga

        async def leave(ctx, input):
            os._exit(0)

        leaving = dataclasses.replace(documented, name="leaving", saga=CallableSaga(leave, "leave"))

        @saga_test(leaving, search="guided", depth=0)
        def test_leaves():
            pass
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*VIOLATED  *", "*os._exit(0)*"])


def test_the_folder_can_be_chosen_and_is_cleaned_of_what_is_stale(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    folder = pytester.path / "mine" / "main" / "test_it.py--test_breaks"
    stale = folder / "failures" / "old.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}")
    run_tests(
        "@saga_test(FIRST, search='guided', depth=1)\ndef test_breaks():\n    pass\n", "--saga-out", "mine"
    ).assert_outcomes(failed=1)
    assert not stale.exists()
    assert list(folder.glob("failures/*.json"))
    assert not (pytester.path / ".saga-chaos").exists()


def test_a_folder_that_cannot_be_written_is_one_message(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    pytester.path.joinpath("taken").write_text("a file")
    result = run_tests("@saga_test(FIRST)\ndef test_breaks():\n    pass\n", "--saga-out", "taken")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["saga-chaos: *taken*cannot write*"])


KEEPS = "@saga_test(documented, search='guided', depth=0{more})\ndef test_it(report):\n    pass\n"


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def test_a_counterexample_is_kept_and_tried_first_the_next_time(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    """Nothing is searched the second time: it fails by what was kept."""
    folder = pytester.path / ".saga-chaos" / "counterexamples"
    searching = "@saga_test(documented, search='guided', depth=1)\ndef test_it():\n    pass\n"
    run_tests(searching).assert_outcomes(failed=1)
    (file,) = kept(folder)
    run_tests(KEEPS.format(more="")).assert_outcomes(failed=1)
    report = json.loads((out_of(pytester, "main", "test_it") / "report.json").read_text())
    assert report["scenarios"][0]["search"]["stored"]["failing"] > 0
    assert kept(folder) == [file]


@pytest.mark.parametrize("how", ["option", "decorator"])
def test_what_is_stored_can_be_left_alone(run_tests: RunTests, pytester: pytest.Pytester, how: str) -> None:
    folder = pytester.path / ".saga-chaos" / "counterexamples"
    searching = "@saga_test(documented, search='guided', depth=1{more})\ndef test_it():\n    pass\n"
    more, options = (", stored=False", []) if how == "decorator" else ("", ["--saga-no-stored"])
    run_tests(searching.format(more=more), *options).assert_outcomes(failed=1)
    assert kept(folder) == []
    run_tests(searching.format(more="")).assert_outcomes(failed=1)
    assert kept(folder)
    more += ", allow_inconclusive=True"
    run_tests(KEEPS.format(more=more), *options).assert_outcomes(passed=1)
    report = json.loads((out_of(pytester, "main", "test_it") / "report.json").read_text())
    assert report["scenarios"][0]["search"]["stored"]["tried"] == 0


def test_a_folder_of_the_users_own_has_its_counterexamples_below_it(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    searching = "@saga_test(documented, search='guided', depth=1)\ndef test_it():\n    pass\n"
    run_tests(searching, "--saga-out", "mine").assert_outcomes(failed=1)
    assert kept(pytester.path / "mine" / "counterexamples")
    assert not (pytester.path / ".saga-chaos").exists()


def test_two_workers_have_a_proxy_and_a_folder_of_their_own(
    run_tests: RunTests, pytester: pytest.Pytester
) -> None:
    result = run_tests(
        """
        @pytest.mark.parametrize("number", [1, 2])
        @saga_test(FIRST, world="wire", search="guided", depth=1, proxy="embedded", seconds=20)
        def test_on_the_wire(number):
            pass

        @saga_test(documented, search="guided", depth=1)
        def test_in_sim():
            pass
        """,
        "-n",
        "2",
        "--dist",
        "each",
    )
    result.assert_outcomes(failed=6)
    for worker in ("gw0", "gw1"):
        folders = sorted((pytester.path / ".saga-chaos" / worker).iterdir())
        assert len(folders) == 3
        for folder in folders:
            report = json.loads((folder / "report.json").read_text())
            assert report["proxy"]["kind"] == ("embedded" if "wire" in folder.name else "none")
            assert list(folder.glob("failures/*.json"))
    assert not re.search(r"(?i)warning", result.stdout.str())
