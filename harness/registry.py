"""What can be named and extended: ours in their order, then what installed packages offer.

Owns finding what a package offers under an entry point, and refusing what does not load, is of
another type or takes a name that is taken. A package is imported when what it offers is first used:
to look up a name of ours, or to list names, imports no other package. Refuses to know what is
registered: the rooms that own invariants, fault kinds, situations and adapters make a registry each.

A package offers, in its pyproject.toml:

    [project.entry-points."saga_chaos.invariants"]
    no_double_mail = "our_checks:NO_DOUBLE_MAIL"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib import metadata
from typing import Generic, TypeVar

from harness.errors import ScenarioError, misplaced, nearest

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """By name. Raises ScenarioError where a package offers what cannot be used.

    what: the word for one of them, in messages. group: the entry points of packages.
    type_: what one has to be. named: its name, which has to be that of its entry point.
    """

    def __init__(
        self, what: str, group: str, type_: type[T], named: Callable[[T], str], ours: Iterable[T]
    ) -> None:
        self._what = what
        self._group = group
        self._type = type_
        self._named = named
        self.ours: Mapping[str, T] = {named(one): one for one in ours}
        self._brought: dict[str, T] = {}
        self._loaded: dict[str, T] = {}

    @property
    def group(self) -> str:
        """The entry points under which packages offer theirs."""
        return self._group

    @property
    def offered(self) -> Mapping[str, T]:
        """Those of installed packages, by name: all of them are imported."""
        return {name: self._used(name) for name in self._points}

    def all_of(self, extra: Iterable[object], where: str) -> Mapping[str, T]:
        """Ours, and the extra ones that a scenario brings: objects, or names of what packages offer."""
        known = dict(self.ours)
        for one in extra:
            found = self._found(one, where)
            name = self._named(found)
            if name in known:
                raise ScenarioError(misplaced(where, name, f"a name that no other {self._what} has"))
            known[name] = found
        return known

    def __getitem__(self, name: str) -> T:
        for known in (self.ours, self._brought):
            if name in known:
                return known[name]
        return self._used(name)

    def __iter__(self) -> Iterator[str]:
        """Names alone. `values` and `items` import a package when they come to what it offers."""
        yield from self.ours
        yield from tuple(self._brought)
        yield from (name for name in self._points if name not in self._brought)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _found(self, one: object, where: str) -> T:
        if isinstance(one, self._type):
            # By its name alone, from now on: a plan that names it travels without its scenario.
            self._brought[self._named(one)] = one
            return one
        if not isinstance(one, str):
            expected = f"{_article(self._what)}, or the name of one that a package offers"
            raise ScenarioError(misplaced(where, one, expected))
        if one not in self:
            offers = f"{nearest(one, self)}; packages offer theirs as entry points of {self._group}"
            raise ScenarioError(misplaced(where, one, offers))
        return self[one]

    @cached_property
    def _points(self) -> Mapping[str, metadata.EntryPoint]:
        """By name, none of them imported."""
        found: dict[str, metadata.EntryPoint] = {}
        for point in sorted(metadata.entry_points(group=self._group), key=lambda one: (one.name, one.value)):
            if point.name in self.ours or point.name in found:
                expected = f"a name that no other {self._what} has"
                raise ScenarioError(misplaced(self._where(point), point.name, expected))
            found[point.name] = point
        return found

    def _used(self, name: str) -> T:
        """Raises KeyError where no package offers it."""
        if name not in self._loaded:
            self._loaded[name] = self._load(self._points[name])
        return self._loaded[name]

    def _load(self, point: metadata.EntryPoint) -> T:
        try:
            found: object = point.load()
        except Exception as error:  # another package may raise anything
            problem = f"{type(error).__name__}: {error}"
            raise ScenarioError(misplaced(self._where(point), problem, _article(self._what))) from error
        if not isinstance(found, self._type):
            raise ScenarioError(misplaced(self._where(point), found, _article(self._what)))
        if self._named(found) != point.name:
            expected = f"{point.name!r}, the name of its entry point"
            raise ScenarioError(misplaced(self._where(point), self._named(found), expected))
        return found

    def _where(self, point: metadata.EntryPoint) -> str:
        package = point.dist.name if point.dist is not None else "an installed package"
        return f"{package}, entry point {point.name!r} of {self._group} ({point.value})"


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
