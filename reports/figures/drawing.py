"""A figure in three forms: inline in the page's colours, as an SVG file, and as a PNG file.

Owns sizes and formats. The same axes make all three. Refuses to choose what is shown.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from reports.escape import printable
from reports.figures.frame import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 144
_THEMED = {
    "#010203": "currentColor",
    "#040506": "var(--line)",
    "#070809": "var(--accent)",
    "#0a0b0c": "var(--plot-2)",
    "#0d0e0f": "var(--plot-3)",
    "#101112": "var(--plot-4)",
    "#131415": "var(--bad)",
    "#161718": "var(--good)",
    "#191a1b": "var(--warn)",
    "#1c1d1e": "var(--soft)",
    "#1f2021": "var(--card)",
}
_INLINE = Palette(
    ink="#010203",
    faint="#040506",
    bad="#131415",
    good="#161718",
    warn="#191a1b",
    mute="#1c1d1e",
    paper="#1f2021",
    series=("#070809", "#0a0b0c", "#0d0e0f", "#101112"),
)
_PAPER = Palette()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is drawn. draw: fills axes in a palette, and returns what it left out, or nothing.

    name: of its files. size: inches.
    """

    name: str
    title: str
    size: tuple[float, float]
    draw: Callable[[Axes, Palette], str | None]
    caption: str = ""

    def inline(self) -> tuple[str, str]:
        """(an `<svg>` in the page's colours, the caption)."""
        figure, left_out = self._figure(_INLINE)
        return _themed(_written(figure, "svg", self.name).decode(), self.title), self._told(left_out)

    def svg(self) -> bytes:
        """A file of its own."""
        return _written(self._titled(), "svg", self.name)

    def png(self) -> bytes:
        """For whoever takes no SVG."""
        return _written(self._titled(), "png", self.name)

    def _told(self, left_out: str) -> str:
        return " ".join(one for one in (self.caption, left_out) if one)

    def _titled(self) -> Figure:
        figure, left_out = self._figure(_PAPER)
        title = printable(self.title).replace("$", r"\$")
        figure.suptitle(title, x=0.01, ha="left", color=_PAPER.ink, fontsize=11)
        if left_out:
            figure.supxlabel(printable(left_out).replace("$", r"\$"), color=_PAPER.mute, fontsize=8)
        return figure

    def _figure(self, palette: Palette) -> tuple[Figure, str]:
        import matplotlib as mpl  # noqa: PLC0415 - see the package's docstring
        from matplotlib.figure import Figure  # noqa: PLC0415 - see the package's docstring

        with mpl.rc_context({"font.size": 10}):
            figure = Figure(figsize=self.size, layout="constrained", facecolor=palette.paper)
            left_out = self.draw(figure.add_subplot(facecolor="none"), palette)
        return figure, left_out or ""


def _written(figure: Figure, kind: str, name: str) -> bytes:
    """The same bytes each time."""
    import matplotlib as mpl  # noqa: PLC0415 - see the package's docstring

    written = io.BytesIO()
    metadata: dict[str, None] = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": f"saga-chaos {name}", "hatch.linewidth": 0.6}
    ):
        figure.savefig(written, format=kind, dpi=_DPI, metadata=metadata)
    return written.getvalue()


def _themed(svg: str, title: str) -> str:
    """Only the element, scaling with the page, in its colours and font."""
    inner = svg[svg.index("<svg") :]
    for stand_in, colour in _THEMED.items():
        inner = inner.replace(stand_in, colour)
    inner = re.sub(r'(<svg[^>]*?) height="[^"]+"', r"\1", inner, count=1)
    inner = re.sub(r'(<svg[^>]*?) width="[^"]+"', r"\1", inner, count=1)
    inner = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1; font-family: inherit", inner)
    referred = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", inner))
    inner = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in referred else "", inner)
    label = escape(printable(title))
    return inner.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
