"""The match view in a real browser, by a real mouse."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import find_matches, open_recording, save_recording, select_states
from lstmvis_panel.style import HEAT_CELL
from tests.drawn import recording_of
from tests.ui.gestures import drag
from tests.ui.screen import SETTLED, Screen, middle, pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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

# Matches of two, three and four steps; the second document has those of three.
#        0         1         2         3
#        0123456789012345678901234567890123456789
LONG = "aFGbcFGbcFGHbcFGHbcFGHdcFGHIdcFGdcFGdcab"
LONG_ROWS = (
    ".##..##..###..###..###..####..##..##....",
    ".##..##..###..###...##..####............",
)
DOCUMENTS = "0" * 18 + "1" * 22


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("matched")
    save_recording(recording_of(WORDS, *ROWS), folder / "drawn.h5")
    many = recording_of("aFGb" * 120, *(".##." * 120 for _ in range(3)))
    save_recording(many, folder / "many.h5")
    long = recording_of(LONG, *LONG_ROWS, documents=DOCUMENTS)
    save_recording(long, folder / "long.h5")
    gate = ("step", "gate_state"), -long.cell.values, long.cell.attrs
    save_recording(long.assign(gate=gate), folder / "stacked.h5")
    return folder


@pytest.fixture(scope="module")
def matched(start_server: Callable[..., Server], folder: Path) -> Server:
    return start_server(folder)


@pytest.fixture
def screen(stay: Callable[..., Screen], matched: Server) -> Screen:
    screen = stay(matched, "drawn", left=0)
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


def test_the_app_shows_what_the_functions_return(stay: Callable[..., Screen], matched: Server, folder: Path) -> None:
    screen = stay(matched, "many", selection="401-403", left=1)
    page = screen.page
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
    tip, way = screen.page.locator(".matrix .tip"), itertools.cycle([3.4, 3.6])

    def said() -> bool:
        """Whether a move over the heatmap is said; just after the words it may still be on its way."""
        heatmaps, row = screen.page.locator(".lv-clip canvas").first.bounding_box(), screen.cell(2, 0)
        assert heatmaps is not None
        # The first heatmap is the match count: three steps before the start, then the match.
        screen.page.mouse.move(heatmaps["x"] + next(way) * HEAT_CELL, row["y"] + row["height"] / 2)
        return "1 of 3" in (tip.text_content() or "")

    wait_until(said, screen.page, timeout=SETTLED)
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


def test_a_row_is_opened_once_however_quickly_the_pointer_goes_on(screen: Screen) -> None:
    screen.page.mouse.click(*middle(screen.cell(1, 0)))
    for offset in (1, 2, 3):
        screen.page.mouse.move(*middle(screen.cell(2, offset)))
    screen.wait_for_address(position=15)
    screen.page.locator(".strip svg").focus()
    screen.page.keyboard.press("Home")
    screen.wait_for_address(position=0)
    screen.hover(1, 1)
    screen.hover(2, 1)
    expect(screen.page.locator(".matrix .tip")).to_contain_text("step 26")
    screen.page.get_by_role("button", name="mask").click()
    screen.wait_for_address(match_mask="yes", position=0)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "Nothing is selected yet."),
        ({"selection": "7-9"}, "No state is on throughout the selection."),
    ],
)
def test_an_empty_match_view_says_what_to_do(
    stay: Callable[..., Screen], matched: Server, query: dict[str, str], says: str
) -> None:
    screen = stay(matched, "drawn", **query)
    expect(screen.page.locator(".lv-note b")).to_have_text(says, timeout=SETTLED)
    assert screen.rows() == []


# -- heatmaps ---------------------------------------------------------------------------------------------------------


def titles(screen: Screen) -> list[str]:
    return screen.page.locator(".heads .name").all_text_contents()


def heatmaps_box(screen: Screen) -> dict[str, float]:
    box = screen.page.locator(".lv-clip canvas").first.bounding_box()
    assert box is not None
    return dict(box)


def test_heatmaps_are_dragged_aside_moved_by_key_removed_and_added(screen: Screen) -> None:
    assert titles(screen) == ["match count", "capital", "place"]
    step, grip = 25 * HEAT_CELL, screen.page.locator(".heads .name").first.bounding_box()
    assert grip is not None
    start = middle(dict(grip))
    drag(screen.page, start, (start[0] + step, start[1]))
    screen.wait_for_address(heatmaps="capital,match count,place")
    screen.page.locator(".heads .name", has_text="place").focus()
    screen.page.keyboard.press("ArrowLeft")
    screen.wait_for_address(heatmaps="capital,place,match count")
    expect(screen.page.locator(".heads .name:focus")).to_have_text("place")
    screen.page.get_by_role("button", name="Remove the heatmap capital").click()
    screen.wait_for_address(heatmaps="place,match count")
    wait_until(lambda: heatmaps_box(screen)["width"] == 48 * HEAT_CELL, screen.page, timeout=SETTLED)
    screen.page.get_by_label("Add a heatmap").select_option("capital")
    screen.wait_for_address(heatmaps="place,match count,capital")
    expect(screen.page.locator(".heads .name")).to_have_text(["place", "match count", "capital"], timeout=SETTLED)

    # There is no room for all three: arrows beside the titles lead to the others.
    back, forward = (screen.page.get_by_role("button", name=f"Heatmaps further {side}") for side in ("left", "right"))
    expect(back).to_be_hidden()
    left = heatmaps_box(screen)["x"]
    forward.click()
    expect(forward).to_be_hidden(timeout=SETTLED)
    assert heatmaps_box(screen)["x"] < left - step / 2
    back.click()
    wait_until(lambda: heatmaps_box(screen)["x"] == left, screen.page, timeout=SETTLED)
    expect(back).to_be_hidden()


def test_each_heatmap_has_its_cells_below_its_title(stay: Callable[..., Screen], matched: Server) -> None:
    screen = stay(matched, "drawn", left=0, selection="5-7", heatmaps="capital,match count")
    page = screen.page
    screen.wait_for_rows(3)
    grid, title = heatmaps_box(screen), page.locator(".heads .name").nth(1).bounding_box()
    assert title is not None
    left = grid["x"] + 25 * HEAT_CELL
    assert title["x"] == pytest.approx(left, abs=3)

    def colour(row: int, offset: int) -> tuple[int, ...]:
        x, y = left + (3.5 + offset) * HEAT_CELL, screen.cell(row, 0)["y"] + 9
        return tuple(pixels(page)[round(y), round(x)].tolist())

    wait_until(lambda: colour(0, 1) == (0x1F, 0x74, 0xBF), page, timeout=SETTLED)  # all three states are on
    assert colour(0, 4) == (255, 255, 255)
    assert colour(0, 1) != colour(1, 1) != colour(2, 1)


def test_hovering_marks_a_cell_in_a_heatmap_that_was_moved(stay: Callable[..., Screen], matched: Server) -> None:
    screen = stay(matched, "drawn", left=0, selection="5-7", heatmaps="place,match count", before=1, after=5)
    page = screen.page
    screen.wait_for_rows(3)
    grid, row = heatmaps_box(screen), screen.cell(2, 0)
    page.mouse.move(grid["x"] + (8 + 1.5) * HEAT_CELL, row["y"] + row["height"] / 2)
    tip = page.locator(".matrix .tip")
    expect(tip).to_have_text("F · place 25 · 1 of 3 states on · step 25", timeout=SETTLED)


def test_the_mask_fades_colours_where_few_states_are_on(stay: Callable[..., Screen], matched: Server) -> None:
    screen = stay(matched, "drawn", left=0, selection="5-7", mapping="capital")
    page = screen.page
    screen.wait_for_rows(3)
    wait_until(lambda: len({screen.colour(row, 0) for row in range(3)}) == 1, page, timeout=SETTLED)
    full = [screen.colour(row, 0) for row in range(3)]
    page.get_by_role("button", name="mask").click()
    screen.wait_for_address(match_mask="yes")
    wait_until(lambda: screen.colour(2, 0) != full[0], page, timeout=SETTLED)
    masked = [screen.colour(row, 0) for row in range(3)]
    assert masked[0] == full[0]
    assert [sum(colour) for colour in masked] == sorted(sum(colour) for colour in masked)
    assert len(set(masked)) == 3


# -- which matches ----------------------------------------------------------------------------------------------------


@pytest.fixture
def lengths(stay: Callable[..., Screen], matched: Server) -> Screen:
    screen = stay(matched, "long", left=0, selection="1-3")
    screen.wait_for_rows(8)
    return screen


def bar(screen: Screen, at: int, histogram: int = 0) -> tuple[float, float]:
    box = screen.page.locator(f'.lengths .bars >> nth={histogram} >> [data-bar="{at}"]').bounding_box()
    assert box is not None
    return middle(dict(box))


def test_a_bar_says_how_many_matches_have_its_length(lengths: Screen) -> None:
    lengths.page.mouse.move(*bar(lengths, 1))
    expect(lengths.page.locator(".lengths .tip")).to_have_text("length 3 · 3 ranges · 2 with all 2 states")
    expect(lengths.page.locator(".lengths .ends")).to_have_text(["24", "24"])


def test_bars_stay_where_they_are_from_one_answer_to_the_next(lengths: Screen) -> None:
    def left() -> float:
        box = lengths.page.locator(".lengths .bars").first.bounding_box()
        assert box is not None
        return box["x"]

    before = left()
    lengths.page.locator('.states li[data-state="0"]').click()
    lengths.wait_for_address(alone=0)
    expect(lengths.page.locator(".lengths .bars")).to_have_count(1, timeout=SETTLED)
    assert left() == before


def test_a_click_on_a_bar_shows_matches_of_that_length_and_a_second_one_all(lengths: Screen) -> None:
    lengths.page.mouse.click(*bar(lengths, 1))
    lengths.wait_for_address(lengths="3-3")
    lengths.wait_for_rows(4)  # and the selection, which is shorter
    assert lengths.rows() == ["selection", "9", "14", "19"]
    expect(lengths.page.get_by_text(re.compile("3 of 3 ranges that pass, of 9"))).to_be_visible()
    expect(lengths.page.get_by_text("the selection itself doesn’t pass")).to_be_visible()
    lengths.page.mouse.click(*bar(lengths, 1))
    lengths.wait_for_address(lengths=None)
    lengths.wait_for_rows(8)


def test_a_drag_over_bars_shows_matches_of_those_lengths(lengths: Screen) -> None:
    drag(lengths.page, bar(lengths, 1, histogram=1), bar(lengths, 2, histogram=1))
    lengths.wait_for_address(lengths="3-4")
    lengths.wait_for_rows(5)


def test_bars_that_change_while_one_is_pressed_end_the_drag(lengths: Screen) -> None:
    lengths.page.mouse.move(*bar(lengths, 1))
    lengths.page.mouse.down()
    expect(lengths.page.locator(".slot.pointed").first).to_be_visible()
    lengths.page.keyboard.press("[")
    expect(lengths.page.locator(".slot.pointed")).to_have_count(0, timeout=SETTLED)
    lengths.page.mouse.up()
    lengths.page.get_by_role("button", name="mask").click()
    lengths.wait_for_address(match_mask="yes", left=1, lengths=None)


def test_bars_are_chosen_by_keyboard(lengths: Screen) -> None:
    lengths.page.locator(".lengths").focus()
    lengths.page.keyboard.press("ArrowRight")
    lengths.page.keyboard.press("Shift+ArrowRight")
    lengths.page.keyboard.press("Enter")
    lengths.wait_for_address(lengths="3-4")
    lengths.wait_for_rows(5)


def test_matches_that_start_at_a_value_and_in_a_document(lengths: Screen) -> None:
    field = lengths.page.get_by_label("What stands where matches start")
    field.fill("place:>=9")
    field.press("Enter")
    lengths.wait_for_address(starting="place:>=9")
    lengths.wait_for_rows(7)
    lengths.page.get_by_label("Document in which matches start").select_option("document 2")
    lengths.wait_for_address(document=2)
    lengths.wait_for_rows(5)
    assert lengths.rows() == ["selection", "24", "20", "30", "34"]
    lengths.page.get_by_role("button", name="starts at place:>=9 ×").click()
    lengths.wait_for_address(starting=None, document=2)
    assert field.input_value() == ""
    lengths.page.get_by_role("button", name="in document 2 ×").click()
    lengths.wait_for_address(document=None)
    lengths.wait_for_rows(8)


def test_what_can_not_be_read_is_said_beside_the_field(lengths: Screen) -> None:
    field = lengths.page.get_by_label("What stands where matches start")
    field.fill("capital:huge")
    field.press("Enter")
    expect(lengths.page.locator(".lv-warning")).to_contain_text("huge", timeout=SETTLED)
    lengths.wait_for_address(starting=None)


def test_where_none_passes_the_filters_are_cleared_at_a_click(stay: Callable[..., Screen], matched: Server) -> None:
    screen = stay(matched, "long", left=0, selection="1-3", starting="b", lengths="2-4")
    page = screen.page
    expect(page.locator(".lv-note b")).to_have_text("No other range passes the filters.", timeout=SETTLED)
    page.get_by_role("button", name="clear the filters").click()
    screen.wait_for_address(starting=None, lengths=None)
    screen.wait_for_rows(8)
    expect(page.get_by_role("button", name="clear the filters")).to_be_hidden()


def test_overlapping_matches_are_shown_on_request(lengths: Screen) -> None:
    distinct, beside = lengths.page.get_by_role("button", name="distinct"), lengths.page.get_by_text("starts at")
    expect(distinct).to_have_attribute("aria-pressed", "true")
    place = beside.bounding_box()
    distinct.click()
    lengths.wait_for_address(distinct="no")
    expect(distinct).to_have_attribute("aria-pressed", "false")
    assert beside.bounding_box() == place
    lengths.wait_for_rows(9)


def test_more_matches_are_shown_on_request_up_to_five_hundred(stay: Callable[..., Screen], matched: Server) -> None:
    screen = stay(matched, "many", selection="1-3", left=1)
    page = screen.page
    screen.wait_for_rows(50)
    page.get_by_role("button", name="more").click()
    screen.wait_for_address(top=100)
    screen.wait_for_rows(100)
    page.get_by_role("button", name="more").click()
    screen.wait_for_rows(120)
    expect(page.get_by_role("button", name="more")).to_be_hidden()
    page.get_by_role("button", name="fewer").click()
    screen.wait_for_address(top=None)
    screen.wait_for_rows(50)


@pytest.fixture
def crowd(stay: Callable[..., Screen], crowded: Server) -> Screen:
    screen = stay(crowded, "crowd", selection="1-3", left=1, top=500)
    screen.wait_for_rows(500)
    return screen


@pytest.fixture(scope="module")
def crowded(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("crowded")
    save_recording(recording_of("aFGb" * 600, *(".##." * 600 for _ in range(3))), folder / "crowd.h5")
    return start_server(folder)


def test_of_five_hundred_rows_those_that_are_seen_are_drawn(crowd: Screen) -> None:
    crowd.page.locator(".matrix .row").nth(420).scroll_into_view_if_needed()
    wait_until(lambda: crowd.colour(420, 1) == (0x1F, 0x74, 0xBF), crowd.page, timeout=SETTLED)
    canvas = crowd.page.locator(".matrix canvas").bounding_box()
    assert canvas is not None
    assert canvas["height"] < 120 * 18
    assert heatmaps_box(crowd)["height"] == 120 * 18
    # The match count of the same row stands beside it.
    row = crowd.cell(420, 0)
    x, y = heatmaps_box(crowd)["x"] + 4.5 * HEAT_CELL, row["y"] + 9
    wait_until(
        lambda: tuple(pixels(crowd.page)[round(y), round(x)].tolist()) == (0x1F, 0x74, 0xBF),
        crowd.page,
        timeout=SETTLED,
    )
    crowd.page.mouse.move(x, y)
    expect(crowd.page.locator(".matrix .tip")).to_contain_text("step 1,68", timeout=SETTLED)


# -- rows that are wider than the page --------------------------------------------------------------------------------


@pytest.fixture
def wide(stay: Callable[..., Screen], matched: Server) -> Screen:
    screen = stay(matched, "many", selection="201-203", left=1, before=10, after=60)
    screen.wait_for_rows(51)
    screen.page.locator(".matrix").evaluate("matrix => matrix.scrollTo(0, 0)")
    return screen


def test_what_is_pointed_at_is_said_anew_where_other_words_are_scrolled_under_the_pointer(wide: Screen) -> None:
    page, tip = wide.page, wide.page.locator(".matrix .tip")
    x, y = middle(wide.cell(0, 0))
    page.mouse.move(x, y)
    expect(tip).to_contain_text("step 201", timeout=SETTLED)
    page.mouse.wheel(3 * wide.cell(0, 0)["width"], 0)
    expect(tip).to_contain_text("step 204", timeout=SETTLED)
    frame, word = page.locator(".matrix .frame").bounding_box(), wide.cell(0, 3)
    assert frame is not None
    assert frame["x"] == pytest.approx(word["x"], abs=2)
    assert word["x"] <= x <= word["x"] + word["width"]
    # What keys have gone to is said still, wherever the pointer rests.
    page.locator(".matrix .grid").focus()
    for key in ("ArrowDown", "End", *["ArrowRight"] * 60):
        page.keyboard.press(key)
    expect(tip).to_contain_text(f"step {int(wide.rows()[-1].replace(',', '')) + 59}", timeout=SETTLED)


def test_words_of_matches_are_zoomed_around_the_pointer_by_buttons_and_by_keys(wide: Screen) -> None:
    page = wide.page
    sideways = {side: page.get_by_role("button", name=f"Words further {side}") for side in ("left", "right")}
    expect(sideways["right"]).to_be_visible()
    expect(sideways["left"]).to_be_hidden()
    x, y = middle(wide.cell(0, 4))
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    wide.wait_for_address(match_width=26 + 4 * 6)
    word, tip = wide.cell(0, 4), page.locator(".matrix .tip")
    assert word["width"] == 50
    assert middle(word)[0] == pytest.approx(x, abs=1)
    expect(tip).to_contain_text("step 205")
    expect(sideways["left"]).to_be_visible()
    sideways["left"].click()
    expect(sideways["left"]).to_be_hidden(timeout=SETTLED)

    page.get_by_role("button", name="Wider words", exact=True).click()
    wide.wait_for_address(match_width=55)
    page.keyboard.press("W")
    wide.wait_for_address(match_width=50)
    page.get_by_role("button", name="↶").click()  # which takes back one gesture, as the wheel's turns were one
    wide.wait_for_address(match_width=55)
    for width in (50, None):
        page.get_by_role("button", name="↶").click()
        wide.wait_for_address(match_width=width)
    wait_until(lambda: wide.cell(0, 0)["width"] == 26, page, timeout=SETTLED)
    page.keyboard.press("w")
    wide.wait_for_address(match_width=31)
    page.keyboard.press("z")
    wide.wait_for_address(match_width=None)
    assert wide.cell(0, 0)["width"] == 26


# -- context and links ------------------------------------------------------------------------------------------------


def test_context_is_adjusted_beside_the_start(screen: Screen) -> None:
    before, after = (screen.page.get_by_label(f"Steps shown {side}") for side in ("before", "from"))
    before.fill("1")
    before.press("Enter")
    screen.wait_for_address(before=1)
    expect(screen.page.locator(".matrix .text").first).to_have_text(re.compile("^e F G h"), timeout=SETTLED)
    after.fill("99")
    after.press("Tab")
    screen.wait_for_address(before=1, after=60)
    expect(after).to_have_value("60")
    after.fill("4")
    after.press("Enter")
    expect(screen.page.locator(".matrix .text").nth(1)).to_have_text("e F G h i", timeout=SETTLED)
    wait_until(lambda: heatmaps_box(screen)["width"] == (3 * 7 - 2) * HEAT_CELL, screen.page, timeout=SETTLED)


def test_a_row_opens_in_a_new_tab_with_what_is_selected(screen: Screen) -> None:
    screen.hover(1, 0)
    with screen.page.context.expect_page() as opened:
        screen.page.locator(".matrix .row a").nth(1).click(modifiers=["Control"])
    other = Screen(opened.value, screen.url).ready()
    other.wait_for_address(position=15, selection="5-7", left=0, source="cell")
    other.wait_for_selected([0, 1, 2])
    assert screen.query()["position"] != "15"
    with screen.page.context.expect_page() as opened:
        screen.page.mouse.click(*middle(screen.cell(2, 1)), button="middle")
    Screen(opened.value, screen.url).ready().wait_for_address(position=25, selection="5-7")


def test_a_row_opens_in_a_new_tab_with_all_else_as_it_is(stay: Callable[..., Screen], matched: Server) -> None:
    """States pinned, kept and one alone, another source stacked, matches filtered, words zoomed."""
    looked_at = {
        "selection": "1-3", "left": 0, "pinned": "0,1", "kept": "1", "alone": 1, "stack": "gate@0.5", "lengths": "2-3",
        "starting": "capital:capital", "document": 1, "distinct": "no", "mapping": "place", "match_width": 40,
    }  # fmt: skip
    screen = stay(matched, "stacked", **looked_at)
    page = screen.page
    expect(page.locator(".matrix .row:visible").nth(2)).to_be_visible(timeout=SETTLED)
    screen.wait_for_address(**looked_at)
    rows = screen.rows()
    row, start = next((row, label) for row, label in enumerate(rows) if label != "selection")
    with page.context.expect_page() as opened:
        page.locator(".matrix .row a").nth(row).click(modifiers=["Control"])
    other = Screen(opened.value, screen.url).ready()
    other.wait_for_address(position=start)
    wait_until(lambda: other.rows() == rows, page, timeout=SETTLED)
    assert len(other.frames()) == 2
    assert other.cell(0, 0)["width"] == 40
    assert other.query() == {**screen.query(), "position": start}
    assert other.query().items() >= {key: str(value) for key, value in looked_at.items()}.items()
    other.page.close()


def test_pinned_states_are_matched_without_a_selection(stay: Callable[..., Screen], matched: Server) -> None:
    screen = stay(matched, "drawn", pinned="0,1")
    screen.wait_for_rows(3)
    assert screen.rows() == ["15", "5", "25"]  # at 5 a third state is on
