"""Which declared route a request was meant for that none serves, and how to say so.

Owns the proposals of `saga-chaos doctor`. Refuses to guess far: another method is never proposed in the place
of the one that was sent, for what only looks may not become what deletes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from harness.participant import Participant
from harness.participant.resource import Route

_CLOSE = 0.7
"""How alike two segments of a path have to be, from 0 to 1, to be one misspelt."""


def meant(participants: Sequence[Participant], name: str, method: str, path: str) -> str:
    """What to say of a request that no route of the participant `name` serves."""
    own = [*_routes(one for one in participants if one.name == name)]
    known = ", ".join(f"{route.method} {route.path}" for route in own) or "no route"
    found = (
        _other_method(own, method, path)
        or _elsewhere(participants, name, method, path)
        or _longer(own, method, path)
        or _misspelt(own, method, path)
    )
    return f"{found} It has {known}" if found else f"it has {known}"


def _routes(participants: Iterable[Participant]) -> Iterator[Route]:
    seen: set[Route] = set()
    for participant in participants:
        for resource in participant.resources:
            for routes in resource.routes.values():
                for route in routes:
                    if route not in seen:
                        seen.add(route)
                        yield route


def _other_method(own: Sequence[Route], method: str, path: str) -> str:
    there = [route.method for route in own if route.method != method and route.pattern().match(path)]
    return (
        f"{path} is declared for {' and '.join(dict.fromkeys(there))}, and not for {method}." if there else ""
    )


def _elsewhere(participants: Sequence[Participant], name: str, method: str, path: str) -> str:
    others = [
        one.name
        for one in participants
        if one.name != name
        and any(route.method == method and route.pattern().match(path) for route in _routes([one]))
    ]
    return f"{' and '.join(others)} has that route: did the call go to the wrong address?" if others else ""


def _longer(own: Sequence[Route], method: str, path: str) -> str:
    """A path before or within which something stands, like /api/v1, that the route lacks, or has alone."""
    parts = path.strip("/").split("/")
    for route in own:
        wanted = route.path.strip("/").split("/")
        shorter = min(len(parts), len(wanted))
        if route.method == method and len(parts) != len(wanted) and _fit(parts[-shorter:], wanted[-shorter:]):
            more = parts if len(parts) > len(wanted) else wanted
            before = "/" + "/".join(more[:-shorter])
            who = "What was sent" if more is parts else "The route"
            return f"did you mean {method} {route.path}? {who} begins with {before}."
    return ""


def _misspelt(own: Sequence[Route], method: str, path: str) -> str:
    parts = path.strip("/").split("/")
    best, likest = 0.0, ""
    for route in own:
        wanted = route.path.strip("/").split("/")
        if route.method != method or len(wanted) != len(parts):
            continue
        likeness = [_likeness(one, part) for one, part in zip(wanted, parts, strict=True)]
        if min(likeness) >= _CLOSE and sum(likeness) > best:
            best, likest = sum(likeness), route.path
    return f"did you mean {method} {likest}?" if likest else ""


def _fit(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Segment by segment the same; a placeholder alone is too little to tell by."""
    literal = any("{" not in one for one in wanted)
    return literal and all("{" in one or one == part for one, part in zip(wanted, parts, strict=True))


def _likeness(wanted: str, part: str) -> float:
    if "{" in wanted:
        return 1.0
    return SequenceMatcher(None, wanted.lower(), part.lower()).ratio()
