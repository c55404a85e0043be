"""The search box in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.tools.serving import Server


@pytest.fixture
def screen(page: Page, library_server: Server) -> Screen:
    return Screen(page, library_server.url).open(project="library", left=0, threshold=0.5)


def box(screen: Screen) -> Locator:
    return screen.page.get_by_role("combobox", name="Search for words")


def rows(screen: Screen) -> Locator:
    return screen.page.locator(".list:not(.narrow) .row")


def note(screen: Screen) -> Locator:
    return screen.page.locator(".list:not(.narrow) .note")


def count(screen: Screen) -> Locator:
    return screen.page.locator(".find", has=box(screen)).locator(".count")


def test_hits_show_while_they_are_typed_and_a_click_goes_there(screen: Screen) -> None:
    box(screen).click()
    screen.page.keyboard.type("great whal*")
    expect(note(screen)).to_contain_text("60 hits", timeout=SETTLED)
    row = rows(screen).nth(2)
    expect(row.locator("b")).to_have_text("great whale")
    expect(row.locator(".before")).to_contain_text("sank . The")
    expect(row.locator(".rest")).to_contain_text("swam and the small")
    row.click()
    screen.wait_for_address(position=21, selection=None)
    expect(rows(screen).first).to_be_hidden()
    expect(screen.page.locator(".strip .hit").first).to_be_attached()
    expect(count(screen)).to_have_text("3 / 60")


def test_the_words_of_a_hit_are_selected(screen: Screen) -> None:
    box(screen).fill("great whale")
    expect(rows(screen).first).to_be_visible(timeout=SETTLED)
    rows(screen).nth(1).hover()
    rows(screen).nth(1).get_by_text("select", exact=True).click()
    screen.wait_for_address(position=11, selection="11-13")
    screen.wait_for_selected([0])
    box(screen).click()
    box(screen).press("ArrowDown")
    box(screen).press("Shift+Enter")
    screen.wait_for_address(position=1, selection="1-3")


def test_hits_are_gone_through_by_enter_by_buttons_and_by_keys(screen: Screen) -> None:
    page = screen.page
    page.keyboard.press("/")
    expect(box(screen)).to_be_focused()
    page.keyboard.type("whaler")
    page.keyboard.press("Enter")
    screen.wait_for_address(position=7)
    page.keyboard.press("Enter")
    screen.wait_for_address(position=17)
    page.keyboard.press("Shift+Enter")
    screen.wait_for_address(position=7)
    page.get_by_role("button", name="Next hit").click()
    screen.wait_for_address(position=17)
    page.get_by_role("button", name="Previous hit").click()
    screen.wait_for_address(position=7)
    page.keyboard.press("F3")
    screen.wait_for_address(position=17)
    screen.words.nth(3).focus()
    page.locator(".strip svg").focus()
    page.keyboard.press("n")
    screen.wait_for_address(position=27)
    page.keyboard.press("Shift+N")
    screen.wait_for_address(position=17)
    page.keyboard.press("Shift+F3")
    page.keyboard.press("Shift+F3")
    screen.wait_for_address(position=597)
    expect(page.get_by_text("on from the end")).to_be_visible()


def test_a_row_is_chosen_by_arrow_keys(screen: Screen) -> None:
    box(screen).fill("whale")
    expect(rows(screen).first).to_be_visible(timeout=SETTLED)
    for _ in range(3):
        screen.page.keyboard.press("ArrowDown")
    expect(rows(screen).nth(2)).to_have_attribute("aria-selected", "true")
    screen.page.keyboard.press("Enter")
    screen.wait_for_address(position=22)


@pytest.mark.parametrize(("text", "hits"), [("/^wh.*r$/", 60), ("pos:ADJ whal*", 0), ("pos:CONJ", 60), ("small *", 60)])
def test_expressions_parts_and_annotations_are_searched_for(screen: Screen, text: str, hits: int) -> None:
    box(screen).fill(text)
    expect(note(screen)).to_contain_text(f"{hits} hits" if hits else "Nothing found", timeout=SETTLED)
    expect(rows(screen)).to_have_count(hits)


def test_running_text_of_characters_is_searched_in_another_script(page: Page, library_server: Server) -> None:
    screen = Screen(page, library_server.url).open(project="cyrillic")
    for typed, hits in (("ДОМ", "2 hits"), ("/[ГД]+/", "3 hits"), ("д*м", "2 hits"), ("кит", "Nothing found")):
        box(screen).fill(typed)
        expect(note(screen)).to_contain_text(hits, timeout=SETTLED)
    box(screen).fill("где")
    expect(rows(screen)).to_have_count(2, timeout=SETTLED)
    row = rows(screen).nth(1)
    expect(row.locator(".before")).to_have_text("Где дом? Дом там, ")
    expect(row.locator("b")).to_have_text("где")
    row.click()
    screen.wait_for_address(position=18)


def test_what_is_wrong_is_said_in_words(screen: Screen) -> None:
    box(screen).fill("/wh(/")
    expect(note(screen)).to_contain_text("/wh(/", timeout=SETTLED)
    expect(box(screen)).to_have_attribute("aria-invalid", "true")
    box(screen).fill("whale")
    expect(note(screen)).to_contain_text("60 hits", timeout=SETTLED)
    expect(box(screen)).to_have_attribute("aria-invalid", "false")


def test_more_hits_are_listed_as_they_are_scrolled(screen: Screen) -> None:
    box(screen).fill("*")
    expect(note(screen)).to_contain_text("600 hits", timeout=SETTLED)
    expect(rows(screen)).to_have_count(200)
    rows(screen).last.scroll_into_view_if_needed()
    expect(rows(screen)).to_have_count(400, timeout=SETTLED)
    expect(rows(screen).nth(399).locator(".number")).to_have_text("399")


def test_escape_closes_the_list_and_what_was_found_stays(screen: Screen) -> None:
    box(screen).fill("whale")
    expect(rows(screen).first).to_be_visible(timeout=SETTLED)
    screen.page.keyboard.press("Escape")
    expect(rows(screen).first).to_be_hidden()
    screen.page.keyboard.press("Escape")
    expect(box(screen)).not_to_be_focused()
    screen.page.keyboard.press("n")
    screen.wait_for_address(position=2)
    box(screen).fill("")
    expect(count(screen)).to_have_text("", timeout=SETTLED)
    expect(screen.page.locator(".strip .hit")).to_have_count(0)
