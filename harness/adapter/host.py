"""Runs a callable saga as a command, so that it can be killed: for plans that strike its process.

    python -m harness.adapter.host LOADER REFERENCE run|resume ID     # the input as JSON on stdin

LOADER is `module:function`, from a scenario's reference to the scenario; it is an argument because an
adapter knows no loader. Owns what a command says in the callable's place: OUTCOME, or PROBLEM and
CANCELLED, which only a host can say. SIGUSR1 cancels, as a caller would.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, cast

import httpx
import msgspec

from harness.adapter.brokers import Queue, broker_at, http_url
from harness.adapter.callable import CallableSaga
from harness.adapter.context import SagaContext
from harness.adapter.handlers import HandlersSaga
from harness.adapter.outcome import Returned, read_failure, read_outcome
from harness.adapter.protocol import SagaAdapter
from harness.adapter.push import PushInbox, post
from harness.adapter.subprocess import OUTCOME, STORE_VARIABLE, read_output, url_variable
from harness.errors import UsageError, misplaced
from harness.packages import python_m
from harness.saga import Json

CLIENT_TIMEOUT_S = 1.0
"""Of `ctx.client`, where a request names none: on loopback a whole reply takes a few milliseconds."""

PROBLEM = "PROBLEM "
CANCELLED = "CANCELLED"
SUBSCRIBE_TRIES = 100
SUBSCRIBE_PAUSE_S = 0.05
RUN_ON_S = 2.0
"""For tasks that outlive the return."""


class Named(Protocol):
    """What a participant is called."""

    @property
    def name(self) -> str: ...


class Loaded(Protocol):
    """What a host needs of a scenario."""

    @property
    def saga(self) -> SagaAdapter: ...

    @property
    def participants(self) -> Sequence[Named]: ...


class WasCancelled(Exception):  # noqa: N818 - named for what is so
    """The cancellation came out of the saga."""


def line(loader: str, reference: str) -> tuple[str, ...]:
    """The command that hosts a scenario's saga."""
    return (*python_m("harness.adapter.host"), loader, reference)


def read_host(stdout: str, stderr: str, exit_code: int) -> tuple[Returned, bool]:
    """What a host said, and whether the saga was cancelled."""
    for said in reversed(stdout.splitlines()):
        if said == CANCELLED:
            return Returned(), True
        if said.startswith(PROBLEM):
            return Returned(problem=json.loads(said.removeprefix(PROBLEM))), False
        if said.startswith(OUTCOME):
            break
    return read_output(stdout, stderr, exit_code), False


def main(arguments: Sequence[str], environment: Mapping[str, str], stdin: bytes) -> None:
    """Load, call, say."""
    loader, reference, word, saga_id = arguments
    module, _, name = loader.partition(":")
    load: Callable[[str], Loaded] = getattr(importlib.import_module(module), name)
    scenario = load(reference)
    saga = scenario.saga
    if not isinstance(saga, CallableSaga):
        raise UsageError(misplaced(f"scenario {reference!r}, saga", saga.name, "a callable"))
    host = _Host(
        saga,
        saga_id=saga_id,
        urls={one.name: environment[url_variable(one.name)] for one in scenario.participants},
        store_dir=Path(environment[STORE_VARIABLE]),
        resumed=word == "resume",
    )
    host.run(msgspec.json.decode(stdin))


