"""The legends of a figure: what each colour means, in the colours of the scales."""

from __future__ import annotations

import pytest

from lstmvis_panel.captions import heatmap_scale
from lstmvis_panel.colours import annotation_scale
from lstmvis_panel.figure_legend import RAMP, Piece, flowed
from lstmvis_panel.style import DARK, LIGHT, Theme, mix
from tests.pictured import Figure, Shape, looking, recording


def last(figure: Figure, title: str) -> Shape:
    """Where a title stands in the legend: names of tracks and the like come before."""
    return [shape for shape in figure.all("text") if shape.text == title][-1]


def beside(figure: Figure, title: Shape, wide: float = 2000, tall: float = 4) -> list[Shape]:
    """Texts, boxes and colours of the legend that a title begins: in its line, or below."""
    return [
        shape
        for shape in figure.shapes
        if shape.kind in {"text", "rect"}
        and shape is not title
        and -12 < shape.y - title.y < tall
        and 0 <= shape.x - title.x < wide
    ]


def keys(shapes: list[Shape]) -> list[tuple[str, str]]:
    """Colours and their texts."""
    boxes = [shape.look["fill"] for shape in shapes if "stroke" in shape.look]
    return list(zip(boxes, [shape.text for shape in shapes if shape.kind == "text"], strict=True))


def ramp(shapes: list[Shape]) -> tuple[str, list[str], str]:
    """Both ends in words, and the colours between them."""
    low, high = [shape for shape in shapes if shape.kind == "text"][:2]
    colours = [
        shape for shape in shapes if shape.kind == "rect" and low.x < shape.x < high.x and "stroke" not in shape.look
    ]
    assert sum(shape.number("width") for shape in colours) == pytest.approx(RAMP, abs=0.2)
    return low.text, [shape.look["fill"] for shape in sorted(colours, key=lambda shape: shape.x)], high.text


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_labels_of_a_track_have_their_colours(theme: Theme) -> None:
    session = looking(tracks=["capital"], theme=theme.name)
    session.matches = None
    legend = annotation_scale(session.recording, "capital", theme).legend
    assert legend == [(theme.categories[0], "small"), (theme.categories[1], "capital")]
    figure = Figure(session)
    boxes = [at for at, shape in enumerate(figure.shapes) if shape.look.get("width") == "9"]
    assert [(figure.shapes[at].look["fill"], figure.shapes[at + 1].text) for at in boxes[2:]] == legend


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_numbers_have_the_ends_of_their_range(theme: Theme) -> None:
    session = looking(tracks=["loss"], theme=theme.name)
    session.matches = None
    scale = annotation_scale(session.recording, "loss", theme)
    figure = Figure(session)
    low, colours, high = ramp(beside(figure, last(figure, "loss")))
    assert (low, high) == ("−1", "3")
    assert (colours[0], colours[-1]) == (scale.colours[0], scale.colours[-1])
    assert len(set(colours)) == len(colours) > 20


def test_warmth_of_words_and_the_strip_are_told() -> None:
    figure = Figure(looking(word_width=80))
    low, colours, high = ramp(beside(figure, last(figure, "selected states on")))
    assert (low, high) == ("0", "3")
    assert (colours[0], colours[-1]) == (LIGHT.ramp[0], mix(*LIGHT.ramp, LIGHT.warmest))
    assert keys(beside(figure, last(figure, "left of the axis"))) == [
        (mix(LIGHT.card, LIGHT.accent, 0.32), "states that each threshold selects"),
        (LIGHT.accent, "widest stretch of the same states"),
    ]


def test_flags_that_look_alike_are_told_once() -> None:
    figure = Figure(looking(recording(other=recording().site), tracks=["site", "other"]))
    assert keys(beside(figure, last(figure, "site, other"))) == [(LIGHT.scale[0], "no site"), (LIGHT.scale[1], "site")]


def test_predictions_say_what_they_weigh_and_what_the_frame_means() -> None:
    figure = Figure(looking(tracks=["top"]))
    shapes = beside(figure, last(figure, "top"))
    assert [shape.text for shape in shapes if shape.kind == "text"] == ["0", "1", "the word that comes next"]
    assert [shape.look["fill"] for shape in shapes if shape.look.get("stroke") == LIGHT.ink] == ["none"]


def test_the_mask_is_told_where_it_fades_something() -> None:
    said = "tracks fade where few selected states are on"
    assert said in Figure(looking(tracks=["loss"])).texts
    assert said not in Figure(looking(tracks=["loss"], mask=False)).texts
    assert said not in Figure(looking(tracks=["loss"], selection=None)).texts


def test_each_heatmap_has_its_legend_below_its_name() -> None:
    session = looking(heatmaps=["match count", "capital", "loss"], mapping="none")
    figure = Figure(session)
    assert (
        keys(beside(figure, figure.said("capital"), wide=230, tall=20))
        == heatmap_scale(session, "capital", LIGHT).legend
    )
    for name in ("match count", "loss"):
        scale = heatmap_scale(session, name, LIGHT)
        low, colours, high = ramp(beside(figure, figure.said(name), wide=230, tall=20))
        assert [(colours[0], low), (colours[-1], high)] == scale.legend


def test_what_has_no_room_goes_to_the_next_line() -> None:
    block = flowed([Piece([], 60)] * 5, 140)
    assert (block.width, block.height) == (130, 3 * 16)
    assert (flowed([], 140).height, flowed([Piece([], 500)], 140).height) == (0, 16)
