"""Tokens that are no words in a real browser: numbers, vectors and images in the columns of the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from lstmvis_panel.style import DARK, GUTTER, LIGHT, ROW_HEIGHT
from tests.ui.screen import SETTLED, Screen, middle, pixels
from tests.valued import BLANK, IMAGES, drawn, images, numbers, vectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.tools.serving import Server

COMPONENT = 20
"""Height in px of a component of a vector, where there are three."""

CLOSE, RAMP = 4, 24
"""Most by which a channel of a painted colour may differ, and one near the end of a ramp."""


@pytest.fixture(scope="module")
def valued(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("valued")
    for name, recording in {"numbers": numbers(), "vectors": vectors(), "images": images(), "words": drawn()}.items():
        save_recording(recording, folder / f"{name}.h5")
    return start_server(folder)


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def wait_for_colour(screen: Screen, place: Callable[[], tuple[float, float]], colour: tuple[int, ...]) -> None:
    """Wait until a pixel is of a colour."""

    def painted() -> bool:
        x, y = place()
        return bool(np.abs(pixels(screen.page)[round(y), round(x)].astype(int) - colour).max() <= CLOSE)

    wait_until(painted, screen.page, timeout=SETTLED)


def labels(screen: Screen) -> list[str]:
    """What is said left of the first step."""
    return screen.page.locator(".strip svg > g:first-child text.side").all_text_contents()


def title(step: int) -> str:
    """Selector of what a step says on hover."""
    return f'.strip rect.cell[data-step="{step}"] title'


def bar_of(screen: Screen, picture: np.ndarray, step: int) -> tuple[float, float] | None:
    """Top and height of the bar in the cell of a step, as shares of the room for bars, None for no bar."""
    cell = screen.word(step)
    x, top, tall = round(cell["x"] + cell["width"] / 2), round(cell["y"]), round(cell["height"])
    column = picture[top + 4 : top + tall, x].astype(int)
    painted = np.flatnonzero(np.abs(column - rgb(DARK.card)).max(axis=1) > 40)
    return None if not len(painted) else (painted[0] / len(column), len(painted) / len(column))


def test_numbers_are_bars_from_0_in_the_columns_of_the_lines(page: Page, valued: Server) -> None:
    page.set_viewport_size({"width": 1000, "height": 900})
    screen = Screen(page, valued.url).open(project="numbers", theme="dark", position=0)
    assert labels(screen) == ["2", "value", "−2"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    picture = pixels(page)
    for step, top, height in ((10, 0.5, 0.25), (11, 0.5, 0.125), (13, 0.375, 0.125), (14, 0.25, 0.25)):
        bar = bar_of(screen, picture, step)
        assert bar is not None
        assert bar == pytest.approx((top, height), abs=0.04)
    assert bar_of(screen, picture, BLANK) is None
    word, (left, _) = screen.word(10), screen.point(9.5, 0)
    assert word["x"] == pytest.approx(left, abs=0.5)
    assert screen.text_of(13) == "0.5 · step 13"
    assert screen.text_of(BLANK) == f"– · step {BLANK}"


def test_numbers_are_brushed_and_matched_like_words(page: Page, valued: Server) -> None:
    screen = Screen(page, valued.url).open(project="numbers", left=0)
    screen.brush(11, 13)
    screen.wait_for_address(selection="11-13")
    expect(page.get_by_text("−0.5 0", exact=True)).to_be_visible(timeout=SETTLED)
    screen.wait_for_selected([0])
    expect(page.locator(title(11))).to_have_text("−0.5 · step 11 · 1 of 1 selected states on", timeout=SETTLED)
    screen.wait_for_rows(40)
    assert "−0.5 0 0.5 1" in screen.row_texts()[screen.rows().index("selection")]

    # What follows the start is -0.5, 0, 0.5, 1: bars of 3/8, 1/2, 5/8 and 3/4 of a cell along its lower edge.
    page.get_by_role("button", name="none").click()
    screen.wait_for_address(mapping="none")
    row = screen.rows().index("selection")
    wait_until(lambda: screen.colour(row, 1) == (255, 255, 255), page, timeout=SETTLED)
    picture = pixels(page)
    for offset, share in enumerate((0.375, 0.5, 0.625, 0.75)):
        cell = screen.cell(row, offset)
        x, y, cell_width = round(cell["x"]), round(cell["y"]), round(cell["width"]) - 1
        lowest = picture[y + ROW_HEIGHT - 2, x + 2 : x + cell_width].astype(int)
        assert ((lowest < 160).all(axis=1).sum() + 2) / cell_width == pytest.approx(share, abs=0.08)
    screen.hover(row, 1)
    expect(page.locator(".matrix .tip")).to_have_text(
        "0 · 1 of 1 state on · small · place 12 · step 12", timeout=SETTLED
    )


def test_vectors_are_columns_of_colours_that_say_their_values(page: Page, valued: Server) -> None:
    screen = Screen(page, valued.url).open(project="vectors", position=0, selection="11-13", left=0)
    screen.wait_for_rows(40)
    assert labels(screen) == ["1", "value", "−1"]
    shades = [rgb(colour) for colour in LIGHT.signed]
    picture = pixels(page)
    for step in (9, 10, 14):  # outside of the brush
        cell = screen.word(step)
        for component in range(3):
            x, y = cell["x"] + cell["width"] / 2, cell["y"] + (component + 0.5) * COMPONENT
            shade = shades[(step + component) % 3]
            assert picture[round(y), round(x)].astype(int) == pytest.approx(shade, abs=CLOSE)
    blank, left = screen.word(BLANK), screen.word(0)["x"]
    middle_of_blank = picture[round(blank["y"] + 30), round(blank["x"] + blank["width"] / 2)].astype(int)
    assert middle_of_blank == pytest.approx(rgb(LIGHT.card), abs=CLOSE)
    # The scale stands left of the first step, its upper end on top.
    assert picture[round(blank["y"] + 2), round(left - 8)].astype(int) == pytest.approx(shades[2], abs=RAMP)
    assert picture[round(blank["y"] + 58), round(left - 8)].astype(int) == pytest.approx(shades[0], abs=RAMP)

    x, y = middle(screen.word(14))
    page.mouse.move(x, screen.word(14)["y"] + 2.5 * COMPONENT)
    said = page.locator(title(14))
    expect(said).to_have_text("value 3 of 3: 0 · step 14 · 0 of 1 selected states on", timeout=SETTLED)
    page.mouse.move(x, screen.word(14)["y"] + 0.5 * COMPONENT)
    expect(said).to_have_text("value 1 of 3: 1 · step 14 · 0 of 1 selected states on", timeout=SETTLED)
    expect(page.get_by_text("steps 11 to 12")).to_be_visible()

    row = screen.rows().index("selection")
    picture, cell = pixels(page), screen.cell(row, 3)
    x, y = cell["x"] + cell["width"] / 2, cell["y"]
    painted = [tuple(picture[round(y + part), round(x)].tolist()) for part in (2, 7, 12)]
    assert np.array(painted) == pytest.approx(np.array([shades[(14 + k) % 3] for k in range(3)]), abs=CLOSE)


def test_images_stand_in_their_steps_and_in_the_rows_of_matches(page: Page, valued: Server) -> None:
    screen = Screen(page, valued.url).open(project="images", position=0, left=0)
    colours = list(IMAGES.values())
    picture = pixels(page)
    for step in screen.steps()[:8]:
        cell = screen.word(step)
        x, y = cell["x"] + cell["width"] / 2, cell["y"] + 19
        for dx, dy in ((0, 0), (-cell["width"] / 2 + 3, 0), (0, 8)):
            assert picture[round(y + dy), round(x + dx)].astype(int) == pytest.approx(colours[step % 4], abs=CLOSE)
    assert screen.text_of(5) == "green.png · step 5"
    assert labels(screen) == ["thumbnail"]

    screen.brush(11, 13)
    screen.wait_for_address(selection="11-13")
    expect(page.get_by_text("sand.png red.png", exact=True)).to_be_visible(timeout=SETTLED)
    screen.wait_for_rows(40)
    row = screen.rows().index("selection")
    for offset in range(-3, 5):
        wait_for_colour(screen, lambda at=offset: middle(screen.cell(row, at)), colours[(11 + offset) % 4])
    underline = screen.cell(row, 0)
    ink = pixels(page)[round(underline["y"]) + ROW_HEIGHT - 3, round(underline["x"]) + 3].astype(int)
    assert ink == pytest.approx(rgb(LIGHT.ink), abs=CLOSE)
    screen.hover(row, 1)
    expect(page.locator(".matrix .tip")).to_contain_text("red.png · 1 of 1 state on", timeout=SETTLED)


def test_moving_zooming_and_changing_the_theme_leave_each_image_in_its_step(page: Page, valued: Server) -> None:
    screen = Screen(page, valued.url).open(project="images", position=0)
    colours = list(IMAGES.values())
    heights = {screen.page.locator(".strip").bounding_box()["height"]}

    def in_place(step: int) -> tuple[float, float]:
        cell = screen.word(step)
        return cell["x"] + cell["width"] / 2, cell["y"] + 19

    page.get_by_role("button", name="+").click()
    screen.wait_for_address(word_width=35)
    screen.ready()
    for step in screen.steps()[:4]:
        wait_for_colour(screen, lambda at=step: in_place(at), colours[step % 4])
    page.get_by_role("button", name="›").click()
    expect(screen.words.first).to_have_attribute("data-step", "5", timeout=SETTLED)
    for step in (5, 6, 7, 8):
        wait_for_colour(screen, lambda at=step: in_place(at), colours[step % 4])
    page.get_by_role("button", name="◐").click()
    screen.wait_for_address(theme="dark")
    corner = screen.word(6)
    # Nothing is selected: beside the image the cell has the card's colour.
    wait_for_colour(screen, lambda: (corner["x"] + 5, corner["y"] + 3), rgb(DARK.card))
    wait_for_colour(screen, lambda: in_place(6), colours[2])
    heights.add(screen.page.locator(".strip").bounding_box()["height"])
    assert len(heights) == 1


def test_words_have_neither_a_canvas_nor_more_room(page: Page, valued: Server) -> None:
    screen = Screen(page, valued.url).open(project="words")
    strip = page.locator(".strip")
    expect(strip.locator("canvas")).to_have_count(0)
    assert strip.bounding_box()["height"] == 50
    assert screen.word(screen.steps()[0])["height"] == 24
    assert screen.word(screen.steps()[0])["x"] == pytest.approx(strip.bounding_box()["x"] + GUTTER)
    assert labels(screen) == []
