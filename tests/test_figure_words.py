"""The words of a figure: their warmth, the brush, the limits, documents, what is marked and what was found."""

from __future__ import annotations

import pytest

from lstmvis_panel.style import DARK, LIGHT, Theme, mix
from lstmvis_panel.textsearch import search_text
from tests.pictured import WORDS, Figure, Shape, looking

WIDTH, TALL = 30, 24


def words(figure: Figure) -> list[Shape]:
    """The cells of the words, in their order."""
    return figure.all("rect", stroke_width="0.5")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_words_are_the_warmer_the_more_selected_states_are_on(theme: Theme) -> None:
    session = looking(theme=theme.name)
    figure = Figure(session)
    cells, heat = words(figure), session.heat.tolist()
    assert set(heat) == {0, 1, 2, 3}
    assert [cell.look["fill"] for cell in cells] == [mix(*theme.ramp, theme.warmest * on / 3) for on in heat]
    assert [cell.x - cells[0].x for cell in cells] == [at * WIDTH for at in range(10)]
    assert cells[0].y == figure.plots[0].y + figure.plots[0].number("height")
    written = [shape for shape in figure.all("text") if abs(shape.y - cells[0].y - 16) < 1 and len(shape.text) == 1]
    assert "".join(shape.text for shape in written) == WORDS


def test_narrow_words_give_way_to_their_colours() -> None:
    session = looking(word_width=6)
    session.matches = None
    figure = Figure(session)
    cells = [shape for shape in figure.all("rect", width="6") if shape.number("height") == TALL]
    assert [cell.look["fill"] for cell in cells] == [
        mix(*LIGHT.ramp, LIGHT.warmest * on / 3) for on in session.heat.tolist()
    ]
    assert not set(WORDS) & set(figure.texts)


def test_the_brush_and_the_limits_stand_where_they_are_on_the_page() -> None:
    figure = Figure(looking(selection=(2, 4), left=2, right=1))
    x, y, *_ = words(figure)[0].box
    (brush,) = figure.all("rect", stroke=LIGHT.ink, stroke_width="2")
    assert brush.box == (x + 2 * WIDTH + 1, y + 1, 2 * WIDTH - 2, TALL - 2)
    (limits,) = figure.all("path", stroke=LIGHT.ink)
    assert limits.look["d"] == f"M0 {TALL + 17}H{2 * WIDTH}V{TALL + 5}H{4 * WIDTH}V{TALL + 17}H{5 * WIDTH}"
    handles = figure.all("rect", rx="1.5")
    assert [handle.x + 3.5 - x for handle in handles] == [0, 5 * WIDTH]
    assert (figure.said("off 2").x, figure.said("off 1").x) == (x - 8, x + 5 * WIDTH + 8)


def test_a_limit_of_no_step_is_said_too() -> None:
    assert Figure(looking(left=0, right=0)).texts.count("off") == 2


def test_a_selection_that_is_out_of_sight_has_no_brush() -> None:
    assert Figure(looking(position=9, width=90)).all("rect", stroke=LIGHT.ink, stroke_width="2") == []


def test_the_step_that_was_asked_for_is_marked() -> None:
    figure = Figure(looking(position=6))
    (mark,) = [path for path in figure.all("path", fill=LIGHT.threshold) if path.look["d"].endswith("l5 -6l5 6z")]
    assert mark.look["d"] == f"M{6.5 * WIDTH - 5:g} {TALL + 7}l5 -6l5 6z"
    assert mark.x == words(figure)[0].x
    assert any("step 6 marked" in text for text in figure.texts)


def test_a_line_goes_through_words_and_tracks_where_a_document_begins() -> None:
    figure = Figure(looking(tracks=["capital", "loss"]))
    x, y, *_ = words(figure)[0].box
    above, below = figure.all("line", stroke=LIGHT.ink, stroke_width="1.5")[:2]
    assert (above.x, below.x) == (x + 5 * WIDTH, x + 5 * WIDTH)
    assert (above.y, above.number("y2") - above.number("y1")) == (y, 50)
    assert (below.y, below.number("y2") - below.number("y1")) == (y + 50, 18 + 4 + 24)


def test_what_a_search_found_is_underlined() -> None:
    session = looking()
    session.found = search_text(session.recording, "d")
    figure = Figure(session)
    x, y, *_ = words(figure)[0].box
    hits = figure.all("rect", fill=LIGHT.scale[1], height="3")
    assert [hit.box for hit in hits] == [(x + at * WIDTH + 1, y + TALL - 3, WIDTH - 2, 3) for at in (3, 8)]
