"""Variants that are a whole number with a unit: `60%`, `800ms`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Every whole number from `least` to `most`, followed by `unit`, is a variant."""

    unit: str
    least: int
    most: int

    def variant(self, number: int) -> str:
        """The variant of a number."""
        return f"{number}{self.unit}"

    def number(self, variant: str) -> int | None:
        """The number that a variant names; None where it is none of this measure."""
        digits = variant.removesuffix(self.unit)
        if digits == variant or _NUMBER.fullmatch(digits) is None:
            return None
        number = int(digits)
        return number if self.least <= number <= self.most else None

    def __str__(self) -> str:
        return f"{self.least}{self.unit} to {self.most}{self.unit}"
