"""What "on" means, and which threshold to take, in a real browser, by a real mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from lstmvis_panel.style import PLOT_HEIGHT
from tests.drawn import recording_of
from tests.ui.gestures import drag
from tests.ui.screen import SETTLED, Screen, middle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.tools.serving import Server

WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (
    ".....##........##........##...",  # 0: on in every FG
    "..##......##........##........",  # 1: on in every cd
    "#############################.",  # 2: nearly always on
)
HEIGHTS = np.array([0.2, 0.6, 1.0])
"""Of the three states, as shares of the values that are drawn at first."""


@pytest.fixture(scope="module")
def drawn(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder: Path = tmp_path_factory.mktemp("thresholds")
    recording = recording_of(WORDS, *ROWS)
    save_recording(recording, folder / "drawn.h5")
    stairs = recording.cell.copy(data=np.float32(recording.cell.values * HEIGHTS))
    save_recording(recording.assign(cell=stairs), folder / "stairs.h5")
    save_recording(recording.assign(cell=recording.cell * 50), folder / "large.h5")
    return start_server(folder)


def opened(page: Page, server: Server, **query: object) -> Screen:
    return Screen(page, server.url).open(**{"project": "drawn", "left": 0, "selection": "5-7", **query})


def pick(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).select_option(option)


def test_the_rule_is_chosen_and_its_line_lies_where_states_are_on(page: Page, drawn: Server) -> None:
    screen = opened(page, drawn)
    screen.wait_for_selected([0, 2])
    expect(page.get_by_text("threshold 0.300 · ≥")).to_be_visible()
    pick(page, "on", "v ≤ −l")
    screen.wait_for_address(rule="below")
    screen.wait_for_selected([1])
    expect(page.get_by_text("threshold 0.300 · ≤ −0.300")).to_be_visible()
    wait_until(lambda: abs(middle(screen.threshold())[1] - screen.point(0, -0.3)[1]) < 1, page, timeout=SETTLED)
    expect(page.locator('.strip rect.cell[data-step="2"] title')).to_contain_text("0 of 1", timeout=SETTLED)
    expect(page.locator('.strip rect.cell[data-step="5"] title')).to_contain_text("1 of 1", timeout=SETTLED)

    screen.drag_threshold(-0.6)
    wait_until(lambda: abs(float(screen.query()["threshold"]) - 0.6) < 0.02, page, timeout=SETTLED)
    screen.wait_for_selected([1])


def test_beyond_has_two_lines_and_either_is_dragged(page: Page, drawn: Server) -> None:
    screen = opened(page, drawn)
    pick(page, "on", "|v| ≥ l")
    screen.wait_for_selected([0, 1, 2])
    mirror = page.locator(".threshold.mirror")
    expect(mirror).to_be_visible(timeout=SETTLED)
    box = mirror.bounding_box()
    assert box is not None
    assert middle(dict(box))[1] == pytest.approx(screen.point(0, -0.3)[1], abs=1)
    x = box["x"] + 200
    drag(page, (x, middle(dict(box))[1]), (x, screen.point(0, -0.7)[1]))
    wait_until(lambda: abs(float(screen.query()["threshold"]) - 0.7) < 0.02, page, timeout=SETTLED)
    assert middle(screen.threshold())[1] == pytest.approx(screen.point(0, 0.7)[1], abs=2)
    pick(page, "on", "v ≥ l")
    expect(mirror).to_have_count(0, timeout=SETTLED)


def test_a_quantile_of_each_states_own_values_is_the_threshold(page: Page, drawn: Server) -> None:
    screen = opened(page, drawn, project="stairs", threshold=0.3)
    screen.wait_for_selected([2])
    pick(page, "l is", "a quantile")
    screen.wait_for_address(unit="quantile", threshold="0.9")
    screen.wait_for_selected([0, 2])  # the highest tenth of its own values is reached by state 0 too
    expect(page.get_by_text("quantile 0.900 · ≥")).to_be_visible(timeout=SETTLED)
    line, strip = screen.threshold(), page.locator(".strip-of-counts").bounding_box()
    assert strip is not None
    assert line["width"] == strip["width"]
    assert middle(line)[1] == pytest.approx(strip["y"] + 0.1 * PLOT_HEIGHT, abs=1)
    # Half of all steps of state 1 are at its lower value: at the quantile 0.5 it is on everywhere.
    drag(page, middle(line), (middle(line)[0], strip["y"] + 0.5 * PLOT_HEIGHT))
    screen.wait_for_selected([0, 1, 2])
    wait_until(lambda: abs(float(screen.query()["threshold"]) - 0.5) < 0.01, page, timeout=SETTLED)
    screen.wait_for_rows(1)
    pick(page, "l is", "a value")
    screen.wait_for_address(unit=None, threshold="0.3")
    screen.wait_for_selected([2])


def test_the_strip_says_how_many_states_each_threshold_selects(page: Page, drawn: Server) -> None:
    screen = opened(page, drawn, project="stairs")
    strip = page.locator(".strip-of-counts")
    place = strip.bounding_box()
    assert place is not None
    # In the selection the states have 0.18, -0.54 and 0.9 for good.
    for value, count in ((0.8, "1 state"), (0.1, "2 states"), (-0.6, "3 states"), (0.905, "0 states")):
        page.mouse.move(place["x"] + 10, screen.point(0, value)[1])
        expect(page.locator(".said")).to_contain_text(f": {count}", timeout=SETTLED)
    page.mouse.click(place["x"] + 10, screen.point(0, 0.1)[1])
    screen.wait_for_selected([0, 2])


def test_the_strip_is_empty_without_a_selection(page: Page, drawn: Server) -> None:
    opened(page, drawn, selection="")
    expect(page.locator(".strip-of-counts")).to_be_hidden()
    expect(page.get_by_role("button", name="propose")).to_be_disabled()


def test_the_proposed_threshold_is_amid_the_widest_stretch(page: Page, drawn: Server) -> None:
    screen = opened(page, drawn, project="stairs", threshold=0.85)
    page.get_by_role("button", name="propose").click()
    # From -0.54 to 0.18 and from 0.18 to 0.9 two stretches are as wide; which one floats decide.
    wait_until(lambda: screen.query()["threshold"] in {"-0.18", "0.54"}, page, timeout=SETTLED)
    assert page.locator(".strip-of-counts .widest").get_attribute("d")


def test_axis_threshold_and_steps_follow_values_that_know_no_bounds(page: Page, drawn: Server) -> None:
    screen = opened(page, drawn, project="large")
    screen.wait_for_address(threshold="14")
    screen.wait_for_selected([0, 2])
    assert screen.lines()["high"] == pytest.approx(46.92)
    page.locator(".threshold").focus()
    page.keyboard.press("ArrowUp")
    screen.wait_for_address(threshold="14.1")
    screen.drag_threshold(40)
    wait_until(lambda: abs(float(screen.query()["threshold"]) - 40) < 0.5, page, timeout=SETTLED)
