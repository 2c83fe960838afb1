"""Whether the proxy server carries out its toxics, as far as one world has seen.

Owns the difference between a fault that went astray once and a server that never does such a thing: the
first is written into the history of its run, the second ends the campaign.
"""

from __future__ import annotations

from collections import Counter

from harness.errors import EnvironmentFault

TOO_OFTEN = 3
"""So many failures without a single success are no collateral hit."""


class ProxyIdle(EnvironmentFault):
    """What stands in the proxy's place does not carry out its toxics."""


class Evidence:
    """By toxic, `disabled` among them. Under the lock of the traffic."""

    def __init__(self) -> None:
        self._worked: set[str] = set()
        self._failed: Counter[str] = Counter()

    def worked(self, toxic: str) -> None:
        """Somebody saw what it does."""
        self._worked.add(toxic)

    def failed(self, proxy: str, toxic: str, reason: str) -> ProxyIdle | None:
        """Somebody saw that it did not; an error where it never does. reason: what was found and expected."""
        self._failed[toxic] += 1
        if toxic in self._worked or self._failed[toxic] < TOO_OFTEN:
            return None
        return ProxyIdle(
            f"proxy {proxy}: toxic {toxic!r} had no effect, {self._failed[toxic]} times out of "
            f"{self._failed[toxic]}: {reason}; is it a Toxiproxy server?"
        )
