"""What takes its time and what fails, provoked where the app itself can't know: in the file, in what is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from tests.drawn import OFF, ON, recording_of
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.tools.serving import Server

ENDLESS = "/(a|aa)+[^a]z/"
"""Has so many ways to match a row of this letter that the server gives up on it, after two seconds."""

STEPS = 20_000
"""Too many for what has been read of the file to be all of it."""


def long() -> np.ndarray:
    """Return states of all these steps, in no order that compresses: two on at every tenth step, others at random."""
    values = np.random.default_rng(0).normal(ON, 0.1, (STEPS, 40)).astype(np.float32)
    values[np.arange(STEPS) % 10 != 2, :2] = OFF
    return values


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="module")
def failing(start_server: Callable[..., Server], folder: Path) -> Server:
    save_recording(recording_of("a" * 57 + "bcd", "." * 5 + "##" * 25 + "." * 5), folder / "letters.h5")
    recording = recording_of("abcdefghij" * (STEPS // 10), "." * STEPS)
    states = ("step", "cell_state"), long(), recording.cell.attrs
    save_recording(recording.drop_vars("cell").assign(cell=states), folder / "long.h5")
    return start_server(folder)


@pytest.fixture
def torn(failing: Server, folder: Path) -> Iterator[Callable[[], None]]:
    """Return what cuts the long recording's file off, and mends it when it is called again, or in the end."""
    assert failing.process.poll() is None
    file = folder / "long.h5"
    whole = file.read_bytes()

    def tear_or_mend() -> None:
        with file.open("r+b") as opened:
            if file.stat().st_size == len(whole):
                opened.truncate(len(whole) // 10)
            else:
                opened.write(whole)

    yield tear_or_mend
    file.write_bytes(whole)


def test_a_search_that_takes_its_time_shows_it_and_one_that_fails_says_why(page: Page, failing: Server) -> None:
    screen = Screen(page, failing.url).open(project="letters", left=0, selection="5-7")
    screen.wait_for_rows(1)
    field = page.get_by_role("textbox", name="What stands where matches start")
    field.fill(ENDLESS)
    field.press("Enter")
    expect(page.get_by_text("searching", exact=True)).to_be_visible(timeout=SETTLED)
    expect(page.locator(".matrix.stale")).to_be_visible()
    expect(page.get_by_text("The search failed.")).to_be_visible(timeout=SETTLED)
    expect(page.get_by_text("takes longer than 2 s")).to_be_visible()
    page.get_by_role("button", name="search again").click()
    expect(page.get_by_text("Searching all steps …")).to_be_visible(timeout=SETTLED)
    page.get_by_role("button", name=f"starts at {ENDLESS}").click()
    screen.wait_for_rows(1)
    expect(page.get_by_role("button", name="search again")).to_be_hidden()


def test_a_file_that_is_cut_off_fails_a_search_and_a_step_elsewhere_until_it_is_whole_again(
    page: Page, failing: Server, torn: Callable[[], None]
) -> None:
    screen = Screen(page, failing.url).open(project="long", left=0)
    torn()
    screen.brush(2, 3)
    expect(page.get_by_text("The search failed.")).to_be_visible(timeout=SETTLED)
    page.keyboard.press("End")
    notice = page.get_by_role("status").filter(has_text="This could not be done")
    expect(notice).to_contain_text("see whether the file is whole", timeout=SETTLED)
    torn()
    page.get_by_role("button", name="search again").click()
    screen.wait_for_rows(50)
    page.get_by_role("button", name="×").first.click()
    expect(notice).to_be_hidden(timeout=SETTLED)
