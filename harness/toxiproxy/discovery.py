"""Which proxy server to use: looked for in a fixed order, with a trail of what was tried.

Order: a running server named by SAGA_CHAOS_TOXIPROXY_URL, `toxiproxy-server` on PATH, one built earlier,
one built now, the embedded one. A server that is named and cannot be used is an error: another one is not
taken in its place. It starts nothing but a build; `server` starts what was chosen.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.choices import ProxyKind
from harness.errors import UsageError, nearest
from harness.toxiproxy.build import VERSION, BuildFailed, Progress, build, cached_binary, find_go
from harness.toxiproxy.embedded.addresses import is_loopback
from harness.toxiproxy.errors import ProxyUnavailable
from harness.toxiproxy.probe import ServerKind, host_and_port, identify

URL_VARIABLE = "SAGA_CHAOS_TOXIPROXY_URL"
PROGRAM = "toxiproxy-server"
ANSWER_LIMIT_S = 5.0
WANTED = ("auto", "toxiproxy", "embedded")
_USABLE = "a Toxiproxy server on this machine's loopback that answers, or the variable not set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One place that was looked at."""

    place: str
    found: bool
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChoice:
    """What to use: a running server (`url`), a program (`binary`), or neither: the embedded one."""

    kind: ServerKind
    place: str
    url: str | None = None
    binary: Path | None = None
    trail: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The outcome of looking at one place."""

    tried: Tried
    ends: bool = False  # it was named, and cannot be used: no other place is looked at
    url: str | None = None
    binary: Path | None = None
    kind: ServerKind = "toxiproxy"


def find_server(kind: ProxyKind, progress: Progress) -> ServerChoice:
    """The first server of the wanted kind that is there; builds one if that is what it takes."""
    if kind not in WANTED:
        raise UsageError(f"proxy kind: found {kind!r}, expected {nearest(kind, WANTED)}")
    if kind == "embedded":
        return _embedded(())
    trail: list[Tried] = []
    for look in _looks(lambda: _build_now(progress)):
        trail.append(look.tried)
        if look.ends:
            raise ProxyUnavailable(f"{look.tried}; expected {_USABLE}")
        if look.tried.found and (kind == "auto" or look.kind == "toxiproxy"):
            return ServerChoice(
                kind=look.kind, place=look.tried.place, url=look.url, binary=look.binary, trail=tuple(trail)
            )
    if kind == "toxiproxy":
        raise ProxyUnavailable("no Toxiproxy server here; tried " + "; ".join(map(str, trail)))
    progress("no Toxiproxy server here; using the embedded proxy")
    return _embedded(tuple(trail))


def explain() -> tuple[Tried, ...]:
    """What there is at each place, without building; a named server that is not there ends the list."""
    trail: list[Tried] = []
    for look in _looks(_could_build):
        trail.append(look.tried)
        if look.ends:
            return tuple(trail)
    return (*trail, Tried(place="embedded", found=True, detail=f"always there, speaks Toxiproxy {VERSION}"))


def _embedded(trail: tuple[Tried, ...]) -> ServerChoice:
    return ServerChoice(kind="embedded", place="embedded", trail=trail)


def _looks(building: Callable[[], _Look]) -> Iterator[_Look]:
    yield _running()
    yield _program(f"{PROGRAM} on PATH", shutil.which(PROGRAM), "not on PATH")
    binary = cached_binary()
    yield _program("built earlier", str(binary) if binary.is_file() else None, f"nothing at {binary}")
    yield building()


def _missing(place: str, why: str, *, ends: bool = False) -> _Look:
    return _Look(tried=Tried(place=place, found=False, detail=why), ends=ends)


def _running() -> _Look:
    url = os.environ.get(URL_VARIABLE)
    if not url:
        return _missing(URL_VARIABLE, "not set")
    try:
        host, port = host_and_port(url)
        if not is_loopback(host):
            # Its proxies would listen on its own loopback, where the saga cannot reach them.
            return _missing(URL_VARIABLE, f"{url} is not on this machine's loopback", ends=True)
        identity = identify(host, port)
    except (OSError, ValueError) as error:
        return _missing(URL_VARIABLE, f"{url} gave no version: {error}", ends=True)
    tried = Tried(place=URL_VARIABLE, found=True, detail=f"{identity.kind} {identity.version} at {url}")
    return _Look(tried=tried, url=f"http://{host}:{port}", kind=identity.kind)


def _program(place: str, path: str | None, why_not: str) -> _Look:
    if path is None:
        return _missing(place, why_not)
    try:
        said = subprocess.run(  # noqa: S603 -- the program found above, asked for its version
            [path, "-version"], capture_output=True, text=True, timeout=ANSWER_LIMIT_S, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        return _missing(place, f"{path} does not run: {error}")
    return _Look(tried=Tried(place=place, found=True, detail=f"{said} at {path}"), binary=Path(path))


def _build_now(progress: Progress) -> _Look:
    go = find_go()
    if go is None:
        return _missing("go install", "no go on PATH")
    try:
        binary = build(go, progress)
    except BuildFailed as failure:
        return _missing("go install", str(failure))
    return _program("go install", str(binary), "nothing was built")


def _could_build() -> _Look:
    go = find_go()
    if go is None:
        return _missing("go install", "no go on PATH")
    return _Look(tried=Tried(place="go install", found=True, detail=f"could build {VERSION} with {go}"))
