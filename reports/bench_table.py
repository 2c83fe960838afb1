"""Every saga of a benchmark as a line of a table: `bench.csv`, and `bench.parquet` where pyarrow is there.

Owns the columns. Seconds, empty where a saga did not compensate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bench.result import Cell
from harness.bench.samples import Sample
from harness.compensation import PHASES
from harness.json_files import write_whole

if TYPE_CHECKING:
    import pandas as pd

CELL = ("scenario", "world", "failed_step", "fault", "concurrency", "rate")
SPENT = ("in_calls_s", "retry_s", "polling_s", "pace_s")
COLUMNS = (*CELL, "saga_id", "ended", "response_s", "latency_s", *PHASES, *SPENT)

NO_PARQUET = "bench.parquet is not written: pyarrow is not installed (pip install 'saga-chaos[parquet]')"


def bench_table(given: Iterable[tuple[Cell, Sequence[Sample]]]) -> pd.DataFrame:
    """COLUMNS, a line each saga, whatever became of it."""
    import pandas as pd  # noqa: PLC0415 - half a second

    lines = [_line(cell, one) for cell, samples in given for one in samples]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def write_tables(table: pd.DataFrame, out: Path) -> list[Path]:
    """The files that were written."""
    write_whole(out / "bench.csv", table.to_csv(index=False).encode("utf-8", "backslashreplace"))
    if find_spec("pyarrow") is None:
        return [out / "bench.csv"]
    content = BytesIO()
    table.to_parquet(content, index=False)
    write_whole(out / "bench.parquet", content.getvalue())
    return [out / "bench.csv", out / "bench.parquet"]


def _line(cell: Cell, one: Sample) -> tuple[object, ...]:
    head = (cell.name, cell.world, cell.failed_step, cell.fault, cell.concurrency, cell.rate)
    went = one.compensation
    if went is None:
        return (*head, one.saga_id, one.ended, one.response_s, *([None] * (1 + len(PHASES) + len(SPENT))))
    waits = went.waits
    return (
        *head,
        one.saga_id,
        one.ended,
        one.response_s,
        went.latency_s,
        *(getattr(went, phase) for phase in PHASES),
        went.in_calls_s,
        waits.retry_s,
        waits.polling_s,
        waits.pace_s,
    )
