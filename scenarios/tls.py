"""One TLS context for all clients: loading the certificates takes 16 ms, more than all of a simulated run."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def tls() -> ssl.SSLContext:
    return ssl.create_default_context()
