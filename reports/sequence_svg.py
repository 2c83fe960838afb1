"""A sequence as inline SVG, in the colours of the page.

Owns places and shapes. Everything that a saga wrote goes through ElementTree, which escapes it. Refuses to
decide what is shown (`reports.sequence`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from reports.escape import printable
from reports.rows import ACKNOWLEDGED
from reports.sequence import Item, Left, Lifeline, Mark, RunSequence

_GUTTER = 58
_ENDPOINT_SET_GAP = 88
_GAP = 96
_HEAD = 46
_MOST_LEFT = 5
_LONGEST = 96
_LONGEST_NAME = 26
_WIDE, _BOLD, _MONO = 6.7, 7.6, 7.3
_BOLDS = ("who", "said", "process_fault", "bad", "doubt", "fault")
_HEIGHTS: Mapping[Mark, int] = {
    Mark.REQUEST: 34,
    Mark.RETURN: 34,
    Mark.ARRIVAL: 24,
    Mark.EFFECT: 22,
    Mark.LIFE: 26,
    Mark.ACROSS: 28,
}


def sequence_svg(given: RunSequence, *, anchor: str, title: str) -> str:
    """One `<svg>`; `anchor` makes its ids its own, `title` is what a screen reader says."""
    return _Drawing(given, anchor, title).markup()


class _Drawing:
    """One diagram. Each item takes its height; the width follows from the longest text."""

    def __init__(self, given: RunSequence, anchor: str, title: str) -> None:
        self._given = given
        self._x = _places(given)
        self._right = max(self._x.values(), default=0.0) + 60
        self._bars: dict[str, tuple[float, bool]] = {}
        self._sagas = {one.key for one in given.lifelines if one.saga_id}
        self._svg = ET.Element("svg", {"class": "seq", "role": "img", "aria-labelledby": f"{anchor}-title"})
        ET.SubElement(self._svg, "title", {"id": f"{anchor}-title"}).text = printable(title)
        self._back = ET.SubElement(self._svg, "g")
        self._under = ET.SubElement(self._svg, "g")
        self._over = ET.SubElement(self._svg, "g")

    def markup(self) -> str:
        """From top to bottom."""
        y = float(_HEAD)
        for item in self._given.items:
            self._item(item, y)
            y += _HEIGHTS[item.mark]
        for lane in list(self._bars):
            self._end_bar(lane, y)
        bottom = y + 6
        for one in self._given.lifelines:
            self._head(one)
            self._line("life", self._x[one.key], 34, self._x[one.key], bottom, on=self._under, first=True)
        end = self._what_is_left(bottom)
        self._svg.set("viewBox", f"0 0 {self._right:.0f} {end:.0f}")
        self._svg.set("width", f"{self._right:.0f}")
        self._svg.set("height", f"{end:.0f}")
        return ET.tostring(self._svg, encoding="unicode", short_empty_elements=True)

    # items ----------------------------------------------------------------------------------------

    def _item(self, item: Item, y: float) -> None:
        if item.relevant:
            # Drawn to the final width by the style sheet.
            attributes = {"class": "hit", "x": "0", "y": f"{y:.1f}", "width": "100%"}
            ET.SubElement(self._back, "rect", {**attributes, "height": str(_HEIGHTS[item.mark])})
        if item.index >= 0 and item.mark in (Mark.REQUEST, Mark.RETURN, Mark.LIFE, Mark.ACROSS):
            shift = 14 if item.mark is Mark.REQUEST else 16
            self._text(f"{item.t_s:.3f} s", _GUTTER - 10, y + shift, "clock", end=True)
        draw = {
            Mark.REQUEST: self._request,
            Mark.RETURN: self._return,
            Mark.ARRIVAL: self._arrival,
            Mark.EFFECT: self._effect,
            Mark.LIFE: self._life,
            Mark.ACROSS: self._across,
        }[item.mark]
        draw(item, y)

    def _request(self, item: Item, y: float) -> None:
        start, end = self._x.get(item.sender, _GUTTER), self._x[item.receiver]
        at, ahead = y + 23, 1 if end > start else -1
        words = ((item.who, "who undo" if item.undo else "who"), (item.text, "mono"))
        self._words(words, min(start, end) + 9, y + 14)
        first, last = start + ahead * self._half(item.sender), end - ahead * self._half(item.receiver)
        if not item.broken:
            self._arrow("call undo" if item.undo else "call", first, last, at)
            return
        broken_at = start + (end - start) * 0.62
        self._line("call lost", first, at, broken_at, at)
        self._cross(broken_at + 4 * ahead, at)
        if item.fault:
            self._fault(item.fault, broken_at + 12 if ahead > 0 else start + 9, at + 4)

    def _return(self, item: Item, y: float) -> None:
        start, end = self._x[item.sender], self._x.get(item.receiver, _GUTTER)
        at, ahead = y + 24, 1 if end > start else -1
        fine = not item.fault or item.text.startswith(("2", ACKNOWLEDGED))
        tone = "came bad" if item.broken or not fine else "came"
        words = [(item.text, tone), *([("in doubt", "doubt")] if item.doubt else [])]
        if item.nothing:
            self._cross(end, y + 11, small=True)
            self._words(words, end + 9, y + 15)
            return
        self._words(words, min(start, end) + 9, y + 13)
        first = start + ahead * self._half(item.sender)
        if item.broken:
            lost_at = start + (end - start) * 0.45
            self._line("reply lost", first, at, lost_at, at)
            self._cross(lost_at + 4 * ahead, at)
        else:
            self._arrow("reply", first, end - ahead * self._half(item.receiver), at)
        if item.fault:
            self._fault(item.fault, max(start, end) + 9, at + 4)

    def _arrival(self, item: Item, y: float) -> None:
        """From the left at a participant, and from the right at a saga: there the bus stands."""
        x, half = self._x[item.sender], self._half(item.sender)
        side = 1 if item.sender in self._sagas else -1
        self._arrow("call late", x + side * 34, x + side * half, y + 12)
        if item.broken:
            self._cross(x + side * 12, y + 12)
        self._words(((item.text, "late"),), x + (9 if side < 0 else 40), y + 16)

    def _effect(self, item: Item, y: float) -> None:
        x = self._x[item.sender]
        shape = {"cx": f"{x:.1f}", "cy": f"{y + 10:.1f}", "r": "4.5"}
        ET.SubElement(self._over, "circle", {"class": "gone" if item.undo else "made", **shape})
        self._words(((item.text, "effect"),), x + 9, y + 14)

    def _life(self, item: Item, y: float) -> None:
        x = self._x.get(item.sender, _GUTTER)
        if item.begins or item.sleeps or item.ends:
            self._end_bar(item.sender, y + 11)
        if item.begins or item.sleeps:
            self._bars[item.sender] = (y + 11, item.sleeps)
        if item.broken and item.ends:
            self._cross(x, y + 11)
        elif item.broken:
            self._bolt(x - 4, y + 15)
        self._words(((item.text, "process_fault" if item.broken else "said"),), x + 9, y + 16)

    def _across(self, item: Item, y: float) -> None:
        kind = "fault" if item.broken else "phase"
        line = {
            "class": f"across {kind}",
            "x1": "0",
            "x2": "100%",
            "y1": f"{y + 22:.1f}",
            "y2": f"{y + 22:.1f}",
        }
        ET.SubElement(self._under, "line", line)
        self._words(((item.text, f"across-text {kind}"),), _GUTTER + 8, y + 16)

    # what frames them -----------------------------------------------------------------------------

    def _head(self, one: Lifeline) -> None:
        x = self._x[one.key]
        label = _cut(one.label, _LONGEST_NAME)
        width = len(label) * _BOLD + 18
        place = {"x": f"{x - width / 2:.1f}", "y": "8", "width": f"{width:.1f}", "height": "26", "rx": "6"}
        ET.SubElement(self._over, "rect", {"class": "head saga" if one.saga_id else "head", **place})
        self._text(one.label, x, 25, "head-text", middle=True, most=_LONGEST_NAME)
        self._right = max(self._right, x + width / 2 + 8)

    def _end_bar(self, lane: str, y: float) -> None:
        begun = self._bars.pop(lane, None)
        if begun is None:
            return
        top, sleeps = begun
        place = {"x": f"{self._x.get(lane, _GUTTER) - 4:.1f}", "y": f"{top:.1f}", "width": "8"}
        kind = {"class": "bar asleep" if sleeps else "bar", "height": f"{max(2.0, y - top):.1f}"}
        ET.SubElement(self._under, "rect", {**place, **kind})

    def _what_is_left(self, y: float) -> float:
        """Under each participant; returns where the drawing ends."""
        self._text("left", _GUTTER - 10, y + 18, "clock", end=True)
        lowest = y + 26
        for one in self._given.lifelines:
            if one.saga_id:
                continue
            held = self._given.left.get(one.label, ())
            at = y + 4
            for text, kind in _left_words(held):
                self._box(text, self._x[one.key], at, kind)
                at += 22
            lowest = max(lowest, at + 4)
        return lowest

    def _box(self, text: str, x: float, y: float, kind: str) -> None:
        width = min(len(text), _LONGEST_NAME) * _WIDE + 12
        place = {
            "x": f"{x - width / 2:.1f}",
            "y": f"{y:.1f}",
            "width": f"{width:.1f}",
            "height": "19",
            "rx": "4",
        }
        ET.SubElement(self._over, "rect", {"class": f"left {kind}", **place})
        self._text(text, x, y + 14, f"left-text {kind}", middle=True, most=_LONGEST_NAME)
        self._right = max(self._right, x + width / 2 + 8)

    # shapes ---------------------------------------------------------------------------------------

    def _line(
        self,
        kind: str,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        on: ET.Element | None = None,
        first: bool = False,
    ) -> None:
        ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
        line = ET.Element("line", {"class": kind, **ends})
        group = self._over if on is None else on
        if first:
            group.insert(0, line)
        else:
            group.append(line)

    def _arrow(self, kind: str, start: float, end: float, y: float) -> None:
        self._line(kind, start, y, end, y)
        back = -7 if end > start else 7
        points = f"{end:.1f},{y:.1f} {end + back:.1f},{y - 4:.1f} {end + back:.1f},{y + 4:.1f}"
        ET.SubElement(self._over, "polygon", {"class": f"tip {kind}", "points": points})

    def _cross(self, x: float, y: float, *, small: bool = False) -> None:
        half = 4 if small else 5
        path = f"M{x - half:.1f} {y - half:.1f}l{2 * half} {2 * half}m0 {-2 * half}l{-2 * half} {2 * half}"
        ET.SubElement(self._over, "path", {"class": "cross", "d": path})

    def _fault(self, kind: str, x: float, y: float) -> None:
        self._bolt(x, y)
        self._words(((f"fault {kind}", "fault-text"),), x + 12, y)

    def _bolt(self, x: float, y: float) -> None:
        bolt = f"M{x + 5:.1f} {y - 10:.1f}l-5 7h4l-2 6 7 -8h-4l3 -5z"
        ET.SubElement(self._over, "path", {"class": "bolt", "d": bolt})

    def _half(self, lane: str) -> float:
        """How far from the middle of a lifeline an arrow ends: a saga has a bar there."""
        return 5 if lane in self._sagas else 1

    def _words(self, parts: Sequence[tuple[str, str]], x: float, y: float) -> None:
        """Several texts in a row; the drawing grows to hold them."""
        text = ET.SubElement(self._over, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}"})
        width, room = 0.0, _LONGEST
        for part, kind in parts:
            shown = _cut(part, room)
            if not shown:
                continue
            span = ET.SubElement(text, "tspan", {"class": kind, **({"dx": "7"} if width else {})})
            span.text = shown
            if shown != printable(part):
                ET.SubElement(text, "title").text = printable(part)
            width += len(shown) * _width_of(kind) + 8
            room = max(8, room - len(shown))
        self._right = max(self._right, x + width + 6)

    def _text(
        self,
        text: str,
        x: float,
        y: float,
        kind: str,
        *,
        end: bool = False,
        middle: bool = False,
        most: int = _LONGEST,
    ) -> None:
        anchor = {"text-anchor": "end"} if end else {"text-anchor": "middle"} if middle else {}
        element = ET.SubElement(
            self._over, "text", {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}", **anchor}
        )
        shown = _cut(text, most)
        element.text = shown
        if shown != printable(text):
            ET.SubElement(element, "title").text = printable(text)


def _width_of(kind: str) -> float:
    """Pixels a character, rather too many than too few."""
    if "mono" in kind:
        return _MONO
    return _BOLD if any(word in kind for word in _BOLDS) else _WIDE


def _places(given: RunSequence) -> dict[str, float]:
    """Lifelines from left to right, as far apart as what stands at their ends needs."""
    places: dict[str, float] = {}
    x, before = float(_GUTTER), 0.0
    for one in given.lifelines:
        held = [text for text, _ in _left_words(given.left.get(one.label, ()))] if not one.saga_id else []
        widest = max(len(_cut(text, _LONGEST_NAME)) for text in (one.label, *held))
        half = max(widest * _BOLD + 30, _ENDPOINT_SET_GAP if one.saga_id else _GAP) / 2
        x += before + half if before else max(30.0, (len(_cut(one.label, _LONGEST_NAME)) * _BOLD + 22) / 2)
        places[one.key] = x
        before = half
    return places


def _left_words(held: Sequence[Left]) -> list[tuple[str, str]]:
    """(text, tone)."""
    if not held:
        return [("nothing", "none")]
    shown = sorted(held, key=lambda one: not one.relevant)[:_MOST_LEFT]
    more = len(held) - len(shown)
    told = [(printable(one.resource), "wrong" if one.relevant else "some") for one in shown]
    return [*told, *([(f"and {more} more", "some")] if more else [])]


def _cut(text: str, most: int) -> str:
    shown = printable(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
