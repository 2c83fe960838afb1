"""The endpoints: which path and method does what, and what it answers.

Owns the answers, byte for byte those of Toxiproxy 2.12.0. It knows nothing of HTTP's wire; `asgi` does.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from harness.toxiproxy.embedded.collection import Collection
from harness.toxiproxy.embedded.failures import ApiFailure
from harness.toxiproxy.embedded.gojson import JsonValue, dumps
from harness.toxiproxy.embedded.metrics import Metrics
from harness.toxiproxy.embedded.proxy import Proxy
from harness.toxiproxy.embedded.rendering import show_proxy, show_toxic
from harness.toxiproxy.embedded.requests import (
    ProxyInput,
    read_new_proxy,
    read_new_toxic,
    read_population,
    read_proxy_change,
    read_toxic_change,
)

SPEAKS_VERSION = "2.12.0"
JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    content_type: str | None = None
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What came: the names in the path, and the body."""

    names: tuple[str, ...]
    body: bytes


Endpoint = Callable[[Ask], Awaitable[Answer]]


def plain_failure(message: str, status: int) -> Answer:
    """An error answer; the real server's errors are JSON that says it is plain text."""
    return Answer(status=status, content_type=PLAIN, body=f"{message}\n")


NOT_FOUND = plain_failure("404 page not found", 404)
METHOD_NOT_ALLOWED = Answer(status=405)
BROWSER_FORBIDDEN = plain_failure("User agent not allowed", 403)


class Api:
    """The server's state and its endpoints."""

    def __init__(self, *, rng: random.Random, proxy_metrics: bool = False) -> None:
        self._metrics = Metrics() if proxy_metrics else None
        self.collection = Collection(rng=rng, metrics=self._metrics)
        self._routes = self._table()

    def route(self, method: str, path: str) -> tuple[Endpoint, tuple[str, ...]] | Answer:
        """The endpoint for this, with the names in the path; or the answer that there is none."""
        parts = tuple(path.split("/")[1:])
        for pattern, endpoints in self._routes.items():
            names = _names(pattern, parts)
            if names is not None:
                endpoint = endpoints.get(method) or endpoints.get("*")
                return METHOD_NOT_ALLOWED if endpoint is None else (endpoint, names)
        return NOT_FOUND

    async def answer(self, endpoint: Endpoint, ask: Ask) -> Answer:
        """Do it; a refusal becomes its answer."""
        try:
            return await endpoint(ask)
        except ApiFailure as failure:
            return plain_failure(dumps({"error": failure.message, "status": failure.status}), failure.status)

    def _table(self) -> dict[tuple[str, ...], dict[str, Endpoint]]:
        table: dict[tuple[str, ...], dict[str, Endpoint]] = {
            ("reset",): {"POST": self._reset},
            ("proxies",): {"GET": self._list, "POST": self._create},
            ("populate",): {"POST": self._populate},
            ("proxies", "*"): _changeable(self._show, self._update, self._delete),
            ("proxies", "*", "toxics"): {"GET": self._list_toxics, "POST": self._add_toxic},
            ("proxies", "*", "toxics", "*"): _changeable(
                self._show_toxic, self._update_toxic, self._remove_toxic
            ),
            ("version",): {"GET": self._version},
        }
        if self._metrics is not None:
            table["metrics",] = {"*": self._show_metrics}
        return table

    def _proxy(self, ask: Ask) -> Proxy:
        return self.collection.get(ask.names[0])

    async def _reset(self, _: Ask) -> Answer:
        for proxy in self.collection.all():
            await proxy.start()
            await proxy.chain.clear()
        return Answer(status=204)

    async def _list(self, _: Ask) -> Answer:
        return _json({proxy.name: show_proxy(proxy) for proxy in self.collection.all()})

    async def _create(self, ask: Ask) -> Answer:
        proxy = await self.collection.add(read_new_proxy(ask.body))
        return _json(show_proxy(proxy), status=201)

    async def _populate(self, ask: Ask) -> Answer:
        proxies: list[Proxy] = []
        failed: dict[str, JsonValue] = {}
        status = 201
        try:
            await self._populate_all(read_population(ask.body), proxies)
        except ApiFailure as failure:
            status = failure.status
            failed = {"error": failure.message, "status": status}
        shown: JsonValue = [show_proxy(proxy) for proxy in proxies]
        return _json({**failed, "proxies": shown or None}, status=status)

    async def _populate_all(self, wanted: list[ProxyInput], made: list[Proxy]) -> None:
        for proxy in wanted:
            made.append(await self.collection.add_or_replace(proxy))  # noqa: PERF401 -- keeps those before a failure

    async def _show(self, ask: Ask) -> Answer:
        return _json(show_proxy(self._proxy(ask)))

    async def _update(self, ask: Ask) -> Answer:
        proxy = self._proxy(ask)
        now = ProxyInput(listen=proxy.listen, upstream=proxy.upstream, enabled=proxy.enabled)
        wanted = read_proxy_change(ask.body, now)
        await proxy.update(listen=wanted.listen, upstream=wanted.upstream, enabled=wanted.enabled)
        return _json(show_proxy(proxy))

    async def _delete(self, ask: Ask) -> Answer:
        await self.collection.remove(ask.names[0])
        return Answer(status=204)

    async def _list_toxics(self, ask: Ask) -> Answer:
        return _json([show_toxic(toxic) for toxic in self._proxy(ask).chain.all()])

    async def _add_toxic(self, ask: Ask) -> Answer:
        chain = self._proxy(ask).chain
        toxic = read_new_toxic(ask.body)
        await chain.add(toxic)
        return _json(show_toxic(toxic))

    async def _show_toxic(self, ask: Ask) -> Answer:
        return _json(show_toxic(self._proxy(ask).chain.find(ask.names[1])))

    async def _update_toxic(self, ask: Ask) -> Answer:
        chain = self._proxy(ask).chain
        toxic = chain.find(ask.names[1])
        change = read_toxic_change(ask.body, toxic)
        toxic.behaviour.become(change.behaviour)
        change.misfits.tell()
        await chain.update(toxic, change.behaviour, change.toxicity)
        return _json(show_toxic(toxic))

    async def _remove_toxic(self, ask: Ask) -> Answer:
        await self._proxy(ask).chain.remove(ask.names[1])
        return Answer(status=204)

    async def _version(self, _: Ask) -> Answer:
        body = f'{{"version": "{SPEAKS_VERSION}"}}\n'
        return Answer(content_type="application/json;charset=utf-8", body=body)

    async def _show_metrics(self, _: Ask) -> Answer:
        body = self._metrics.render() if self._metrics is not None else ""
        return Answer(content_type=Metrics.content_type, body=body)


def _changeable(show: Endpoint, update: Endpoint, delete: Endpoint) -> dict[str, Endpoint]:
    return {"GET": show, "POST": update, "PATCH": update, "DELETE": delete}


def _names(pattern: tuple[str, ...], parts: tuple[str, ...]) -> tuple[str, ...] | None:
    if len(pattern) != len(parts):
        return None
    pairs = tuple(zip(pattern, parts, strict=True))
    if any(part != wanted and (wanted != "*" or not part) for wanted, part in pairs):
        return None
    return tuple(part for wanted, part in pairs if wanted == "*")


def _json(value: JsonValue, *, status: int = 200) -> Answer:
    return Answer(status=status, content_type=JSON, body=dumps(value))
