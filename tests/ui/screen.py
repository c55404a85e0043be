"""The app on the screen: where things lie, in pixels computed from steps and values, and what is said."""

from __future__ import annotations

import io
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from panel.tests.util import wait_until
from PIL import Image
from playwright.sync_api import expect

from lstmvis_panel import address
from lstmvis_panel.style import GUTTER, STACKED_HEIGHTS
from tests.ui.gestures import drag

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

SETTLED = 15_000
"""Milliseconds within which anything must have happened, on the slowest of machines."""

LAST_DRAWN = 29
"""Last step of the recordings that tests draw; they need not fill the window."""

FRAMES_OF_LINES = """(heights) => {
  const frames = []
  for (const document of Bokeh.documents) for (const model of document._all_models.values()) {
    const view = model.type === "Figure" && Bokeh.index.find_one(model)
    if (!view || !heights.some((height) => Math.abs(view.frame.bbox.height - height) <= 1)) continue
    const canvas = view.canvas_view.el.getBoundingClientRect(), box = view.frame.bbox
    frames.push({ x: canvas.x + box.left, y: canvas.y + box.top, width: box.width, height: box.height,
      start: model.x_range.start, end: model.x_range.end, low: model.y_range.start, high: model.y_range.end })
  }
  return frames.sort((one, other) => one.y - other.y)
}"""

# All at once: between two questions the words may be drawn anew.
STEPS_AND_WIDTHS = "cells => cells.map(cell => [Number(cell.dataset.step), Number(cell.getAttribute('width'))])"

# Its bounding box would take in half of the stroke around it.
CELL = """(cell) => {
  if (!cell.isConnected) return null
  const { x, y } = cell.ownerSVGElement.getBoundingClientRect(), of = (name) => Number(cell.getAttribute(name))
  return { x: x + of("x"), y: y + of("y"), width: of("width"), height: of("height") }
}"""

MATRIX_CELL = """(matrix, [row, offset]) => {
  const grid = matrix.querySelector(".grid").getBoundingClientRect(), style = getComputedStyle(matrix)
  const px = (name) => parseFloat(style.getPropertyValue(name))
  return { x: grid.x + px("--start") + offset * px("--cell"), y: grid.y + row * px("--row"),
    width: px("--cell"), height: px("--row") }
}"""


# Leave nothing open, focused or scrolled, and come to the address as the browser's back and forward would.
COME_TO = """(search) => {
  const walk = (root) => [...root.querySelectorAll("*")].flatMap((e) => e.shadowRoot ? [e, ...walk(e.shadowRoot)] : [e])
  for (const element of walk(document)) {
    if (element.matches(":popover-open")) element.hidePopover()
    if (element.matches(":focus")) element.blur()
  }
  scrollTo(0, 0)
  history.pushState(null, "", search)
  dispatchEvent(new PopStateEvent("popstate"))
}"""


