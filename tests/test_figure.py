from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lstmvis_panel.captions import of_layer
from lstmvis_panel.figure import figure_of
from lstmvis_panel.plots import LINES_AT_MOST
from lstmvis_panel.session import Session
from lstmvis_panel.snapshot import snapshot_of
from lstmvis_panel.style import FONT, LIGHT
from lstmvis_panel.tables import matches_table
from tests import valued
from tests.drawn import recording_of

if TYPE_CHECKING:
    import xarray as xr

NAMES = "{http://www.w3.org/2000/svg}"
ROWS = (".##....##.", ".##....#..", "####......")


def looking(*rows: str, **look: object) -> Session:
    session = Session(recording_of("abCdeabCde", *rows), **{"threshold": 0.5, "left": 0, "selection": (1, 3), **look})
    if session.query is not None:
        session.matches = session.search(session.query)
    return session


def drawn(session: Session) -> ET.Element:
    return ET.fromstring(figure_of(session))  # noqa: S314 - our own text


def texts(figure: ET.Element) -> list[str]:
    return [element.text or "" for element in figure.iter(f"{NAMES}text")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figure_shows_words_tracks_and_matches(theme: str) -> None:
    said = texts(drawn(looking(*ROWS, theme=theme, tracks=["capital", "place"])))
    assert "Drawn · cell" in said
    assert "“b C” · 3 of 3 states on · threshold 0.500 · ≥ · off: 0 before, 0 after" in said
    assert said.count("capital") >= 3  # the track, its cells, its heatmap
    assert "selection" in said
    assert any("ranges · all steps searched" in each for each in said)


def test_each_selected_state_is_a_line_and_many_are_pixels() -> None:
    few = drawn(looking(*ROWS))
    accent = [path for path in few.iter(f"{NAMES}path") if path.attrib.get("stroke") == LIGHT.accent]
    assert len(accent) == 3
    many = drawn(looking(*[ROWS[0]] * (LINES_AT_MOST + 1)))
    assert not [path for path in many.iter(f"{NAMES}path") if path.attrib.get("stroke") == LIGHT.accent]


def test_a_figure_without_a_selection_shows_the_lines_and_words() -> None:
    said = texts(drawn(looking(*ROWS, selection=None)))
    assert [word for word in said if len(word) == 1 and word.isalpha()] == list("abCdeabCde")
    assert not any("ranges" in each for each in said)


def test_plots_in_a_stack_say_what_they_show_as_the_page_does() -> None:
    recording = recording_of("abCdeabCde", *ROWS)
    other = (recording.cell * 0.5).rename(cell_state="other_state").assign_attrs(recording.cell.attrs)
    session = Session(recording.assign(other_cell=other), threshold=0.5, left=0, selection=(1, 3), unit="quantile")
    session.param.update(stack=["other_cell"], threshold=0.8)
    session.measure()
    said = texts(drawn(session))
    for source, name in (("cell", "cell · matched"), ("other_cell", "other cell")):
        assert said[said.index(name) + 1] == " · ".join(map(str, of_layer(session, source)))
    assert f"{len(session.selected_in('other_cell'))} of 3 states on · quantile 0.800 · ≥" in said


def test_of_filtered_matches_the_figure_says_how_many_pass() -> None:
    assert any(" that pass, of " in each for each in texts(drawn(looking(*ROWS, lengths=(1, 2)))))


def of_values(recording: xr.Dataset) -> ET.Element:
    session = Session(recording, threshold=0.5, left=0, selection=(1, 3), tracks=[], heatmaps=[])
    assert session.query is not None
    session.matches = session.search(session.query)
    return drawn(session)


def test_numbers_stand_for_themselves() -> None:
    said = texts(of_values(valued.numbers()))
    assert said.count("−0.5") > said.count("n") == 0
    assert said.count("–") > 0  # the step without a number


def pixels(image: ET.Element) -> np.ndarray:
    data = base64.b64decode(image.attrib["href"].partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)))


def test_each_picture_is_held_once_and_stands_in_each_cell() -> None:
    figure = of_values(valued.images())
    held = {image.attrib["id"]: pixels(image) for image in figure.iter(f"{NAMES}image") if "id" in image.attrib}
    used = [use.attrib["href"][1:] for use in figure.iter(f"{NAMES}use")]
    strip = [name for name in used if name.startswith("strip")]
    colours = [tuple(held[name][0, 0, :3].tolist()) for name in strip]
    assert colours[:4] == list(valued.IMAGES.values())
    assert set(used) == set(held)
    assert "red.png" not in texts(figure)


def test_vectors_are_columns_of_colours() -> None:
    figure = of_values(valued.vectors())
    columns = [pixels(image) for image in figure.iter(f"{NAMES}image") if "image-rendering" in image.attrib]
    assert {column.shape for column in columns} == {(3, 1, 4)}
    # -1, 0 and 1 by the component: three colours, in the order of the steps.
    first, second = columns[:2]
    assert first[1:].tolist() == second[:2].tolist()
    assert len({tuple(colour) for colour in first[:, 0].tolist()}) == 3


def test_the_snapshot_needs_nothing_from_elsewhere() -> None:
    session = looking(*ROWS)
    assert session.matches is not None
    table = matches_table(session.recording, session.matches)
    page = snapshot_of("A <b>", figure_of(session), table, "x < 1", LIGHT, FONT)
    assert "<h1>A &lt;b&gt;</h1>" in page
    assert "<pre>x &lt; 1</pre>" in page
    assert f"<h2>{len(table)} matches</h2>" in page
    assert "<script" not in page
    assert [part for part in page.split('"') if part.startswith("http")] == ["http://www.w3.org/2000/svg"]


def test_a_snapshot_with_any_word_can_be_written() -> None:
    table = pd.DataFrame({"words": ["a\x1b", "b"]})
    page = snapshot_of("\x00", "<svg/>", table, "", LIGHT, FONT)
    assert page.encode().decode().count("\ufffd") == 3
