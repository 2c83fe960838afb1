"""Owns the walls of a simulated run: no real socket, no thread, no child process.

A saga that slips past the simulation would be judged by what the harness cannot see, so it
is refused loudly: the error says what was tried, by which line, and what to do instead. Each
refusal is also kept in `guard.refusals`, because a saga may swallow the exception.

Installed once; outside a run, and for threads that are not the run's, everything works.
"""

from __future__ import annotations

import _thread
import asyncio.selector_events
import functools
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from harness.clock.active import current
from harness.clock.callers import caller
from harness.clock.errors import SimProcessRefused, SimRefused, SimSocketRefused, SimThreadRefused
from harness.clock.replacements import Replacements

_ADVICE = "A simulated run is one thread of one process without a network; run this saga with --world wire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One thing that a saga tried and a simulated run refused."""

    kind: str
    tried: str
    who: str


class Guard:
    """Refuses, and remembers what was refused since it was last cleared."""

    __slots__ = ("refusals",)

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []

    def refuse(self, error: type[SimRefused], tried: str) -> NoReturn:
        who = caller()
        self.refusals.append(Refusal(kind=error.__name__, tried=tried, who=who))
        raise error(f"{tried}, by {who}. {_ADVICE}")


guard = Guard()

Describe = Callable[..., str]


def install(replacements: Replacements) -> None:
    """Put the walls up; they stand only while a run is active."""
    for owner, name, describe, error in _walls():
        replacements.replace(owner, name, _guarded(getattr(owner, name), describe, error))
    # Not __init__: a loop that was made but not initialised complains when it is collected.
    real_loop: Any = asyncio.selector_events.BaseSelectorEventLoop
    real_loop.__new__ = staticmethod(_new_real_loop)


def _new_real_loop(cls: type, *_: object, **__: object) -> object:
    if current() is not None:
        guard.refuse(SimSocketRefused, f"make a real event loop, {cls.__name__}")
    return object.__new__(cls)


def _guarded(original: Callable[..., Any], describe: Describe, error: type[SimRefused]) -> Callable[..., Any]:
    @functools.wraps(original)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current() is not None:
            guard.refuse(error, describe(*args, **kwargs))
        return original(*args, **kwargs)

    return guarded


def _walls() -> list[tuple[Any, str, Describe, type[SimRefused]]]:
    return [*_socket_walls(), *_thread_walls(), *_process_walls()]


def _socket_walls() -> list[tuple[Any, str, Describe, type[SimRefused]]]:
    methods = ("connect", "connect_ex", "bind", "listen", "sendto")
    return [
        *((socket.socket, name, _says_method(name), SimSocketRefused) for name in methods),
        (socket, "create_connection", _says_address("connect to"), SimSocketRefused),
        (socket, "getaddrinfo", _says_address("resolve"), SimSocketRefused),
    ]


def _thread_walls() -> list[tuple[Any, str, Describe, type[SimRefused]]]:
    starters = ("start_new_thread", "start_new", "start_joinable_thread")
    return [
        (threading.Thread, "start", _says_thread, SimThreadRefused),
        *(
            (_thread, name, lambda *args, **_: f"start a thread for {_named(args[:1])}", SimThreadRefused)
            for name in starters
            if hasattr(_thread, name)
        ),
    ]


def _process_walls() -> list[tuple[Any, str, Describe, type[SimRefused]]]:
    forks = ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system")
    return [
        (subprocess.Popen, "__init__", _says_command, SimProcessRefused),
        *((os, name, _says_os_call(name), SimProcessRefused) for name in forks if hasattr(os, name)),
    ]


def _says_method(name: str) -> Describe:
    def describe(_socket: object, *args: Any, **_: Any) -> str:
        return f"socket.{name}({_pair(args[-1]) if args else ''})"

    return describe


def _says_address(verb: str) -> Describe:
    return lambda *args, **named: f"{verb} {_pair((*args, *named.values()))}"


def _says_thread(thread: threading.Thread) -> str:
    return f"start thread {thread.name!r} for {_named(getattr(thread, '_target', None) or thread.run)}"


def _says_command(_popen: object, args: Any = "", *_: Any, **__: Any) -> str:
    return f"start the process {args!r}"


def _says_os_call(name: str) -> Describe:
    return lambda *args, **_: f"os.{name}({', '.join(repr(each) for each in args[:1])})"


def _named(target: object) -> str:
    only = target[0] if isinstance(target, tuple) and target else target
    return str(getattr(only, "__qualname__", None) or repr(only))


def _pair(address: Any) -> str:
    match address:
        case ((host, port, *_), *_) | (host, port, *_):
            return f"{host}:{port}"
        case _:
            return str(address)
