"""`python -m tests.speed`: every figure in one run, medians, as ratios to the floor; printed and written."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from harness.loading import load
from tests.speed import crash_on_the_wire, http_on_the_wire, measures
from tests.speed.floor import floor_per_s

ROUNDS = 5
OUT = Path("reports/out/speed.json")

_Row = dict[str, float | str | None]


def _median(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    return statistics.median(measure() for _ in range(rounds))


def main() -> int:
    """Measure all; the rounds of what is compared alternate, so that a drifting machine hits both."""
    scenario = load("order-fulfilment")
    rows: dict[str, _Row] = {}
    floors, guided, plain, examples = [], [], [], []
    for seed in range(ROUNDS):
        floors.append(floor_per_s(scenario, 400))
        guided.append(measures.sim_per_s(scenario))
        plain.append(measures.sim_plain_per_s(scenario, 400))
        examples.append(measures.drawn_per_s(scenario, 400, seed))
    floor = statistics.median(floors)
    _add(rows, "floor", floor, "sagas/s", 1.0)
    _add(rows, "sim_guided", statistics.median(guided), "sagas/s", statistics.median(guided) / floor)
    _add(rows, "sim_fault_free", statistics.median(plain), "sagas/s", statistics.median(plain) / floor)
    drawn = statistics.median(per_s for per_s, _ in examples)
    _add(rows, "sim_hypothesis", drawn, "examples/s", drawn / floor)
    plans = sum(came.plans for _, came in examples)
    fired = sum(came.all_fired for _, came in examples) / plans
    three = sum(came.three_or_more for _, came in examples) / plans
    _add(rows, "sim_hypothesis_all_fired", 100 * fired, "% of drawn plans", None)
    _add(rows, "sim_hypothesis_three_or_more", 100 * three, "% of drawn plans", None)
    messages = _median(measures.choreographed_against_orchestrated, 3)
    _add(rows, "sim_choreographed_against_orchestrated", messages, "times", None)
    several = _median(lambda: measures.interleavings_per_s(scenario), 3)
    _add(rows, "sim_two_sagas", several, "runs/s", None)
    deaths = [measures.crash_against_plain() for _ in range(ROUNDS)]
    _add(rows, "sim_crash", statistics.median(one for one, _ in deaths), "sagas/s", None)
    _add(rows, "sim_crash_against_plain", statistics.median(one / two for one, two in deaths), "times", None)
    wire = _median(lambda: measures.wire_per_s(scenario, 200), 3)
    _add(rows, "wire_fault_free", wire, "sagas/s", wire / floor)
    pool = _median(lambda: measures.wire_pool_per_s(scenario, 400, 2), 3)
    _add(rows, "wire_fault_free_2_workers", pool, "sagas/s", pool / floor)
    crashes = _median(lambda: crash_on_the_wire.crashes_per_s(60), 3)
    _add(rows, "wire_crash_and_recover_subprocess", crashes, "runs/s", None)
    service = _median(lambda: http_on_the_wire.runs_per_s(200, 2, http_on_the_wire.PLANS[:1]), 3)
    _add(rows, "wire_http_fastapi_fault_free_2_workers", service, "runs/s", service / floor)
    service = _median(lambda: http_on_the_wire.runs_per_s(200, 6), 3)
    _add(rows, "wire_http_fastapi_6_workers", service, "runs/s", service / floor)
    _add(rows, "sim_guided_depth_2", measures.depth_two_s(scenario, 2), "s", None)
    firsts = measures.first_counterexamples_s()
    times = [one for one in firsts.values() if one is not None]
    _add(rows, "sim_first_counterexample", statistics.median(times), "s", None)
    _add(rows, "sim_first_counterexample_slowest", max(times), "s", None)
    _add(rows, "sim_planted_sagas_found", 100 * len(times) / len(firsts), "% of planted", None)
    one, two = measures.xdist_s(1), measures.xdist_s(2)
    _add(rows, "pytest_n_2_against_n_1", one / two, "times", None)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
    print(f"written to {OUT}")  # noqa: T201 - a benchmark prints
    return 0


def _add(rows: dict[str, _Row], name: str, median: float, unit: str, ratio: float | None) -> None:
    rows[name] = {
        "median": round(median, 3),
        "unit": unit,
        "ratio_to_floor": None if ratio is None else round(ratio, 4),
    }
    shown = "" if ratio is None else f"   {ratio:7.1%} of the floor"
    print(f"{name:<32} {median:10.2f} {unit}{shown}", flush=True)  # noqa: T201 - see above


if __name__ == "__main__":
    sys.exit(main())
