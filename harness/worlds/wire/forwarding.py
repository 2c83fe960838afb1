"""Asking a service that is not ours: one request, one whole answer, at a loopback address.

Owns which headers travel on, and what stands in the place of an answer that did not come. Refuses to know
what a request means. Blocks: whoever serves others calls it in a thread of its own.
"""

from __future__ import annotations

import http.client
import zlib
from urllib.parse import quote, urlencode

from harness.participant import Request, Response
from harness.participant.upstream import Address

ANSWER_LIMIT_S = 5.0
"""For a service to answer. One that takes longer is answered for, by 504."""

NOBODY, TOO_LATE = 502, 504

_OF_A_CONNECTION = (
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    *("host", "content-length", "expect", "accept-encoding"),
)
_REWRITTEN = (*_OF_A_CONNECTION, "content-type")


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


def _target(request: Request) -> str:
    path = quote(request.path, safe="/:@!$&'()*+,;=~-._")
    return f"{path}?{urlencode(dict(request.query))}" if request.query else path


def _read(status: int, headers: list[tuple[str, str]], body: bytes) -> Response:
    media = next((value for name, value in headers if name.lower() == "content-type"), "")
    coding = next((value for name, value in headers if name.lower() == "content-encoding"), "")
    plain = _decoded(body, coding.strip().lower())
    dropped = _REWRITTEN if plain is None else (*_REWRITTEN, "content-encoding")
    body = body if plain is None else plain
    kept = tuple((name, value) for name, value in headers if name.lower() not in dropped)
    return Response(status=status, body=body, headers=kept, media=media)


def _decoded(body: bytes, coding: str) -> bytes | None:
    """What some services compress although nobody asked for it; None: it is not compressed, or not so."""
    if not body or coding not in ("gzip", "x-gzip", "deflate"):
        return None
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # some leave out the header of deflate
        try:
            return zlib.decompress(body, window)
        except zlib.error:
            continue
    return None


def _instead(status: int, why: str) -> Response:
    return Response.of(status, {"error": why})
