"""The start page without a browser: what its cards say, and where they lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.store import open_projects, save_recording
from lstmvis_panel.views.start import start_page
from tests.drawn import recording_of
from tests.recordings import full_project

if TYPE_CHECKING:
    from pathlib import Path


def page_of(folder: Path) -> str:
    """Return the cards as HTML."""
    _, cards = start_page(open_projects(folder).values(), str(folder), "dark")
    return str(cards.object)


def test_a_card_says_what_a_project_holds(tmp_path: Path) -> None:
    page = page_of(full_project().write(tmp_path / "full"))
    assert '<a href="?project=full&amp;theme=dark">full</a>' in page
    assert "<p>every option</p>" in page
    assert "5 steps<br>annotations: pos, pos of word, level" in page
    assert '<a href="?project=full&amp;source=states.cell&amp;theme=dark">layer 1 state (5 x 2)</a>' in page
    assert ">layer 2 state (5 x 1), unsigned</a>" in page


def test_every_recording_can_be_searched_and_no_card_says_so(tmp_path: Path) -> None:
    parts = full_project()
    parts.config["etc"] = {"regex_search": True}
    assert "searchable" not in page_of(parts.write(tmp_path / "full"))


def test_sources_that_read_alike_are_told_apart_by_their_names(tmp_path: Path) -> None:
    recording = recording_of("abab", "#..#")
    cell = recording.cell.variable

    def source(dim: str, **attrs: object) -> tuple[tuple[str, str], object, dict[str, object]]:
        return ("step", dim), cell.values, {"kind": "states", "transform": "none", **attrs}

    recording = recording.drop_vars("cell").assign(
        forward=source("one", layer=1, role="hidden"),
        backward=source("two", layer=1, role="hidden"),
        upper=source("three", layer=2, role="hidden"),
        convolution=source("four", role="output"),
    )
    save_recording(recording, tmp_path / "both.h5")
    page = page_of(tmp_path)
    assert ">forward · layer 1 hidden (4 x 1)</a>" in page
    assert ">backward · layer 1 hidden (4 x 1)</a>" in page
    assert ">layer 2 hidden (4 x 1)</a>" in page
    assert ">convolution · output (4 x 1)</a>" in page


def test_a_recording_of_one_source_need_not_name_it(tmp_path: Path) -> None:
    save_recording(recording_of("abab", "#..#"), tmp_path / "drawn.h5")
    assert ">states (4 x 1)</a>" in page_of(tmp_path)
