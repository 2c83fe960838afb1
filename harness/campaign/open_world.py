"""Which world a name means.

Owns the late imports: each world is heavy in its own way, and many commands need one of them alone.
Refuses to enter what it makes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from harness.choices import ProxyKind, WorldName
from harness.errors import EnvironmentFault
from harness.latency_profile import LatencyProfile
from harness.worlds import World


def make_world(
    name: WorldName,
    proxy: ProxyKind,
    note: Callable[[str], None],
    profile: LatencyProfile | None = None,
) -> World:
    """Not entered yet. proxy: what the wire uses. note: told of what takes its time, such as a build.

    profile: how long messages are under way. Raises EnvironmentFault where this machine cannot have it.
    """
    if name == "sim":
        from harness.worlds.sim import SimWorld  # noqa: PLC0415

        return SimWorld(profile=profile)
    if sys.platform == "win32":
        raise EnvironmentFault(
            "the wire world: found Windows, expected process groups and signals, which it has not: "
            "use WSL, or --world sim for a callable"
        )
    from harness.worlds.wire import WireWorld  # noqa: PLC0415

    return WireWorld(proxy=proxy, progress=note, profile=profile)
