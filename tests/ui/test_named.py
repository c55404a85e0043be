"""Named selections in a real browser, which keeps them."""

from __future__ import annotations

import json
from pathlib import Path
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


def open_list(screen: Screen) -> None:
    screen.page.get_by_role("button", name="named", exact=True).click()
    expect(screen.page.get_by_role("button", name="save")).to_be_enabled(timeout=SETTLED)


def save(screen: Screen, name: str) -> None:
    screen.page.get_by_role("textbox", name="Name", exact=True).fill(name)
    screen.page.get_by_role("button", name="save").click()


def names(screen: Screen) -> Locator:
    return screen.page.locator(".named .go b")


def note(screen: Screen) -> Locator:
    return screen.page.locator(".named .note")


def whale(screen: Screen) -> None:
    """Keep the selection of "great whale" as "whale"."""
    screen.brush(1, 3)
    screen.wait_for_address(selection="1-3")
    open_list(screen)
    save(screen, "whale")
    expect(names(screen)).to_have_text(["whale"], timeout=SETTLED)


def test_a_selection_is_kept_over_a_reload_and_shown_again(screen: Screen) -> None:
    open_list(screen)
    expect(note(screen)).to_contain_text("None yet")
    screen.page.keyboard.press("Escape")
    whale(screen)
    screen.page.keyboard.press("Escape")
    screen.page.keyboard.press("End")
    screen.wait_for_address(position=599)
    screen.page.keyboard.press("Escape")
    screen.wait_for_address(selection=None)
    screen.page.reload()
    screen.ready()
    open_list(screen)
    expect(names(screen)).to_have_text(["whale"], timeout=SETTLED)
    screen.page.locator(".named .go").click()
    screen.wait_for_address(selection="1-3", position=0, threshold="0.5")
    screen.wait_for_selected([0, 1])


def test_selections_are_renamed_and_deleted(screen: Screen) -> None:
    whale(screen)
    save(screen, "other")
    expect(names(screen)).to_have_text(["whale", "other"], timeout=SETTLED)
    page = screen.page
    page.get_by_role("button", name="Rename “whale”").click()
    page.keyboard.type("other")
    page.keyboard.press("Enter")
    expect(note(screen)).to_contain_text("“other” is there already", timeout=SETTLED)
    page.get_by_role("button", name="Rename “whale”").click()
    page.keyboard.type("the whale")
    page.keyboard.press("Enter")
    expect(names(screen)).to_have_text(["the whale", "other"], timeout=SETTLED)
    page.get_by_role("button", name="Delete “other”").click()
    expect(names(screen)).to_have_text(["the whale"], timeout=SETTLED)
    save(screen, "  ")
    expect(note(screen)).to_contain_text("the name is empty", timeout=SETTLED)


def test_the_list_is_exported_and_imported(screen: Screen, tmp_path: Path) -> None:
    whale(screen)
    page = screen.page
    with page.expect_download() as download:
        page.get_by_role("button", name="export").click()
    assert download.value.suggested_filename == "library-selections.json"
    file = tmp_path / "selections.json"
    download.value.save_as(file)
    assert json.loads(file.read_text(encoding="utf-8"))["selections"][0]["name"] == "whale"
    page.get_by_role("button", name="Delete “whale”").click()
    expect(names(screen)).to_have_count(0, timeout=SETTLED)
    page.locator(".named input[type=file]").set_input_files(file)
    expect(names(screen)).to_have_text(["whale"], timeout=SETTLED)
    expect(note(screen)).to_have_text("1 added.")


def test_a_file_of_another_recording_and_one_that_is_none_are_refused(screen: Screen, tmp_path: Path) -> None:
    whale(screen)
    page = screen.page
    with page.expect_download() as download:
        page.get_by_role("button", name="export").click()
    foreign = json.loads(Path(download.value.path()).read_text(encoding="utf-8")) | {"fingerprint": "0" * 16}
    foreign["recording"] = "Some other"
    for content, said in ((json.dumps(foreign), "of another recording, “Some other”"), ("{}", "the file holds none")):
        file = tmp_path / "bad.json"
        file.write_text(content, encoding="utf-8")
        page.locator(".named input[type=file]").set_input_files(file)
        expect(note(screen)).to_contain_text(said, timeout=SETTLED)
    expect(names(screen)).to_have_text(["whale"])


def test_recordings_do_not_share_a_list(screen: Screen, library_server: Server) -> None:
    whale(screen)
    other = Screen(screen.page, library_server.url).open(project="many")
    open_list(other)
    expect(note(other)).to_contain_text("None yet", timeout=SETTLED)


def test_two_tabs_show_the_same_list(screen: Screen, library_server: Server) -> None:
    tab = Screen(screen.page.context.new_page(), library_server.url).open(project="library")
    open_list(tab)
    screen.page.bring_to_front()
    whale(screen)
    expect(names(tab)).to_have_text(["whale"], timeout=SETTLED)


def test_where_the_browser_keeps_nothing_it_is_said(page: Page, library_server: Server) -> None:
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked') } })")
    screen = Screen(page, library_server.url).open(project="library", left=0)
    open_list(screen)
    expect(note(screen)).to_contain_text("keeps nothing", timeout=SETTLED)
    save(screen, "until I leave")
    expect(names(screen)).to_have_text(["until I leave"], timeout=SETTLED)
