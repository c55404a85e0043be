"""The lines plot of the select view (section 4.1 of the paper): labelled data in, HoloViews elements out.

Each state is a line over the steps. All of them are rasterized by Datashader; the selected ones lie on top as lines
of their own while they can be told apart. Functions here know data and colours, no session and no widget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import datashader
import datashader.transfer_functions
import holoviews as hv
import numpy as np
import xarray as xr

from lstmvis_panel.schema import STEP
from lstmvis_panel.threads import CORES, over_ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from lstmvis_panel.style import Theme

LINES_AT_MOST = 150
"""Selected states that are drawn as lines; more of them become a second raster, since lines would hide each other."""

LINES_AT_ONCE = 2048
"""Lines that a thread rasterizes, at least."""

VALUE = "value"

NO_TOOLS: dict[str, Any] = {"default_tools": [], "apply_ranges": False}


@dataclass(frozen=True)
class Frame:
    """What the plot shows: the steps ``first:stop``, values ``low`` to ``high``, on ``width`` x ``height`` px."""

    first: int
    stop: int
    low: float
    high: float
    width: int
    height: int

    @property
    def x_range(self) -> tuple[float, float]:
        """Each step fills a column one unit wide, centred at its number."""
        return self.first - 0.5, self.stop - 0.5

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top, as HoloViews wants them."""
        left, right = self.x_range
        return left, self.low, right, self.high


def raster(pixels: np.ndarray, frame: Frame) -> hv.RGB:
    """Lay a picture, as from `pixels_of`, where the frame says."""
    dimensions = [hv.Dimension(channel, range=(0, 255)) for channel in "RGBA"]
    return hv.RGB(pixels, bounds=frame.bounds, kdims=[STEP, "value"], vdims=dimensions).opts(**NO_TOOLS)


def pixels_of(values: xr.DataArray, frame: Frame, theme: Theme) -> np.ndarray:
    """All states as one picture, darker where more lines run.

    Parameters
    ----------
    values
        Values to draw, dimensions ``("step", state)``, in memory, coordinate ``step``.
    frame
        What the picture shows.
    theme
        Its colours.

    Returns
    -------
    numpy.ndarray
        uint8 (y, x, RGBA), the upper edge first; transparent where no line runs.
    """
    return _shaded(values, frame, theme.density)


def crowded(pixels: np.ndarray, values: xr.DataArray, crowd: np.ndarray, frame: Frame, theme: Theme) -> np.ndarray:
    """Paint selected states, too many to be lines of their own, over the picture of all."""
    if not len(crowd):
        return pixels
    chosen = _shaded(values.isel({values.dims[1]: crowd}), frame, (theme.accent, theme.accent))
    return np.where(chosen[:, :, 3:] > 0, chosen, pixels)


def _shaded(values: xr.DataArray, frame: Frame, colours: tuple[str, str]) -> np.ndarray:
    """Rasterize lines: uint8 (y, x, RGBA), the upper edge first."""
    if not values.size:
        return np.zeros((1, 1, 4), np.uint8)
    # As in the paper: full colour where as many lines cross as the square root of all.
    many = max(np.sqrt(values.shape[1]), 2.0)
    counts = _crossings(values, frame)
    image = datashader.transfer_functions.shade(counts, cmap=list(colours), how="linear", span=(0, many))
    return np.ascontiguousarray(image.values[::-1]).view(np.uint8).reshape(*image.shape, 4)


