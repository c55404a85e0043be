"""A copied link replays what is on the screen: all is put there by mouse and keyboard, then both are compared."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel.tests.util import wait_until
from PIL import Image
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from tests.drawn import recording_of
from tests.ui.gestures import drag
from tests.ui.screen import SETTLED, Screen, middle

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from playwright.sync_api import BrowserContext, Page

    from tests.tools.serving import Server

#        0         1         2         3
#        0123456789012345678901234567890123456789
WORDS = "aFGbcFGbcFGHbcFGHbcFGHdcFGHIdcFGdcFGdcab"
ROWS = (
    ".##..##..###..###..###..####..##..##....",
    ".##..##..###..###...##..####..##........",
    ".........###..###..###..................",
)
GATE = (
    "....##..##...##..##...##....##..##..##..",
    ".##..##..##........##...##..............",
)
TIMES, DOCUMENT = 60, 400

CLOSE = 24
"""Most by which a channel of a pixel may differ: letters are smoothed anew."""

# All that can be read, chosen or pressed, from the top; where it lies is left to the pixels.
SEEN = """() => {
  const states = ["aria-pressed", "aria-selected", "aria-checked", "aria-label", "aria-invalid", "title"]
  const said = (element) => [
    ...[...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()),
    ...states.map((name) => element.hasAttribute(name) ? `${name}=${element.getAttribute(name)}` : ""),
    element.matches("input, select") ? `value=${element.type === "checkbox" ? element.checked : element.value}` : "",
    element.matches(":disabled") ? "disabled" : "",
    element.matches(".bk-active") ? "chosen" : "",
  ].filter(Boolean).join(" ")
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true })
  const parts = (root) => [...root.children].filter((element) => !element.matches("script, style, link"))
  const walk = (root) => parts(root).flatMap(
    (element) => [...(isSeen(element) ? [said(element)] : []), ...walk(element.shadowRoot ?? element)])
  return walk(document.body).filter(Boolean)
}"""

AT_REST = """() => {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  focused?.blur()
  scrollTo(0, 0)
}"""


def recording() -> xr.Dataset:
    """Return 2,400 steps in six documents: two sources whose values differ a little, labels, numbers, a flag."""
    drawn = recording_of(
        WORDS * TIMES,
        *(row * TIMES for row in ROWS),
        documents="".join(str(step // DOCUMENT) for step in range(len(WORDS) * TIMES)),
    )
    step = np.arange(drawn.sizes["step"])

    def states(*rows: str) -> np.ndarray:
        number, on = np.arange(len(rows)), np.array([list(row * TIMES) for row in rows]).T == "#"
        off = 0.1 * np.sin(step[:, np.newaxis] * (2 + number)) - 0.2
        return np.where(on, 0.9 - 0.1 * number, off).astype(np.float32)

    return drawn.assign(
        cell=(("step", "cell_state"), states(*ROWS), drawn.cell.attrs),
        gate=(("step", "gate_state"), states(*GATE), drawn.cell.attrs),
        tens=("step", step % 40 // 10, {"kind": "categorical", "labels": "tens_label"}),
        tens_label=("tens_label", np.array(["first", "second", "third", "fourth"]), {"kind": "labels"}),
        early=("step", (step % 40 < 20).astype(float), {"kind": "scalar"}),
    )


@pytest.fixture(scope="module")
def linked(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("linked")
    save_recording(recording(), folder / "drawn.h5")
    return start_server(folder)


def pick(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).select_option(option)


def enter(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def select(screen: Screen) -> None:
    """Stack two sources with thresholds of their own that are quantiles, select words, and choose among the states."""
    page = screen.page
    pick(page, "stack", "gate")
    wait_until(lambda: len(screen.frames()) == 2, page, timeout=SETTLED)
    pick(page, "on", "|v| ≥ l")
    pick(page, "l is", "a quantile")
    screen.wait_for_address(unit="quantile", rule="beyond")
    enter(page, "threshold l", "0.95")
    screen.wait_for_address(threshold="0.95")
    for slot in range(2):
        line = middle(screen.threshold(slot))
        drag(page, line, (line[0], line[1] + 10 + 10 * slot))
    screen.brush(14, 17)
    screen.wait_for_address(selection="14-17")
    screen.drag_limit("left", 1)
    screen.drag_limit("right", 1)
    screen.wait_for_address(left=2, right=1)


def choose_states(screen: Screen) -> None:
    """Sort them by mean, pin all of them, take one out, pin one by itself, and show one alone."""
    page = screen.page
    pick(page, "by", "mean")
    page.get_by_role("button", name="pin", exact=True).click()
    screen.wait_for_address(order="mean", pinned="0,1,2")
    page.locator('.states li[data-state="2"]').focus()
    page.keyboard.press("Delete")
    screen.wait_for_address(pinned="0,1")
    page.locator('.states li[data-state="0"]').focus()
    page.keyboard.press("k")
    screen.wait_for_address(kept="0")
    page.locator('.states li[data-state="1"]').click()
    screen.wait_for_address(alone=1)


def look_around(screen: Screen) -> None:
    """Put tracks in another order, unfaded; widen words, go elsewhere, search for something, turn the lights off."""
    page = screen.page
    page.get_by_role("button", name="add track").click()
    for name in ("early", "tens"):
        page.locator(".tracks .menu").get_by_role("button", name=name, exact=True).click()
        expect(page.locator(f'.track[data-name="{name}"]')).to_be_visible(timeout=SETTLED)
    page.get_by_role("button", name="Remove place").click()
    screen.wait_for_address(tracks="capital,early,tens")
    page.locator('.track[data-name="early"] .name').focus()
    page.keyboard.press("ArrowUp")
    page.get_by_role("checkbox", name="fade where few").uncheck()
    screen.wait_for_address(mask="no", tracks="early,capital,tens")
    page.get_by_role("button", name="+", exact=True).first.click()
    screen.wait_for_address(word_width=35)
    page.get_by_role("combobox", name="Search for words").fill("bcF")
    page.keyboard.press("Enter")
    expect(page.locator(".count").last).to_have_text("1 / 240", timeout=SETTLED)
    enter(page, "step", "23")
    page.get_by_role("button", name="◐").click()
    screen.wait_for_address(position=23, theme="dark", sought="bcF")


def match(screen: Screen) -> None:
    """Have more rows, overlapping ones too, others heatmaps and colours, less context; then filter by all there is."""
    page = screen.page
    page.get_by_role("button", name="distinct").click()
    page.get_by_role("button", name="more").click()
    screen.wait_for_address(distinct="no", top=100)
    pick(page, "Add a heatmap", "tens")
    expect(page.locator(".heads .name")).to_have_text(["match count", "capital", "place", "tens"], timeout=SETTLED)
    page.get_by_role("button", name="Remove the heatmap place").click()
    expect(page.locator(".heads .name")).to_have_count(3, timeout=SETTLED)
    page.locator(".heads .name", has_text="tens").focus()
    page.keyboard.press("ArrowLeft")
    screen.wait_for_address(heatmaps="match count,tens,capital")
    pick(page, "Words coloured by", "tens")
    page.get_by_role("button", name="mask", exact=True).click()
    enter(page, "Steps shown before a match starts", "2")
    enter(page, "Steps shown from the start of a match on", "9")
    screen.wait_for_address(mapping="tens", match_mask="yes", before=2, after=9)
    page.get_by_role("button", name="Wider words", exact=True).click()
    wait_until(lambda: "match_width" in screen.query(), page, timeout=SETTLED)
    bar = page.locator('.lengths [data-bar="1"] >> nth=0').bounding_box()
    assert bar is not None
    page.mouse.click(*middle(dict(bar)))
    pick(page, "Document in which matches start", "document 2")
    enter(page, "What stands where matches start", "capital:capital")
    screen.wait_for_address(lengths="3-3", document=2, starting="capital:capital")


def at_rest(page: Page) -> list[str]:
    """Leave everything alone, and return what can be read."""
    page.mouse.move(0, 0)
    page.evaluate(AT_REST)
    texts: list[str] = page.evaluate(SEEN)
    # What was done before is no part of a link.
    return [text for text in texts if "Undo" not in text and "↶" not in text and "↷" not in text]


def picture(page: Page) -> np.ndarray:
    """All of the page, (y, x, RGB), but for undo and redo."""
    masked = [page.get_by_role("button", name=sign) for sign in "↶↷"]
    shot = page.screenshot(full_page=True, mask=masked, animations="disabled")
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures are the same, save for what is one pixel wide: Bokeh doesn't clear a canvas' first ones."""
    if one.shape != other.shape:
        return False
    apart = np.abs(one - other).max(axis=2) > CLOSE
    squares = apart[1:, 1:] & apart[:-1, 1:] & apart[1:, :-1] & apart[:-1, :-1]
    return not squares.any()


def test_a_copied_link_replays_what_is_on_the_screen(
    new_context: Callable[..., BrowserContext], linked: Server
) -> None:
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    screen = Screen(page, linked.url).open(project="drawn", source="cell")
    for put in (select, match, choose_states, look_around):
        put(screen)
    page.locator(".copy").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    other = new_context().new_page()
    other.goto(link)
    copied = Screen(other, linked.url).ready()

    def says_the_same() -> None:
        assert at_rest(other) == at_rest(page)

    wait_until(says_the_same, page, timeout=SETTLED)
    wait_until(lambda: alike(picture(other), picture(page)), page, timeout=SETTLED)
    assert copied.query() == screen.query()
