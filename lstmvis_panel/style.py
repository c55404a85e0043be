"""Colours and sizes, in one place, for both themes.

Colour is kept for data: blue says *selected*, red says *threshold*, everything else is ink on paper. The same names
reach stylesheets as custom properties (``--lv-ink``), so that a component never repeats a colour.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

ThemeName = Literal["light", "dark"]

FONT = '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif'
"""One family for all text, with glyphs of even width in numbers; each system has one of them."""

GUTTER = 88
"""Width in px left of the first step: counts and the value axis above, track names below."""

PLOT_HEIGHT = 220
"""Height in px of the lines plot."""

STACKED_HEIGHTS = (PLOT_HEIGHT, 150, 118)
"""Height in px of each lines plot where there are one, two, three or more."""

ROW_HEIGHT = 18
"""Height in px of a row of the word matrix, and of the heatmaps beside it."""

HEAT_CELL = 10
"""Width in px of one step in a match heatmap."""

FOREMOST = 6
"""Labels that take the colours farthest apart: those that are seen most often."""


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as ``#rrggbb``.

    ``ramp`` runs from "nothing" to "all" of a count, ``scale`` from the low to the high end of a scalar annotation,
    ``signed`` from the lowest negative value over 0 to the greatest, ``weights`` from the low to the high end of what
    predictions weigh; labels take ``categories``, the most frequent ones the first `FOREMOST`, ``rest`` is what has no
    colour of its own. ``warmest`` is how far along the ramp what lies behind words goes, so that they can be read in
    ``ink`` there too.

    Any two of ``categories`` are at least 9 apart by CIEDE2000, any two of the first six 15; to the eye of someone who
    lacks one kind of cones (Machado et al. 2009) still 6 and 10, since they differ in lightness too.
    """

    name: ThemeName
    page: str
    card: str
    quiet: str
    line: str
    ink: str
    muted: str
    accent: str
    on_accent: str
    threshold: str
    hover: str
    density: tuple[str, str]
    ramp: tuple[str, str]
    scale: tuple[str, str]
    signed: tuple[str, str, str]
    weights: tuple[str, str]
    rest: str
    warmest: float
    categories: tuple[str, ...]

    def properties(self) -> dict[str, str]:
        """The single colours as CSS custom properties, for the ``styles`` of a root element."""
        colours = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "name"}
        single = {f"--lv-{name.replace('_', '-')}": c for name, c in colours.items() if isinstance(c, str)}
        ends = {"--lv-ramp-low": self.ramp[0], "--lv-ramp-high": self.ramp[1], "--lv-scale-high": self.scale[1]}
        return {**single, **ends, "--lv-font": FONT, "color-scheme": self.name}


LIGHT = Theme(
    name="light",
    page="#f4f6f9",
    card="#ffffff",
    quiet="#eef1f5",
    line="#dde3ea",
    ink="#1b2530",
    muted="#5b6773",
    accent="#0b6fc2",
    on_accent="#ffffff",
    threshold="#d2324f",
    hover="#d2324f",
    density=("#c3c9d0", "#3a424b"),
    ramp=("#ffffff", "#1f74bf"),
    scale=("#fdf3e9", "#d9772b"),
    signed=("#1a7f74", "#f7f5f1", "#d9772b"),
    weights=("#f4f7f5", "#63aca2"),
    rest="#e1e4e8",
    warmest=0.8,
    categories=(
        "#bee0fa", "#e6b772", "#80daba", "#d28b86", "#b5abce", "#f9f0a8",
        "#8fc4bd", "#e1aef0", "#c3b39f", "#bdc6d8", "#ddf4ce", "#f5d3ab",
    ),
)  # fmt: skip

DARK = Theme(
    name="dark",
    page="#12171d",
    card="#1b222b",
    quiet="#26303b",
    line="#323d49",
    ink="#e8edf2",
    muted="#9daab7",
    accent="#5db2f7",
    on_accent="#0d1620",
    threshold="#ff7488",
    hover="#ff7488",
    density=("#515c68", "#d5dce4"),
    ramp=("#1b222b", "#3f9df0"),
    scale=("#2a2620", "#d98a45"),
    signed=("#46b8aa", "#25282b", "#d98a45"),
    weights=("#212a2e", "#2f7169"),
    rest="#4a535e",
    warmest=0.6,
    categories=(
        "#224a70", "#583e00", "#207661", "#81353a", "#705a9c", "#706c24",
        "#4c6f77", "#995561", "#7a664b", "#505f7a", "#435e1f", "#6f4a4f",
    ),
)  # fmt: skip

THEMES: dict[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK)}


def plot_height(count: int) -> int:
    """Height in px of a lines plot among so many."""
    return STACKED_HEIGHTS[min(count, len(STACKED_HEIGHTS)) - 1]


def mix(low: str, high: str, share: float) -> str:
    """The colour ``share`` of the way (0-1) from ``low`` to ``high``."""
    pairs = zip(_channels(low), _channels(high), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def ramp(low: str, high: str, count: int) -> list[str]:
    """``count`` colours from ``low`` to ``high``, both ends among them."""
    return [mix(low, high, i / max(count - 1, 1)) for i in range(count)]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