def _crossings(values: xr.DataArray, frame: Frame) -> xr.DataArray:
    """Count the lines that run through each pixel, on all cores where they are many."""
    canvas = datashader.Canvas(frame.width, frame.height, x_range=frame.x_range, y_range=(frame.low, frame.high))
    step, state = values.dims
    # In one precision and order whatever the file has: Datashader compiles anew, for a second and more, for each. A
    # line has its values side by side, as they are gone through.
    lines = xr.Dataset(
        {VALUE: ((state, step), np.ascontiguousarray(values.values.T, np.float64))}, {step: values[step].values}
    )
    if values.sizes[step] == 1:
        lines = _widened(lines)
    parts: list[xr.DataArray] = []

    def count(begin: int, end: int, _check: Callable[[], None]) -> None:
        part = lines.isel({state: slice(begin, end)})
        parts.append(canvas.line(part, x=step, y=VALUE, agg=datashader.count(), line_width=0))

    share = max(LINES_AT_ONCE, -(-values.sizes[state] // CORES))
    over_ranges(values.sizes[state], share, count, lambda: None)
    return sum(parts[1:], parts[0])


def state_lines(values: xr.DataArray, chosen: np.ndarray, colour: str, width: float = 1) -> hv.Curve:
    """The chosen states as lines on top.

    One element for all: a NaN lifts the pen between two states, which the server makes much faster than many curves.
    A browser without a GPU strokes a path of many lines six times faster at one px than at any other width.

    Parameters
    ----------
    values
        Values to draw, dimensions ``("step", state)``, in memory, coordinate ``step``.
    chosen
        State numbers.
    colour, width
        Of the lines; the width in px.
    """
    gap = np.full((1, len(chosen)), np.nan)
    x = np.tile(np.append(values[STEP].values.astype(float), np.nan), len(chosen))
    y = np.concatenate([values.values[:, chosen].astype(float), gap]).ravel(order="F")
    return hv.Curve((x, y), STEP, "value").opts(color=colour, line_width=width, **NO_TOOLS)


def lit_line(values: xr.DataArray, state: int | None, theme: Theme) -> hv.Curve:
    """One state lit up, or nothing."""
    return state_lines(values, np.array([] if state is None else [state], dtype=np.int64), theme.ink, 3)


def lit_name(values: xr.DataArray, state: int | None, frame: Frame, theme: Theme) -> hv.Labels:
    """The number of the state that is lit up, at its highest point in the frame, or nothing."""
    shown = values.sel({STEP: slice(frame.first, frame.stop - 1)})
    at, value, name = float(frame.first), frame.low, ""
    if state is not None and shown.sizes[STEP]:
        track = shown.values[:, state]
        peak = int(np.argmax(np.where(np.isfinite(track), track, -np.inf)))
        at, name = float(shown[STEP][peak]), f"state {state}"
        value = float(np.clip(np.nan_to_num(track[peak]), frame.low, frame.high))
    inward = "left" if at < (frame.first + frame.stop) / 2 else "right"
    return hv.Labels([(at, value, name)], [STEP, "value"], "state").opts(
        text_color=theme.ink, text_align=inward, text_baseline="top", text_font_style="bold", text_font_size="9pt",
        xoffset=0.3 if inward == "left" else -0.3, background_fill_color=theme.card,
        background_fill_alpha=0.8 if name else 0, **NO_TOOLS,
    )  # fmt: skip


def selected_steps(selection: tuple[int, int] | None, frame: Frame, theme: Theme) -> hv.Rectangles:
    """The selection as a column through the plot."""
    boxes = []
    if selection is not None:
        # A px below the top, and right of the left edge: what lies there Bokeh doesn't clear when it paints anew.
        left = max(selection[0] - 0.5, frame.first - 0.5 + (frame.stop - frame.first) / frame.width)
        high = frame.high - (frame.high - frame.low) / frame.height
        boxes = [(left, frame.low, selection[1] - 0.5, high)]
    return hv.Rectangles(boxes).opts(color=theme.accent, alpha=0.16, line_color=None, **NO_TOOLS)


def nearest_state(values: xr.DataArray, chosen: np.ndarray, x: float, y: float, reach: float) -> int | None:
    """The chosen state whose line passes nearest to a point, at most ``reach`` value units above or below it.

    Parameters
    ----------
    values
        Values that are drawn, dimensions ``("step", state)``, in memory, coordinate ``step``.
    chosen
        State numbers to look among.
    x, y
        The point, in steps and value units.
    reach
        How far off a line may be.
    """
    steps = values[STEP].values
    if not len(chosen) or not len(steps) or not steps[0] <= x <= steps[-1]:
        return None
    before = min(int(np.searchsorted(steps, x, side="right")) - 1, max(len(steps) - 2, 0))
    after = min(before + 1, len(steps) - 1)
    share = x - steps[before]
    heights = values.values[before, chosen] * (1 - share) + values.values[after, chosen] * share
    distances = np.abs(np.nan_to_num(heights, nan=np.inf) - y)
    best = int(np.argmin(distances))
    return int(chosen[best]) if distances[best] <= reach else None


def fitted(current: Callable[[], Frame | None]) -> Callable[[Any, Any], None]:
    """A HoloViews hook that keeps the plot's ranges on the frame; overlays of DynamicMaps keep their first ones.

    HoloViews keeps hooks for good, and all that they hold: let ``current`` hold the view weakly, and return None once
    it is gone.
    """

    def hook(plot: Any, _element: Any) -> None:
        frame = current()
        if frame is None:
            return
        (left, right), figure = frame.x_range, plot.state
        plot.handles["x_range"].update(start=left, end=right, reset_start=left, reset_end=right)
        plot.handles["y_range"].update(start=frame.low, end=frame.high, reset_start=frame.low, reset_end=frame.high)
        figure.update(background_fill_alpha=0, border_fill_alpha=0, outline_line_alpha=0)

    return hook


def _widened(lines: xr.Dataset) -> xr.Dataset:
    """A lone step drawn as a level line across its column, since one point makes no line."""
    step = lines[STEP].values[0]
    return xr.concat([lines, lines], STEP).assign_coords({STEP: [step - 0.5, step + 0.5]})
