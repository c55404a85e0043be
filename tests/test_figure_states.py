"""The list of states in a figure."""

from __future__ import annotations

import numpy as np
import pytest

from lstmvis_panel.figure_states import states_of
from lstmvis_panel.style import LIGHT
from tests.drawn import recording_of
from tests.pictured import DOCUMENTS, ROWS, WORDS, Figure, Shape, looking, recording


def boxes(figure: Figure) -> list[tuple[str, Shape]]:
    """Numbers with their boxes, as they are drawn."""
    shapes = figure.shapes
    return [(shapes[at + 1].text, shape) for at, shape in enumerate(shapes) if shape.look.get("rx") == "5"]


def test_states_are_listed_in_the_order_of_the_list() -> None:
    held = recording()
    held["cell"] = held.cell.copy(data=held.cell.values * np.array([0.7, 1.0, 0.8], np.float32))
    session = looking(held)
    assert [number for number, _ in boxes(Figure(session))] == ["0", "1", "2"]
    assert {"3 selected states", "by number"} <= set(Figure(session).texts)
    session.order = "mean"
    assert [number for number, _ in boxes(Figure(session))] == ["1", "2", "0"]
    assert "by mean" in Figure(session).texts


def test_the_list_stands_beside_the_lines() -> None:
    figure = Figure(looking())
    (plot,) = figure.plots
    assert figure.said("3 selected states").x >= plot.x + plot.number("width") + 14


def test_states_beside_one_that_is_shown_alone_are_dashed() -> None:
    listed = boxes(Figure(looking(alone=1)))
    assert [number for number, box in listed if "stroke-dasharray" not in box.look] == ["1"]
    assert len(listed) == 3


def test_states_that_are_pinned_one_by_one_are_framed_in_ink() -> None:
    figure = Figure(looking(kept=[1]))
    assert [number for number, box in boxes(figure) if box.look["stroke"] == LIGHT.ink] == ["1"]
    assert "1 state pinned, others follow the selection" in " ".join(figure.texts)


def test_states_that_have_no_room_are_counted() -> None:
    figure = Figure(looking(recording_of(WORDS, *[ROWS[0]] * 400, documents=DOCUMENTS)))
    drawn = boxes(figure)
    assert 40 < len(drawn) < 400
    rest, (_, last) = figure.said(f"and {400 - len(drawn)} more"), drawn[-1]
    assert last.y + last.number("height") < rest.y


def test_without_states_there_is_no_list() -> None:
    assert states_of(looking(selection=None), 300, LIGHT).width == pytest.approx(0)
