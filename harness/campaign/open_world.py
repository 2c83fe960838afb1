"""Which world a name means.

Owns the late imports: each world is heavy in its own way, and many commands need one of them alone.
Refuses to enter what it makes.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.choices import ProxyKind, WorldName
from harness.latency_profile import LatencyProfile
from harness.worlds import World


def make_world(
    name: WorldName,
    proxy: ProxyKind,
    note: Callable[[str], None],
    profile: LatencyProfile | None = None,
) -> World:
    """Not entered yet. proxy: what the wire uses. note: told of what takes its time, such as a build.

    profile: how long messages are under way.
    """
    if name == "sim":
        from harness.worlds.sim import SimWorld  # noqa: PLC0415

        return SimWorld(profile=profile)
    from harness.worlds.wire import WireWorld  # noqa: PLC0415

    return WireWorld(proxy=proxy, progress=note, profile=profile)
