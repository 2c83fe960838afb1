"""Asking an address whether a proxy server is there, and which one."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Literal
from urllib.parse import urlsplit

# Tells the embedded server from the real one, whose answers are otherwise the same.
EMBEDDED_SERVER_NAME = "saga-chaos-embedded"
DEFAULT_PORT = 8474

ServerKind = Literal["toxiproxy", "embedded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What answers at an address."""

    kind: ServerKind
    version: str


def identify(host: str, port: int, *, limit_s: float = 2.0) -> Identity:
    """Who answers GET /version there; `OSError` when nobody does, or something else."""
    connection = HTTPConnection(host, port, timeout=limit_s)
    try:
        connection.request("GET", "/version", headers={"Accept": "application/json"})
        response = connection.getresponse()
        body = response.read()
        kind: ServerKind = "embedded" if response.getheader("server") == EMBEDDED_SERVER_NAME else "toxiproxy"
        return Identity(kind=kind, version=str(json.loads(body)["version"]))
    except (HTTPException, ValueError, LookupError, TypeError) as error:
        raise OSError(f"something that is no proxy server answers at {host}:{port}") from error
    finally:
        connection.close()


def host_and_port(url: str) -> tuple[str, int]:
    """The address in `http://host:port`; `ValueError` where there is none."""
    parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"found {url!r}, expected a URL such as http://127.0.0.1:{DEFAULT_PORT}")
    return parts.hostname, parts.port or DEFAULT_PORT
