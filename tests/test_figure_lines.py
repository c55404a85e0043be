"""The lines of a figure: values, thresholds and counts at the px where they belong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel import select_states
from lstmvis_panel.axis import ticks
from lstmvis_panel.captions import of_layer
from lstmvis_panel.figure_lines import STRIP, WIDEST
from lstmvis_panel.plots import LINES_AT_MOST
from lstmvis_panel.style import DARK, LIGHT
from tests.drawn import recording_of
from tests.pictured import DOCUMENTS, ROWS, WORDS, Figure, Shape, looking, recording

if TYPE_CHECKING:
    from lstmvis_panel.session import Session


def thresholds(figure: Figure, plot: Shape) -> list[float]:
    """How many px below a plot's upper edge at which dashed lines go from its left edge to its right."""
    lines = figure.all("line", stroke=LIGHT.threshold, stroke_dasharray="4 3")
    assert all(line.x == plot.x and line.number("x2") - line.number("x1") == plot.number("width") for line in lines)
    heights = [line.y - plot.y for line in lines]
    return [height for height in heights if 0 <= height <= plot.number("height")]


def points(path: Shape) -> np.ndarray:
    """The points of a line, shape ``(point, 2)``."""
    return np.array([float(number) for number in re.findall(r"-?[\d.]+", path.look["d"])]).reshape(-1, 2)


@pytest.mark.parametrize(
    ("rule", "threshold", "values"),
    [("above", 0.5, [0.5]), ("above", -0.25, [-0.25]), ("below", 0.3, [-0.3]), ("beyond", 0.6, [0.6, -0.6])],
)
def test_a_threshold_is_a_dashed_line_at_its_value(rule: str, threshold: float, values: list[float]) -> None:
    session = looking(rule=rule, threshold=threshold)
    figure, (low, high) = Figure(session), session.extent_of("cell")
    (plot,) = figure.plots
    wanted = [(high - value) / (high - low) * plot.number("height") for value in values]
    assert thresholds(figure, plot) == pytest.approx(wanted, abs=0.01)


def test_a_threshold_beyond_the_axis_is_pale_at_its_end() -> None:
    figure = Figure(looking(threshold=7.0))
    (line,) = figure.all("line", stroke=LIGHT.threshold, stroke_dasharray="4 3")
    assert line.y == figure.plots[0].y
    assert line.look["opacity"] == "0.35"


def test_a_quantile_is_a_height_in_the_strip_and_no_line() -> None:
    session = looking(unit="quantile", threshold=0.75)
    figure = Figure(session)
    (plot,) = figure.plots
    assert figure.all("line", stroke_dasharray="4 3") == []
    (bar,) = figure.all("line", stroke=LIGHT.threshold)
    assert bar.y - plot.y == pytest.approx(0.25 * plot.number("height"))
    assert bar.number("x2") - bar.number("x1") == STRIP
    ends = [figure.said(text).y - plot.y for text in ("1", "0")]
    assert ends[0] < 20 < plot.number("height") - 20 < ends[1]
    assert any("quantile 0.750 · ≥" in text for text in figure.texts)


def stacked(**look: object) -> Session:
    held = recording()
    other = (held.cell * 0.5).rename(cell_state="other_state").assign_attrs(held.cell.attrs)
    return looking(held.assign(other_cell=other), stack=["other_cell"], **look)


def test_each_of_several_plots_has_its_own_axis_and_threshold() -> None:
    session = stacked(threshold=0.5, thresholds={"other_cell": 0.1})
    figure = Figure(session)
    for plot, source, value in zip(figure.plots, session.layers, (0.5, 0.1), strict=True):
        low, high = session.extent_of(source)
        assert thresholds(figure, plot) == pytest.approx(
            [(high - value) / (high - low) * plot.number("height")], abs=0.01
        )
    cell, other = session.layers
    assert session.extent_of(cell) != session.extent_of(other)


