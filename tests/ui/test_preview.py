"""What the browser itself says that a drag selects is what the server says at its end."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmvis_panel.components.browser import script
from lstmvis_panel.layers import Asked
from lstmvis_panel.preview import ByHand, brush_preview, threshold_preview
from lstmvis_panel.selection import criterion_of, on, select_states
from lstmvis_panel.windows import Window

if TYPE_CHECKING:
    from playwright.sync_api import Page

STEPS, STATES, THRESHOLD = 12, 4, 0.5

COMPARED = """([make, sent, questions]) => {
  const buffer = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt()).buffer
  const read = (value) => typeof value === "string" ? buffer(value) : value
  const preview = eval(make)(Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, read(value)])))
  return questions.map((question) => {
    if (preview.knows && !preview.knows(question)) return null
    const chosen = preview.selected(question)
    return [preview.numbers(chosen), preview.heat(chosen, question)]
  })
}"""


def in_browser(page: Page, make: str, preview: Any, questions: list[Any]) -> list[Any]:
    """Return what the script of the page answers, from the bytes that it is sent."""
    sent = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in preview.sent.items()
    }
    answers: list[Any] = page.evaluate(COMPARED, [make, sent, questions])
    return answers


@st.composite
def looks(draw: st.DrawFn) -> tuple[xr.DataArray, int, int, ByHand]:
    """Draw states that are on for some steps at a time, in a few documents; what is shown; what a hand has chosen."""
    changes = draw(st.lists(st.booleans(), min_size=STEPS * STATES, max_size=STEPS * STATES))
    is_on = np.logical_xor.accumulate(np.reshape(changes, (STEPS, STATES)) & draw(st.booleans()), axis=0)
    edges = sorted(draw(st.sets(st.integers(1, STEPS - 1), max_size=2)))
    states = xr.DataArray(
        np.where(is_on, 0.75, 0.25),
        dims=("step", "state"),
        coords={"document": ("step", np.searchsorted(edges, np.arange(STEPS), side="right"))},
        attrs={"kind": "states", "transform": "none"},
    )
    first = draw(st.integers(0, STEPS - 2))
    numbers = st.sets(st.integers(0, STATES - 1), max_size=2).map(lambda some: tuple(sorted(some)))
    alone = draw(st.none() | st.integers(0, STATES - 1))
    by_hand = ByHand(draw(st.none() | st.none() | numbers), draw(numbers), alone)
    return states, first, draw(st.integers(1, STEPS - first)), by_hand


def expected(states: xr.DataArray, steps: tuple[int, int], limits: tuple[int, int], by_hand: ByHand) -> list[int]:
    """Return which states a session matches."""
    edges = [0, *np.flatnonzero(np.diff(states.document)) + 1, STEPS]
    within = any(low <= steps[0] and steps[1] <= high for low, high in pairwise(edges))
    selected = select_states(states, *steps, THRESHOLD, *limits) if within else np.zeros(0, int)
    listed = {*by_hand.listed} | ({*selected} if by_hand.pinned is None else set())
    return [by_hand.alone] if by_hand.alone in listed else sorted(listed)


def heat(states: xr.DataArray, first: int, shown: int, chosen: list[int]) -> list[int]:
    """Return how many of them are on at each step shown."""
    counts: list[int] = on(states.values[first : first + shown, chosen], THRESHOLD).sum(axis=1).tolist()
    return counts


def test_a_drag_of_the_brush_selects_in_the_browser_what_it_selects_on_the_server(page: Page) -> None:
    page.add_script_tag(content=script("preview"))

    @settings(max_examples=60)
    @given(look=looks(), limits=st.tuples(st.integers(0, 3), st.integers(0, 3)))
    def agree(look: tuple[xr.DataArray, int, int, ByHand], limits: tuple[int, int]) -> None:
        states, first, shown, by_hand = look
        preview = brush_preview(Window(states), first, shown, criterion_of(states, THRESHOLD, *limits), by_hand)
        ranges = [(a, b) for a in range(first, first + shown) for b in range(a + 1, first + shown + 1)]
        questions = [{"range": steps, "left": limits[0], "right": limits[1]} for steps in ranges]
        answers = in_browser(page, "brushPreview", preview, questions)
        for steps, answer in zip(ranges, answers, strict=True):
            chosen = expected(states, steps, limits, by_hand)
            assert answer is not None
            assert answer[0] == chosen
            assert answer[1] == heat(states, first, shown, chosen) or not chosen

    agree()


def test_what_was_not_sent_is_not_guessed(page: Page) -> None:
    page.add_script_tag(content=script("preview"))
    states = xr.DataArray(np.ones((STEPS, 1)), dims=("step", "state"), attrs={"kind": "states", "transform": "none"})
    preview = brush_preview(Window(states), 4, 4, criterion_of(states, THRESHOLD, 1, 1))
    questions = [
        {"range": steps, "left": left, "right": right}
        for steps, left, right in [((4, 8), 1, 1), ((4, 8), 2, 1), ((4, 8), 1, 2), ((2, 5), 0, 0), ((6, 10), 0, 0)]
    ]
    known = [answer is not None for answer in in_browser(page, "brushPreview", preview, questions)]
    assert known == [True, False, False, False, False]


def test_a_drag_of_the_threshold_selects_in_the_browser_what_it_selects_on_the_server(page: Page) -> None:
    page.add_script_tag(content=script("preview"))

    @settings(max_examples=30)
    @given(look=looks(), limits=st.tuples(st.integers(0, 3), st.integers(0, 3)), start=st.integers(0, STEPS - 1))
    def agree(look: tuple[xr.DataArray, int, int, ByHand], limits: tuple[int, int], start: int) -> None:
        states, first, shown, by_hand = look
        asked = Asked((start, start + 1), *limits, 0.0)
        preview = threshold_preview(Window(states), first, shown, asked, by_hand)
        ((numbers, counts),) = in_browser(page, "thresholdPreview", preview, [THRESHOLD])
        chosen = expected(states, (start, start + 1), limits, by_hand)
        assert numbers == chosen
        assert counts == heat(states, first, shown, chosen) or not chosen

    agree()
