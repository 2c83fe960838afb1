"""The table of docs/several-sagas.md: each anomaly, a planted saga, the smallest plan and what is sound.

Made from the planted sagas themselves, whose tests hold that the search finds this plan and passes the twin:
`python -m tests.docs.anomalies` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.plan import FaultPlan
from reports.words import plan_lines
from tests.planted import test_overlap, test_overlap_limits, test_overlap_memory

HEAD = "| anomaly | a saga that | the smallest plan | a sound one |\n|---|---|---|---|\n"
SHOWN = (
    *("lost update", "dirty read", "fuzzy read", "undo of another's work", "oversold stock"),
    *("a balance that is not conserved", "deadlock", "shared memory"),
    *("oversold records", "write skew", "dirty read of a record"),
)


def table() -> str:
    """As it is to stand there."""
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows())


def _rows() -> Iterator[tuple[str, ...]]:
    for name in SHOWN:
        one = test_overlap.ALL.get(name) or test_overlap_limits.ALL[name]
        yield f"*{name}*", one.does, _plan(one.plan), one.countermeasure
        if name == "deadlock":
            name_, does, plan, sound = test_overlap_memory.DOES
            yield f"*{name_}*", does, _plan(plan), sound


def _plan(plan: FaultPlan) -> str:
    """In the words of reports, without what a fault means."""
    told = (line.split(": ", 1) for line in plan_lines(plan) if line.startswith(("preempt: ", "reject ")))
    lines = (rest if kind == "preempt" else kind for kind, rest in told)
    inputs = (line for line in plan_lines(plan) if " has the input " in line)
    return "; ".join(
        (*lines, *(f"`{line.partition('input ')[2]}` is the input of saga 2" for line in inputs))
    )


if __name__ == "__main__":
    print(table())  # noqa: T201 - that is what it is for