class Screen:
    """One visitor's page on one project.

    Parameters
    ----------
    page
        The browser's page.
    url
        Where the server answers, without a path.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, **query: Any) -> Screen:
        """Go to an address and wait until the words are there and fit the window."""
        search = address.encoded({key: str(value) for key, value in query.items()})
        self.page.goto(f"{self.url}/lstmvis{search}")
        return self.ready()

    def come_to(self, **query: Any) -> Screen:
        """Come to an address of the recording that is open, without a new page, and wait until it is shown."""
        self.page.mouse.move(0, 0)
        # The server writes the address anew, without what it doesn't know.
        search = address.encoded({**{key: str(value) for key, value in query.items()}, "asked": "again"})
        known = {*query, *address.ALWAYS} - ({"selection"} - {*query})

        looks = count()

        def shown() -> bool:
            """Whether the address is just that; a gesture of before may still be answered, and write its own."""
            if next(looks) % 20 == 0:
                self.page.evaluate(COME_TO, search)
            return self.query().keys() <= known

        wait_until(shown, self.page, timeout=SETTLED)
        expect(self.page.locator(".matrix.stale")).to_have_count(0, timeout=SETTLED)
        return self.ready()

    def ready(self) -> Screen:
        """Wait until words and lines are drawn for the width of this window."""
        self.words.first.wait_for(timeout=SETTLED)
        wait_until(self._fits, self.page, timeout=SETTLED)
        return self

    def _fits(self) -> bool:
        """Whether the words fill the strip, and the lines lie above them."""
        strip, cells = self.page.locator(".strip").bounding_box(), self.words.evaluate_all(STEPS_AND_WIDTHS)
        frames = self.frames()
        if strip is None or not frames or not cells:
            return False
        (first, width), (last, _), count = cells[0], cells[-1], len(cells)
        spare = strip["width"] - GUTTER - count * width
        shown = [
            frame["start"] == first - 0.5 and frame["end"] == last + 0.5 and abs(frame["width"] - count * width) < 1
            for frame in frames
        ]
        return all(shown) and (last == LAST_DRAWN or 0 <= spare < width)

    def shows(self, project: str) -> bool:
        """Whether the page is open, on this project."""
        return (
            not self.page.is_closed()
            and self.page.url.startswith(f"{self.url}/")
            and self.query().get("project") == project
        )

    # -- places -------------------------------------------------------------------------------------------------------

    @property
    def words(self) -> Locator:
        """The cells of the word strip, a step each."""
        return self.page.locator(".strip rect.cell")

    def word(self, step: int) -> dict[str, float]:
        """Where the cell of a step lies."""
        cell = self.page.locator(f'.strip rect.cell[data-step="{step}"]')
        boxes: list[dict[str, float]] = []

        def found() -> bool:
            """Whether the cell was there; the words may be drawn anew just then."""
            box = cell.evaluate(CELL, timeout=SETTLED)
            boxes.extend([box] if box else [])
            return bool(box)

        wait_until(found, self.page, timeout=SETTLED)
        return boxes[-1]

    def steps(self) -> list[int]:
        """Numbers of the steps shown."""
        return [int(text) for text in self.words.evaluate_all("cells => cells.map(c => c.dataset.step)")]

    def text_of(self, step: int) -> str:
        """What a word says on hover."""
        title = self.page.locator(f'.strip rect.cell[data-step="{step}"] title').text_content()
        assert title is not None
        return title

    def frames(self) -> list[dict[str, float]]:
        """The frames of the lines plots in px from the top, and the ranges that they show."""
        frames: list[dict[str, float]] = self.page.evaluate(FRAMES_OF_LINES, list(STACKED_HEIGHTS))
        return frames

    def lines(self, slot: int = 0) -> dict[str, float]:
        """The frame of one of the lines plots."""
        frames = self.frames()
        assert len(frames) > slot, f"there are {len(frames)} lines plots"
        return frames[slot]

    def point(self, step: float, value: float, slot: int = 0) -> tuple[float, float]:
        """Pixel of a step and a value in a lines plot."""
        f = self.lines(slot)
        x = f["x"] + (step - f["start"]) / (f["end"] - f["start"]) * f["width"]
        y = f["y"] + (f["high"] - value) / (f["high"] - f["low"]) * f["height"]
        return x, y

    def value_at(self, y: float, slot: int = 0) -> float:
        """Value at a height in a lines plot."""
        f = self.lines(slot)
        return f["high"] - (y - f["y"]) / f["height"] * (f["high"] - f["low"])

    # -- gestures -----------------------------------------------------------------------------------------------------

    def brush(self, start: int, stop: int) -> None:
        """Drag over the words ``start:stop``."""
        first, last = self.word(start), self.word(stop - 1)
        y = first["y"] + first["height"] / 2
        drag(self.page, (first["x"] + first["width"] * 0.3, y), (last["x"] + last["width"] * 0.7, y))

    def _place_of(self, selector: str) -> FloatRect:
        """Where something lies that may be drawn anew just then, and rests."""
        places: list[FloatRect | None] = []

        def rests() -> bool:
            """Whether it is where it was a moment ago."""
            places.append(self.page.locator(selector).bounding_box())
            return places[-1] is not None and places[-2:-1] == places[-1:]

        wait_until(rests, self.page, timeout=SETTLED)
        place = places[-1]
        assert place is not None
        return place

    def threshold(self, slot: int = 0) -> FloatRect:
        """Where the dashed line of a plot lies."""
        return self._place_of(f".threshold:not(.mirror) >> nth={slot}")

    def drag_threshold(self, value: float, slot: int = 0) -> None:
        """Drag the dashed line of a plot to a value."""
        frame, line = self.lines(slot), self.threshold(slot)
        x, y = line["x"] + frame["width"] * 0.8, line["y"] + line["height"] / 2
        drag(self.page, (x, y), (x, self.point(0, value, slot)[1]))

    def drag_limit(self, side: str, steps: int) -> None:
        """Drag a limit of the pattern plot by a number of steps outwards."""
        grip = self._place_of(f'.strip .grip[data-side="{side}"] .handle')
        x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
        by = steps * self.word(self.steps()[0])["width"] * (-1 if side == "left" else 1)
        drag(self.page, (x, y), (x + by, y))

    # -- what is said -------------------------------------------------------------------------------------------------

    def query(self) -> dict[str, str]:
        """What the address says."""
        return address.parsed("?" + self.page.url.partition("?")[2])

    def wait_for_address(self, **values: Any) -> None:
        """Wait until the address says so; a value of None means that it says nothing of it."""
        wanted = {key: None if value is None else str(value) for key, value in values.items()}
        wait_until(lambda: {key: self.query().get(key) for key in wanted} == wanted, self.page, timeout=SETTLED)

    def selected(self) -> list[int]:
        """Numbers in the list of selected states."""
        return [int(text) for text in self.page.locator(".states li").all_text_contents()]

    def wait_for_selected(self, states: list[int]) -> None:
        """Wait until the list shows just these states."""
        numbers = [str(state) for state in states]
        expect(self.page.locator(".states li")).to_have_text(numbers, timeout=SETTLED)

    def rows(self) -> list[str]:
        """Labels of the rows of the match view: the start of each match, or "selection"."""
        return self.page.locator(".matrix .row:visible .label").all_text_contents()

    def wait_for_rows(self, count: int) -> None:
        """Wait until the match view shows so many rows; old ones are kept out of sight where there is no match."""
        expect(self.page.locator(".matrix .row:visible")).to_have_count(count, timeout=SETTLED)

    def row_texts(self) -> list[str]:
        """Words of the rows of the match view, context included."""
        return self.page.locator(".matrix .row:visible .text").all_text_contents()

    def cell(self, row: int, offset: int) -> dict[str, float]:
        """Where a cell of the word matrix lies, by its distance from the start of the match."""
        box: dict[str, float] = self.page.locator(".matrix").evaluate(MATRIX_CELL, [row, offset], timeout=SETTLED)
        return box

    def hover(self, row: int, offset: int) -> None:
        """Put the pointer on a cell of the word matrix."""
        self.page.mouse.move(*middle(self.cell(row, offset)))

    def colour(self, row: int, offset: int) -> tuple[int, ...]:
        """What is painted in the corner of a cell of the word matrix, where no word is."""
        cell = self.cell(row, offset)
        return tuple(pixels(self.page)[round(cell["y"] + 2), round(cell["x"] + 2)].tolist())


def middle(box: dict[str, float]) -> tuple[float, float]:
    """The middle of a box."""
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixels(page: Page) -> np.ndarray:
    """What is on the screen, (y, x, RGB)."""
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
