"""The list of selected states in a real browser, by a real mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from tests.drawn import recording_of
from tests.ui.screen import SETTLED, Screen, pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import xarray as xr

    from tests.tools.serving import Server

WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (
    ".....##........##........##...",  # 0
    "..##......##........##........",  # 1
    "#############################.",  # 2
    "....###........##........##...",  # 3
)
SHARES = np.array([0.6, 1.0, 1.0, 0.8], np.float32)
"""By which the states differ in their means."""
CROWD = 650


def crowded() -> xr.Dataset:
    """All states on from the sixth step on."""
    recording = recording_of(WORDS, "....." + "#" * 25)
    values = np.repeat(recording.cell.values, CROWD, axis=1) * np.linspace(0.5, 1, CROWD, dtype=np.float32)
    return recording.assign(cell=(("step", "cell_state"), values, recording.cell.attrs))


@pytest.fixture(scope="module")
def drawn(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder: Path = tmp_path_factory.mktemp("states")
    recording = recording_of(WORDS, *ROWS)
    save_recording(recording.assign(cell=recording.cell * SHARES), folder / "drawn.h5")
    save_recording(crowded(), folder / "crowd.h5")
    save_recording(recording_of("a" * 30, ROWS[0], documents="0" * 5 + "1" + "2" * 24), folder / "single.h5")
    return start_server(folder)


@pytest.fixture
def screen(stay: Callable[..., Screen], drawn: Server) -> Screen:
    screen = stay(drawn, "drawn", left=0, selection="5-7")
    screen.wait_for_selected([0, 2, 3])
    return screen


def test_states_are_sorted_by_number_or_mean_and_say_their_mean(screen: Screen) -> None:
    expect(screen.page.locator('.states li[data-state="3"]')).to_have_attribute("title", "state 3 · mean 0.720")
    screen.page.get_by_label("by", exact=True).select_option("mean")
    screen.wait_for_selected([2, 3, 0])
    screen.wait_for_address(order="mean")
    screen.page.get_by_label("by", exact=True).select_option("number")
    screen.wait_for_selected([0, 2, 3])


def test_a_click_shows_a_state_alone_and_another_click_all(screen: Screen) -> None:
    box = screen.page.locator('.states li[data-state="3"]')
    box.click()
    screen.wait_for_address(alone=3)
    expect(screen.page.get_by_text("state 3 alone of 3 states on")).to_be_visible(timeout=SETTLED)
    expect(screen.page.locator(".states li.left-out")).to_have_text(["0", "2"])
    expect(screen.page.locator('.strip rect.cell[data-step="4"] title')).to_contain_text("1 of 1", timeout=SETTLED)
    box.click()
    screen.wait_for_address(alone=None)
    expect(screen.page.locator(".states li.left-out")).to_have_count(0)


def test_a_state_is_added_and_removed_and_the_page_says_so(screen: Screen) -> None:
    page = screen.page
    page.get_by_label("State to add").fill("1")
    page.keyboard.press("Enter")
    screen.wait_for_selected([0, 1, 2, 3])
    screen.wait_for_address(pinned="0,1,2,3")
    expect(page.get_by_text("edited by hand · 4 states")).to_be_visible(timeout=SETTLED)
    box = page.locator('.states li[data-state="2"]')
    box.hover()
    box.locator(".cross").click()
    screen.wait_for_selected([0, 1, 3])
    expect(page.get_by_text("edited by hand · 3 states")).to_be_visible(timeout=SETTLED)
    page.get_by_role("button", name="undo to selection").click()
    screen.wait_for_selected([0, 2, 3])
    screen.wait_for_address(pinned=None)
    expect(page.get_by_role("button", name="undo to selection")).to_be_hidden()


def test_a_number_that_is_no_state_is_not_added(screen: Screen) -> None:
    field = screen.page.get_by_label("State to add")
    field.fill("4")
    screen.page.get_by_role("button", name="Add the state").click()
    assert field.evaluate("field => field.validity.rangeOverflow")
    screen.wait_for_selected([0, 2, 3])
    screen.wait_for_address(pinned=None)


def test_a_pinned_set_stays_whatever_is_selected(screen: Screen) -> None:
    screen.page.get_by_role("button", name="pin", exact=True).click()
    screen.wait_for_address(pinned="0,2,3")
    expect(screen.page.get_by_text("pinned · 3 states")).to_be_visible(timeout=SETTLED)
    screen.brush(2, 4)
    screen.wait_for_address(selection="2-4")
    expect(screen.page.get_by_text("edited by hand · 3 states")).to_be_visible(timeout=SETTLED)
    screen.wait_for_selected([0, 2, 3])
    screen.page.get_by_role("button", name="unpin").click()
    screen.wait_for_selected([1, 2])


def test_one_state_is_pinned_by_a_click_or_a_key_while_the_others_follow(screen: Screen) -> None:
    page, box = screen.page, screen.page.locator('.states li[data-state="3"]')
    box.hover()
    box.locator(".pin").click()
    screen.wait_for_address(kept=3, pinned=None)
    expect(page.get_by_text("1 state pinned, others follow the selection")).to_be_visible(timeout=SETTLED)
    screen.brush(2, 4)
    screen.wait_for_selected([1, 2, 3])
    expect(page.get_by_text("edited by hand · 1 state pinned")).to_be_visible(timeout=SETTLED)
    expect(page.locator(".states li.kept")).to_have_text("3")
    page.locator('.states li[data-state="1"]').focus()
    page.keyboard.press("k")
    screen.wait_for_address(kept="1,3")
    page.locator('.states li[data-state="3"]').hover()
    page.keyboard.press("k")
    screen.wait_for_address(kept="3")
    page.get_by_role("button", name="undo to selection").click()
    screen.wait_for_selected([1, 2])
    screen.wait_for_address(kept=None)


def test_the_keyboard_goes_through_the_list(screen: Screen) -> None:
    page = screen.page
    page.locator(".states li").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".states li.lit")).to_have_text("2", timeout=SETTLED)
    page.keyboard.press("Enter")
    screen.wait_for_address(alone=2)
    page.keyboard.press("Enter")
    screen.wait_for_address(alone=None)
    page.keyboard.press("Delete")
    screen.wait_for_selected([0, 3])
    page.keyboard.press("End")
    expect(page.locator(".states li.lit")).to_have_text("3", timeout=SETTLED)


def test_hundreds_of_states_are_listed_and_drawn_as_a_crowd(stay: Callable[..., Screen], drawn: Server) -> None:
    screen = stay(drawn, "crowd", left=0, selection="6-8")
    page = screen.page
    expect(page.locator(".states li")).to_have_count(CROWD, timeout=SETTLED)
    expect(page.get_by_text(f"{CROWD} of {CROWD} states on")).to_be_visible()
    last = page.locator(f'.states li[data-state="{CROWD - 1}"]')
    last.scroll_into_view_if_needed()
    last.click()
    screen.wait_for_address(alone=CROWD - 1)
    page.mouse.move(700, 5)  # off the list: a line that is lit is no longer blue

    def is_blue() -> bool:
        """Whether a line is painted in blue where the one state runs."""
        x, y = (round(px) for px in screen.point(20, 0.9))
        picture = pixels(page)[y - 2 : y + 3, x].astype(int)
        return bool(((picture[:, 2] - picture[:, 0]) > 60).any())

    wait_until(is_blue, page, timeout=SETTLED)
    x, y = (round(px) for px in screen.point(20, 0.7))
    picture = pixels(page)[y - 2 : y + 3, x].astype(int)
    assert ((picture[:, 2] - picture[:, 0]) < 60).all()  # no other is


def test_where_no_state_is_on_the_list_says_what_to_do(stay: Callable[..., Screen], drawn: Server) -> None:
    screen = stay(drawn, "drawn", left=0)
    page = screen.page
    advice = page.locator(".states-box .advice")
    expect(advice).to_contain_text("Select words to list the states")
    screen.brush(5, 7)
    screen.wait_for_selected([0, 2, 3])
    expect(advice).to_be_hidden()
    screen.drag_threshold(0.91)
    expect(advice).to_have_text(
        "No state is on throughout. To get some, lower the threshold or select fewer words.", timeout=SETTLED
    )


def test_one_state_one_word_and_a_document_of_one_step(stay: Callable[..., Screen], drawn: Server) -> None:
    screen = stay(drawn, "single", left=1, right=1)
    page = screen.page
    for said in ("cell has one state: matches are the ranges", "The vocabulary has one word, “a”."):
        expect(page.get_by_text(said)).to_be_visible(timeout=SETTLED)
    expect(page.get_by_text("Document 2 has one step")).to_be_hidden()
    screen.brush(5, 6)
    screen.wait_for_address(selection="5-6")
    screen.wait_for_selected([0])  # what is outside of the document counts as off
    expect(page.get_by_text("1 of 1 states on")).to_be_visible(timeout=SETTLED)
    expect(page.get_by_text("Document 2 has one step: a click selects it")).to_be_visible(timeout=SETTLED)
    expect(page.locator('.strip rect.cell[data-step="5"] title')).to_contain_text("1 of 1", timeout=SETTLED)
