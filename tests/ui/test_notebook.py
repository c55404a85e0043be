"""The app in a cell of a real JupyterLab: what is brushed by mouse is there for the next cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from lstmvis_panel.style import DARK, LIGHT
from tests.drawn import recording_of
from tests.tools.jupyter import jupyterlab, write_notebook
from tests.ui.conftest import SERVERS
from tests.ui.screen import SETTLED, Screen, pixels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from lstmvis_panel.style import Theme
    from tests.tools.serving import Server

WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (".....##........##........##...", ".....##........##.............", "##############################")

CELLS = (
    'import lstmvis_panel as lv; app = lv.explore("drawn.h5", left=0); app',
    "print(app.selected.tolist(), app.session.selection)",
)

STARTED = 120_000
"""Milliseconds within which JupyterLab, the kernel and the first view of the app must be there."""

ALL_ANSWERED = """() => Bokeh.documents.every((document) => [...document._all_models.values()].every((model) =>
  !model.type.endsWith(".CommManager") || !(model._blocked || model._event_buffer.length)))"""


class Notebook:
    """A notebook on the screen."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(f"{url}/lab/tree/look.ipynb")
        # A cell that is run before is not run at all.
        page.get_by_text(re.compile(r"\(ipykernel\) \| Idle")).wait_for(timeout=STARTED)

    def cell(self, number: int) -> Locator:
        return self.page.locator(".jp-CodeCell").nth(number)

    def run(self, number: int) -> None:
        """Run a cell, and wait until it has ended."""
        cell = self.cell(number)
        before = cell.locator(".jp-InputPrompt").text_content()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text(before or "", timeout=STARTED)
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=STARTED)

    def leave_the_app(self) -> None:
        """Move the mouse out of the app, and wait until the kernel has heard of it.

        What a cell prints while the kernel hears from the page goes to the page's console (pyviz_comms 3.0).
        """
        self.page.mouse.move(1, 1)
        wait_until(lambda: self.page.evaluate(ALL_ANSWERED), self.page, timeout=SETTLED)


@pytest.fixture(scope="module")  # it must outlive the page
def lab(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A JupyterLab, with a notebook beside a recording."""
    folder: Path = tmp_path_factory.mktemp("notebooks")
    home: Path = tmp_path_factory.mktemp("jupyter")
    recording = recording_of(WORDS, *ROWS)
    recording.cell[:, 2] *= 0.5
    save_recording(recording, folder / "drawn.h5")
    write_notebook(folder / "look.ipynb", CELLS)
    with jupyterlab(folder, home=home, log_file=home / "log") as server:
        request.config.stash.setdefault(SERVERS, []).append(server)
        yield server


def blue_in(screen: Screen, theme: Theme = LIGHT) -> int:
    """Number of pixels of the lines plot that have the colour of selected lines."""
    frame = {name: round(px) for name, px in screen.lines().items()}
    plot = pixels(screen.page)[frame["y"] : frame["y"] + frame["height"], frame["x"] : frame["x"] + frame["width"]]
    accent = [int(theme.accent[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(plot.astype(int) - accent).sum(axis=2) < 30).sum())


def test_what_is_selected_in_a_cell_is_read_in_the_next(page: Page, lab: Server) -> None:
    page.set_viewport_size({"width": 1400, "height": 1200})
    notebook, screen = Notebook(page, lab.url), Screen(page, lab.url)
    notebook.run(0)
    screen.ready()
    frame, first = screen.lines(), screen.word(0)
    assert frame["x"] == pytest.approx(first["x"], abs=1)
    assert frame["y"] + frame["height"] <= first["y"] + 1
    assert blue_in(screen) == 0

    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2])
    wait_until(lambda: blue_in(screen) > 500, page, timeout=SETTLED)
    screen.wait_for_rows(3)
    assert screen.rows() == ["selection", "15", "25"]
    said = notebook.cell(1).locator(".jp-OutputArea-output")
    notebook.leave_the_app()
    notebook.run(1)
    expect(said).to_have_text("[0, 1, 2] (5, 7)\n", timeout=SETTLED)

    screen.drag_threshold(0.6)
    screen.wait_for_selected([0, 1])
    notebook.leave_the_app()
    notebook.run(1)
    expect(said).to_have_text("[0, 1] (5, 7)\n", timeout=SETTLED)

    field = page.get_by_role("spinbutton", name="threshold")
    field.fill("0.3")
    field.press("Enter")
    screen.wait_for_selected([0, 1, 2])

    page.get_by_role("button", name="◐").click()
    wait_until(lambda: blue_in(screen, DARK) > 500, page, timeout=SETTLED)
    notebook.leave_the_app()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    assert page.url == f"{lab.url}/lab/tree/look.ipynb"
