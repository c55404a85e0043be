from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

from lstmvis_panel import plots
from lstmvis_panel.style import LIGHT

hv.extension("bokeh")

FRAME = plots.Frame(10, 14, -1.0, 1.0, 80, 40)


def window(values: np.ndarray, first: int = 10) -> xr.DataArray:
    steps = np.arange(first, first + len(values))
    return xr.DataArray(np.asarray(values, np.float32), dims=("step", "cell_state"), coords={"step": steps})


def test_a_step_is_a_column_centred_at_its_number() -> None:
    assert FRAME.x_range == (9.5, 13.5)
    assert FRAME.bounds == (9.5, -1.0, 13.5, 1.0)


def test_the_raster_shows_a_line_where_it_runs() -> None:
    level = window(np.full((4, 1), 0.5))
    picture = plots.raster(plots.pixels_of(level, FRAME, LIGHT), FRAME)
    alpha = picture.dimension_values("A", flat=False)
    rows = np.flatnonzero(alpha.any(axis=1))
    assert picture.bounds.lbrt() == FRAME.bounds
    assert len(rows) == 1
    #   40 rows from -1 to 1 upwards: 0.5 lies in row 30, from 0.5 to 0.55
    assert rows[0] == 30
    columns = np.flatnonzero(alpha[rows[0]])
    assert (columns.min(), columns.max()) == (10, 70)  # from the middle of the first column to that of the last


def test_the_raster_is_darker_where_more_lines_run() -> None:
    values = np.zeros((4, 9))
    values[:, 8] = 0.5
    picture = plots.raster(plots.pixels_of(window(values), FRAME, LIGHT), FRAME)
    red, alpha = (picture.dimension_values(name, flat=False) for name in "RA")
    assert red[30, 40] > red[20, 40]
    assert alpha[30, 40] == alpha[20, 40] == 255
    assert alpha[5, 40] == 0


@pytest.mark.parametrize("values", [np.full((4, 3), np.nan), np.zeros((4, 0)), np.zeros((1, 3))])
def test_the_raster_of_odd_windows_is_drawn(values: np.ndarray) -> None:
    assert plots.raster(plots.pixels_of(window(values), FRAME, LIGHT), FRAME).bounds.lbrt() == FRAME.bounds


def test_a_lone_step_is_a_level_line_across_its_column() -> None:
    frame = plots.Frame(10, 11, -1.0, 1.0, 20, 40)
    alpha = plots.raster(plots.pixels_of(window(np.zeros((1, 1))), frame, LIGHT), frame).dimension_values(
        "A", flat=False
    )
    assert alpha[20].all()


def test_selected_lines_lift_the_pen_between_states() -> None:
    curve = plots.state_lines(window(np.arange(8).reshape(4, 2)), np.array([0, 1]), "#000000")
    x, y = curve.dimension_values(0), curve.dimension_values(1)
    assert np.array_equal(x, [10, 11, 12, 13, np.nan] * 2, equal_nan=True)
    assert np.array_equal(y, [0, 2, 4, 6, np.nan, 1, 3, 5, 7, np.nan], equal_nan=True)


def test_no_selected_state_draws_no_line() -> None:
    assert len(plots.state_lines(window(np.zeros((4, 2))), np.array([], int), "#000000")) == 0


@pytest.mark.parametrize(
    ("x", "y", "named"),
    [
        (10.0, 0.0, 4),  # on a point of state 4
        (10.5, 0.52, 4),  # between its points, half way up
        (12.0, -0.48, 7),  # near state 7
        (12.0, 0.3, None),  # near neither
        (9.0, 0.0, None),  # before the window
    ],
)
def test_the_nearest_line_is_named_within_reach(x: float, y: float, named: int | None) -> None:
    values = np.full((4, 9), 9.0)
    values[:, 4] = [0, 1, 1, 1]
    values[:, 7] = -0.5
    assert plots.nearest_state(window(values), np.array([4, 7]), x, y, 0.1) == named


def test_an_unselected_line_is_not_named() -> None:
    assert plots.nearest_state(window(np.zeros((4, 3))), np.array([], int), 11, 0, 0.1) is None


def test_the_selection_is_one_column_from_its_first_step_to_its_last() -> None:
    box = plots.selected_steps((11, 13), FRAME, LIGHT)
    assert (box["x0"].item(), box["x1"].item()) == (10.5, 12.5)
    assert len(plots.selected_steps(None, FRAME, LIGHT)) == 0


def test_the_selection_leaves_the_first_pixels_that_are_never_cleared() -> None:
    box = plots.selected_steps((0, 13), FRAME, LIGHT)
    across, down = (FRAME.stop - FRAME.first) / FRAME.width, (FRAME.high - FRAME.low) / FRAME.height
    assert box["x0"].item() == pytest.approx(FRAME.first - 0.5 + across)
    assert box["y1"].item() == pytest.approx(FRAME.high - down)


def test_a_lit_line_says_its_number() -> None:
    labels = plots.lit_name(window(np.array([[0, 0, 0], [0, 0, 0.5], [0, 0, np.nan], [0, 0, 0]])), 2, FRAME, LIGHT)
    assert labels.dimension_values("state").tolist() == ["state 2"]
    assert (labels.dimension_values("step").item(), labels.dimension_values("value").item()) == (11, 0.5)
    assert len(plots.lit_line(window(np.zeros((4, 3))), 2, LIGHT)) == 5
    assert len(plots.lit_line(window(np.zeros((4, 3))), None, LIGHT)) == 0


def test_a_crowd_of_selected_states_is_painted_over_the_others() -> None:
    values = np.zeros((4, 3))
    values[:, 2] = 0.5
    drawn = plots.pixels_of(window(values), FRAME, LIGHT)
    picture = plots.raster(plots.crowded(drawn, window(values), np.array([2]), FRAME, LIGHT), FRAME)
    colour = [tuple(picture.dimension_values(c, flat=False)[row, 40] for c in "RGB") for row in (20, 30)]
    assert colour[1] == (0x0B, 0x6F, 0xC2)
    assert colour[0] != colour[1]
