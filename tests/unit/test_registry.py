"""The registries: ours first, then what packages offer, and what of it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

import pytest

from harness.errors import ScenarioError
from harness.registry import Registry


@dataclass(frozen=True)
class Word:
    name: str


OURS = (Word("one"), Word("two"))
THREE = Word("three")
OTHER = Word("other")
NOT_ONE = "three"
HERE = f"{__name__}:"


def offering(monkeypatch: pytest.MonkeyPatch, **points: str) -> Registry[Word]:
    found = [metadata.EntryPoint(name, value, "saga_chaos.words") for name, value in points.items()]
    monkeypatch.setattr(
        metadata, "entry_points", lambda *, group: found if group == "saga_chaos.words" else []
    )
    return Registry("word", "saga_chaos.words", Word, lambda one: one.name, OURS)


def test_ours_come_first_and_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = offering(monkeypatch, three=f"{HERE}THREE")
    assert tuple(registry) == ("one", "two", "three")
    assert len(registry) == 3
    assert tuple(registry.ours) == ("one", "two")


def test_what_a_package_offers_is_used_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = offering(monkeypatch, three=f"{HERE}THREE")
    assert registry["three"] is THREE
    assert tuple(registry.all_of((), "here")) == ("one", "two")
    assert tuple(registry.all_of(("three",), "here")) == ("one", "two", "three")


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ({"one": f"{HERE}THREE"}, "found 'one', expected a name that no other word has"),
        ({"three": f"{HERE}OTHER"}, "found 'other', expected 'three', the name of its entry point"),
        ({"three": f"{HERE}NOT_ONE"}, "found 'three', expected a word"),
        ({"three": f"{HERE}NO_SUCH"}, "AttributeError"),
        ({"three": "no_such_module_anywhere:x"}, "ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, points: dict[str, str], why: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        offering(monkeypatch, **points).all_of(("three",), "here")
    assert why in str(refused.value)
    assert "of saga_chaos.words" in str(refused.value)


def test_no_package_is_imported_but_for_what_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = offering(monkeypatch, three=f"{HERE}THREE", broken="no_such_module_anywhere:x")
    assert tuple(registry) == ("one", "two", "broken", "three")
    assert "one" in registry
    assert registry["two"] is OURS[1]
    assert registry["three"] is THREE
    values = iter(registry.values())
    assert (next(values), next(values)) == OURS
    with pytest.raises(ScenarioError, match="ModuleNotFoundError"):
        next(values)


def test_what_a_scenario_brings_hides_what_a_package_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = offering(monkeypatch, three="no_such_module_anywhere:x")
    registry.all_of((THREE,), "here")
    assert tuple(registry.values()) == (*OURS, THREE)


def test_what_a_scenario_brings_is_known_by_its_name_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = offering(monkeypatch)
    assert "three" not in registry
    assert tuple(registry.all_of((THREE,), "here")) == ("one", "two", "three")
    assert registry["three"] is THREE


@pytest.mark.parametrize("extra", ["one", Word("two")])
def test_a_name_that_is_taken_is_refused(monkeypatch: pytest.MonkeyPatch, extra: object) -> None:
    with pytest.raises(ScenarioError, match=r"scenario 'x', words: found '(one|two)', expected a name"):
        offering(monkeypatch).all_of((extra,), "scenario 'x', words")


def test_a_name_that_nobody_offers_is_refused_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ScenarioError, match="found 'tow', expected 'two' \\(did you mean it"):
        offering(monkeypatch).all_of(("tow",), "here")


def test_what_is_neither_one_nor_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ScenarioError, match="found 3, expected a word"):
        offering(monkeypatch).all_of((3,), "here")
