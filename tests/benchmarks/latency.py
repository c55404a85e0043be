"""How quick the app feels: ``python -m tests.benchmarks.latency``.

The real server, real Chromium, a real mouse, on a recording of 20,000 steps of 650 states. Each time runs from the
mouse event in the page to the frame in which all that it changes has been painted: the lines and the words of the
select view, or the words and the heatmaps of the match view. Once with one source and one track, once on a full page:
three sources stacked, six tracks, 500 matches. Then recordings of thousands of states.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from lstmvis_panel import save_recording
from lstmvis_panel.style import STACKED_HEIGHTS
from tests.benchmarks.matching import wandering
from tests.tools.browser import launch_options
from tests.tools.serving import Server, serving
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Browser, Page

WORDS = ("the", "a", "of", "in", "to", "and", "it", "he", "she", "was", "whale", "ship", "sea", "old", "little")
PAUSE = 250
"""Milliseconds between two moves of the mouse, so that each is answered before the next."""

# Every mouse event is stamped as it reaches the page; so is every paint, once its frame is done.
WATCH = """() => {
  window.stamps = []
  const stamp = (what) => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => window.stamps.push([what, performance.now()]); port2.postMessage(0) })
  for (const type of ["pointerdown", "pointermove", "pointerup"]) {
    addEventListener(type, () => window.stamps.push([type, performance.now()]), true)
  }
  for (const model of Bokeh.documents[0]._all_models.values()) {
    const view = model.type === "Figure" && Bokeh.index.find_one(model)
    if (!view) continue
    const paint = view._actual_paint.bind(view)
    const what = HEIGHTS.some((height) => Math.abs(view.frame.bbox.height - height) < 1) ? "lines" : "heatmaps"
    view._actual_paint = () => { paint(); stamp(what) }
  }
  const walk = (root) => [...root.querySelectorAll("*")].flatMap((e) => e.shadowRoot ? [e, ...walk(e.shadowRoot)] : [e])
  for (const element of walk(document)) {
    const kinds = { ".strip svg": "strip", ".matrix": "matrix", ".overlay": "lines" }
    const what = Object.entries(kinds).find(([selector]) => element.matches(selector))?.[1]
    const changes = { childList: true, subtree: true, characterData: true,
      attributeFilter: ["style", "data-threshold"] }
    if (what) new MutationObserver(() => stamp(what)).observe(element, changes)
  }
}""".replace("HEIGHTS", str(list(STACKED_HEIGHTS)))

STACKED = 3
"""Sources that are stacked where the page is full, beside the measurements of one alone."""

TRACKS = "level,sort,surprisal,depth,site,top"
"""The tracks of a full page."""

ROWS = 500
"""The matches of a full page."""

WIDE, WIDEST, WIDE_STEPS = 4096, 16_384, 2000
"""States and steps of recordings of thousands of states."""

NARROW = 10
"""Width of a word in px at which some hundred steps are shown."""


@dataclass
class Figure:
    """What was measured, in ms, beside what is asked for."""

    name: str
    asked: float
    times: list[float]


def recording_of(steps: int, states: int, sources: int = 1) -> xr.Dataset:
    """Return a recording of words at random and states that wander as a model's do; of all sources the same ones."""
    values = wandering(steps, states)
    codes = np.random.default_rng(1).integers(0, len(WORDS), steps)
    return xr.Dataset(
        {
            "token": ("step", codes, {"kind": "token", "labels": "vocabulary"}),
            "vocabulary": ("word", np.array(WORDS), {"kind": "labels"}),
            **{
                name: (("step", f"{name}_state"), values, {"kind": "states", "transform": "tanh"})
                for name in ["cell", *(f"cell{number}" for number in range(2, sources + 1))]
            },
            **annotations(codes),
        },
        attrs={"title": "Wandering"},
    )


