"""The match view in a real browser, by a real mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import find_matches, open_recording, save_recording, select_states
from lstmvis_panel.style import HEAT_CELL
from tests.drawn import recording_of
from tests.ui.screen import SETTLED, Screen, middle, pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.tools.serving import Server

#        0         1         2
#        012345678901234567890123456789
WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (
    ".....##........##........##...",
    ".....##........##.............",
    ".....##.......................",
)
#   5-6 with three states, 15-16 with two, 25-26 with one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("matched")
    save_recording(recording_of(WORDS, *ROWS), folder / "drawn.h5")
    many = recording_of("aFGb" * 120, *(".##." * 120 for _ in range(3)))
    save_recording(many, folder / "many.h5")
    return folder


@pytest.fixture(scope="module")
def matched(start_server: Callable[..., Server], folder: Path) -> Server:
    return start_server(folder)


@pytest.fixture
def screen(page: Page, matched: Server) -> Screen:
    screen = Screen(page, matched.url).open(project="drawn", left=0)
    screen.brush(5, 7)
    screen.wait_for_rows(3)
    return screen


def test_matches_follow_the_selection_best_first_with_its_own_row_marked(screen: Screen) -> None:
    assert screen.rows() == ["selection", "15", "25"]
    expect(screen.page.locator(".matrix .row.own")).to_have_count(1)
    expect(screen.page.get_by_text("all steps searched")).to_be_visible()


def test_rows_show_the_words_around_the_start_with_the_match_in_bold(screen: Screen) -> None:
    assert [text[:15] for text in screen.row_texts()] == ["c d e F G h i j"] * 3
    screen.page.get_by_role("button", name="none").click()
    screen.wait_for_address(mapping="none")

    def ink(offset: int) -> float:
        """How much of a cell is painted."""
        cell = screen.cell(1, offset)
        top, left = round(cell["y"]), round(cell["x"])
        square = pixels(screen.page)[
            top + 2 : top + round(cell["height"]) - 2, left + 3 : left + round(cell["width"]) - 2
        ]
        return float((255 - square.astype(int)).sum())

    wait_until(lambda: screen.colour(1, 0) == (255, 255, 255), screen.page, timeout=SETTLED)
    #   the same letters stand before, in and after the match in other rows of the recording; bold ones take more ink
    assert ink(1) > 1.15 * ink(11)  # G in the match, G of the next phrase


def test_the_app_shows_what_the_functions_return(page: Page, matched: Server, folder: Path) -> None:
    screen = Screen(page, matched.url).open(project="many", selection="401-403", left=1)
    screen.wait_for_rows(51)  # fifty others rank before the selection, which is shown all the same
    states = open_recording(folder / "many.h5")["cell"]
    table = find_matches(states, select_states(states, 401, 403, 0.3, left=1), 0.3, left=1)
    assert screen.rows() == ["selection", *(f"{start:,}" for start in table.start.values)]
    expect(page.get_by_text(re.compile("of 120 ranges"))).to_be_visible()


def test_moving_the_threshold_matches_anew(screen: Screen) -> None:
    screen.drag_threshold(-0.95)  # now everything is on everywhere
    screen.wait_for_rows(1)
    assert screen.rows() == ["selection"]


def test_hovering_a_word_says_it_and_marks_it_in_the_heatmaps(screen: Screen) -> None:
    screen.hover(1, 1)
    tip = screen.page.locator(".matrix .tip")
    expect(tip).to_contain_text("2 of 3", timeout=SETTLED)
    expect(tip).to_contain_text("G")
    expect(tip).to_contain_text("capital")
    expect(tip).to_contain_text("step 16")
    heatmaps = screen.page.locator(".lv-clip canvas").first.bounding_box()
    assert heatmaps is not None
    row = screen.cell(1, 1)
    x, y = round(heatmaps["x"] + 4 * HEAT_CELL), round(row["y"] + row["height"] / 2)
    red = (0xD2, 0x32, 0x4F)
    wait_until(
        lambda: any(tuple(pixel) == red for pixel in pixels(screen.page)[y, x - 2 : x + 4].tolist()),
        screen.page,
        timeout=SETTLED,
    )


def test_hovering_a_heatmap_marks_the_word(screen: Screen) -> None:
    heatmaps = screen.page.locator(".lv-clip canvas").first.bounding_box()
    row = screen.cell(2, 0)
    assert heatmaps is not None
    # The first heatmap is the match count: three steps before the start, then the match.
    screen.page.mouse.move(heatmaps["x"] + 3.5 * HEAT_CELL, row["y"] + row["height"] / 2)
    tip = screen.page.locator(".matrix .tip")
    expect(tip).to_contain_text("1 of 3", timeout=SETTLED)
    expect(tip).to_contain_text("step 25")
    frame, word = screen.page.locator(".matrix .frame").bounding_box(), screen.cell(2, 0)
    assert frame is not None
    assert frame["x"] == pytest.approx(word["x"], abs=2)
    assert frame["y"] == pytest.approx(word["y"], abs=2)


def test_heatmap_rows_lie_beside_their_words(screen: Screen) -> None:
    heatmaps = screen.page.locator(".lv-clip canvas").first.bounding_box()
    first, last = screen.cell(0, 0), screen.cell(2, 0)
    assert heatmaps is not None
    assert heatmaps["y"] == pytest.approx(first["y"], abs=1)
    assert last["y"] - first["y"] == pytest.approx(2 * first["height"], abs=1)


def test_a_heatmaps_colours_lie_behind_the_words(screen: Screen) -> None:
    by_count = [screen.colour(row, 0) for row in range(3)]
    assert len(set(by_count)) == 3
    screen.page.get_by_role("button", name="capital", exact=True).click()
    screen.wait_for_address(mapping="capital")
    wait_until(lambda: screen.colour(2, 0) != by_count[2], screen.page, timeout=SETTLED)
    by_case = [screen.colour(row, 0) for row in range(3)]
    assert len(set(by_case)) == 1
    assert screen.colour(0, -1) != by_case[0]
    screen.page.get_by_role("button", name="none").click()
    wait_until(lambda: screen.colour(0, 0) == (255, 255, 255), screen.page, timeout=SETTLED)


def test_a_click_on_a_word_opens_its_place_with_the_selection_kept(screen: Screen) -> None:
    screen.page.mouse.click(*middle(screen.cell(2, 1)))
    screen.wait_for_address(position=25, selection="5-7")
    expect(screen.page.locator('.strip rect.cell[data-step="25"]')).to_be_visible()
    assert screen.selected() == [0, 1, 2]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "Nothing is selected yet."),
        ({"selection": "7-9"}, "No state is on throughout the selection."),
    ],
)
def test_an_empty_match_view_says_what_to_do(page: Page, matched: Server, query: dict[str, str], says: str) -> None:
    screen = Screen(page, matched.url).open(project="drawn", **query)
    expect(screen.page.locator(".lv-note b")).to_have_text(says, timeout=SETTLED)
    assert screen.rows() == []
