"""Compensation latency against a baseline: noise fails no build, and what is slower does."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from harness.bench.result import Bench, Cell, Percentiles, write_bench
from harness.errors import ReportError
from reports.gate import Gate
from reports.gate_check import Word
from reports.recorded import compensations
from reports.slowdown import paired, unpaired
from tests.unit.cli.console import FIRST_SAGA, saga_chaos
from tests.unit.reports.samples import passing, report
from tests.unit.reports.test_gate import decide

FIRST = {
    "type": "campaign",
    "format_version": 1,
    "scenarios": [{"name": "order-sync", "reference": "x", "world": "wire", "content": {}}],
}


def run(number: int, *compensation_s: float, part: str = "guided") -> dict[str, object]:
    plan = [{"kind": "refuse", "operation": "shop.order.create", "nth": number}]
    return {
        "type": "run",
        "scenario": 0,
        "part": part,
        "number": number,
        "t_s": 0.1,
        "input": 0,
        "plan": plan,
        "saga_id": f"s{number}",
        "verdicts": "hh",
        "compensation_s": compensation_s,
    }


def runs(folder: Path, seconds: Iterable[float]) -> Path:
    """A runs.ndjson in which each job took that long, in an order of its own."""
    lines = [FIRST, {"type": "began", "scenario": 0}, run(999)]
    lines += [run(number, took) for number, took in enumerate(seconds, start=1)]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "runs.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def noisy(seed: int, n: int, *, slower: float = 1.0) -> list[float]:
    """As the wire measures: many near 50 ms, some several times that."""
    drawn = np.random.default_rng(seed).lognormal(math.log(0.05), 0.5, n)
    return [float(one) for one in drawn * slower]


def slowdown(found: Gate) -> tuple[Word, str]:
    (one,) = (check for check in found.checks if check.what == "slowdown")
    return one.word, one.why


def compared(tmp_path: Path, now: Iterable[float], before: Iterable[float], policy: str = "") -> Gate:
    runs(tmp_path, now)
    runs(tmp_path / "main", before)
    return decide(report(passing()), tmp_path, f'baseline = "main"\n{policy}')


def test_the_same_files_are_as_fast_as_each_other(tmp_path: Path) -> None:
    took = noisy(0, 50)
    word, why = slowdown(compared(tmp_path, took, took))
    assert word is Word.PASSES
    assert why.startswith("1.00 times as long as in the baseline (95 % interval 1.00 to 1.00, 50 ")


def test_what_is_slower_fails_and_what_the_policy_allows_does_not(tmp_path: Path) -> None:
    before = noisy(0, 200)
    now = [took * 1.5 for took in before]
    found = compared(tmp_path, now, before)
    assert (found.exit_code, slowdown(found)[0]) == (1, Word.FAILS)
    assert compared(tmp_path, now, before, "max_slowdown = 1.6").exit_code == 0
    assert compared(tmp_path, before, now).exit_code == 0, "faster"


def test_a_part_that_is_much_slower_fails_too(tmp_path: Path) -> None:
    before = [0.05] * 100
    assert compared(tmp_path, [*[0.05] * 80, *[0.2] * 20], before).exit_code == 1


def test_one_slow_run_is_noise(tmp_path: Path) -> None:
    word, why = slowdown(compared(tmp_path, [*[0.05] * 99, 5.0], [0.05] * 100))
    assert word is Word.PASSES, why
    assert why.startswith("1.99 times as long")


def test_noise_alone_fails_no_build() -> None:
    failed = [
        seed
        for seed in range(300)
        if paired(noisy(seed, 40), noisy(1000 + seed, 40)).low > 1.1
        or unpaired(noisy(seed, 40), noisy(1000 + seed, 60)).low > 1.1
    ]
    assert len(failed) <= 6, f"{len(failed)} of 300"


def test_a_real_slowdown_is_seen_through_the_noise() -> None:
    seen = [
        seed for seed in range(100) if paired(noisy(seed, 200, slower=1.5), noisy(1000 + seed, 200)).low > 1.1
    ]
    assert len(seen) >= 95


def test_it_is_the_same_each_time_and_the_interval_holds_the_ratio() -> None:
    one = unpaired(noisy(1, 50), noisy(2, 70))
    assert one == unpaired(noisy(1, 50), noisy(2, 70))
    assert one.low < one.ratio < one.high
    assert one.n == 50


@pytest.mark.parametrize("kind", [paired, unpaired])
def test_nothing_to_nothing_is_no_slowdown_and_something_to_nothing_is(kind: type) -> None:
    same = kind([0.0] * 30, [0.0] * 30)
    assert (same.low, same.ratio, same.high) == (1.0, 1.0, 1.0)
    assert kind([1.0] * 30, [0.0] * 30).low == math.inf


def test_large_samples_are_resampled_in_portions() -> None:
    found = paired([0.1] * 30_000, [0.1] * 30_000)
    assert (found.low, found.high, found.n) == (1.0, 1.0, 30_000)


# what is compared -----------------------------------------------------------------------------


def test_only_jobs_that_are_in_both_are_compared(tmp_path: Path) -> None:
    word, why = slowdown(compared(tmp_path, [0.05] * 30 + [9.0] * 30, [0.05] * 30))
    assert word is Word.PASSES
    assert "1.00 times as long" in why
    assert "30 measurements" in why


def test_too_few_are_no_comparison(tmp_path: Path) -> None:
    found = compared(tmp_path, [9.0] * 19, [0.05] * 19)
    assert found.exit_code == 3
    assert slowdown(found)[1] == "19 measurements are in both, and a comparison needs 20"


def test_a_baseline_that_is_not_there_and_one_of_other_scenarios(tmp_path: Path) -> None:
    runs(tmp_path, [0.05] * 30)
    missing = decide(report(passing()), tmp_path, 'baseline = "main"')
    assert missing.exit_code == 3
    assert "is not there, so there is nothing to compare" in slowdown(missing)[1]
    path = runs(tmp_path / "main", [0.05] * 30)
    path.write_text(path.read_text().replace("order-sync", "other"))
    found = decide(report(passing()), tmp_path, 'baseline = "main"')
    assert found.exit_code == 3
    assert {one.word for one in found.checks if one.what == "slowdown"} == {Word.EXCUSED, Word.INCONCLUSIVE}


def bench(folder: Path, seconds: list[float], refused: str = "charge") -> None:
    one = Cell(
        name="order-sync",
        world="wire",
        failed_step=refused,
        fault="reject",
        plan=(),
        sagas=len(seconds),
        concurrency=1,
        latency_s=Percentiles(n=len(seconds)),
        seconds=tuple(seconds),
    )
    write_bench(Bench(cells=(one,)), folder / "bench.json")


def test_benchmarks_are_compared_where_their_sagas_abort_alike(tmp_path: Path) -> None:
    policy = 'baseline = "main/bench.json"'
    bench(tmp_path / "main", noisy(0, 100))
    bench(tmp_path, noisy(1, 80, slower=2.0))
    found = decide(report(passing()), tmp_path, policy)
    assert (found.exit_code, slowdown(found)[0]) == (1, Word.FAILS)
    assert decide(report(passing()), tmp_path, 'baseline = "main"').exit_code == 1
    bench(tmp_path, noisy(1, 80))
    assert decide(report(passing()), tmp_path, policy).exit_code == 0
    bench(tmp_path, noisy(1, 19))
    assert decide(report(passing()), tmp_path, policy).exit_code == 3
    bench(tmp_path, noisy(1, 80), refused="ship")
    assert decide(report(passing()), tmp_path, policy).exit_code == 3


# runs.ndjson ----------------------------------------------------------------------------------


def test_each_job_has_what_it_took_less_the_last_shrinking(tmp_path: Path) -> None:
    path = runs(tmp_path, [0.1, 0.2])
    with path.open("a") as file:
        file.write(json.dumps(run(2, 0.4)) + "\n")
        file.write(json.dumps(run(2, 9.9, part="minimised")) + "\n")
        file.write(json.dumps(run(3, 0.5))[:-20])  # killed while it was written
    (jobs,) = compensations(path).values()
    assert [*jobs.values()] == [[0.1], [0.2, 0.4]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"campaign"', '"run"', 1), r":1: found 'run, format_version 1', expected"),
        (lambda text: text.replace('"format_version": 1', '"format_version": 2'), ":1: found 'campaign, "),
        (lambda text: text.replace('"began", "scenario": 0', '"began", "scenario": "x"'), ":2: found "),
        (lambda text: text.replace('"run", "scenario": 0', '"run", "scenario": 7'), ":4, scenario: found 7"),
        (lambda text: "{", ":1: found "),
    ],
)
def test_a_damaged_file_is_refused_by_its_line(tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    path = runs(tmp_path, [0.1])
    path.write_text(change(path.read_text()))
    with pytest.raises(ReportError) as caught:
        compensations(path)
    assert f"runs.ndjson{said}" in str(caught.value)


def test_a_real_campaign_is_as_fast_as_itself(tmp_path: Path) -> None:
    arguments = ["run", str(FIRST_SAGA), "--search", "guided", "--depth", "1", "--no-stored", "--out", "out"]
    assert saga_chaos(arguments, tmp_path).returncode == 1
    (tmp_path / "chaos.toml").write_text('baseline = "out"\n')
    done = saga_chaos(["gate", "out", "--policy", "chaos.toml"], tmp_path)
    assert "1.00 times as long as in the baseline (95 % interval 1.00 to 1.00" in done.stdout, done.stdout
