"""Requests and responses as httpx makes them where there is nothing special about them, and quicker.

httpx is made for a server that could be anywhere and say anything: it parses the same few URLs again
and again, merges headers through several copies, and reads a body that is here already through four
iterators. Here the same objects are made attribute by attribute. What is not plain is refused with
None, and httpx itself makes it, or says what is wrong with it.

Refuses to send anything (`clients`). `tests/unit/sim/test_clients_agree.py` compares both, attribute by
attribute.
"""

# ruff: noqa: SLF001 - what httpx underscores is what its objects are made of

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

import httpx
from httpx._client import USE_CLIENT_DEFAULT, BoundAsyncStream, BoundSyncStream
from httpx._content import encode_request
from httpx._decoders import IdentityDecoder

from harness.participant import Response
from harness.worlds.sim.transports import extensions, head, unread

Client = httpx.AsyncClient | httpx.Client
_C = TypeVar("_C", httpx.AsyncClient, httpx.Client)
_Line = tuple[bytes, bytes, bytes]
"""A header as `httpx.Headers` keeps it: as given, in lower case, and its value."""

_HAS_CONSEQUENCES = frozenset(("set-cookie", "content-encoding", "location"))
_HAS_A_BODY = frozenset(("POST", "PUT", "PATCH"))


# Clients ------------------------------------------------------------------------------------------


def like(model: _C, transport: object) -> _C:
    """A new client as the model was when it was made; what can be changed in one is not shared."""
    client = object.__new__(type(model))
    timeout = httpx.Timeout.__new__(httpx.Timeout)
    vars(timeout).update(vars(model._timeout))
    vars(client).update(
        vars(model),
        _headers=_headers(model._headers._list.copy()),
        _cookies=httpx.Cookies(),
        _timeout=timeout,
        _event_hooks={"request": [], "response": []},
        _mounts={},
        _transport=transport,
    )
    return client


# Requests -----------------------------------------------------------------------------------------


def plain_request(  # noqa: PLR0913 - the options of httpx
    client: Client,
    method: object,
    url: object,
    *,
    content: object = None,
    data: object = None,
    files: object = None,
    json: Any = None,
    params: object = None,
    headers: object = None,
    cookies: object = None,
    timeout: Any = USE_CLIENT_DEFAULT,
    extensions: object = None,
) -> httpx.Request | None:
    """What `client.build_request` makes of it; None where httpx has to be asked."""
    if data is not None or files is not None or cookies is not None or extensions is not None:
        return None
    if type(method) is not str or type(url) is not str or type(content) not in _CONTENT:
        return None
    if client._params or client._cookies.jar._cookies:  # type: ignore[attr-defined]
        return None
    try:
        found = _url(url) if params is None else _url_with(url, _as_key(params))
        given = _lines(headers)
        if found is None or given is None:
            return None
        chosen = client._timeout if timeout is USE_CLIENT_DEFAULT else timeout
        waits = chosen.as_dict() if type(chosen) is httpx.Timeout else _timeouts(chosen)
        defaults, stream = encode_request(content=content, json=json)  # type: ignore[arg-type]
        lines = _merged(client._headers._list, given, defaults, found[1], method.upper())
    except Exception:  # noqa: BLE001 - httpx finds it too, and says so as only httpx does
        return None
    request = httpx.Request.__new__(httpx.Request)
    vars(request).update(
        method=method.upper(),
        url=found[0],  # nothing can change one, so requests share it
        headers=_headers(lines),
        extensions={"timeout": waits},
        stream=stream,
        _content=stream._stream,  # type: ignore[union-attr]  # of a `ByteStream`
    )
    return request


_CONTENT = (type(None), bytes, str)


def _as_key(params: object) -> tuple[tuple[str, str], ...]:
    """Texts alone: `1`, `1.0` and `True` are equal, and are not written alike."""
    if type(params) is tuple:
        pairs: tuple[tuple[Any, Any], ...] = params
    elif type(params) is dict or type(params) is MappingProxyType:
        pairs = tuple(params.items())
    else:
        raise TypeError
    for name, value in pairs:
        if type(name) is not str or type(value) is not str:
            raise TypeError
    return pairs


@lru_cache(maxsize=4096)
def _url(url: str) -> tuple[httpx.URL, bytes] | None:
    """The URL and its network location; None for one that needs the client's base URL."""
    parsed = httpx.URL(url)
    return None if parsed.is_relative_url else _with_netloc(parsed)


