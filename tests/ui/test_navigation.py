"""Going through a recording by real mouse and keyboard: steps, pages, documents, places, zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from tests.ui.screen import SETTLED, Screen, middle, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Locator, Page

    from tests.tools.serving import Server


@pytest.fixture
def screen(stay: Callable[..., Screen], library_server: Server) -> Screen:
    return stay(library_server, "library", left=0, position=100, threshold=0.5)


def first_word(screen: Screen) -> Locator:
    return screen.words.first


def document_box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Document", exact=True)


def test_a_page_is_as_many_steps_as_are_shown_and_the_brush_stays_on_its_words(screen: Screen) -> None:
    screen.brush(101, 103)
    screen.wait_for_address(selection="101-103")
    steps = screen.steps()
    screen.page.keyboard.press("PageDown")
    expect(first_word(screen)).to_have_attribute("data-step", str(steps[-1] + 1), timeout=SETTLED)
    screen.page.keyboard.press("PageUp")
    expect(first_word(screen)).to_have_attribute("data-step", str(steps[0]), timeout=SETTLED)
    screen.wait_for_address(selection="101-103")
    screen.page.keyboard.press("End")
    screen.wait_for_address(position=599)
    expect(screen.words.last).to_have_attribute("data-step", "599", timeout=SETTLED)


def test_the_selection_is_gone_to(screen: Screen) -> None:
    screen.brush(101, 103)
    screen.page.keyboard.press("Home")
    screen.wait_for_address(position=0, selection="101-103")
    screen.page.get_by_role("button", name="□").click()
    screen.wait_for_address(position=101)


def test_the_header_says_the_document_and_leads_to_others(screen: Screen) -> None:
    page = screen.page
    expect(document_box(page)).to_have_value("1 of 3 · Loomings")
    page.get_by_role("button", name="Next document").click()
    screen.wait_for_address(position=200)
    expect(document_box(page)).to_have_value("2 of 3 · The Carpet-Bag")
    page.get_by_role("button", name="Previous document").click()
    screen.wait_for_address(position=0)


def test_a_document_is_chosen_from_the_list_by_its_name_and_by_its_number(screen: Screen) -> None:
    page = screen.page
    document_box(page).click()
    rows = page.locator(".list.narrow .row")
    expect(rows).to_have_count(3, timeout=SETTLED)
    rows.nth(2).click()
    screen.wait_for_address(position=400)
    expect(document_box(page)).to_have_value("3 of 3 · The Spouter-Inn")
    page.keyboard.press("g")
    page.keyboard.type("carpet")
    expect(rows).to_have_count(1, timeout=SETTLED)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    screen.wait_for_address(position=200)
    page.keyboard.press("g")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    screen.wait_for_address(position=0)


def test_of_thousands_of_documents_more_are_listed_as_they_are_scrolled(
    stay: Callable[..., Screen], library_server: Server
) -> None:
    screen = stay(library_server, "many")
    page = screen.page
    document_box(page).click()
    rows = page.locator(".list.narrow .row")
    expect(rows).to_have_count(200, timeout=SETTLED)
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(400, timeout=SETTLED)
    page.keyboard.type("2,999")
    expect(rows).to_have_count(1, timeout=SETTLED)
    page.keyboard.press("Enter")
    screen.wait_for_address(position=3 * 2998)


def test_a_recording_without_documents_has_no_box_for_them(stay: Callable[..., Screen], library_server: Server) -> None:
    page = stay(library_server, "drawn").page
    expect(document_box(page)).to_have_count(0)


def test_the_next_place_where_the_selected_states_are_on(screen: Screen) -> None:
    page = screen.page
    forward, back = page.get_by_role("button", name="on ▸"), page.get_by_role("button", name="◂ on")
    expect(forward).to_be_disabled()
    screen.page.keyboard.press("Home")
    screen.wait_for_address(position=0)
    screen.brush(1, 3)  # both states: they are on in every seventh verse
    screen.wait_for_selected([0, 1])
    for place in (1, 2, 71):
        forward.click()
        screen.wait_for_address(position=place)
    back.click()
    screen.wait_for_address(position=2)
    back.click()
    back.click()
    screen.wait_for_address(position=562)
    expect(page.get_by_text("On from the end of the recording.")).to_be_visible()


def wheel(screen: Screen, place: tuple[float, float], key: str, by: float) -> None:
    screen.page.mouse.move(*place)
    screen.page.keyboard.down(key)
    screen.page.mouse.wheel(0, by)
    screen.page.keyboard.up(key)


def test_the_wheel_with_ctrl_zooms_around_the_pointer_over_words_lines_and_tracks(screen: Screen) -> None:
    x, _ = middle(screen.word(110))
    track = screen.page.locator(".track").bounding_box()
    assert track is not None
    for y in (middle(screen.word(110))[1], screen.point(110, 0.2)[1], middle(dict(track))[1]):
        wheel(screen, (x, y), "Control", -200)
        screen.wait_for_address(word_width=40)
        screen.ready()
        wider = screen.word(110)
        assert wider["x"] <= x + 20
        assert wider["x"] + wider["width"] >= x - 20
        wheel(screen, (x, y), "Control", 2000)
        screen.wait_for_address(word_width=5)
        screen.page.keyboard.press("u")
        screen.wait_for_address(word_width=40)  # however many turns it took
        screen.page.keyboard.press("u")
        screen.wait_for_address(word_width=30)
        screen.ready()
    assert screen.page.evaluate("window.visualViewport.scale") == 1


def test_fast_turns_lead_to_where_the_last_one_points(screen: Screen) -> None:
    screen.page.mouse.move(*middle(screen.word(110)))
    screen.page.keyboard.down("Control")
    for _ in range(20):
        screen.page.mouse.wheel(0, -40)
    screen.page.keyboard.up("Control")
    screen.wait_for_address(word_width=70)


def test_the_wheel_with_shift_goes_along_the_steps(screen: Screen) -> None:
    wheel(screen, middle(screen.word(110)), "Shift", 300)
    screen.wait_for_address(position=110)
    assert screen.query()["word_width"] == "30"


def test_a_wheel_alone_scrolls_the_page(screen: Screen) -> None:
    screen.page.set_viewport_size({"width": 1400, "height": 300})
    screen.page.mouse.move(*screen.point(110, 0.2))
    screen.page.mouse.wheel(0, 120)
    wait_until(lambda: screen.page.evaluate("window.scrollY") > 0, screen.page, timeout=SETTLED)
    assert (screen.query()["word_width"], screen.query()["position"]) == ("30", "100")


def test_keys_widen_and_narrow_the_words_and_the_mark_stays(screen: Screen) -> None:
    for _ in range(3):
        screen.page.keyboard.press("+")
    screen.wait_for_address(word_width=45, position=100)
    for _ in range(9):
        screen.page.keyboard.press("-")
    screen.wait_for_address(word_width=5, position=100)


def test_the_narrowest_words_are_colour_without_gaps_and_still_say_their_word(
    stay: Callable[..., Screen], library_server: Server
) -> None:
    screen = stay(library_server, "library", left=0, selection="1-3", threshold=0.5, word_width=5)
    page = screen.page
    screen.wait_for_selected([0, 1])
    assert page.locator(".strip text.word").count() == 0
    assert screen.text_of(71).startswith("great · step 71 · 2 of 2 selected states on")
    one, other = screen.word(71), screen.word(72)
    y = round(one["y"] + one["height"] / 2)
    row = pixels(page)[y, round(one["x"]) : round(other["x"] + other["width"])]
    assert len(row) == 10
    assert (row == row[0]).all()


@pytest.mark.parametrize(("project", "boxes", "one_line"), [("library", 2, 1600), ("drawn", 1, 1400)])
def test_the_header_is_calm_and_its_boxes_have_room(
    stay: Callable[..., Screen], library_server: Server, project: str, boxes: int, one_line: int
) -> None:
    page = stay(library_server, project).page
    find = page.locator(".find > input")
    signs = [page.get_by_role("button", name=sign, exact=True) for sign in ("‹", "copy link", "named", "◐")]
    expect(find).to_have_count(boxes)
    for width in (1600, 1400, 1200, 1000):
        page.set_viewport_size({"width": width, "height": 700})
        for focused in find.all():
            focused.focus()
            places = [place.bounding_box() for place in (*signs, *find.all())]
            assert len({round(box["y"]) for box in places if box}) == (1 if width >= one_line else 2)
            assert all(box and box["x"] + box["width"] <= width - 8 and box["height"] == 28 for box in places)
            widths = [box["width"] for box in places[len(signs) :] if box]
            assert min(widths) >= 225, widths
            focused.press("Escape")
            focused.press("Escape")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_link_is_copied(new_context: Callable[..., BrowserContext], library_server: Server) -> None:
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    screen = Screen(page, library_server.url).open(project="library", left=0)
    screen.brush(1, 3)
    screen.wait_for_address(selection="1-3")
    button = page.locator(".copy")
    button.click()
    expect(button).to_have_text("copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(button).to_have_text("copy link", timeout=SETTLED)


def test_where_nothing_may_be_copied_the_link_is_shown(page: Page, library_server: Server) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    Screen(page, library_server.url).open(project="library")
    page.get_by_role("button", name="copy link").click()
    field = page.get_by_role("textbox", name="Address")
    expect(field).to_be_visible()
    expect(field).to_have_value(page.url)
    chosen = field.evaluate("input => input.value.slice(input.selectionStart, input.selectionEnd)")
    assert chosen == page.url
