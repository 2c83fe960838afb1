"""What `saga-chaos doctor` says: one sentence for each thing that was looked at, and what to do.

Owns the form of a line and what the lines come to. Refuses to look at anything itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    aside: it is worth knowing, and not held against anybody. remedy: what to do where it is not good.
    """

    good: bool
    sentence: str
    aside: bool = False
    remedy: str = ""

    def lines(self) -> tuple[str, ...]:
        """For the screen."""
        mark = "note" if self.aside else "ok" if self.good else "FAILED"
        told = f"{mark:<{_WIDTH}} {self.sentence}"
        if self.good or not self.remedy:
            return (told,)
        return (told, f"{'':<{_WIDTH}}   {self.remedy}")


def note(sentence: str) -> Check:
    """Something to know."""
    return Check(good=True, sentence=sentence, aside=True)


def told(checks: Iterable[Check]) -> bool:
    """Show each as it comes; whether all that count are good."""
    good = True
    for check in checks:
        for line in check.lines():
            print(line)  # noqa: T201 - this is the command line
        good = good and (check.good or check.aside)
    return good
