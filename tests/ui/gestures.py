"""What a hand does: real mouse gestures at pixels of the page."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Bokeh takes a press for a drag only if the mouse moves 5 px within 300 ms: the first move is larger.
FIRST_MOVE = 12.0


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], *, steps: int = 8) -> None:
    """Press the left button at one place, move the mouse, and let go at another.

    Parameters
    ----------
    page
        The page to drag on.
    start, end
        x and y in CSS pixels of the viewport.
    steps
        Number of mouse moves on the way; Bokeh sees each.
    """
    press(page, start, towards=end)
    page.mouse.move(*end, steps=steps)
    page.mouse.up()


def press(page: Page, start: tuple[float, float], *, towards: tuple[float, float]) -> None:
    """Press the left button and begin to drag, so that a test can read the screen amid the gesture."""
    (x, y), (dx, dy) = start, (towards[0] - start[0], towards[1] - start[1])
    length = hypot(dx, dy)
    right, down = (dx / length, dy / length) if length else (1.0, 0.0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + FIRST_MOVE * right, y + FIRST_MOVE * down)
