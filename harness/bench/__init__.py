"""The benchmark of compensation latency: N sagas that are made to abort, and how long undoing took.

Owns which step is refused so that a saga has the most to undo, the processes that run side by side,
and `bench.json`. What is measured is defined in `harness.latency`; how it is shown in
`reports.bench`. Refuses to judge: a benchmark says how fast, not how right.
"""

from harness.bench.measure import Asked, measure
from harness.bench.refusals import refusals
from harness.bench.result import Bench, BenchedScenario, read_bench, write_bench

__all__ = ["Asked", "Bench", "BenchedScenario", "measure", "read_bench", "refusals", "write_bench"]
