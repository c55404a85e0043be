"""The tracks of a figure: bars as high as their numbers, cells in the colours of the scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel.colours import annotation_scale
from lstmvis_panel.figure_words import PATTERN
from lstmvis_panel.matrix import FAINTEST, WORDS_HEIGHT
from lstmvis_panel.style import DARK, GUTTER, LIGHT, PLOT_HEIGHT, Theme, mix
from tests.pictured import Figure, Shape, looking, recording

if TYPE_CHECKING:
    from lstmvis_panel.session import Session

WIDTH = 30


def cells(figure: Figure, tall: float, below: float = 0) -> dict[int, Shape]:
    """What is filled in the cells of a row, by the step; rows begin ``below`` px under the pattern plot."""
    (plot,) = figure.plots
    top = plot.y + PLOT_HEIGHT + WORDS_HEIGHT + PATTERN + below
    inside = [
        shape
        for shape in figure.all("rect")
        if "stroke" not in shape.look and top <= shape.y < top + tall and WIDTH - 2 < shape.number("width") <= WIDTH
    ]
    return {round((shape.x - plot.x) / WIDTH): shape for shape in inside}


def faded(session: Session, colour: str, step: int, theme: Theme) -> str:
    share = session.heat[step] / len(session.selected)
    return mix(theme.card, colour, FAINTEST + (1 - FAINTEST) * share)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_labels_have_the_colours_of_their_scale_and_are_written(theme: Theme) -> None:
    session = looking(tracks=["capital"], mask=False, theme=theme.name)
    figure, scale = Figure(session), annotation_scale(session.recording, "capital", theme)
    codes = session.recording.capital.values.tolist()
    assert [shape.look["fill"] for shape in cells(figure, 18).values()] == [scale.colour(code) for code in codes]
    y = cells(figure, 18)[0].y
    written = [shape.text for shape in figure.all("text") if y < shape.y < y + 18 and shape.x > GUTTER + 16]
    assert written == ["capital" if code else "small" for code in codes]


def test_colours_fade_where_few_selected_states_are_on() -> None:
    session = looking(tracks=["capital"])
    scale = annotation_scale(session.recording, "capital", LIGHT)
    for step, cell in cells(Figure(session), 18).items():
        colour = scale.colour(session.recording.capital.values[step])
        assert colour is not None
        assert cell.look["fill"] == faded(session, colour, step, LIGHT)


def test_numbers_are_bars_from_zero_between_the_ends_of_their_range() -> None:
    session = looking(tracks=["loss"], mask=False)
    figure, scale = Figure(session), annotation_scale(session.recording, "loss", LIGHT)
    bars, room, values = cells(figure, 24), 23, session.recording.loss.values
    top, zero = figure.plots[0].y + PLOT_HEIGHT + WORDS_HEIGHT + PATTERN, 0.75 * 23
    assert set(bars) == set(np.flatnonzero(~np.isnan(values)))
    for step, bar in bars.items():
        share = (min(values[step], 3) + 1) / 4
        low, high = sorted((room * (1 - share), zero))
        assert bar.number("height") == pytest.approx(max(1, high - low), abs=0.01)
        assert bar.y - top == pytest.approx(low, abs=0.01)
        assert bar.look["fill"] == scale.colour(values[step])
    assert "−1 – 3" in figure.texts
    (ground,) = [shape for shape in figure.all("rect", fill=LIGHT.line, width="300", height="1") if shape.y < top + 24]
    assert ground.y - top == round(zero)


def test_flags_are_slim_and_close_together_with_nothing_where_nothing_is() -> None:
    figure = Figure(looking(recording(other=recording().site), tracks=["site", "other"], mask=False))
    for below in (0, 8 + 2):
        there = cells(figure, 8, below)
        assert set(there) == {1, 2, 6}
        assert {(shape.number("height"), shape.look["fill"]) for shape in there.values()} == {(8, LIGHT.scale[1])}
    assert len(figure.all("rect", fill=LIGHT.line, width="300", height="1")) == 2


def test_predictions_stand_best_first_with_the_next_word_framed() -> None:
    session = looking(tracks=["top"], mask=False)
    figure, scale = Figure(session), annotation_scale(session.recording, "top_weight", LIGHT)
    # C weighs 0.5, b 0.25, a 0.125.
    for rank, weight in enumerate((0.5, 0.25, 0.125)):
        row = cells(figure, 16, 16 * rank)
        assert {shape.look["fill"] for shape in row.values()} == {scale.colour(weight)}
        written = [
            shape.text for shape in figure.all("text", text_anchor="middle") if row[0].y < shape.y < row[0].y + 16
        ]
        assert written == ["Cba"[rank]] * 10
    x, y, *_ = cells(figure, 16)[0].box
    framed = [shape for shape in figure.all("rect", fill="none", stroke=LIGHT.ink) if shape.number("height") == 14]
    # C follows the steps 1 and 6, b the steps 0 and 5; the a after step 4 is in the next document.
    assert [((shape.x - x) // WIDTH, (shape.y - y) // 16) for shape in framed] == [(1, 0), (6, 0), (0, 1), (5, 1)]
    assert [text for text in figure.texts if text in {"top 1", "2", "3"}][:3] == ["top 1", "2", "3"]


def test_all_of_ten_ranks_are_drawn() -> None:
    codes = np.tile(np.arange(10) % 5, (10, 1))
    shown = recording(ten=(("step", "rank10"), codes, {"kind": "prediction", "labels": "vocabulary"}))
    session = looking(shown, tracks=["ten"])
    figure = Figure(session)
    left = [
        shape for shape in figure.all("text", text_anchor="end") if shape.text in {"top 1", *map(str, range(2, 11))}
    ]
    rows = [shape for shape in left if shape.y > figure.plots[0].y + PLOT_HEIGHT + WORDS_HEIGHT + PATTERN][:10]
    assert [shape.text for shape in rows] == ["top 1", *map(str, range(2, 11))]
    assert np.diff([shape.y for shape in rows]).tolist() == [16] * 9
