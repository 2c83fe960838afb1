"""Which saga a request names, by where the saga is said to put its id (RULES §2, `[saga.correlation]`).

Owns the reading of body, query, header and key. Refuses to say whose the request is: what names no
saga of the run may still be somebody's (`owner`).
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.participant import Request
from harness.saga import SAGA_ID, Correlation, Json


class Naming:
    """Reads the names of sagas as one correlation says."""

    def __init__(self, correlation: Correlation) -> None:
        self._path = correlation.field.split(".")
        self._parameters = tuple(dict.fromkeys((correlation.field, self._path[-1])))
        self._header = correlation.header.lower() if correlation.header is not None else None
        self._before, _, self._after = correlation.pattern.partition(SAGA_ID)

    def named(self, request: Request) -> str | None:
        """The saga named by the body, else the query, else the header; what fits no pattern is a name too."""
        found = self._found(request)
        return None if found is None else self._within(found)

    def in_key(self, key: str | None) -> tuple[str, str]:
        """The saga that a key names, if it is one, and what stands behind its name."""
        if key is None or not key.startswith(self._before):
            return "", ""
        rest = key[len(self._before) :]
        id_, found, behind = rest.partition(self._after or ":")
        if self._after and not found:
            return "", ""
        return id_, behind.removeprefix(":")

    def _found(self, request: Request) -> str | None:
        text = _text(self._in_body(request)) if request.body else None
        if not text and request.query:
            text = next((one for name in self._parameters if (one := request.query.get(name))), None)
        if not text and self._header is not None:
            text = request.headers.get(self._header)
        return text or None

    def _in_body(self, request: Request) -> Json:
        found: Json = request.fields()
        for name in self._path:
            if not isinstance(
                found, dict | Mapping
            ):  # a dict first: to ask the other costs ten times as much
                return None
            found = found.get(name)
        return found

    def _within(self, text: str) -> str:
        fits = text.startswith(self._before) and text.endswith(self._after)
        within = text[len(self._before) : len(text) - len(self._after)] if fits else ""
        return within or text


def _text(value: Json) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
