"""A history as people may read it: what is secret in its requests and answers is so wherever it stands.

Owns which texts of a run those are: the values that `Redaction` hides by the name of their field, parameter
or header, and the parts of paths that stand for such a name in a route (`/cards/{number}`). They are hidden
in paths, keys, ids, bodies under another name, in what the saga said and printed, and in what was found.
Refuses to change the history that is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from harness.history.contents import Contents, Message
from harness.history.events import AnyEvent, CallAnswered, CallSent, KeyConflict, RunBegan
from harness.history.history import History
from harness.saga import Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.adapter.redaction import Redaction

SHORTEST = 6
"""Characters; a shorter value would take half of all words with it."""

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class Hiding:
    """Of one run. names: what `redact` has. routes: the paths of all routes, with their placeholders.

    key_header: under which keys are sent. Nothing is computed before it is asked for.
    """

    def __init__(
        self, history: History, *, names: tuple[str, ...], routes: tuple[str, ...], key_header: str
    ) -> None:
        self._whole = history
        self._names = names
        self._routes = routes
        self._key_header = key_header

    @cached_property
    def history(self) -> History:
        """The same run, told without secrets."""
        events = tuple(self._event(event) for event in self._whole.events)
        told = tuple(self._contents(one) for one in self._whole.contents.values())
        return History(events, told=told, printed=self.text(self._whole.printed))

    def text(self, text: str) -> str:
        """Any text about the run."""
        text = self._redaction.text(text)
        for value in self._values:
            if value in text:
                text = text.replace(value, self._redaction.hidden)
        return text

    # What is secret ---------------------------------------------------------------------------

    @cached_property
    def _redaction(self) -> Redaction:
        from harness.adapter.redaction import Redaction  # noqa: PLC0415 - brings httpx, and readers need none

        return Redaction(self._names)

    @cached_property
    def _values(self) -> tuple[str, ...]:
        """Longer ones first: one may be part of another."""
        ids = self._whole.began.saga_ids
        found = {*self._whole.hidden_values, *self._in_paths(), *self._keys()}
        found |= {quote(one, safe="") for one in found}
        kept = (one for one in found if len(one) >= SHORTEST and not any(one in id_ for id_ in ids))
        return tuple(sorted(kept, key=lambda value: (-len(value), value)))

    def _keys(self) -> Iterator[str]:
        if self._redaction.hides(self._key_header):
            yield from (event.key for _, event in self._whole.of(CallSent) if event.key)

    def _in_paths(self) -> Iterator[str]:
        for _, event in self._whole.of(CallSent):
            for pattern in self._patterns:
                hit = pattern.fullmatch(event.path)
                yield from hit.groups() if hit is not None else ()

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        """Of each route with a placeholder that is called as what is hidden; its groups are these."""
        return tuple(
            re.compile(_PLACEHOLDER.sub(self._part, _escaped(route)))
            for route in self._routes
            if any(map(self._redaction.hides, _PLACEHOLDER.findall(route)))
        )

    def _part(self, placeholder: re.Match[str]) -> str:
        return "([^/]+)" if self._redaction.hides(placeholder[1]) else "[^/]+"

    # The same without it ----------------------------------------------------------------------

    def _event(self, event: AnyEvent) -> AnyEvent:
        if isinstance(event, RunBegan):
            sagas = event.sagas
            if sagas is not msgspec.UNSET:
                sagas = tuple(replace(one, input=self._given(one.input)) for one in sagas)
            return msgspec.structs.replace(event, input=self._given(event.input), sagas=sagas)
        if isinstance(event, CallSent):
            return msgspec.structs.replace(
                event,
                path=self._path(event.path),
                key=self._key(event.key),
                resource_id=None if event.resource_id is None else self.text(event.resource_id),
            )
        if isinstance(event, KeyConflict):
            return msgspec.structs.replace(event, key=self._key(event.key) or "")
        if isinstance(event, CallAnswered) and event.lists:
            return msgspec.structs.replace(event, lists=tuple(map(self.text, event.lists)))
        return _with_texts(event, self.text, self._json)

    def _given(self, input_: Json) -> Json:
        return self._json(self._redaction.json(input_))

    def _path(self, path: str) -> str:
        """With what is hidden in its own parts hidden there, short or not."""
        for pattern in self._patterns:
            hit = pattern.fullmatch(path)
            if hit is not None:
                for group in range(len(hit.groups()), 0, -1):
                    path = path[: hit.start(group)] + self._redaction.hidden + path[hit.end(group) :]
                break
        return self.text(path)

    def _key(self, key: str | None) -> str | None:
        if key is None:
            return None
        return self._redaction.hidden if self._redaction.hides(self._key_header) else self.text(key)

    def _contents(self, contents: Contents) -> Contents:
        return msgspec.structs.replace(
            contents,
            request=self._message(contents.request),
            answer=None if contents.answer is None else self._message(contents.answer),
        )

    def _message(self, message: Message) -> Message:
        return msgspec.structs.replace(
            message,
            query={name: self.text(value) for name, value in message.query.items()},
            headers={name: self.text(value) for name, value in message.headers.items()},
            body=self._json(message.body),
        )

    def _json(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self._json(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._json(one) for one in value]
        if isinstance(value, int | float) and str(value) in self._values:
            return self._redaction.hidden
        return value


_TEXTS = ("problem", "says", "why", "reason")


def _with_texts(event: AnyEvent, text: Callable[[str], str], json: Callable[[Json], Json]) -> AnyEvent:
    """With the fields that hold words of people or programs told anew."""
    told: dict[str, Json] = {
        name: text(getattr(event, name)) for name in _TEXTS if type(getattr(event, name, None)) is str
    }
    detail = getattr(event, "detail", msgspec.UNSET)
    if detail is not msgspec.UNSET and detail is not None:
        told["detail"] = json(detail)
    return msgspec.structs.replace(event, **told) if told else event


def _escaped(route: str) -> str:
    """A path as a pattern, its placeholders left as they are."""
    return "".join(
        part if index % 2 else re.escape(part) for index, part in enumerate(re.split(r"(\{[^{}]+\})", route))
    )
