"""All that can be done by keys, pressed in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from lstmvis_panel.views import keys
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tools.serving import Server


TAB_STOPS = """() => {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]"
  const looks = new Map(), seen = new Set()
  const styleOf = (part, pseudo) => {
    const { content, outline, border, boxShadow, filter, opacity } = getComputedStyle(part, pseudo)
    return [content, outline, border, boxShadow, filter, opacity].join()
  }
  const lookOf = (element) => [element, ...element.children].flatMap(
    (part) => ["", "::before", "::after"].map((pseudo) => styleOf(part, pseudo))).join()
  const isStop = (element) => element.matches(FOCUSABLE) && element.tabIndex >= 0 && !element.disabled &&
    element.checkVisibility({ visibilityProperty: true })
  const nameOf = (element) => element.ariaLabel || element.labels?.[0]?.textContent || element.textContent
  function collect(root) {
    for (const element of root.querySelectorAll("*")) {
      if (isStop(element)) looks.set(element, lookOf(element))
      if (element.shadowRoot) collect(element.shadowRoot)
    }
  }
  window.stop = () => {
    let element = document.activeElement
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
    if (!element || element === document.body) return null
    const isNew = !seen.has(element), isMarked = lookOf(element) !== looks.get(element)
    seen.add(element)
    return { name: nameOf(element), isNew, isMarked }
  }
  // Plots are passed over, by what the page does at the first Tab.
  window.missed = () => [...looks.keys()].filter((element) => isStop(element) && !seen.has(element)).map(nameOf)
  collect(document)
  return looks.size
}"""


@pytest.fixture
def screen(stay: Callable[..., Screen], library_server: Server) -> Screen:
    return stay(library_server, "library", left=0, position=100, threshold=0.5)


def press(screen: Screen, *pressed: str, **address: Any) -> None:
    """Press keys one after another, and wait until the address says what they do."""
    undo = screen.page.get_by_role("button", name="↶")
    for key in pressed:
        if key in {"u", "Control+z"}:
            expect(undo).to_be_enabled(timeout=SETTLED)
        screen.page.keyboard.press(key)
    screen.wait_for_address(**address)


def test_keys_move_undo_and_redo(screen: Screen) -> None:
    press(screen, "ArrowRight", position=105)
    press(screen, "ArrowLeft", position=100)
    press(screen, "ArrowLeft", position=95)
    press(screen, "u", position=100)
    press(screen, "Control+z", position=105)
    press(screen, "Control+Shift+Z", position=100)
    press(screen, "Control+y", position=95)
    press(screen, "u", "u", "Shift+U", position=100)
    press(screen, "Home", position=0)
    press(screen, "d", position=200)
    press(screen, "d", "d", position=400)
    press(screen, "Shift+D", position=200)


def test_keys_change_limits_and_looks(screen: Screen) -> None:
    press(screen, "[", left=1)
    press(screen, "[", left=2)
    press(screen, "{", "]", left=1, right=1)
    press(screen, "m", mask="no")
    press(screen, "t", theme="dark")
    press(screen, "+", word_width=35)
    press(screen, "-", "-", word_width=25)
    press(screen, ".", threshold="0.51")
    press(screen, ",", ",", threshold="0.49")
    press(screen, "v", rule="below")
    press(screen, "V", "V", rule="beyond")
    press(screen, "h", "M", "x", mapping="pos", match_mask="yes", distinct="no")
    press(screen, "i", "K", order="mean", pinned="")
    press(screen, "K", "r", pinned=None)
    expect(screen.page.get_by_text("There are no more matches to show.")).to_be_visible(timeout=SETTLED)


def test_keys_lead_to_parts_of_the_page_and_open_lists(stay: Callable[..., Screen], library_server: Server) -> None:
    screen = stay(library_server, "library", left=0, selection="101-103", threshold=0.5, lengths="2-2")
    page = screen.page
    screen.wait_for_rows(50)
    for key, part in (
        ("1", ".threshold"), ("2", ".strip svg"), ("3", ".tracks .cells"), ("4", ".states li >> nth=0"),
        ("5", ".lengths"), ("6", ".grid"), ("j", page.get_by_label("step", exact=True)),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect(page.locator(part) if isinstance(part, str) else part).to_be_focused()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    screen.wait_for_address(position=12)
    page.locator(".strip svg").focus()
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Matches, CSV")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    expect(page.get_by_role("combobox", name="Document", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    screen.wait_for_address(lengths=None)


def test_keys_that_repeat_all_count(screen: Screen) -> None:
    for _ in range(30):
        screen.page.keyboard.press("ArrowRight")
    screen.wait_for_address(position=250)


def test_escape_clears_the_selection_wherever_the_focus_is(screen: Screen) -> None:
    screen.brush(101, 103)
    screen.wait_for_address(selection="101-103")
    screen.page.get_by_role("button", name="◐").focus()
    screen.page.keyboard.press("Escape")
    screen.wait_for_address(selection=None)


def test_what_is_typed_in_a_field_stays_there(screen: Screen) -> None:
    page, box = screen.page, screen.page.get_by_role("combobox", name="Search for words")
    before = screen.query()
    box.click()
    page.keyboard.type("mntu?/[+kKeq.1")
    expect(box).to_have_value("mntu?/[+kKeq.1")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("x")
    expect(box).to_have_value("mxntu?/[+kKeq.1")
    page.keyboard.press("Control+z")
    expect(page.locator(".help")).to_be_hidden()
    field = page.locator("input").first
    field.click()
    field.press("End")
    assert {key: value for key, value in screen.query().items() if key != "sought"} == before


def test_the_threshold_keeps_its_own_keys(screen: Screen) -> None:
    screen.page.locator(".threshold").focus()
    screen.page.keyboard.press("PageUp")
    screen.wait_for_address(threshold="0.6", position=100)


def test_words_are_selected_by_keys_alone(screen: Screen) -> None:
    page = screen.page
    page.locator(".strip svg").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".strip .cursor")).to_be_attached()
    expect(page.locator(".strip .told")).to_contain_text("The · step 100")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".strip .told")).to_contain_text("great · step 101")
    page.keyboard.press("Enter")
    screen.wait_for_address(selection="101-102", position=100)
    page.keyboard.press("Shift+ArrowRight")
    screen.wait_for_address(selection="101-103")
    screen.wait_for_selected([0])
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    screen.wait_for_address(selection="100-102")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    screen.wait_for_address(selection="101-102")
    page.keyboard.press("Escape")
    screen.wait_for_address(selection=None)


def test_the_words_move_on_where_the_cursor_leaves_them(screen: Screen) -> None:
    page, first = screen.page, screen.steps()[0]
    page.locator(".strip svg").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(screen.words.first).to_have_attribute("data-step", str(first - 1), timeout=SETTLED)
    expect(page.locator(".strip .told")).to_contain_text(f"step {first - 1}")


def test_the_help_shows_every_key_and_closes(screen: Screen) -> None:
    page = screen.page
    page.keyboard.press("?")
    panel = page.get_by_role("dialog", name="Keys and gestures")
    expect(panel).to_be_visible()
    shown = panel.locator("kbd").all_text_contents()
    assert set(map(keys.said, keys.strokes())) <= set(shown)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Help").click()
    expect(panel).to_be_visible()
    page.keyboard.press("?")
    expect(panel).to_be_hidden()


def test_keys_of_a_single_character_can_be_switched_off(screen: Screen) -> None:
    """As WCAG 2.1.4 asks for: words that are spoken to the machine would press them."""
    page = screen.page
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="keys of a single character").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    press(screen, "ArrowRight", position=105, mask=None)
    assert page.evaluate("localStorage.getItem('lstmvis.characters')") == "off"
    page.get_by_role("button", name="Help").click()
    page.get_by_role("checkbox", name="keys of a single character").check()
    page.keyboard.press("Escape")
    press(screen, "m", mask="no")


def test_tab_leads_through_every_control_and_each_shows_its_focus(
    stay: Callable[..., Screen], library_server: Server
) -> None:
    """What has the focus looks other than without it; after the last one Tab leaves the page, or begins anew."""
    look = {"left": 0, "position": 100, "selection": "101-103", "threshold": 0.5, "lengths": "2-2"}
    screen = stay(library_server, "library", **look)
    page = screen.page
    screen.wait_for_rows(50)
    page.locator("a").first.focus()
    page.keyboard.press("Shift+Tab")  # off the page, to come to its beginning next
    count, seen = page.evaluate(TAB_STOPS), []
    for _ in range(count + 5):
        page.keyboard.press("Tab")
        stop = page.evaluate("stop()")
        if stop is None or (seen and stop["name"] == seen[0]):
            break
        assert stop["isNew"], f"Tab comes back to {stop['name']}"
        assert stop["isMarked"], f"the focus is not seen on {stop['name']}"
        seen.append(stop["name"])
    else:
        pytest.fail(f"Tab comes to no end after {seen[-1]}")
    assert page.evaluate("missed()") == []
    assert len(seen) > 50
    assert all(seen), "what has no name is no place to stop at"
    back = []
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
        back.append((page.evaluate("stop()") or {}).get("name"))
    assert seen[:-3:-1] == back[(at := back.index(seen[-1])) : at + 2]