@lru_cache(maxsize=1024)
def _url_with(url: str, params: tuple[tuple[str, str], ...]) -> tuple[httpx.URL, bytes] | None:
    """The same with a query. Sagas ask for what is theirs, so it hardly comes again in another run."""
    found = _url(url)
    return None if found is None else _with_netloc(httpx.URL(found[0], params=params))


def _with_netloc(url: httpx.URL) -> tuple[httpx.URL, bytes]:
    return url, url.netloc if url.host else b""


def _timeouts(seconds: object) -> dict[str, float | None]:
    """As an extension of a request has them. True and 1 are equal, and are not written alike."""
    if type(seconds) is not float:
        return httpx.Timeout(seconds).as_dict()  # type: ignore[arg-type]  # httpx says what is wrong with it
    return {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds}


def _lines(headers: object) -> list[_Line] | None:
    if headers is None:
        return []
    if type(headers) is httpx.Headers:
        return headers._list
    if type(headers) is not dict:
        return None
    return [_line(name, value) for name, value in headers.items()]


@lru_cache(maxsize=1024)
def _line(name: str, value: str) -> _Line:
    """Raises what httpx looks into: for names and values that are no text, or none in ASCII."""
    key = name.encode("ascii")
    return key, key.lower(), value.encode("ascii")


def _merged(
    of_client: list[_Line], given: list[_Line], defaults: Mapping[str, str], netloc: bytes, method: str
) -> list[_Line]:
    """Those of the client, less those that were given anew, and what follows from body, method and URL."""
    named = {line[1] for line in given}
    lines = [line for line in of_client if line[1] not in named]
    lines += given
    named.update([line[1] for line in lines])
    for name, value in defaults.items():
        key = name.encode()
        if key.lower() not in named:
            lines.append((key, key.lower(), value.encode()))
            named.add(key.lower())
    if method in _HAS_A_BODY and not (b"content-length" in named or b"transfer-encoding" in named):
        lines.insert(0, (b"Content-Length", b"content-length", b"0"))
    if netloc and b"host" not in named:
        lines.insert(0, (b"Host", b"host", netloc))
    return lines


def _headers(lines: list[_Line]) -> httpx.Headers:
    headers = httpx.Headers.__new__(httpx.Headers)
    headers._list, headers._encoding = lines, None
    return headers


# Responses ----------------------------------------------------------------------------------------


def plain_response(
    answer: Response, request: httpx.Request, client: Client, start_s: float
) -> httpx.Response | None:
    """The answer as httpx hands it out once it is read; None where its headers have consequences."""
    lines = _plain_head(answer.headers, answer.status, answer.media_type, len(answer.body))
    if lines is None:
        return None
    response = httpx.Response.__new__(httpx.Response)
    vars(response).update(
        status_code=answer.status,
        headers=_headers([*lines]),
        _request=request,
        next_request=None,
        extensions=extensions(answer.status),
        history=[],
        is_closed=True,
        is_stream_consumed=True,
        default_encoding=client._default_encoding,
        stream=_bound(answer, response, client, start_s),
        _num_bytes_downloaded=len(answer.body),
        _decoder=IdentityDecoder(),
        _elapsed=dt.timedelta(seconds=time.perf_counter() - start_s),
        _content=answer.body,
    )
    return response


@lru_cache(maxsize=1024)
def _plain_head(
    headers: tuple[tuple[str, str], ...], status: int, media_type: str | None, size: int
) -> tuple[_Line, ...] | None:
    """The headers of an answer; None where one of them has consequences."""
    if any(name.lower() in _HAS_CONSEQUENCES for name, _ in headers):
        return None
    return tuple((name, name.lower(), value) for name, value in head(headers, status, media_type, size))


def unread_response(
    answer: Response, request: httpx.Request, client: Client, start_s: float
) -> httpx.Response:
    """The same before it is read, whatever its headers; no redirect is followed."""
    response = unread(answer)
    response.request = request
    response.stream = _bound(answer, response, client, start_s)
    client.cookies.extract_cookies(response)
    response.default_encoding = client._default_encoding
    if response.has_redirect_location:
        response.next_request = client._build_redirect_request(request, response)
    return response


def _bound(
    answer: Response, response: httpx.Response, client: Client, start_s: float
) -> BoundAsyncStream | BoundSyncStream:
    kind = BoundAsyncStream if isinstance(client, httpx.AsyncClient) else BoundSyncStream
    return kind(httpx.ByteStream(answer.body), response=response, start=start_s)
