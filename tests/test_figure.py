"""A figure as a whole: what is said over it, and tokens that are no words. Its parts have tests of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lstmvis_panel.figure_words import PATTERN
from lstmvis_panel.matrix import NUMBER_HEIGHT
from lstmvis_panel.style import LIGHT, ROW_HEIGHT
from tests import valued
from tests.drawn import recording_of
from tests.pictured import ROWS, WORDS, Figure, Shape, looking

if TYPE_CHECKING:
    import xarray as xr


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figure_says_what_is_looked_at_and_shows_tracks_and_matches(theme: str) -> None:
    said = Figure(looking(theme=theme, tracks=["capital", "place"])).texts
    assert said[:3] == [
        "Drawn · cell",
        "“b C” · 3 of 3 states on · threshold 0.500 · ≥ · off: 0 before, 0 after",
        "steps 0 to 9 of 10 · document 1, step 0 marked",
    ]
    assert said.count("capital") >= 3  # the track, its cells, its heatmap
    assert "selection" in said
    assert any("ranges · all steps searched" in each for each in said)


def test_all_of_it_lies_within_the_figure() -> None:
    figure = Figure(looking(tracks=["capital", "loss", "site", "top"]))
    width, height = float(figure.root.attrib["width"]), float(figure.root.attrib["height"])
    for shape in figure.all("rect"):
        left, top, wide, tall = shape.box
        assert 0 <= left <= left + wide <= width
        assert 0 <= top <= top + tall <= height


def test_a_figure_without_a_selection_shows_the_lines_and_words() -> None:
    said = Figure(looking(selection=None)).texts
    assert [word for word in said if len(word) == 1 and word.isalpha()] == list(WORDS)
    assert said[1] == "threshold 0.500 · ≥ · off: 0 before, 0 after"
    assert not any("ranges" in each for each in said)


def test_a_selection_that_is_refused_says_why() -> None:
    session = looking(selection=(3, 7))
    assert session.refusal
    assert session.refusal in Figure(session).texts[1]


def test_a_choice_by_hand_is_said() -> None:
    assert Figure(looking(pinned=[0, 2])).texts[1].endswith(" · edited by hand · 2 states")


def test_a_recording_without_documents_names_none() -> None:
    assert Figure(looking(recording_of(WORDS, *ROWS))).texts[2] == "steps 0 to 9 of 10 · step 0 marked"


def test_of_filtered_matches_the_figure_says_how_many_pass() -> None:
    assert any(" that pass, of " in each for each in Figure(looking(lengths=(1, 2))).texts)


# -- tokens that are no words -----------------------------------------------------------------------------------------


def of_values(recording: xr.Dataset) -> Figure:
    return Figure(looking(recording, heatmaps=[], mapping="none"))


def strip(figure: Figure) -> float:
    """The upper edge of what stands under the lines."""
    (plot,) = figure.plots
    return plot.y + plot.number("height")


def test_numbers_stand_for_themselves_between_the_ends_of_their_range() -> None:
    figure = of_values(valued.numbers())
    assert figure.texts.count("−0.5") > figure.texts.count("n") == 0
    assert figure.texts.count("–") > 0  # the step without a number
    left = [shape.text for shape in figure.all("text") if shape.x == 16 + 80 and shape.y > strip(figure)]
    assert left[:3] == ["2", "value", "−2"]


def test_a_number_is_a_bar_that_stands_in_the_strip_and_lies_in_a_row() -> None:
    figure = of_values(valued.numbers())
    standing = {round((bar.x - 104) / 30): bar for bar in figure.all("rect", fill=LIGHT.ink, opacity="0.2")}
    assert valued.BLANK not in standing
    for step, number in ((0, -1.0), (4, 1.0), (5, -1.0)):
        assert standing[step].number("height") == pytest.approx(abs(number) / 4 * (NUMBER_HEIGHT - 1))
    top = figure.said("selection").y - 13
    lying = [bar for bar in figure.all("rect", fill=LIGHT.ink, opacity="0.6") if top <= bar.y < top + ROW_HEIGHT]
    assert [bar.number("width") / 33 for bar in lying[:5]] == pytest.approx([0.25, 0.375, 0.5, 0.625, 0.75], abs=0.001)


def test_each_picture_is_held_once_and_stands_in_each_cell() -> None:
    figure = of_values(valued.images())
    held = {image.look["id"]: image.pixels for image in figure.all("image") if "id" in image.look}
    used = [use.look["href"][1:] for use in figure.all("use")]
    in_strip = [name for name in used if name.startswith("strip")]
    colours = [tuple(held[name][0, 0, :3].tolist()) for name in in_strip]
    assert colours[:4] == list(valued.IMAGES.values())
    assert set(used) == set(held)
    assert "red.png" not in figure.texts


def test_vectors_are_columns_of_colours_beside_their_scale() -> None:
    figure = of_values(valued.vectors())
    columns = [image.pixels for image in figure.all("image", image_rendering="pixelated")]
    assert {column.shape for column in columns} == {(3, 1, 4)}
    # -1, 0 and 1 by the component: three colours, in the order of the steps.
    first, second = columns[:2]
    assert first[1:].tolist() == second[:2].tolist()
    assert len({tuple(colour) for colour in first[:, 0].tolist()}) == 3
    scale = [
        shape for shape in figure.all("rect", width="5") if strip(figure) <= shape.y < strip(figure) + PATTERN + 60
    ]
    ends = [shape.look["fill"] for shape in sorted(scale, key=lambda shape: shape.y)]
    assert (ends[-1], ends[0]) == (LIGHT.signed[0], LIGHT.signed[2])


def test_the_words_of_a_match_are_underlined_where_they_are_pictures() -> None:
    figure = of_values(valued.vectors())
    top = figure.said("selection").y - 13
    lines = [line for line in figure.all("rect", fill=LIGHT.ink, height="2") if in_row(line, top)]
    assert [round((line.x - 104) / 34) for line in lines] == [3, 4]


def in_row(shape: Shape, top: float) -> bool:
    return top <= shape.y < top + ROW_HEIGHT
