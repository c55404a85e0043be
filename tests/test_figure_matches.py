"""The matches of a figure: words and heatmaps in the colours of the data, lengths, what is said of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel.captions import heatmap_scale
from lstmvis_panel.figure_matches import CELL, TALLEST
from lstmvis_panel.matrix import FAINTEST
from lstmvis_panel.style import DARK, GUTTER, HEAT_CELL, LIGHT, ROW_HEIGHT, Theme, mix
from tests.pictured import WORDS, Figure, Shape, looking

if TYPE_CHECKING:
    from lstmvis_panel.questions import Matches
    from lstmvis_panel.session import Session

LEFT = 16 + GUTTER
"""px left of the first word."""


def found(session: Session) -> Matches:
    assert session.matches is not None
    return session.matches


def first_row(figure: Figure) -> float:
    """Where the rows begin: at the label of the selection's own, which is the best here."""
    return figure.said("selection").y - 13


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("name", ["match count", "capital", "loss"])
def test_each_cell_of_a_heatmap_has_its_values_colour(name: str, theme: Theme) -> None:
    session = looking(heatmaps=[name], mapping="none", theme=theme.name, before=2, after=6)
    figure, matches = Figure(session), found(session)
    scale, values = heatmap_scale(session, name, theme), matches.values_of(name).values
    left, top = figure.said(scale.title).x, first_row(figure)
    drawn = np.full(matches.inside.shape, None, dtype=object)
    for shape in figure.all("rect", height=ROW_HEIGHT):
        row, column = round((shape.y - top) / ROW_HEIGHT), round((shape.x - left) / HEAT_CELL)
        drawn[row, column : column + round(shape.number("width") / HEAT_CELL)] = shape.look["fill"]
    for at, inside in np.ndenumerate(matches.inside.values):
        assert drawn[at] == (scale.colour(values[at]) if inside else None)


def words(figure: Figure, wide: int = CELL) -> dict[tuple[int, int], str]:
    """Colours of the words by row and column."""
    cells = figure.all("rect", width=wide - 1, height=ROW_HEIGHT - 1)
    top = first_row(figure)
    return {(round((cell.y - top) / ROW_HEIGHT), round((cell.x - LEFT) / wide)): cell.look["fill"] for cell in cells}


@pytest.mark.parametrize("masked", [False, True])
def test_words_are_coloured_by_what_the_page_maps_onto_them(masked: bool) -> None:  # noqa: FBT001
    session = looking(mapping="capital", match_mask=masked, heatmaps=[])
    matches, scale = found(session), heatmap_scale(session, "capital", LIGHT)
    values, on = matches.values_of("capital").values, matches.aligned.on_count.values
    wanted = {}
    for at in map(tuple, np.argwhere(matches.inside.values).tolist()):
        colour = scale.colour(values[at])
        assert colour is not None
        share = round(on[at] / 3 * 8) / 8  # of nine strengths the nearest
        wanted[at] = mix(LIGHT.card, colour, FAINTEST + (1 - FAINTEST) * share) if masked else colour
    assert words(Figure(session)) == wanted


def test_words_have_no_colour_where_nothing_is_mapped_onto_them() -> None:
    assert words(Figure(looking(mapping="none", heatmaps=[]))) == {}


def test_words_are_as_wide_as_was_asked_for_and_written_where_they_can_be_read() -> None:
    asked = {"mapping": "capital", "heatmaps": [], "before": 1, "after": 3}
    slim, broad = Figure(looking(**asked, match_width=7)), Figure(looking(**asked, match_width=60))
    assert words(broad, 60) == words(slim, 7) == words(Figure(looking(**asked)))
    below = first_row(slim)
    assert not [text for text in slim.all("text", text_anchor="middle") if text.y > below]
    assert [text for text in broad.all("text", text_anchor="middle") if text.y > below]


def test_rows_hold_the_words_around_each_start() -> None:
    session = looking(mapping="none", heatmaps=[], before=1, after=3)
    figure = Figure(session)
    top = first_row(figure)
    for row, start in enumerate(found(session).table.start.values.tolist()):
        low = top + row * ROW_HEIGHT
        line = [shape.text for shape in figure.all("text", text_anchor="middle") if low < shape.y < low + ROW_HEIGHT]
        assert "".join(line) == WORDS[start - 1 : start + 3]


def test_the_selection_and_the_row_that_is_shown_above_stand_out() -> None:
    session = looking(heatmaps=[], mapping="none")
    _, start, *_ = found(session).table.start.values.tolist()
    session.position = start
    figure = Figure(session)
    mark, label = figure.said("▸"), figure.said("selection")
    shown = next(shape for shape in figure.all("text") if shape.text == str(start) and shape.y == mark.y)
    assert (label.look["fill"], label.look["font-weight"]) == (LIGHT.accent, "bold")
    assert (shown.look["fill"], shown.look["font-weight"]) == (LIGHT.ink, "bold")


def bars(figure: Figure, title: str) -> list[Shape]:
    """The bars of a histogram, which stand on one line right of its title."""
    named = figure.said(title)
    return [
        shape
        for shape in figure.all("rect", width=5)
        if shape.y + shape.number("height") == named.y + 4 and 0 < shape.x - named.x < 100
    ]


def test_the_lengths_of_matches_are_bars_as_on_the_page() -> None:
    session = looking(threshold=0.2)
    figure, lengths = Figure(session), found(session).lengths
    for title, counts in (("length", lengths.candidates.values), ("all states on", lengths.complete.values)):
        heights = [bar.number("height") for bar in bars(figure, title)]
        assert heights == np.round(counts / counts.max() * TALLEST)[counts > 0].tolist()
    assert lengths.candidates.values.sum() == found(session).searched > 1


def test_filters_are_said_and_what_they_leave_out_is_pale() -> None:
    figure = Figure(looking(lengths=(2, 2), document=1, distinct=False))
    assert "length 2 · in document 2 · not distinct" in figure.texts
    assert any(" that pass, of " in text for text in figure.texts)
    passing, *others = bars(figure, "length")
    assert passing.look["fill"] == mix(LIGHT.card, LIGHT.ink, 0.45)
    assert {bar.look["fill"] for bar in others} <= {LIGHT.line}
    assert "distinct" in Figure(looking()).texts


def test_how_many_steps_stand_around_the_start_is_said() -> None:
    assert {"◂ 2 before", "match and what follows, 7 ▸"} <= set(Figure(looking(before=2, after=7)).texts)


def test_what_the_words_are_coloured_by_is_said() -> None:
    assert "words coloured by loss" in Figure(looking(mapping="loss")).texts
    faded = Figure(looking(mapping="loss", match_mask=True)).texts
    assert "words coloured by loss, faded where few selected states are on" in faded
    assert not any(text.startswith("words coloured") for text in Figure(looking(mapping="none")).texts)
