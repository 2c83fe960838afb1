"""What figures have in common: colours, line styles, scale, names, grid and legend.

Owns these, so that the page can put its own colours in their place. Refuses to know what is shown
(`reports.figures.axes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reports.escape import printable
from reports.words import seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 40
_WIDE = 100
"""From so many times the least value on a linear axis shows the greatest alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """series: told apart by line and marker too, never by colour alone."""

    ink: str = "#1c1d21"
    faint: str = "#dcdde0"
    bad: str = "#a81f1f"
    good: str = "#17663a"
    warn: str = "#9a5b00"
    mute: str = "#8a8d96"
    paper: str = "#ffffff"
    series: tuple[str, ...] = ("#2457ab", "#9a5b00", "#6b3fa0", "#17663a")

    def of(self, index: int) -> str:
        """The colour of a series; they begin anew after the last."""
        return self.series[index % len(self.series)]


_LINES = ("-", "--", "-.", ":")


def line_of(index: int) -> str:
    """The style of a series: with its colour unlike that of any of the first sixteen."""
    return _LINES[(index + index // len(_LINES)) % len(_LINES)]


def scale_of(values: Sequence[float]) -> Literal["linear", "log", "symlog"]:
    """Logarithmic where the values span decades; symlog where 0 is among them."""
    some = [value for value in values if value > 0]
    if not some or max(some) <= _WIDE * min(some):
        return "linear"
    return "log" if len(some) == len(values) else "symlog"


def scale(axes: Axes, values: Sequence[float]) -> None:
    """To be called once they are drawn. Linear axes begin at 0."""
    kind = scale_of(values)
    if kind == "linear":
        axes.set_xlim(left=0)
        return
    least = min(value for value in values if value > 0)
    axes.set_xscale(kind, **({"linthresh": least} if kind == "symlog" else {}))
    axes.xaxis.set_major_formatter(lambda value, _: seconds(value))
    axes.minorticks_off()


def name_of(text: str) -> str:
    """Printable, and no formula: matplotlib reads what stands between dollars as TeX.

    A long one is cut in its middle, for its end may be all that tells it from another.
    """
    shown = printable(text)
    if len(shown) > _LONGEST:
        half = _LONGEST // 2
        shown = f"{shown[: half - 1]}…{shown[-half:]}"
    return shown.replace("$", r"\$")


def legend(axes: Axes, palette: Palette, *, below: bool = False, columns: int = 1) -> None:
    """Within the axes, or below them, where the figure makes room for it."""
    if not below:
        axes.legend(frameon=False, labelcolor=palette.ink, fontsize=8, loc="lower right")
        return
    handles, labels = axes.get_legend_handles_labels()
    axes.figure.legend(
        handles,
        labels,
        frameon=False,
        labelcolor=palette.ink,
        fontsize=8,
        loc="outside lower left",
        ncols=columns,
    )


def finish(axes: Axes, palette: Palette, *, x: str, grid: Literal["both", "x", "y", ""]) -> None:
    """Labels, grid, and no frame. Of a label that is wider than the axes the end is seen."""
    decades = axes.get_xscale() != "linear"
    axes.set_xlabel(f"{x} (logarithmic)" if decades else x, color=palette.ink, loc="right")
    axes.tick_params(colors=palette.ink, length=0)
    axes.tick_params(axis="x", pad=7)  # the lowest label of the other axis stands in the corner
    if grid in ("x", "both") and not decades:
        axes.locator_params(axis="x", nbins=5)
    if grid:
        axes.grid(axis=grid, color=palette.faint, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
