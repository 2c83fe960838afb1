"""`python -m tests.speed.messages`: choreographed sagas a second, over the harness's bus and over brokers.

Fault-free runs of the planted shop (four messages, two steps), one after the other, in this process; the
rounds of the three alternate. Left out of `python -m tests.speed`, which needs no broker.
"""

from __future__ import annotations

import statistics
import sys
import time

from harness.plan import FaultPlan
from harness.runner import run_once
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from tests.planted.messages.scenario import on_rabbitmq, on_redis
from tests.planted.messages.shop import Shop

ROUNDS, RUNS = 5, 40


def runs_per_s(world: WireWorld, scenario: Scenario, runs: int = RUNS) -> float:
    """Of runs that all complete."""
    began_s = time.perf_counter()
    for _ in range(runs):
        run = run_once(scenario, {}, FaultPlan(), world)
        assert [one.status for one in run.view.sagas] == [Status.COMPLETED]
    return runs / (time.perf_counter() - began_s)


def main(proxies: tuple[str, ...] = ("embedded", "toxiproxy")) -> int:
    """Print the median of each, behind each proxy."""
    over = {
        "the bus of the harness": Shop().scenario(),
        "RabbitMQ": on_rabbitmq(Shop().scenario()),
        "Redis": on_redis(Shop().scenario()),
    }
    for proxy in proxies:
        figures: dict[str, list[float]] = {name: [] for name in over}
        with WireWorld("toxiproxy" if proxy == "toxiproxy" else "embedded", progress=print) as world:
            for scenario in over.values():
                runs_per_s(world, scenario, 3)  # the broker's start is no run's
            for _ in range(ROUNDS):
                for name, scenario in over.items():
                    figures[name].append(runs_per_s(world, scenario))
        for name, found in figures.items():
            told = f"median {statistics.median(found):.1f}, {min(found):.1f} to {max(found):.1f}"
            print(f"{proxy}: {name}: {told} sagas/s")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
