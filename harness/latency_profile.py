"""How long a message is under way between a saga and a participant: `lan`, `wan`, or one's own.

Owns the words and the delays, so that both worlds delay alike: the wire by a toxic of the proxy, sim in
virtual time. Refuses to read files (`harness.bench.profile_file`). Faults are no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_STEPS = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Milliseconds in each direction, and by how many more or fewer, evenly spread.

    Whole ones, as Toxiproxy's `latency` toxic has them. jitter_ms: at most one_way_ms.
    """

    one_way_ms: int
    jitter_ms: int = 0

    def delay_s(self, message: str) -> float:
        """Seconds; the same for the same message."""
        if not self.jitter_ms:
            return self.one_way_ms / 1000
        digest = hashlib.blake2b(message.encode(), digest_size=4).digest()
        share = int.from_bytes(digest) / _STEPS  # from 0, below 1
        return (self.one_way_ms - self.jitter_ms + 2 * self.jitter_ms * share) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyProfile:
    """links: those of participants that are nearer or farther than the others, by name."""

    name: str
    link: Link
    links: Mapping[str, Link] = field(default_factory=dict)

    def of(self, participant: str) -> Link:
        """The link between a saga and a participant."""
        return self.links.get(participant, self.link)

    def __str__(self) -> str:
        """`wan: 40 ms each way, 10 ms more or fewer`."""
        return f"{self.name}: {_told(self.link)}" + "".join(
            f"; {name} {_told(link)}" for name, link in self.links.items()
        )


def _told(link: Link) -> str:
    return f"{link.one_way_ms} ms each way" + (
        f", up to {link.jitter_ms} ms more or fewer" if link.jitter_ms else ""
    )


PROFILES: Mapping[str, LatencyProfile] = MappingProxyType(
    {
        "lan": LatencyProfile(name="lan", link=Link(one_way_ms=1)),
        "wan": LatencyProfile(name="wan", link=Link(one_way_ms=40, jitter_ms=10)),
    }
)
"""By name. lan: one data centre, slow for one; wan: from one coast of a continent to the other."""
