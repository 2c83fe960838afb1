"""ARCHITECTURE.md: the rooms, their order and the dependencies are those of the code."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise

from tests.docs.blocks import ROOT
from tests.test_layering import LAYERS

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
LAYER_OF = {room: number for number, layer in enumerate(LAYERS) for room in layer}
WITHIN = {"worlds", "worlds.bounds", "worlds.protocol", "worlds.starts", "worlds.only_world", "strategies"}


def rows(heading: str) -> list[list[str]]:
    (section,) = re.findall(rf"^## {heading}$(.*?)(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_room_has_its_line_and_stands_above_who_imports_it() -> None:
    listed = [re.findall(r"`([\w/]+)`", row[0]) for row in rows("Rooms")]
    rooms = [[name.replace("/", ".") for name in names] for names in listed]
    assert set().union(*rooms) | WITHIN == set(LAYER_OF)
    layers = [{LAYER_OF[name] for name in names} for names in rooms]
    assert all(max(above) <= min(below) + 1 for above, below in pairwise(layers))
    assert [min(one) for one in layers] == sorted(min(one) for one in layers)


def test_every_room_says_what_it_owns_and_refuses() -> None:
    assert all(len(row) == 3 and all(row) for row in rows("Rooms"))


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [re.split(r"[<>=~! \[]", one)[0] for one in project["dependencies"]]
    assert [row[0] for row in rows("Dependencies")] == wanted
    assert all(len(row[1]) > 10 for row in rows("Dependencies"))


def test_it_is_one_page() -> None:
    assert len(TEXT.splitlines()) <= 100
