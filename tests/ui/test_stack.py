"""Several sources over one strip of words in a real browser, by a real mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from tests.drawn import recording_of, values_of
from tests.ui.gestures import drag
from tests.ui.screen import SETTLED, Screen, pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.tools.serving import Server

WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
LAYERS = {
    "cell": (".....##........##........##...", "#############################."),
    "gate": ("..##......##........##........", ".....##........##........##..."),
    "output": ("..............................", "....#..........#.........#...."),
}


@pytest.fixture(scope="module")
def drawn(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder: Path = tmp_path_factory.mktemp("stack")
    recording = recording_of(WORDS, *LAYERS["cell"])
    others = {
        name: (("step", f"{name}_state"), values_of(*rows), recording.cell.attrs)
        for name, rows in LAYERS.items()
        if name != "cell"
    }
    save_recording(recording.assign(others), folder / "drawn.h5")
    return start_server(folder)


@pytest.fixture
def screen(stay: Callable[..., Screen], drawn: Server) -> Screen:
    screen = stay(drawn, "drawn", left=0, selection="5-7")
    screen.wait_for_selected([0, 1])
    return screen


def stack(screen: Screen, *names: str) -> None:
    for name in names:
        before = len(screen.frames())
        screen.page.get_by_label("stack", exact=True).select_option(name)
        wait_until(lambda count=before + 1: len(screen.frames()) == count, screen.page, timeout=SETTLED)
    screen.ready()


def captions(screen: Screen) -> list[str]:
    return screen.page.locator(".lv-caption").all_text_contents()


def wait_for_captions(screen: Screen, *texts: str) -> None:
    expect(screen.page.locator(".lv-caption")).to_have_text(list(texts), timeout=SETTLED)


def test_sources_are_stacked_over_the_same_words(screen: Screen) -> None:
    stack(screen, "gate", "output")
    screen.wait_for_address(stack="gate@0.3,output@0.3")
    wait_for_captions(
        screen,
        "cell · matched2 of 2 states on · threshold 0.300 · ≥",
        "gate1 of 2 states on · threshold 0.300 · ≥",
        "output0 of 2 states on · threshold 0.300 · ≥",
    )
    first, second, third = screen.frames()
    assert (first["x"], first["width"], first["start"]) == (second["x"], second["width"], second["start"])
    assert first["y"] + first["height"] < second["y"] < third["y"]
    expect(screen.page.get_by_label("stack", exact=True)).to_be_hidden()


def test_each_plot_has_its_own_threshold(screen: Screen) -> None:
    stack(screen, "gate")
    screen.drag_threshold(0.91, slot=1)
    # The caption follows the drag: only at its end are none on.
    expect(screen.page.locator(".lv-caption").nth(1)).to_contain_text("0 of 2 states on", timeout=SETTLED)
    assert captions(screen)[0] == "cell · matched2 of 2 states on · threshold 0.300 · ≥"
    screen.wait_for_selected([0, 1])
    wait_until(lambda: float(screen.query()["stack"].partition("@")[2]) > 0.9, screen.page, timeout=SETTLED)
    assert screen.query()["threshold"] == "0.3"


def test_a_drag_in_one_plot_draws_no_other_anew(screen: Screen) -> None:
    stack(screen, "gate")
    screen.page.evaluate("""() => {
      window.painted = []
      for (const model of Bokeh.documents[0]._all_models.values()) {
        const view = model.type === "Figure" && Bokeh.index.find_one(model)
        if (!view || Math.abs(view.frame.bbox.height - 150) > 1) continue
        const paint = view._actual_paint.bind(view)
        view._actual_paint = () => { paint(); window.painted.push(view.canvas_view.el.getBoundingClientRect().y) }
      }
    }""")
    screen.drag_threshold(0.91, slot=1)
    expect(screen.page.locator(".lv-caption").nth(1)).to_contain_text("0 of 2 states on", timeout=SETTLED)
    below = screen.lines(1)["y"]
    wait_until(lambda: bool(screen.page.evaluate("window.painted.length")), screen.page, timeout=SETTLED)
    assert {abs(y - below) < 10 for y in screen.page.evaluate("window.painted")} == {True}


def test_another_source_of_the_stack_is_matched_and_the_plots_stay(screen: Screen) -> None:
    stack(screen, "gate")
    screen.page.get_by_role("button", name="match on this").click()
    screen.wait_for_address(source="gate", stack="cell@0.3")
    screen.wait_for_selected([1])
    wait_for_captions(
        screen,
        "cell2 of 2 states on · threshold 0.300 · ≥",
        "gate · matched1 of 2 states on · threshold 0.300 · ≥",
    )


def test_a_box_in_any_plot_selects_for_all(screen: Screen) -> None:
    stack(screen, "gate")
    drag(screen.page, screen.point(1.8, 0.0, slot=1), screen.point(3.2, 0.2, slot=1))
    screen.wait_for_address(selection="2-4")
    screen.wait_for_selected([1])
    expect(screen.page.locator(".lv-caption").nth(1)).to_contain_text("1 of 2 states on", timeout=SETTLED)


def test_a_source_leaves_the_stack_and_comes_back(screen: Screen) -> None:
    stack(screen, "gate", "output")
    screen.page.get_by_role("button", name="×", exact=True).first.click()
    wait_until(lambda: len(screen.frames()) == 2, screen.page, timeout=SETTLED)
    screen.wait_for_address(stack="output@0.3")
    screen.brush(2, 4)
    screen.wait_for_address(selection="2-4")
    stack(screen, "gate")
    # The plot that was away has come back with what has been selected since: state 0 of the gate, in blue.
    expect(screen.page.locator(".lv-caption").nth(1)).to_contain_text("1 of 2 states on", timeout=SETTLED)

    def is_blue() -> bool:
        x, y = (round(px) for px in screen.point(10.5, 0.9, slot=1))
        column = pixels(screen.page)[y - 2 : y + 3, x].astype(int)
        return bool(((column[:, 2] - column[:, 0]) > 60).any())

    wait_until(is_blue, screen.page, timeout=SETTLED)


def test_moving_and_zooming_move_all_plots(screen: Screen) -> None:
    stack(screen, "gate")
    screen.page.get_by_role("button", name="+", exact=True).first.click()
    screen.wait_for_address(word_width=35)
    screen.ready()
    first, second = screen.frames()
    assert (first["start"], first["end"], first["width"]) == (second["start"], second["end"], second["width"])


def test_a_copied_address_shows_the_stack_again(page: Page, drawn: Server) -> None:
    screen = Screen(page, drawn.url).open(project="drawn", left=0, selection="5-7", stack="gate@0.95,output@0.3")
    wait_for_captions(
        screen,
        "cell · matched2 of 2 states on · threshold 0.300 · ≥",
        "gate0 of 2 states on · threshold 0.950 · ≥",
        "output0 of 2 states on · threshold 0.300 · ≥",
    )
    page.set_viewport_size({"width": 1000, "height": 700})
    screen.ready()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
