"""The match heatmaps: each cell in its place, with its colour."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

from lstmvis_panel.colours import count_scale
from lstmvis_panel.heatmaps import GAP, HeatmapGrid, fitted, heatmap, marked_cells, start_lines
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


def test_first_row_lies_on_top():
    counts, inside = table([[0, 1, 2], [3, 3, 3]]), table([[1, 1, 1], [1, 1, 1]]).astype(bool)
    image = heatmap(counts, inside, count_scale(3, LIGHT), left=5)
    assert image.bounds.lbrt() == (5, 0, 8, 2)
    # y counts rows downwards: row 0 is centred at 0.5
    assert [image[5.5 + column, 0.5] for column in range(3)] == [0, 1, 2]
    assert image[5.5, 1.5] == 3


def test_cells_outside_the_document_are_blank():
    image = heatmap(table([[1, 1, 1]]), table([[0, 1, 1]]).astype(bool), count_scale(1, LIGHT))
    assert np.isnan(image[0.5, 0.5])
    assert image[1.5, 0.5] == 1


def test_without_rows_the_picture_is_blank():
    none = xr.DataArray(np.zeros((0, 3)), dims=("match", "offset"))
    image = heatmap(none, none.astype(bool), count_scale(0, LIGHT))
    assert np.isnan(image.dimension_values(2)).all()


def test_colours_and_limits_are_the_scale_s():
    scale = count_scale(3, LIGHT)
    image = heatmap(table([[0, 1, 2]]), table([[1, 1, 1]]).astype(bool), scale)
    options = image.opts.get("plot").kwargs | image.opts.get("style").kwargs
    assert options["cmap"] == list(scale.colours)
    assert options["clim"] == scale.limits


def test_start_is_a_line_down_each_heatmap():
    assert start_lines(GRID, LIGHT).data.values.tolist() == [[1, 0, 1, 3], [6, 0, 6, 3]]


def test_marked_cell_is_framed_in_each_heatmap():
    assert marked_cells(GRID, (2, 1), LIGHT).data.values.tolist() == [[1, 2, 2, 3], [6, 2, 7, 3]]


def test_nothing_is_framed_without_a_cell():
    assert len(marked_cells(GRID, None, LIGHT)) == 0


def test_rendered_plot_has_each_cell_at_its_place():
    layers = heatmap(table([[1, 1, 1]]), table([[1, 1, 1]]).astype(bool), count_scale(1, LIGHT)) * start_lines(
        GRID, LIGHT
    )
    figure = hv.render(layers.opts(hooks=[fitted(GRID)]))
    assert (figure.x_range.start, figure.x_range.end) == (0, 8)
    assert (figure.y_range.start, figure.y_range.end) == (3, 0)
    assert figure.background_fill_alpha == 0
