"""Indexes built in the background: once for all visitors, seen in the page, in nobody's way."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import pytest

import lstmvis_panel as lv
from lstmvis_panel import blocks, index, index_builds
from lstmvis_panel.blocks import Streamed
from lstmvis_panel.index import build_index, open_index
from lstmvis_panel.index_builds import build_in_background, end_builds
from lstmvis_panel.index_file import Index
from lstmvis_panel.index_folder import FOLDER_VARIABLE
from lstmvis_panel.session import Session
from lstmvis_panel.steps import steps_of
from lstmvis_panel.views import indexing
from lstmvis_panel.views.match import MatchView
from lstmvis_panel.views.match_text import summary
from tests.drawn import recording_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import xarray as xr


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every source is worth an index, which is kept in a folder of the test's own."""
    hv.extension("bokeh", logo=False)
    monkeypatch.setattr(index, "WORTHWHILE", 1)
    monkeypatch.setattr(blocks, "READ_BYTES", 8)
    monkeypatch.setattr(indexing, "SECONDS_BETWEEN_LOOKS", 0.01)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "indexes"))
    yield tmp_path / "indexes"
    end_builds()


@pytest.fixture
def recording(tmp_path: Path) -> xr.Dataset:
    drawn = recording_of("abcdbcbcef", ".##.##.##.", ".##....##.")
    drawn["cell"].encoding["chunksizes"] = (2, 2)
    lv.save_recording(drawn, tmp_path / "drawn.h5")
    return lv.open_recording(tmp_path / "drawn.h5")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Builds stop after the first block until this is set."""
    opened = threading.Event()

    def build_slowly(variable: xr.Variable, progress: Any) -> Index:
        def advance(steps: int) -> None:
            progress(steps)
            opened.wait(60)

        return build_index(variable, advance)

    monkeypatch.setattr(index_builds, "build_index", build_slowly)
    yield opened
    opened.set()


def test_visitors_share_one_build_and_search_the_file_meanwhile(recording: xr.Dataset, gate: threading.Event) -> None:
    states = recording["cell"]
    build = build_in_background(states.variable)
    assert build is not None
    assert build_in_background(states.copy().variable) is build
    assert isinstance(steps_of(states), Streamed)
    before = lv.find_matches(states, [0, 1], 0.5)
    gate.set()
    build.wait()
    assert (build.is_done, build.failure, build.share) == (True, "", pytest.approx(1))
    assert isinstance(steps_of(states), Index)
    assert build_in_background(states.variable) is None
    assert lv.find_matches(states, [0, 1], 0.5).identical(before)


def test_a_build_that_failed_is_not_tried_again_and_says_why(recording: xr.Dataset, folder: Path) -> None:
    folder.write_text("a file where the folder should be", encoding="utf-8")
    build = build_in_background(recording["cell"].variable)
    assert build is not None
    build.wait()
    assert "can't be built" in build.failure
    assert build_in_background(recording["cell"].variable) is build


def test_the_end_of_the_process_leaves_nothing_half_built(
    recording: xr.Dataset, folder: Path, gate: threading.Event
) -> None:
    assert build_in_background(recording["cell"].variable) is not None

    def open_once_it_ends() -> None:
        index_builds._ending.wait(60)
        gate.set()

    waiting = threading.Thread(target=open_once_it_ends)
    waiting.start()
    end_builds()
    waiting.join()
    assert list(folder.iterdir()) == []
    assert open_index(recording["cell"].variable) is None


def test_what_is_small_or_in_memory_is_not_built(recording: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build_in_background(recording["cell"].load().variable) is None
    monkeypatch.setattr(index, "WORTHWHILE", 1 << 20)
    assert build_in_background(recording["cell"].variable) is None


async def until(session: Session, name: str, wanted: Any) -> None:
    """Wait until a parameter of the session is as wanted."""
    reached = asyncio.Event()
    session.param.watch(lambda event: reached.set() if wanted(event.new) else None, name)
    if not wanted(getattr(session, name)):
        await asyncio.wait_for(reached.wait(), 60)


def test_the_page_says_how_far_it_is_while_the_first_search_answers(
    recording: xr.Dataset, gate: threading.Event
) -> None:
    async def run() -> None:
        session = Session(recording, threshold=0.5, left=0)
        MatchView(session, lambda _: None)
        session.selection = (1, 3)
        await until(session, "matches", lambda matches: matches is not None)
        await until(session, "indexing", lambda text: text == "index being built, 20 %")
        assert ">index being built, 20 %</span>" in summary(session)
        gate.set()
        await until(session, "indexing", lambda text: not text)
        assert isinstance(steps_of(session.states), Index)
        assert np.array_equal(session.matches.table.start, [1, 7, 4])

    asyncio.run(run())


def test_the_page_says_why_there_is_none(recording: xr.Dataset, folder: Path) -> None:
    folder.write_text("a file where the folder should be", encoding="utf-8")

    async def run() -> None:
        session = Session(recording, threshold=0.5, left=0)
        MatchView(session, lambda _: None)
        session.selection = (1, 3)
        await until(session, "matches", lambda matches: matches is not None)
        await until(session, "indexing", lambda text: text.startswith("matching without an index: "))
        assert "matching without an index: " in summary(session)
        assert np.array_equal(session.matches.table.start, [1, 7, 4])

    asyncio.run(run())
