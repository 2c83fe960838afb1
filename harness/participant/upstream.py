"""Asking a service that is not ours: one request, one whole answer, at a loopback address.

Owns which headers travel on, and what stands in the place of an answer that did not come. Refuses to know
what a request means. Blocks: whoever serves others calls it in a thread of its own.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from harness.errors import ScenarioError, misplaced
from harness.participant.messages import Request, Response

ANSWER_LIMIT_S = 5.0
"""For a service to answer. One that takes longer is answered for, by 504."""

NOBODY, TOO_LATE = 502, 504

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OF_A_CONNECTION = (
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    *("host", "content-length", "expect", "accept-encoding"),
)
_REWRITTEN = (*_OF_A_CONNECTION, "content-type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a service is. `prefix` stands before each path. Always loopback."""

    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, url: str, where: str) -> Address:
        """From `http://127.0.0.1:9000/api`. Raises ScenarioError for what is not HTTP on loopback."""
        expected = "http, a loopback host and a port, like 'http://127.0.0.1:9000'"
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ScenarioError(misplaced(where, url, expected)) from None
        if parts.scheme != "http" or host not in _LOOPBACK or port is None or parts.query or parts.username:
            raise ScenarioError(misplaced(where, url, expected))
        return cls(host=host, port=port, prefix=parts.path.rstrip("/"))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.prefix}"


def ask(address: Address, request: Request, limit_s: float = ANSWER_LIMIT_S) -> Response:
    """The service's answer; 502 where nobody answers, 504 where nobody does in time."""
    headers = {name: value for name, value in request.headers.items() if name not in _OF_A_CONNECTION}
    headers["accept-encoding"] = "identity"  # what was applied is read from the answer
    connection = http.client.HTTPConnection(address.host, address.port, timeout=limit_s)
    try:
        target = address.prefix + (request.target or _target(request))
        connection.request(request.method, target, request.body or None, headers)
        answer = connection.getresponse()
        return _read(answer.status, answer.getheaders(), answer.read())
    except TimeoutError:
        return _instead(TOO_LATE, f"{address} did not answer within {limit_s:g} s")
    except (OSError, http.client.HTTPException) as error:
        return _instead(NOBODY, f"{address} did not answer: {error or type(error).__name__}")
    finally:
        connection.close()


def request_to(text: str, values: Mapping[str, str]) -> Request:
    """From `GET /reservations?order={saga_id}`, with the values in the places of their names."""
    method, _, target = text.partition(" ")
    for name, value in values.items():
        target = target.replace(f"{{{name}}}", quote(value, safe=""))
    return Request(method=method, path=target.partition("?")[0], query={}, headers={}, target=target)


def _target(request: Request) -> str:
    path = quote(request.path, safe="/:@!$&'()*+,;=~-._")
    return f"{path}?{urlencode(dict(request.query))}" if request.query else path


def _read(status: int, headers: list[tuple[str, str]], body: bytes) -> Response:
    media = next((value for name, value in headers if name.lower() == "content-type"), "")
    kept = tuple((name, value) for name, value in headers if name.lower() not in _REWRITTEN)
    return Response(status=status, body=body, headers=kept, media=media)


def _instead(status: int, why: str) -> Response:
    return Response.of(status, {"error": why})
