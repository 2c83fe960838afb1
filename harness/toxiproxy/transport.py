"""How requests to the proxy's API travel: with a time-out, over kept connections, past no HTTP proxy.

The Toxiproxy client calls `requests` without time-outs and opens a connection for each call. This module
owns the one place where that is changed: `install` puts a `Transport` where the client's API module looks
for `requests`. It also owns turning every bad answer into an error that says what was asked.
"""

from typing import Any

import requests
import toxiproxy.api

from harness.toxiproxy.errors import ProxyDied, ProxyRefused

# Below the 25 s after which the server itself gives up, and above the 5 s that it may hold a change back.
ANSWER_LIMIT_S = 10.0
CONNECT_LIMIT_S = 2.0
FIRST_ERROR_STATUS = 400


class Transport:
    """What the client takes for the `requests` module."""

    def __init__(self) -> None:
        self._session = _fresh_session()

    def get(self, url: str, **options: Any) -> requests.Response:
        """GET, as the client calls it."""
        return self._send("GET", url, **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        """POST, as the client calls it."""
        return self._send("POST", url, **options)

    def delete(self, url: str, **options: Any) -> requests.Response:
        """DELETE, as the client calls it."""
        return self._send("DELETE", url, **options)

    def close(self) -> None:
        """Close the kept connections; the next request opens a new one."""
        self._session.close()
        self._session = _fresh_session()

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        asked = f"{method} {url}" + (f" with {options['json']}" if options.get("json") else "")
        try:
            response = self._session.request(
                method, url, timeout=(CONNECT_LIMIT_S, ANSWER_LIMIT_S), **options
            )
        except requests.RequestException as error:
            raise ProxyDied(
                f"{asked}: got no answer ({type(error).__name__}), expected a running proxy server"
            ) from error
        if response.status_code >= FIRST_ERROR_STATUS:
            answer = f"{response.status_code} {response.text.strip()}"
            raise ProxyRefused(f"{asked}: got {answer}, expected success")
        return response


def _fresh_session() -> requests.Session:
    session = requests.Session()
    # Loopback must not be sent through whatever HTTP_PROXY names, and reading the environment is slow.
    session.trust_env = False
    return session


def install(transport: Transport) -> None:
    """Let the Toxiproxy client send through this transport."""
    toxiproxy.api.requests = transport