class _Host:
    """One call of one saga."""

    def __init__(
        self, saga: CallableSaga, *, saga_id: str, urls: Mapping[str, str], store_dir: Path, resumed: bool
    ) -> None:
        self._saga = saga
        self._saga_id = saga_id
        self._urls = urls
        self._store_dir = store_dir
        self._resumed = resumed

    def run(self, input_: Json) -> None:
        if self._saga.asynchronous:
            asyncio.run(self._run_async(input_))
            return
        with _plain_client() as client:
            context = self._context(client)
            _say(lambda: read_outcome(self._saga.function(context, input_)))

    async def _run_async(self, input_: Json) -> None:
        async with httpx.AsyncClient(
            trust_env=False, timeout=CLIENT_TIMEOUT_S, verify=_no_authorities()
        ) as client:
            context = self._context(client)
            saga = cast("Coroutine[Any, Any, object]", self._saga.function(context, input_))
            task = asyncio.create_task(saga)
            asked = asyncio.Event()

            def cancel() -> None:
                asked.set()
                task.cancel()

            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, cancel)
            await asyncio.wait({task})
            _say(lambda: _result(task, asked=asked.is_set()))
            # Who waits for messages has no more to do: no message was under way as the saga ended.
            left = asyncio.all_tasks() - {asyncio.current_task(), *context.background}
            if left:
                await asyncio.wait(left, timeout=RUN_ON_S)

    def _inbox(self) -> PushInbox | None:
        """For a saga that is made of handlers."""
        if not isinstance(self._saga, HandlersSaga):
            return None
        return _inbox_of(self._urls[self._saga.bus], self._saga_id, resumed=self._resumed)

    def _context(self, client: httpx.AsyncClient | httpx.Client) -> SagaContext:
        return SagaContext(
            saga_id=self._saga_id,
            urls=self._urls,
            client=client,
            resumed=self._resumed,
            make_store=lambda: self._store_dir,
            inbox=self._inbox(),
            make_plain_client=_plain_client,
        )


def _inbox_of(bus_url: str, saga_id: str, *, resumed: bool) -> PushInbox:
    """An inbox that subscribes over HTTP; a bus that is away meanwhile is asked again."""
    broker = broker_at(bus_url)
    if broker is not None:

        async def queues(url: str) -> tuple[Queue, ...]:
            told = await _subscribed(http_url(bus_url), url, saga_id, resumed=resumed)
            return msgspec.json.decode(told, type=tuple[Queue, ...])

        return broker.inbox(queues)

    async def subscribe(url: str) -> None:
        await _subscribed(bus_url, url, saga_id, resumed=resumed)

    return PushInbox(subscribe)


async def _subscribed(bus_url: str, url: str, saga_id: str, *, resumed: bool) -> bytes:
    """What the bus says to it."""
    told = msgspec.json.encode({"handlers_of": saga_id, "url": url, "resumed": resumed})
    for _ in range(SUBSCRIBE_TRIES):
        with suppress(OSError, EOFError, TimeoutError):
            status, said = await post(f"{bus_url}/subscriptions", {}, told, timeout_s=CLIENT_TIMEOUT_S)
            if status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
                return said
        await asyncio.sleep(SUBSCRIBE_PAUSE_S)
    raise UsageError(misplaced(f"{bus_url}/subscriptions", "no answer", "200 or 204, from the bus"))


def _result(task: asyncio.Task[object], *, asked: bool) -> Returned:
    if asked and task.cancelled():
        raise WasCancelled
    return read_outcome(task.result())


def _say(call: Callable[[], Returned]) -> None:
    try:
        returned = call()
    except WasCancelled:
        _print(CANCELLED)
        return
    except BaseException as error:  # noqa: BLE001 - whatever a saga raises is its result
        returned = read_failure(error)
    if returned.problem is not None:
        _print(PROBLEM + json.dumps(returned.problem))
    else:
        told = {"status": returned.status, "detail": returned.detail}
        _print(OUTCOME + msgspec.json.encode(told).decode())


def _plain_client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=CLIENT_TIMEOUT_S, verify=_no_authorities())


def _no_authorities() -> ssl.SSLContext:
    """Loading them takes longer than all the rest, and the participants speak plain HTTP."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _print(text: str) -> None:
    print(f"\n{text}", flush=True)  # noqa: T201 - a command speaks on stdout; the saga may have left a line open


if __name__ == "__main__":
    main(sys.argv[1:], os.environ, sys.stdin.buffer.read())