def test_plots_in_a_stack_say_what_they_show_as_the_page_does() -> None:
    session = stacked(unit="quantile", threshold=0.8)
    said = Figure(session).texts
    for source, name in (("cell", "cell · matched"), ("other_cell", "other cell")):
        assert said[said.index(name) + 1] == " · ".join(map(str, of_layer(session, source)))
    assert f"{len(session.selected_in('other_cell'))} of 3 states on · quantile 0.800 · ≥" in said


def test_the_axis_has_the_numbers_of_the_page_at_their_values() -> None:
    session = looking()
    figure, (low, high) = Figure(session), session.extent_of("cell")
    (plot,) = figure.plots
    tall = int(plot.number("height"))
    wanted = ticks(low, high, tall)
    assert len(wanted) > 2
    for value, text in wanted:
        assert figure.said(text).y - plot.y == pytest.approx((high - value) / (high - low) * tall + 4, abs=4)
    assert figure.said("0.0").y - plot.y == pytest.approx(tall / 2 + 4)


def test_each_selected_state_is_a_line_through_its_values() -> None:
    session = looking(word_width=40)
    figure, (low, high) = Figure(session), session.extent_of("cell")
    tall = figure.plots[0].number("height")
    lines = figure.all("path", stroke=LIGHT.accent)
    assert len(lines) == len(session.selected) == 3
    for line, state in zip(lines, session.selected, strict=True):
        x, y = points(line).T
        np.testing.assert_allclose(x, 40 * (np.arange(10) + 0.5))
        np.testing.assert_allclose(y, (high - session.recording.cell.values[:, state]) / (high - low) * tall, atol=0.06)


def test_lines_go_on_to_the_edges_of_the_plot() -> None:
    figure = Figure(looking(recording_of("ab" * 40, ".##....." * 10), width=300, position=20))
    (plot,) = figure.plots
    (line,) = figure.all("path", stroke=LIGHT.accent)
    x = points(line)[:, 0]
    assert plot.look["overflow"] == "hidden"
    assert (x[0], x[-1]) == (-15, plot.number("width") + 15)


def test_many_selected_states_are_pixels() -> None:
    figure = Figure(looking(recording_of(WORDS, *[ROWS[0]] * (LINES_AT_MOST + 1), documents=DOCUMENTS)))
    assert figure.all("path", stroke=LIGHT.accent) == []
    (picture,) = figure.all("image")
    red, green, blue = (int(LIGHT.accent[at : at + 2], 16) for at in (1, 3, 5))
    assert (picture.pixels == (red, green, blue, 255)).all(axis=2).any()


def widths(figure: Figure, tall: int) -> np.ndarray:
    """How wide the strip's counts are in each row of px; the stretch behind them left out."""
    rows = np.zeros(tall)
    for path in figure.all("path", fill=DARK.accent):
        if path.look.get("fill-opacity") == "0.14":
            continue
        for y, wide, high in re.findall(r"M0 (\d+)h([\d.]+)v(\d+)", path.look["d"]):
            rows[int(y) : int(y) + int(high)] = float(wide)
    return rows


@pytest.mark.parametrize("rule", ["above", "below", "beyond"])
def test_the_strip_counts_the_states_that_each_threshold_selects(rule: str) -> None:
    held = recording()
    held["cell"] = held.cell.copy(
        data=held.cell.values * np.array([1.0, 0.6, 0.3], np.float32) * (-1 if rule == "below" else 1)
    )
    session = looking(held, rule=rule, threshold=0.2, theme="dark")
    figure, (low, high) = Figure(session), session.extent_of("cell")
    tall = int(figure.plots[0].number("height"))
    values = high - (np.arange(tall) + 0.5) / tall * (high - low)
    turned = {"above": values, "below": -values, "beyond": np.abs(values)}[rule]
    counts = np.array([len(select_states(held.cell, 1, 3, threshold, rule=rule)) for threshold in turned.tolist()])
    assert len(set(counts.tolist())) > 2
    np.testing.assert_allclose(widths(figure, tall), np.sqrt(counts / counts.max()) * WIDEST, atol=0.06)


def test_without_a_selection_there_are_no_counts_to_show() -> None:
    figure = Figure(looking(selection=None, theme="dark"))
    assert not widths(figure, 220).any()
    assert "left of the axis" not in figure.texts