def annotations(codes: np.ndarray) -> dict[str, tuple[Any, ...]]:
    """Return six annotations of all kinds, by name, with what they need; the first is the one that is shown alone."""
    steps, kinds = len(codes), np.array([f"kind {number}" for number in range(40)])
    rng = np.random.default_rng(2)
    weights = np.sort(rng.dirichlet(np.ones(5), steps), axis=1)[:, ::-1]
    return {
        "level": ("step", codes % 5, {"kind": "categorical", "labels": "level_label"}),
        "level_label": ("level_label", np.array(list("abcde")), {"kind": "labels"}),
        "sort": ("step", rng.integers(0, len(kinds), steps), {"kind": "categorical", "labels": "sort_label"}),
        "sort_label": ("sort_label", kinds, {"kind": "labels"}),
        "surprisal": ("step", rng.exponential(3, steps), {"kind": "scalar"}),
        "depth": ("step", np.cumsum(rng.normal(size=steps)), {"kind": "scalar"}),
        "site": ("step", (rng.random(steps) < 0.1).astype(float), {"kind": "scalar"}),
        "top": (
            ("step", "rank"),
            rng.integers(0, len(WORDS), (steps, 5)),
            {"kind": "prediction", "labels": "vocabulary", "weights": "top_weight"},
        ),
        "top_weight": (("step", "rank"), weights, {"kind": "weights"}),
    }


def first_paint(server: Server, opened: float, browser: Browser) -> Figure:
    """From the open port to lines and words on the screen, the browser's own start left out."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    waited = time.perf_counter()
    Screen(page, server.url).open(project="wandering", selection="2003-2006", position=2000)
    painted = time.perf_counter()
    page.close()
    return Figure("first paint after the port opens", 3000, [(painted - max(waited, opened)) * 1000])


def threshold_drag(screen: Screen, moves: int, where: str = "") -> Figure:
    """Drag the threshold of the first plot, a few px at a time."""
    frame, line = screen.lines(), screen.threshold()
    x, y = line["x"] + frame["width"] / 2, line["y"] + line["height"] / 2
    ways = [(x, y - 2 * way) for way in _to_and_fro(moves)]
    return Figure(f"threshold drag to painted lines and words{where}", 60, _dragged(screen.page, (x, y), ways))


def brush_drag(screen: Screen, moves: int, where: str = "") -> Figure:
    """Drag the edge of the brush, a word at a time."""
    first = screen.word(screen.steps()[10])
    y = first["y"] + first["height"] / 2
    ways = [(first["x"] + (1.5 + way % 5) * first["width"], y) for way in range(moves)]
    return Figure(
        f"brush drag to painted lines and words{where}", 100, _dragged(screen.page, (first["x"] + 5, y), ways)
    )


def matches_drawn(screen: Screen, times: int, where: str = "") -> Figure:
    """Brush words, let go, and wait for words and heatmaps of the matches."""
    taken = []
    for number in range(times):
        screen.page.evaluate("window.stamps = []")
        first = screen.steps()[8 + 3 * (number % 5)]
        screen.brush(first, first + 2)
        screen.wait_for_address(selection=f"{first}-{first + 2}")
        screen.page.wait_for_function(
            "['matrix', 'heatmaps'].every((what) => window.stamps.some((stamp) => stamp[0] === what))", timeout=SETTLED
        )
        screen.page.wait_for_timeout(PAUSE)
        stamps = screen.page.evaluate("window.stamps")
        released = max(at for what, at in stamps if what == "pointerup")
        taken.append(_last(stamps, {"matrix", "heatmaps"}, released) - released)
    return Figure(f"match, from mouse up to drawn words and heatmaps{where}", 500, taken)


def pages_on(screen: Screen, times: int, where: str) -> Figure:
    """Go on by a page of words: read other steps, draw all of their states, select anew."""
    taken = []
    for _ in range(times):
        # The page takes keys before anybody else can see them.
        pressed = screen.page.evaluate("(window.stamps = [], performance.now())")
        screen.page.keyboard.press("PageDown")
        screen.page.wait_for_timeout(6 * PAUSE)
        stamps = screen.page.evaluate("window.stamps")
        taken.append(_last(stamps, {"lines", "strip"}, pressed) - pressed)
    return Figure(f"a page on, to painted lines and words{where}", 400, taken)


def selected_anew(screen: Screen, times: int, where: str) -> Figure:
    """Brush words and wait until their states are drawn, whoever draws them."""
    taken = []
    for number in range(times):
        screen.page.evaluate("window.stamps = []")
        first = screen.steps()[20 + 5 * (number % 6)]
        screen.brush(first, first + 2)
        screen.page.wait_for_timeout(8 * PAUSE)
        stamps = screen.page.evaluate("window.stamps")
        released = max(at for what, at in stamps if what == "pointerup")
        taken.append(_last(stamps, {"lines", "strip"}, released) - released)
    return Figure(f"brush, from mouse up to painted lines and words{where}", 400, taken)


def wide(browser: Browser, server: Server, moves: int) -> list[Figure]:
    """Measure recordings of thousands of states."""
    screen = opened(browser, server, 500, project="wide", threshold=0.6)
    where = f", {WIDE:,} states"
    figures = [threshold_drag(screen, moves, where), brush_drag(screen, moves, where)]
    figures[0].asked = 120
    screen.page.close()
    screen = opened(browser, server, 500, project="widest", threshold=0.7, word_width=NARROW)
    where = f", {WIDEST:,} states x {len(screen.steps())} steps"
    figures += [pages_on(screen, max(3, moves // 8), where), selected_anew(screen, max(3, moves // 8), where)]
    screen.page.close()
    return figures


def opened(browser: Browser, server: Server, position: int, **query: Any) -> Screen:
    """Return a page of its own, at rest and watched."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    selection = f"{position + 3}-{position + 6}"
    screen = Screen(page, server.url).open(position=position, left=0, selection=selection, **query)
    page.wait_for_timeout(3000)
    page.evaluate(WATCH)
    return screen


