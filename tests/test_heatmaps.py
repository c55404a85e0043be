"""The match heatmaps: each cell in its place, with its colour."""

from __future__ import annotations

from dataclasses import replace

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

from lstmvis_panel.colours import ColourScale, count_scale
from lstmvis_panel.heatmaps import GAP, HeatmapGrid, fitted, heatmaps, marked_cells, start_lines
from lstmvis_panel.style import HEAT_CELL, LIGHT, ROW_HEIGHT

# Two heatmaps of 3 rows, 1 step before the start and 2 from it on; between them a gap of 2 cells.
#
#   x  0 1 2   3 4   5 6 7
#   0  . | .    gap  . | .      the start line lies at x = 1 and x = 6
#   1  . | .         . | .
#   2  . | .         . | .
GRID = HeatmapGrid(count=2, rows=3, before=1, after=2)


@pytest.fixture(scope="module", autouse=True)
def _bokeh():
    hv.extension("bokeh", logo=False)


def table(values: list[list[float]]) -> xr.DataArray:
    return xr.DataArray(np.array(values), dims=("match", "offset"))


def test_sizes():
    assert GRID.columns == 3
    assert GAP == 2
    assert (GRID.left(0), GRID.left(1)) == (0, 5)
    assert GRID.across == 8
    assert (GRID.width, GRID.height) == (8 * HEAT_CELL, 3 * ROW_HEIGHT)


@pytest.mark.parametrize(
    ("x", "y", "cell"),
    [
        (0.0, 0.0, (0, 0)),
        (2.99, 2.99, (2, 2)),
        (3.0, 1.0, None),
        (4.99, 1.0, None),
        (5.0, 1.0, (1, 0)),
        (7.5, 1.5, (1, 2)),
        (8.0, 1.0, None),
        (-0.01, 1.0, None),
        (1.0, 3.0, None),
        (1.0, -0.01, None),
    ],
)
def test_cell_at_a_point(x, y, cell):
    assert GRID.cell_at(x, y) == cell


def painted(shown: list[tuple[xr.DataArray, ColourScale]], inside: xr.DataArray, grid: HeatmapGrid) -> np.ndarray:
    """Colours as they stand on the screen, (row, column), None where it is blank."""
    picture = heatmaps(shown, inside, grid)
    assert picture.bounds.lbrt() == (0, 0, grid.across, grid.rows)
    red, green, blue, alpha = (picture.dimension_values(at, flat=False) for at in range(2, 6))
    colours = np.full(red.shape, None)
    for at in zip(*np.nonzero(alpha), strict=True):
        colours[at] = f"#{red[at]:02x}{green[at]:02x}{blue[at]:02x}"
    return colours


def everywhere(values: xr.DataArray) -> xr.DataArray:
    return xr.ones_like(values, dtype=bool)


def test_each_heatmap_stands_in_its_place_the_first_row_on_top():
    counts, scale = table([[0, 1, 2], [3, 3, 3]]), count_scale(3, LIGHT)
    few, other = table([[1, 0, 0], [0, 0, 1]]), count_scale(1, LIGHT)
    seen = painted([(counts, scale), (few, other)], everywhere(counts), GRID)
    assert seen[:2, :3].tolist() == [[scale.colour(count) for count in row] for row in ((0, 1, 2), (3, 3, 3))]
    assert seen[:2, 5:].tolist() == [[other.colour(count) for count in row] for row in ((1, 0, 0), (0, 0, 1))]
    assert seen[:, 3:5].tolist() == [[None, None]] * 3
    assert seen[2].tolist() == [None] * 8


def test_cells_outside_the_document_are_blank():
    values = table([[1, 1, 1]])
    seen = painted([(values, count_scale(1, LIGHT))], table([[0, 1, 1]]).astype(bool), GRID)
    assert [colour is None for colour in seen[0, :3]] == [True, False, False]


def test_without_rows_or_heatmaps_the_picture_is_blank():
    assert not np.any(painted([], GRID.nowhere, GRID))
    none = replace(GRID, count=0)
    assert (none.across, none.width) == (0, 0)
    assert heatmaps([], table([[1, 1, 1]]).astype(bool), none).bounds.lbrt() == (0, 0, 1, 3)


def test_of_many_rows_those_from_the_first_on_are_drawn():
    values, scale, grid = table([[row] * 3 for row in range(6)]), count_scale(5, LIGHT), replace(GRID, first=2)
    seen = painted([(values, scale), (values, scale)], everywhere(values), grid)
    assert seen[:, 0].tolist() == [scale.colour(row) for row in (2, 3, 4)]
    assert grid.cell_at(0.5, 1.5) == (3, 0)
    assert marked_cells(grid, (3, 1), LIGHT).data.values.tolist() == [[1, 1, 2, 2], [6, 1, 7, 2]]
    assert len(marked_cells(grid, (1, 1), LIGHT)) == len(marked_cells(grid, (5, 1), LIGHT)) == 0


def test_start_is_a_line_down_each_heatmap():
    assert start_lines(GRID, LIGHT).data.values.tolist() == [[1, 0, 1, 3], [6, 0, 6, 3]]


def test_marked_cell_is_framed_in_each_heatmap():
    assert marked_cells(GRID, (2, 1), LIGHT).data.values.tolist() == [[1, 2, 2, 3], [6, 2, 7, 3]]


def test_nothing_is_framed_without_a_cell():
    assert len(marked_cells(GRID, None, LIGHT)) == 0


def test_rendered_plot_has_each_cell_at_its_place_whatever_the_grid_is_then():
    grids = [GRID]
    shown = hv.streams.Counter()
    values, scale = table([[1, 1, 1]]), count_scale(1, LIGHT)

    def picture(**_count: int) -> hv.RGB:
        return heatmaps([(values, scale)] * grids[-1].count, everywhere(values), grids[-1])

    layers = (hv.DynamicMap(picture, streams=[shown]) * start_lines(GRID, LIGHT)).opts(hooks=[fitted])
    plot = hv.renderer("bokeh").get_plot(layers)
    figure = plot.state
    assert (figure.x_range.start, figure.x_range.end) == (0, 8)
    assert (figure.y_range.start, figure.y_range.end) == (3, 0)
    assert figure.background_fill_alpha == 0
    grids.append(HeatmapGrid(count=1, rows=5, before=1, after=2))
    shown.event()
    assert (figure.x_range.start, figure.x_range.end) == (0, 3)
    assert (figure.y_range.start, figure.y_range.end) == (5, 0)
