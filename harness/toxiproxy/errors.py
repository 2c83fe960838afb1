"""What can go wrong between the harness and its proxy, one class for each thing a caller may do about it.

EnvironmentFault
├── ProxyUnavailable   no server of the wanted kind can be had here
├── ProxyDied          the server does not answer any more
└── ProxyRefused       the server answered, and said no
UsageError
└── CrashingToxic      these attributes would bring the whole server down
"""

from harness.errors import EnvironmentFault, UsageError


class ProxyUnavailable(EnvironmentFault):
    """No proxy server of the wanted kind can be found, built or started."""


class ProxyDied(EnvironmentFault):
    """The proxy server gave no answer: it is gone, or it hangs."""


class ProxyRefused(EnvironmentFault):
    """The proxy server answered with an error."""


class CrashingToxic(UsageError):  # noqa: N818 -- named for what is so, like its root
    """A toxic that is known to crash Toxiproxy 2.12.0, refused before it is sent."""
