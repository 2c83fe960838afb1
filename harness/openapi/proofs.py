"""How a caller proves who it is: the headers and parameters that a document asks for, with values to replace.

Owns reading `security` and the schemes that it names. Refuses to know a secret: each value is a placeholder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.openapi.document import Node, OpenApi

AUTHORIZATION = "Authorization"
CHANGE_ME = "change-me"
_BASIC = "Basic Y2hhbmdlOm1l"
_BEARERS = ("oauth2", "openIdConnect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One of them. where: header or query. words: what it is, for people."""

    where: str
    name: str
    value: str
    words: str


def proofs(document: OpenApi, operation: Node) -> tuple[Proof, ...]:
    """What the first of the ways asks for that the document offers; nothing where it asks for nothing."""
    offered = operation.at("security") or document.root.at("security")
    ways = [] if offered is None else [dict(one.named()) for one in offered.items()]
    if not ways or {} in ways:
        return ()
    return tuple(_asked(document, ways[0]))


def _asked(document: OpenApi, way: dict[str, Node]) -> Iterator[Proof]:
    for name in way:
        scheme = document.root.at("components", "securitySchemes", name)
        if scheme is None:
            continue
        kind, where = scheme.text("type"), scheme.text("in")
        if kind == "apiKey":
            yield _key(name, scheme.text("name"), where)
        elif kind == "http" and scheme.text("scheme").lower() == "basic":
            yield _proof(_BASIC, name)
        elif kind == "http" or kind in _BEARERS:
            word = "Bearer" if kind != "http" else scheme.text("scheme").capitalize() or "Bearer"
            yield _proof(f"{word} {CHANGE_ME}", name)


def _key(scheme: str, name: str, where: str) -> Proof:
    if where == "cookie":
        words = f"the cookie {name} ({scheme})"
        return Proof(where="header", name="Cookie", value=f"{name}={CHANGE_ME}", words=words)
    words = f"the {'query parameter' if where == 'query' else 'header'} {name} ({scheme})"
    return Proof(where=where, name=name, value=CHANGE_ME, words=words)


def _proof(value: str, scheme: str) -> Proof:
    words = f"the header {AUTHORIZATION}: {value.partition(' ')[0]} … ({scheme})"
    return Proof(where="header", name=AUTHORIZATION, value=value, words=words)
