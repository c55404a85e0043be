"""Match heatmaps (section 4.3 of the paper): what stands around each match, as HoloViews elements.

All heatmaps share one plot, side by side, so that they cost one canvas and answer the pointer together. Its x axis
counts steps from the left edge of the first heatmap on, its y axis rows downwards; both in whole cells. Functions here
know data and colours, no session and no widget.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import xarray as xr

from lstmvis_panel.alignment import MATCH, OFFSET
from lstmvis_panel.style import HEAT_CELL, ROW_HEIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lstmvis_panel.colours import ColourScale

GAP = 2
"""Cells left blank between two heatmaps."""

MOST_ROWS = 120
"""Rows that are drawn at once: more than any screen shows, few enough for a browser's canvas."""

NO_TOOLS: dict[str, Any] = {"default_tools": [], "apply_ranges": False}


@dataclass(frozen=True)
class HeatmapGrid:
    """Where cells lie: ``count`` heatmaps of ``rows`` x (``before`` + ``after``) cells.

    Matches start between ``before`` and ``after``. The number of rows is the most that is drawn at once; fewer leave
    the lower part blank, of more only those from the row ``first`` on are drawn.
    """

    count: int
    rows: int
    before: int
    after: int
    first: int = 0

    @property
    def columns(self) -> int:
        """Steps of one heatmap."""
        return self.before + self.after

    @property
    def across(self) -> int:
        """Cells from the left edge of the first heatmap to the right edge of the last."""
        return max(self.count * (self.columns + GAP) - GAP, 0)

    @property
    def width(self) -> int:
        """Width of all heatmaps in px."""
        return self.across * HEAT_CELL

    @property
    def height(self) -> int:
        """Height of all rows in px."""
        return self.rows * ROW_HEIGHT

    def left(self, number: int) -> int:
        """Left edge of a heatmap, in cells."""
        return number * (self.columns + GAP)

    @property
    def nowhere(self) -> xr.DataArray:
        """Where no row has a step: no rows, dimensions ``("match", "offset")``."""
        return xr.DataArray(np.zeros((0, self.columns), bool), dims=(MATCH, OFFSET))

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column at a point of the plot, None beside the heatmaps."""
        row, (number, column) = math.floor(y), divmod(math.floor(x), self.columns + GAP)
        inside = 0 <= row < self.rows and 0 <= number < self.count and column < self.columns
        return (self.first + row, column) if inside else None


def heatmaps(shown: Iterable[tuple[xr.DataArray, ColourScale]], inside: xr.DataArray, grid: HeatmapGrid) -> hv.RGB:
    """Heatmaps side by side: a cell per row and step, each in the colours of its scale.

    Parameters
    ----------
    shown
        For each heatmap what to show, dimensions ``("match", "offset")``, and its colours.
    inside
        bool, the same shape: where there is a step at all; other cells are transparent.
    grid
        Where cells lie.

    Returns
    -------
    hv.RGB
        uint8 with alpha, a pixel a cell; as many rows as the grid has.
    """
    pixels = np.zeros((grid.rows, max(grid.across, 1), 4), np.uint8)
    part = slice(grid.first, grid.first + grid.rows)
    there = inside.values[part]
    for number, (values, scale) in enumerate(shown):
        places = np.where(there, scale.places(values.values[part]), -1)
        left = grid.left(number)
        pixels[: len(places), left : left + grid.columns] = _painted(scale)[places]
    # An image's first row is its top one, where y is greatest; rows count downwards.
    picture = hv.RGB(pixels[::-1], bounds=(0, 0, pixels.shape[1], grid.rows), kdims=[OFFSET, "row"])
    return picture.opts(**NO_TOOLS)


def _painted(scale: ColourScale) -> np.ndarray:
    """Colours of a scale, uint8 (colour, RGBA); the last one, which -1 stands for, is transparent."""
    colours = [[*bytes.fromhex(colour.removeprefix("#")), 255] for colour in scale.colours]
    return np.array([*colours, [0, 0, 0, 0]], np.uint8)


def start_lines(grid: HeatmapGrid, theme: Theme) -> hv.Segments:
    """The start of the matches, a line down each heatmap."""
    at = [grid.left(number) + grid.before for number in range(grid.count)]
    return hv.Segments([(x, 0, x, grid.rows) for x in at]).opts(color=theme.ink, line_width=1.5, **NO_TOOLS)


def marked_cells(grid: HeatmapGrid, cell: tuple[int, int] | None, theme: Theme) -> hv.Rectangles:
    """A frame around the same cell of every heatmap, or nothing."""
    boxes: list[tuple[int, int, int, int]] = []
    if cell is not None and 0 <= cell[0] - grid.first < grid.rows and cell[1] < grid.columns:
        row, column = cell[0] - grid.first, cell[1]
        at = [grid.left(number) + column for number in range(grid.count)]
        boxes = [(x, row, x + 1, row + 1) for x in at]
    return hv.Rectangles(boxes).opts(fill_alpha=0, line_color=theme.hover, line_width=2, **NO_TOOLS)


def fitted(plot: Any, overlay: hv.Overlay) -> None:
    """A HoloViews hook that gives each cell its exact place, rows downwards, on whatever lies behind the plot.

    It asks the picture itself, since HoloViews keeps a hook, and all that it knows, for good.
    """
    picture = next(layer for layer in overlay if isinstance(layer, hv.RGB))
    _, _, across, rows = picture.bounds.lbrt()
    plot.handles["x_range"].update(start=0, end=across, reset_start=0, reset_end=across)
    plot.handles["y_range"].update(start=rows, end=0, reset_start=rows, reset_end=0)
    plot.state.update(background_fill_alpha=0, border_fill_alpha=0, outline_line_alpha=0)
