"""Between two calls: what the variants `between:2`, `start:1` and `between:25%` of a process fault mean.

In sim the harness sees every change of the saga's store. `between:2` strikes at the second change that
follows the end of the call, before the executor's next request; `start:1` strikes at the first change
that an executor makes before its first request, which is the call that the fault names. On the wire
nobody sees a store change: `between:25%` strikes when a quarter has passed of the pause that the same
run, without this fault, made between the reply to the call and the next request. Refuses to know
processes and clocks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

PERCENTS = (0, 25, 50, 75)
"""Shares of a pause that are searched on the wire (RULES §7)."""

LEAST_PAUSE_S = 0.002
"""A shorter pause is not searched."""

MOMENTS: dict[str, tuple[str, ...]] = {
    "sim": ("between:1", "between:2", "start:1"),
    "wire": tuple(f"between:{percent}%" for percent in PERCENTS),
}
"""For messages: what such a variant looks like in each world."""

_FORM = re.compile(r"(?P<where>between|start):(?P<change>[1-9]\d{0,4})|between:(?P<percent>\d\d?)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment between two calls.

    change: it strikes at the nth change of the store, from 1; 0 where `percent` of the pause says when.
    first: changes are counted from the start of an executor that has sent nothing yet.
    """

    change: int = 0
    percent: int | None = None
    first: bool = False

    @property
    def world(self) -> str:
        """The only world that can tell this moment."""
        return "sim" if self.percent is None else "wire"

    @property
    def variant(self) -> str:
        """Its name in a plan."""
        if self.percent is not None:
            return f"between:{self.percent}%"
        return f"{'start' if self.first else 'between'}:{self.change}"


@lru_cache(maxsize=512)
def moment_of(variant: str) -> Moment | None:
    """The moment that a variant names; None for one that names a boundary of the call itself."""
    found = _FORM.fullmatch(variant)
    if found is None:
        return None
    if found["percent"] is not None:
        return Moment(percent=int(found["percent"]))
    return Moment(change=int(found["change"]), first=found["where"] == "start")
