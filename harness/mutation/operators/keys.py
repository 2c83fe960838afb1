"""Mistakes with idempotency keys: another for each attempt, none, or one for everything.

A key is changed where the request is sent, for only there it is surely made anew for each attempt.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import called_name, last_name
from harness.mutation.operators.base import Change, Changes, Operator, expression
from harness.mutation.words import KEY, SENDS, UNDO

_BUILDS = frozenset({"build_request", "Request"})


def _headers(code: Code) -> Iterator[cst.Arg]:
    """The argument of each call that sends, or builds what is sent, in which the headers are."""
    for call in code.of(cst.Call):
        if not code.sends(call) and called_name(call) not in _BUILDS:
            continue
        named = [arg for arg in call.args if arg.keyword is not None and arg.keyword.value == "headers"]
        positional = [arg for arg in call.args if arg.keyword is None and not arg.star]
        if named:
            yield from (arg for arg in named if last_name(arg.value) != "None")
        elif called_name(call) in SENDS and len(positional) == 4:
            yield positional[3]  # http.client: method, path, body, headers
        else:
            yield from (arg for arg in call.args if arg.star == "**")


def _rewritten(code: Code, arg: cst.Arg, value: str, *, kept: bool = True) -> Change:
    """The same headers with another value for the key, or without it."""
    source = code.source(arg.value)
    if arg.star != "**":
        return Change(arg, arg.with_changes(value=expression(_headers_from(code, source, value, kept=kept))))
    headers = _headers_from(code, f"{source}.get('headers')", value, kept=kept)
    return Change(arg, arg.with_changes(value=expression(f"{{**{source}, 'headers': {headers}}}")))


def _headers_from(code: Code, source: str, value: str, *, kept: bool) -> str:
    is_key = f"name.lower() == {code.key_header.lower()!r}"
    each = f"{value} if {is_key} else value" if kept else "value"
    only = "" if kept else f" if not {is_key}"
    return f"{{name: {each} for name, value in dict({source} or {{}}).items(){only}}}"


def _fresh(code: Code) -> Changes:
    for arg in _headers(code):
        yield _rewritten(code, arg, "f\"{value}-{__import__('uuid').uuid4().hex}\"")


def _dropped(code: Code) -> Changes:
    for arg in _headers(code):
        yield _rewritten(code, arg, "value", kept=False)


def _shared(code: Code) -> Changes:
    for text in code.of(cst.FormattedString):
        if not _is_key(code, text):
            continue
        drawn = [one for one in text.parts if isinstance(one, cst.FormattedStringExpression)]
        last = text.parts[-1]
        if isinstance(last, cst.FormattedStringText) and UNDO.search(last.value.strip(":-_/. ")):
            yield Change(text, text.with_changes(parts=text.parts[:-1]))
        if len(drawn) > 1:
            yield Change(text, text.with_changes(parts=[one for one in text.parts if one is not drawn[-1]]))


def _is_key(code: Code, text: cst.FormattedString) -> bool:
    """Under a name for a key, beside such a header, or returned by a function of such a name."""
    if any(KEY.search(part) for part in code.function(text).split(".")[-1:] if part):
        return True
    for one in (text, *code.around(text)):
        parent = code.parent(one)
        if isinstance(parent, cst.Arg):
            return KEY.search(code.parameter(parent)) is not None
        if isinstance(parent, cst.DictElement):
            return KEY.search(code.source(parent.key).strip("'\"")) is not None or (
                code.source(parent.key).strip("'\"").lower() == code.key_header.lower()
            )
        if isinstance(parent, cst.Assign):
            return any(KEY.search(code.source(target.target).strip("]'\"")) for target in parent.targets)
        if isinstance(parent, cst.BaseStatement | cst.Call):
            return False
    return False


FRESH_KEY = Operator(name="fresh_key", says="each attempt has a key of its own", changes=_fresh)
KEY_DROPPED = Operator(name="key_dropped", says="requests carry no key", changes=_dropped)
KEY_SHARED = Operator(name="key_shared", says="steps, or a step and its undo, share a key", changes=_shared)
