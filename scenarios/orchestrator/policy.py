"""Forward recovery: how often a call is tried, and how long to wait between two attempts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

_MARGIN_S = 0.05  # Retry-After is a promise to a clock that is not ours


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with a cap, bounded attempts, and Retry-After kept.

    A Retry-After beyond `longest_retry_after_s` ends the attempts: coming back earlier would break it.
    """

    max_attempts: int = 5
    first_wait_s: float = 0.03
    factor: float = 2.0
    longest_wait_s: float = 0.5
    longest_retry_after_s: float = 30.0

    @classmethod
    def exponential(cls, max_attempts: int, backoff_s: float) -> Self:
        """The policy of the document."""
        return cls(max_attempts=max_attempts, first_wait_s=backoff_s)

    def wait_s(self, attempt: int, retry_after_s: float | None) -> float | None:
        """How long to wait after the nth attempt; None: no more attempts."""
        if attempt >= self.max_attempts or (retry_after_s or 0.0) > self.longest_retry_after_s:
            return None
        backoff_s = min(self.longest_wait_s, self.first_wait_s * self.factor ** (attempt - 1))
        return backoff_s if retry_after_s is None else max(backoff_s, retry_after_s + _MARGIN_S)
