"""What can go wrong between the harness and a broker.

EnvironmentFault
├── BrokerUnavailable   none can be had here, or the one that was named does not answer
└── BrokerDied          it was there, and is not any more
ConnectionError
├── BrokerClosed        the connection ended, or the broker ended it
└── BrokerRefused       the broker said no to one message
"""

from harness.errors import EnvironmentFault


class BrokerUnavailable(EnvironmentFault):
    """No broker can be found, started or reached; the message says how to get one."""


class BrokerDied(EnvironmentFault):
    """The broker that the harness runs is gone."""


class BrokerClosed(ConnectionError):  # noqa: N818 - named for what is so
    """A connection to a broker is over.

    reset: by a reset rather than by a close. code: what the broker gave as its reason; 0 where it gave none.
    """

    def __init__(self, why: str, *, reset: bool = False, code: int = 0) -> None:
        super().__init__(why)
        self.reset = reset
        self.code = code


class BrokerRefused(ConnectionError):  # noqa: N818 - named for what is so
    """The broker did not take a message: a negative acknowledgement."""
