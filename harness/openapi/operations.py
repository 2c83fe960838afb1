"""Which operations of a document belong together: a create, what undoes it, and what asks for it.

Owns the guess by method and path. Refuses to look into bodies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.openapi.document import Node, OpenApi

METHODS = ("get", "put", "post", "patch", "delete")
UNDO_WORDS = (
    *("cancel", "cancellation", "cancellations", "void", "voids", "refund", "refunds", "release", "reverse"),
    *("reversal", "reversals", "revoke", "abort", "withdraw", "delete", "rollback", "remove", "destroy"),
    "terminate",
)
"""The last part of a path that takes back what stands before it, behind `/` or `:`."""
CREATE_WORDS = ("create", "add", "new", "register")
"""The last part of a path that says what is done to the collection before it."""

PLACE = re.compile(r"\{([^{}/]*)\}")
_COLON_PLACE = re.compile(r"(?<=/):([A-Za-z_]\w*)(?=/|$)")
_SUFFIX = re.compile(r"\.(?:json|xml)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. parameters: those of the path, too."""

    method: str
    path: str
    node: Node
    parameters: tuple[Node, ...]

    @property
    def text(self) -> str:
        """`POST /orders`."""
        return f"{self.method.upper()} {self.path}"

    @property
    def shape(self) -> str:
        """The path, whatever its placeholders are called, and without `.json`."""
        return PLACE.sub("{}", self.plain)

    @property
    def plain(self) -> str:
        """The path without what only says how the answer is written."""
        return _SUFFIX.sub("", self.path.rstrip("/"))

    @property
    def places(self) -> tuple[str, ...]:
        """The names of its placeholders."""
        return tuple(PLACE.findall(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A create and what belongs to it."""

    create: Operation
    undo: Operation | None
    get: Operation | None
    find: Operation | None

    @property
    def chosen(self) -> bool:
        """Whether the caller chooses the id: a PUT to where it is going to be."""
        return self.create.method == "put"

    @property
    def member(self) -> str:
        """The shape of the path of one of what it creates: `/orders/{}`."""
        by_id = self.create if self.chosen else self.undo or self.get
        if by_id is None:
            return f"{_collection(self.create)}/{{}}"
        return by_id.shape[: by_id.shape.rindex("{}") + 2]


def pairs(document: OpenApi) -> tuple[Pair, ...]:
    """Every POST that may create something, those with the fewest placeholders first, each in its order.

    And every PUT to a place that is deleted too, where no POST creates what is there.
    """
    operations = tuple(_operations(document))
    by_shape: dict[tuple[str, str], Operation] = {}
    for one in operations:
        by_shape.setdefault((one.method, one.shape), one)
    creates = [one for one in operations if one.method == "post" and not _acts_on_one(one)]
    found = [_pair(one, by_shape) for one in creates]
    undone = {pair.undo.shape for pair in found if pair.undo is not None}
    for one in operations:
        if one.method == "put" and one.shape.endswith("/{}") and one.shape not in undone:
            put = _put(one, by_shape)
            found += [put] if put is not None else []
    return tuple(sorted(found, key=lambda pair: len(pair.create.places) - pair.chosen))


def _put(create: Operation, by_shape: Mapping[tuple[str, str], Operation]) -> Pair | None:
    """A PUT that creates what a DELETE at the same path removes; else it changes what is there."""
    undo, collection = by_shape.get(("delete", create.shape)), create.shape.removesuffix("/{}")
    if undo is None or ("post", collection) in by_shape:
        return None
    get, find = by_shape.get(("get", create.shape)), by_shape.get(("get", collection))
    return Pair(create=create, undo=undo, get=get, find=find)


def _operations(document: OpenApi) -> Iterator[Operation]:
    paths = document.root.at("paths")
    for written, item in () if paths is None else paths.named():
        path = re.split("[?#]", written)[0]  # no path has a query, whatever some documents say
        path = _COLON_PLACE.sub(r"{\1}", path)  # as web frameworks write a placeholder
        if not path.startswith("/"):
            continue
        shared = _parameters(item)
        for method in METHODS:
            node = item.at(method)
            if node is not None:
                own = _parameters(node)
                named = {(one.text("in"), one.text("name")) for one in own}
                rest = tuple(one for one in shared if (one.text("in"), one.text("name")) not in named)
                yield Operation(method=method, path=path, node=node, parameters=(*own, *rest))


def _parameters(node: Node) -> tuple[Node, ...]:
    found = node.at("parameters")
    return () if found is None else tuple(found.items())


def _acts_on_one(operation: Operation) -> bool:
    """`POST /orders/{id}/cancel` changes what is there; `POST /orders/{id}` is no collection either."""
    last = operation.plain.rpartition("/")[2]
    return bool(PLACE.search(last)) or (last.lower() in UNDO_WORDS and bool(operation.places))


def _pair(create: Operation, by_shape: Mapping[tuple[str, str], Operation]) -> Pair:
    collections = _collections(create)
    undo = _first(by_shape, [("delete", f"{one}/{{}}") for one in collections])
    if undo is None:
        undo = _first(
            by_shape,
            [
                ("post", f"{one}/{{}}{mark}{word}")
                for one in collections
                for word in UNDO_WORDS
                for mark in "/:"
            ],
        )
    return Pair(
        create=create,
        undo=undo,
        get=_first(by_shape, [("get", f"{one}/{{}}") for one in collections]),
        find=by_shape.get(("get", _collection(create))),
    )


def _collection(create: Operation) -> str:
    """`/orders` of `POST /orders` and of `POST /orders/create`."""
    before, _, last = create.shape.rpartition("/")
    return before if last.lower() in CREATE_WORDS and before and not before.endswith("}") else create.shape


def _collections(create: Operation) -> tuple[str, ...]:
    """Where what was made may be found: below its own path, or at the top by the same word."""
    shape = _collection(create)
    parts = shape.split("/")
    short = [
        "/".join((*parts[: cut - 1], parts[-1])) for cut in range(len(parts) - 2, 1, -1) if parts[cut] == "{}"
    ]
    tops = [one for one in short if "{}" not in one]
    return (shape, *tops)


def _first(
    by_shape: Mapping[tuple[str, str], Operation], wanted: Sequence[tuple[str, str]]
) -> Operation | None:
    return next((by_shape[one] for one in wanted if one in by_shape), None)
