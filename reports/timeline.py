"""A history as short readable lines: one a call, with what came of it, and the evidence marked.

Owns how rows are aligned and which are left out when there are too many; `reports.rows` makes
them. Refuses to judge: the evidence comes from the invariant, by event index.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby, pairwise

from harness.history import History
from reports.rows import Row, RowKind, rows

MOST_ROWS = 24
_MOST_NEIGHBOURS = 1


def timeline(history: History, evidence: Collection[int] = (), *, most: int = MOST_ROWS) -> list[str]:
    """The lines as they are printed; those of the evidence begin with `>`."""
    return aligned(elided(rows(history, evidence), most))


def elided(given: Sequence[Row], most: int = MOST_ROWS) -> list[Row]:
    """About `most` rows: the evidence with its neighbours stays, and so do start, phases and end.

    A row alone is never left out: the line that says so would take its place.
    """
    if len(given) <= most:
        return list(given)
    keep = _worth_keeping(given, most)
    shown: list[Row] = []
    for kept, group in groupby(range(len(given)), key=keep.__contains__):
        part = [given[index] for index in group]
        if kept or len(part) == 1:
            shown += part
        else:
            shown.append(Row(t_s=part[0].t_s, kind=RowKind.GAP, left_out=len(part)))
    return shown


def _worth_keeping(given: Sequence[Row], most: int) -> frozenset[int]:
    """The most relevant come first; what they leave of the room goes to rows unlike the one before."""
    last = len(given) - 1
    relevant = [index for index, row in enumerate(given) if row.relevant]
    near = [
        index + away
        for index in relevant
        for away in range(-_MOST_NEIGHBOURS, _MOST_NEIGHBOURS + 1)
        if 0 <= index + away <= last
    ]
    frame = [
        0,
        last,
        *(index for index, row in enumerate(given) if row.kind is not RowKind.CALL or row.faulted),
    ]
    keep = dict.fromkeys((*relevant, *near))
    for index in (*frame, *_changes(given)):
        if len(keep) >= most:
            break
        keep[index] = None
    return frozenset(keep)


def _changes(given: Sequence[Row]) -> Iterator[int]:
    """Rows that are no mere repetition of the one before them."""
    for index, (before, row) in enumerate(pairwise(given), start=1):
        if (before.who, before.what, before.came) != (row.who, row.what, row.came):
            yield index


def aligned(given: Sequence[Row]) -> list[str]:
    """Columns: mark, time, who, request, what came, notes."""
    times = _width(given, _time)
    calls = [row for row in given if row.kind is RowKind.CALL]
    who, what, came = (
        _width(calls, lambda row: row.who),
        _width(calls, lambda row: row.what),
        _width(calls, lambda row: row.came),
    )
    lines = []
    for row in given:
        start = f"{'>' if row.relevant else ' '} {_time(row):>{times}}  "
        if row.kind is RowKind.CALL:
            text = f"{row.who:<{who}}  {row.what:<{what}}  {row.came:<{came}}  {'; '.join(row.notes)}"
        else:
            text = sentence(row)
        lines.append((start + text).rstrip())
        lines += [f"{'':>{len(start)}}{one}" for one in row.said]
    return lines


def sentence(row: Row) -> str:
    """A row that is no call, in words."""
    if row.kind is RowKind.GAP:
        return f"… {row.left_out} more line{'' if row.left_out == 1 else 's'} …"
    return f"── {row.what} ──" if row.kind is RowKind.PHASE else row.what


def _width(given: Sequence[Row], column: Callable[[Row], str]) -> int:
    return max((len(column(row)) for row in given), default=0)


def _time(row: Row) -> str:
    return "" if row.kind is RowKind.GAP else f"{row.t_s:.3f} s"
