"""Every toxic of Toxiproxy 2.12.0, by the name the API gives it."""

from harness.toxiproxy.embedded.toxics.bandwidth import Bandwidth
from harness.toxiproxy.embedded.toxics.base import Behaviour, Noop
from harness.toxiproxy.embedded.toxics.latency import Latency
from harness.toxiproxy.embedded.toxics.limit_data import LimitData
from harness.toxiproxy.embedded.toxics.reset_peer import ResetPeer
from harness.toxiproxy.embedded.toxics.slicer import Slicer
from harness.toxiproxy.embedded.toxics.slow_close import SlowClose
from harness.toxiproxy.embedded.toxics.timeout import Timeout

REGISTRY: dict[str, type[Behaviour]] = {
    "bandwidth": Bandwidth,
    "latency": Latency,
    "limit_data": LimitData,
    "noop": Noop,
    "reset_peer": ResetPeer,
    "slicer": Slicer,
    "slow_close": SlowClose,
    "timeout": Timeout,
}

__all__ = ["REGISTRY", "Behaviour"]
