"""The select view in a real browser, by a real mouse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import save_recording, select_states
from lstmvis_panel.selection import on
from tests.drawn import recording_of
from tests.ui.gestures import drag, press
from tests.ui.screen import SETTLED, Screen, pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import xarray as xr
    from playwright.sync_api import Page

    from tests.tools.serving import Server

#        steps  0         1         2
#               012345678901234567890123456789
WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (
    ".....##........##........##...",  # 0: on in every FG
    ".....##........##........#....",  # 1: in the last one on F only
    "....###........##.............",  # 2: begins one step before the first FG
    "##############################",  # 3: always on
)


@pytest.fixture(scope="module")
def drawn(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder: Path = tmp_path_factory.mktemp("drawn")
    save_recording(recording_of(WORDS, *ROWS), folder / "drawn.h5")
    save_recording(recording_of("abcdefghij" * 40, ".##......." * 40), folder / "long.h5")
    save_recording(anyhow(), folder / "anyhow.h5")
    return start_server(folder)


def anyhow() -> xr.Dataset:
    """Forty states of which every threshold selects others; stored before tanh."""
    stored = np.random.default_rng(3).normal(0.6, 0.7, (len(WORDS), 40)).cumsum(axis=0).astype(np.float32)
    recording = recording_of(WORDS, *ROWS)
    attrs = {"kind": "states", "transform": "tanh"}
    return recording.assign(cell=(("step", "anyhow_state"), np.sin(stored).astype(np.float32), attrs))


@pytest.fixture
def screen(stay: Callable[..., Screen], drawn: Server) -> Screen:
    return stay(drawn, "drawn", left=0)


def test_brushing_words_selects_the_states_that_are_on_there(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2, 3])
    screen.wait_for_address(selection="5-7")
    expect(screen.page.get_by_text("4 of 4 states on")).to_be_visible()


def test_the_left_limit_drops_states_that_were_on_before(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2, 3])
    screen.drag_limit("left", 1)
    screen.wait_for_selected([0, 1])
    screen.wait_for_address(left=1)
    screen.drag_limit("left", -1)
    screen.wait_for_selected([0, 1, 2, 3])


def test_the_right_limit_drops_states_that_stay_on(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2, 3])
    screen.drag_limit("right", 2)
    screen.wait_for_selected([0, 1, 2])
    screen.wait_for_address(right=2)


def test_the_brush_moves_with_its_words_and_by_its_edges(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    inside, target = screen.word(5), screen.word(15)
    y = inside["y"] + inside["height"] / 2
    drag(screen.page, (inside["x"] + 20, y), (target["x"] + 20, y))
    screen.wait_for_address(selection="15-17")
    edge, further = screen.word(16), screen.word(18)
    drag(screen.page, (edge["x"] + edge["width"] - 1, y), (further["x"] + further["width"] - 1, y))
    screen.wait_for_address(selection="15-19")


def test_a_click_takes_a_word_and_a_click_beside_clears(screen: Screen) -> None:
    screen.words.nth(5).click()
    screen.wait_for_address(selection="5-6")
    screen.words.nth(20).click()
    screen.wait_for_address(selection=None)
    screen.wait_for_selected([])


def test_the_clear_button_and_escape_clear(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    screen.page.get_by_role("button", name="clear").click()
    screen.wait_for_address(selection=None)
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    screen.page.locator(".strip svg").focus()
    screen.page.keyboard.press("Escape")
    screen.wait_for_address(selection=None)


def test_a_box_on_the_plot_selects_its_steps(screen: Screen) -> None:
    drag(screen.page, screen.point(4.8, 0.0), screen.point(6.2, 0.2))
    screen.wait_for_address(selection="5-7")
    screen.wait_for_selected([0, 1, 2, 3])


def test_the_threshold_is_dragged(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    screen.drag_threshold(-0.5)
    wait_until(lambda: abs(float(screen.query()["threshold"]) + 0.5) < 0.02, screen.page, timeout=SETTLED)
    value = screen.page.locator(".threshold").get_attribute("aria-valuenow")
    assert value is not None
    assert float(value) == pytest.approx(float(screen.query()["threshold"]))


def test_the_plot_marks_all_selected_steps_where_no_state_goes_with_the_last_ones(
    stay: Callable[..., Screen], drawn: Server
) -> None:
    screen = stay(drawn, "drawn", left=0)
    page = screen.page
    screen.brush(1, 4)  # from the first word on, state 3 alone is selected
    screen.wait_for_address(selection="1-4")
    screen.wait_for_selected([3])

    def marked() -> list[int]:
        """Steps, of those where no line is in the way, that have the colour of the selection."""
        picture = pixels(page).astype(int)
        places = {step: [round(px) for px in screen.point(step, 0.6)] for step in (0, 1, 2, 3, 8)}
        return [step for step, (x, y) in places.items() if picture[y, x, 2] - picture[y, x, 0] > 15]

    wait_until(lambda: marked() == [1, 2, 3], page, timeout=SETTLED)


def test_the_line_follows_the_mouse_before_it_is_let_go(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2, 3])
    screen.wait_for_address(selection="5-7")
    asked = screen.query()
    line = screen.page.locator(".threshold").bounding_box()
    assert line is not None
    start, end = (line["x"] + 300, line["y"] + line["height"] / 2), screen.point(0, 0.895)
    press(screen.page, start, towards=(start[0], end[1]))
    screen.page.mouse.move(start[0], screen.point(0, -0.4)[1], steps=5)
    now = screen.page.locator(".threshold").bounding_box()
    assert now is not None
    assert now["y"] + now["height"] / 2 == pytest.approx(screen.point(0, -0.4)[1], abs=1)
    assert screen.query() == asked  # the address, and matching, wait for the end of the gesture
    screen.page.mouse.up()
    screen.page.wait_for_function("!location.search.includes('threshold=0.3&')", timeout=SETTLED)


@pytest.mark.parametrize("rule", ["above", "beyond"])
def test_a_drag_is_drawn_in_the_browser_as_the_server_decides_at_its_end(
    stay: Callable[..., Screen], drawn: Server, rule: str
) -> None:
    screen = stay(drawn, "anyhow", selection="5-7", left=1, threshold=0.1, rule=rule, tracks="capital")
    page, states, overlay = screen.page, anyhow().cell, screen.page.locator(".overlay")
    frame, line = screen.lines(), screen.threshold()
    x, y = line["x"] + frame["width"] * 0.8, line["y"] + line["height"] / 2
    page.mouse.move(x, y)
    page.wait_for_timeout(300)  # a hand rests on the handle, too, before it drags
    press(page, (x, y), towards=(x, y - 60))
    seen = set()
    for height in (-20, -35, -50, -70):
        page.mouse.move(x, y + height)
        value = screen.value_at(y + height)
        wait_until(
            lambda wanted=value: abs(float(overlay.get_attribute("data-threshold") or 9) - wanted) < 0.01,
            page,
            timeout=SETTLED,
        )
        threshold = float(overlay.get_attribute("data-threshold") or 9)
        selected = select_states(states, 5, 7, threshold, left=1, rule=rule)
        assert_drawn_ahead(screen, selected, on(states.values[:, selected], threshold, "tanh", rule))
        seen.add(len(selected))
    assert len(seen) > 1
    shown = pixels(page)
    page.mouse.up()
    expect(overlay).not_to_have_attribute("data-threshold", re.compile(".*"), timeout=SETTLED)
    screen.wait_for_selected(selected.tolist())
    screen.wait_for_address(threshold=threshold)
    area = np.s_[round(frame["y"]) + 8 : round(frame["y"] + frame["height"]), round(frame["x"]) : round(x) - 40]
    assert_same_lines(shown[area], pixels(page)[area])


def assert_drawn_ahead(screen: Screen, selected: np.ndarray, is_on: np.ndarray) -> None:
    """The browser draws the selected states, and the words say how many of them are on."""
    drawn = screen.page.locator(".overlay").get_attribute("data-states") or ""
    assert [int(number) for number in drawn.split()] == selected.tolist()
    said = [screen.text_of(step).partition(" selected states on")[0].rpartition(" · ")[2] for step in range(30)]
    assert said == [f"{count} of {len(selected)}" for count in is_on.sum(axis=1)] or not len(selected)


def assert_same_lines(before: np.ndarray, after: np.ndarray) -> None:
    """What the server draws looks like what the browser has drawn, pixel by pixel; letters over it may be brighter."""
    difference = np.abs(before.astype(int) - after)
    assert (before.astype(int)[:, :, 2] - before[:, :, 0] > 100).mean() > 0.005
    assert difference.mean() < 1


def test_a_drag_of_the_brush_is_drawn_in_the_browser_as_the_server_decides_at_its_end(
    stay: Callable[..., Screen], drawn: Server
) -> None:
    screen = stay(drawn, "anyhow", left=1, threshold=0.1, tracks="capital")
    page, states, overlay = screen.page, anyhow().cell, screen.page.locator(".overlay")
    frame, word = screen.lines(), screen.word(4)
    x, y = word["x"] + word["width"] / 2, word["y"] + word["height"] / 2
    page.mouse.move(x, y)
    page.wait_for_timeout(300)  # a hand rests on the words, too, before it drags
    press(page, (x, y), towards=(x + 60, y))
    seen = set()
    for stop in (6, 8, 7, 5, 6):
        page.mouse.move(x + (stop - 5) * word["width"], y)
        expect(overlay).to_have_attribute("data-selection", f"4-{stop}", timeout=SETTLED)
        selected = select_states(states, 4, stop, 0.1, left=1)
        assert_drawn_ahead(screen, selected, on(states.values[:, selected], 0.1, "tanh"))
        seen.add(len(selected))
    assert len(seen) > 1
    shown = pixels(page)
    page.mouse.up()
    expect(overlay).not_to_have_attribute("data-selection", re.compile(".*"), timeout=SETTLED)
    screen.wait_for_selected(selected.tolist())
    screen.wait_for_address(selection="4-6")
    area = np.s_[
        round(frame["y"]) + 8 : round(frame["y"] + frame["height"]), round(frame["x"]) : round(frame["x"] + 600)
    ]
    assert_same_lines(shown[area], pixels(page)[area])


def test_a_press_without_a_move_right_after_a_drag_leaves_nothing_over_the_plot(screen: Screen) -> None:
    page, overlay = screen.page, screen.page.locator(".overlay")
    page.mouse.move(screen.word(5)["x"], screen.word(5)["y"] + 12)
    page.wait_for_timeout(300)
    screen.brush(5, 7)
    for _ in range(2):
        page.mouse.down()
        page.wait_for_timeout(200)
        page.mouse.up()
    screen.wait_for_address(selection="5-7")
    wait_until(lambda: overlay.evaluate("canvas => canvas.width") == 0, page, timeout=SETTLED)


def test_escape_takes_back_what_is_being_dragged(screen: Screen) -> None:
    page = screen.page
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    word, line = screen.word(20), screen.threshold()
    for start, towards in (
        ((word["x"] + 5, word["y"] + 12), (word["x"] + 90, word["y"] + 12)),
        ((line["x"] + 300, line["y"] + 6), (line["x"] + 300, line["y"] + 66)),
    ):
        asked = screen.query()
        press(page, start, towards=towards)
        page.mouse.move(*towards, steps=3)
        page.keyboard.press("Escape")
        page.mouse.up()
        page.wait_for_timeout(500)
        assert screen.query() == asked
        wait_until(lambda: page.locator(".overlay").evaluate("canvas => canvas.width") == 0, page, timeout=SETTLED)
    screen.wait_for_selected([0, 1, 2, 3])


def test_what_is_pressed_may_vanish_before_it_is_moved(screen: Screen) -> None:
    page = screen.page
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    edge = screen.word(7)
    page.mouse.move(edge["x"] - 1, edge["y"] + 12)
    page.mouse.down()
    page.keyboard.press("Escape")
    wait_until(lambda: "selection" not in screen.query(), page, timeout=SETTLED)
    page.mouse.move(edge["x"] + 60, edge["y"] + 12, steps=4)
    page.mouse.up()
    screen.brush(20, 22)
    screen.wait_for_address(selection="20-22")


def test_the_end_of_a_drag_is_not_overtaken_by_the_wheel_or_a_key(screen: Screen) -> None:
    page = screen.page
    screen.brush(5, 9)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -60)
    page.keyboard.up("Control")
    screen.wait_for_address(selection="5-9")
    wait_until(lambda: screen.query()["word_width"] != "30", page, timeout=SETTLED)
    screen.brush(14, 16)
    page.keyboard.press("Escape")
    wait_until(lambda: "selection" not in screen.query(), page, timeout=SETTLED)


def test_the_threshold_is_typed(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2, 3])
    field = screen.page.get_by_role("spinbutton", name="threshold")
    field.fill("0.95")
    field.press("Enter")
    screen.wait_for_address(threshold="0.95")
    screen.wait_for_selected([])


def test_words_say_how_many_selected_states_are_on(screen: Screen) -> None:
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2, 3])
    expect(screen.page.locator('.strip rect.cell[data-step="26"] title')).to_have_text(
        "G · step 26 · 2 of 4 selected states on", timeout=SETTLED
    )
    full, part, none = (screen.page.locator(f'.strip rect.cell[data-step="{s}"]') for s in (5, 26, 9))
    shades = [cell.evaluate("cell => getComputedStyle(cell).fill") for cell in (full, part, none)]
    assert len(set(shades)) == 3


def test_a_line_under_the_pointer_says_its_number(screen: Screen) -> None:
    screen.brush(25, 27)
    screen.wait_for_selected([0, 3])
    screen.page.mouse.move(*screen.point(9, -0.9))
    expect(screen.page.locator(".states li.lit")).to_have_text("0", timeout=SETTLED)
    screen.page.mouse.move(*screen.point(9, 0.9))
    expect(screen.page.locator(".states li.lit")).to_have_text("3", timeout=SETTLED)
    screen.page.mouse.move(*screen.point(9, 0.0))
    expect(screen.page.locator(".states li.lit")).to_have_count(0, timeout=SETTLED)


def test_a_number_in_the_list_lights_its_line(screen: Screen) -> None:
    screen.brush(25, 27)
    screen.wait_for_selected([0, 3])
    spot = [round(v) for v in screen.point(9.5, -0.9)]
    before = pixels(screen.page)[spot[1] - 3 : spot[1] + 4, spot[0]]
    screen.page.locator('.states li[data-state="0"]').hover()
    expect(screen.page.locator(".states li.lit")).to_have_text("0", timeout=SETTLED)
    for _ in range(50):
        after = pixels(screen.page)[spot[1] - 3 : spot[1] + 4, spot[0]]
        if (after != before).any():
            break
    assert after.min() < 60  # ink, not blue: the line is lit


def test_moving_forward_shows_later_steps_and_the_brush_stays_on_its_words(
    stay: Callable[..., Screen], drawn: Server
) -> None:
    screen = stay(drawn, "long", position=3, selection="5-7")
    first = screen.steps()[0]
    screen.page.get_by_role("button", name="›").click()
    expect(screen.words.first).to_have_attribute("data-step", str(first + 5), timeout=SETTLED)
    brush = screen.page.locator(".strip .brush").bounding_box()
    assert brush is not None
    assert brush["x"] == pytest.approx(screen.word(5)["x"], abs=3)
    screen.page.get_by_role("button", name="‹").click()
    expect(screen.words.first).to_have_attribute("data-step", str(first), timeout=SETTLED)


def test_a_position_is_typed_and_marked(stay: Callable[..., Screen], drawn: Server) -> None:
    screen = stay(drawn, "long")
    field = screen.page.locator("input").first
    field.fill("200")
    field.press("Enter")
    expect(screen.words.first).to_have_attribute("data-step", "197", timeout=SETTLED)
    screen.wait_for_address(position=200)
    mark, word = screen.page.locator(".strip .mark").bounding_box(), screen.word(200)
    assert mark is not None
    assert mark["x"] + mark["width"] / 2 == pytest.approx(word["x"] + word["width"] / 2, abs=1)


@pytest.mark.parametrize("width", [1000, 1400])
@pytest.mark.parametrize("word_width", [10, 30, 65])
def test_words_and_lines_share_their_columns_to_the_pixel(
    page: Page, drawn: Server, width: int, word_width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    screen = Screen(page, drawn.url).open(project="long", position=40, selection="42-44", word_width=word_width, left=0)
    frame = screen.lines()
    for step in screen.steps():
        word = screen.word(step)
        left, right = screen.point(step - 0.5, 0)[0], screen.point(step + 0.5, 0)[0]
        assert word["x"] == pytest.approx(left, abs=0.5)
        assert word["x"] + word["width"] == pytest.approx(right, abs=0.5)
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    # What is painted, not what is computed: the selection's column changes colour where its words begin and end.
    picture = pixels(page)
    row = picture[round(frame["y"] + frame["height"] * 0.7)].astype(int)
    blue = np.flatnonzero((row[:, 2] - row[:, 0]) > 15)
    assert blue.min() == pytest.approx(screen.word(42)["x"], abs=1)
    last = screen.word(43)
    assert blue.max() + 1 == pytest.approx(last["x"] + last["width"], abs=1)


def test_words_get_wider_and_narrower(stay: Callable[..., Screen], drawn: Server) -> None:
    screen = stay(drawn, "long", word_width=30)
    count = screen.words.count()
    screen.page.get_by_role("button", name="+").click()
    screen.wait_for_address(word_width=35)
    screen.ready()
    assert screen.words.count() < count
    assert screen.word(0)["width"] == 35
    screen.page.get_by_role("button", name="−").click()
    screen.wait_for_address(word_width=30)
    screen.ready()
    assert screen.words.count() == count


def test_the_steps_shown_follow_the_window(page: Page, drawn: Server) -> None:
    screen = Screen(page, drawn.url).open(project="long")
    wide = screen.words.count()
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(screen.words).not_to_have_count(wide, timeout=SETTLED)
    screen.ready()
    assert screen.words.count() < wide
    page.set_viewport_size({"width": 1400, "height": 800})
    expect(screen.words).to_have_count(wide, timeout=SETTLED)
