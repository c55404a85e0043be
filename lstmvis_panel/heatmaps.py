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

from lstmvis_panel.alignment import OFFSET
from lstmvis_panel.style import HEAT_CELL, ROW_HEIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from lstmvis_panel.colours import ColourScale

GAP = 2
"""Cells left blank between two heatmaps."""

NO_TOOLS: dict[str, Any] = {"default_tools": [], "apply_ranges": False}


@dataclass(frozen=True)
class HeatmapGrid:
    """Where cells lie: ``count`` heatmaps of ``rows`` x (``before`` + ``after``) cells.

    Matches start between ``before`` and ``after``. The number of rows is the most there can be; fewer leave the lower
    part blank.
    """

    count: int
    rows: int
    before: int
    after: int

    @property
    def columns(self) -> int:
        """Steps of one heatmap."""
        return self.before + self.after

    @property
    def across(self) -> int:
        """Cells from the left edge of the first heatmap to the right edge of the last."""
        return self.count * (self.columns + GAP) - GAP

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

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column at a point of the plot, None beside the heatmaps."""
        row, (number, column) = math.floor(y), divmod(math.floor(x), self.columns + GAP)
        inside = 0 <= row < self.rows and 0 <= number < self.count and column < self.columns
        return (row, column) if inside else None


def heatmap(values: xr.DataArray, inside: xr.DataArray, scale: ColourScale, left: int = 0) -> hv.Image:
    """One heatmap: a cell per row and step, in the colours of a scale.

    Parameters
    ----------
    values
        What to show, dimensions ``("match", "offset")``.
    inside
        bool, the same shape: where there is a step at all; other cells are blank.
    scale
        Colours of the values.
    left
        Left edge in cells.

    Returns
    -------
    hv.Image
        Holds the scale's levels; a colour's place is its level.
    """
    levels = np.where(inside.values, scale.levels(values.values), np.nan)
    if not levels.size:
        levels = np.full((1, values.sizes[OFFSET]), np.nan)
    rows, columns = levels.shape
    # With its range given, HoloViews does not look for one in the levels, which may all be blank.
    level = hv.Dimension(scale.title, range=scale.limits)
    # An image's first row is its top one, where y is greatest; rows count downwards.
    image = hv.Image(levels[::-1], bounds=(left, 0, left + columns, rows), kdims=[OFFSET, "row"], vdims=[level])
    return image.opts(cmap=list(scale.colours), clim=scale.limits, clipping_colors={"NaN": "transparent"}, **NO_TOOLS)


def start_lines(grid: HeatmapGrid, theme: Theme) -> hv.Segments:
    """The start of the matches, a line down each heatmap."""
    at = [grid.left(number) + grid.before for number in range(grid.count)]
    return hv.Segments([(x, 0, x, grid.rows) for x in at]).opts(color=theme.ink, line_width=1.5, **NO_TOOLS)


def marked_cells(grid: HeatmapGrid, cell: tuple[int, int] | None, theme: Theme) -> hv.Rectangles:
    """A frame around the same cell of every heatmap, or nothing."""
    boxes: list[tuple[int, int, int, int]] = []
    if cell is not None:
        row, column = cell
        at = [grid.left(number) + column for number in range(grid.count)]
        boxes = [(x, row, x + 1, row + 1) for x in at]
    return hv.Rectangles(boxes).opts(fill_alpha=0, line_color=theme.hover, line_width=2, **NO_TOOLS)


def fitted(grid: HeatmapGrid) -> Callable[[Any, Any], None]:
    """A HoloViews hook that gives each cell its exact place, rows downwards, on whatever lies behind the plot."""

    def hook(plot: Any, _element: Any) -> None:
        plot.handles["x_range"].update(start=0, end=grid.across, reset_start=0, reset_end=grid.across)
        plot.handles["y_range"].update(start=grid.rows, end=0, reset_start=grid.rows, reset_end=0)
        plot.state.update(background_fill_alpha=0, border_fill_alpha=0, outline_line_alpha=0)

    return hook