def gestures(screen: Screen, moves: int, where: str = "") -> list[Figure]:
    """Measure each gesture on a page."""
    times = max(3, moves // 4)
    return [threshold_drag(screen, moves, where), brush_drag(screen, moves, where), matches_drawn(screen, times, where)]


def _dragged(page: Page, start: tuple[float, float], ways: Iterable[tuple[float, float]]) -> list[float]:
    taken = []
    page.mouse.move(*start)
    page.mouse.down()
    for way in ways:
        page.evaluate("window.stamps = []")
        page.mouse.move(*way)
        page.wait_for_timeout(PAUSE)
        stamps = page.evaluate("window.stamps")
        moved = max((at for what, at in stamps if what == "pointermove"), default=float("inf"))
        if {"lines", "strip"} <= {what for what, at in stamps if at > moved}:
            taken.append(_last(stamps, {"lines", "strip"}, moved) - moved)
    page.mouse.up()
    return taken


def _last(stamps: list[tuple[str, float]], kinds: set[str], after: float) -> float:
    return max(at for what, at in stamps if what in kinds and at >= after)


def _to_and_fro(count: int) -> list[int]:
    return [min(n % 30, 30 - n % 30) for n in range(1, count + 1)]


def measured(steps: int, states: int, moves: int) -> list[Figure]:
    """Serve a recording, and measure all figures on it."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        save_recording(recording_of(steps, states), Path(folder) / "wandering.h5")
        save_recording(recording_of(steps, states, STACKED), Path(folder) / "full.h5")
        save_recording(recording_of(WIDE_STEPS, WIDE), Path(folder) / "wide.h5")
        save_recording(recording_of(WIDE_STEPS, WIDEST), Path(folder) / "widest.h5")
        browser = playwright.chromium.launch(**launch_options())
        with serving(Path(folder), log_file=Path(folder) / "server.log") as server:
            figures = [first_paint(server, time.perf_counter(), browser)]
            figures += gestures(opened(browser, server, 2000, project="wandering", tracks="level"), moves)
            others = ",".join(f"cell{number}@0.3" for number in range(2, STACKED + 1))
            full = opened(browser, server, 2000, project="full", stack=others, tracks=TRACKS, top=ROWS)
            full.wait_for_rows(ROWS)
            figures += gestures(full, moves, ", full page")
            full.page.close()
            figures += wide(browser, server, moves)
        browser.close()
    return figures


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--states", type=int, default=650)
    parser.add_argument("--moves", type=int, default=40)
    arguments = parser.parse_args()
    title = f"{arguments.steps:,} steps x {arguments.states} states; {platform.machine()}, {platform.system()}"
    table = Table("what", "asked, ms", "median, ms", "lowest", "highest", "n", title=title)
    for figure in measured(arguments.steps, arguments.states, arguments.moves):
        spread = [f"{value:.0f}" for value in (statistics.median(figure.times), min(figure.times), max(figure.times))]
        table.add_row(figure.name, f"{figure.asked:.0f}", *spread, str(len(figure.times)))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
