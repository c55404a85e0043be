"""What a visitor takes away, as a browser saves it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from lstmvis_panel.style import ROW_HEIGHT
from tests.drawn import recording_of
from tests.pictured import Figure
from tests.ui.screen import SETTLED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.tools.serving import Server
    from tests.ui.screen import Screen

WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (".....##........##........##...", ".....##........##........#....", "##############################")

HELD = """() => Bokeh.documents.flatMap((document) => [...document._all_models.values()])
  .filter((model) => "items" in model.attributes && "file" in model.attributes).map((model) => model.file)"""
"""What the menu holds of a file."""


@pytest.fixture(scope="module")
def drawn(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder: Path = tmp_path_factory.mktemp("drawn")
    save_recording(recording_of(WORDS, *ROWS), folder / "drawn.h5")
    return start_server(folder)


@pytest.fixture
def screen(stay: Callable[..., Screen], drawn: Server) -> Screen:
    screen = stay(drawn, project="drawn", left=1, selection="5-7")
    screen.wait_for_rows(3)
    return screen


def open_menu(screen: Screen) -> Page:
    """Open the menu unless an earlier test has left it open."""
    page = screen.page
    if not page.locator(".downloads[open]").count():
        page.locator(".downloads summary").click()
    expect(page.locator(".downloads .list")).to_be_visible()
    return page


def taken(screen: Screen, key: str) -> tuple[str, bytes]:
    """Choose an item of the menu; return the name of the file that the browser saves, and what is in it."""
    page = open_menu(screen)
    with page.expect_download(timeout=SETTLED) as waiting:
        page.locator(f'.downloads button[data-key="{key}"]').click()
    download = waiting.value
    return download.suggested_filename, download.path().read_bytes()


@pytest.mark.parametrize(("key", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_tables_hold_the_rows_of_the_page(screen: Screen, key: str, read: Callable[..., pd.DataFrame]) -> None:
    name, content = taken(screen, key)
    assert name == f"drawn-cell.{key}"
    table = read(io.BytesIO(content))
    shown = [int(label) for label in screen.rows() if label != "selection"]
    assert table.start[~table.selection].tolist() == shown
    assert table.words[table.selection].tolist() == ["F G"]


def test_the_figure_is_saved_as_shapes_and_as_pixels(screen: Screen) -> None:
    name, shapes = taken(screen, "svg")
    assert name == "drawn-cell.svg"
    assert shapes.startswith(b"<svg ")
    assert screen.page.evaluate(HELD) == [{}]  # neither side keeps the file
    name, pixels = taken(screen, "png")
    assert name == "drawn-cell.png"
    figure, picture = Figure(shapes.decode()), np.asarray(Image.open(io.BytesIO(pixels)).convert("RGB"))
    assert picture.shape[1] == int(float(figure.root.attrib["width"])) * 2
    words, heatmaps = figure.all("rect", stroke_width="0.5"), figure.all("rect", height=ROW_HEIGHT)
    assert len(words) == len(WORDS)
    assert len({cell.look["fill"] for cell in heatmaps}) > 4
    # Off the letters in the middle, the brush around and the line at the start of the matches.
    for shape in [*words, *heatmaps]:
        pixel = picture[round(2 * (shape.y + 4)), round(2 * (shape.x + 3))]
        assert "#" + "".join(f"{part:02x}" for part in pixel.tolist()) == shape.look["fill"]


def test_the_figure_has_what_is_on_the_page(screen: Screen) -> None:
    """Words, labels, ends of ranges, states and rows, as the page writes them."""
    page, figure = screen.page, Figure(taken(screen, "svg")[1].decode())
    said = figure.texts
    for listed in (".strip .word", ".axis .tick", ".states li", ".matrix .label :is(a, span)", ".track .range"):
        texts = [text.strip() for text in page.locator(f"{listed}:visible").all_text_contents()]
        assert texts
        assert set(texts) <= set(said), listed
    bars = page.locator(".lengths .slot i").evaluate_all("bars => bars.map((bar) => bar.offsetHeight)")
    drawn = [bar.number("height") for bar in figure.all("rect", width=5)]
    assert drawn == [height for height in bars if height]


def test_the_snapshot_shows_itself_without_a_server(
    screen: Screen, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    words = screen.page.locator(".strip .word").all_text_contents()
    name, content = taken(screen, "html")
    (tmp_path / name).write_bytes(content)
    page = new_context(offline=True, java_script_enabled=False).new_page()
    page.goto((tmp_path / name).as_uri())
    written = page.locator("main > svg text").all_text_contents()
    assert [said for said in written if said in set(WORDS)][: len(words)] == words == list(WORDS)
    expect(page.locator("main > svg text", has_text="place").first).to_be_visible()
    expect(page.locator("li")).to_have_text([str(state) for state in screen.selected()])
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.get_by_text("lv.find_matches")).to_be_visible()


def test_the_code_cell_finds_the_same_rows(screen: Screen) -> None:
    name, content = taken(screen, "code")
    assert name == "drawn-cell.py"
    ran: dict[str, object] = {}
    exec(content.decode(), ran)  # noqa: S102 - that is what it is for
    matches, selected = ran["matches"], ran["selected"]
    assert matches.start.values.tolist() == [5, 15, 25]
    assert [str(state) for state in selected] == [str(state) for state in screen.selected()]
    rows = [5 if label == "selection" else int(label) for label in screen.rows()]
    assert matches.start.values.tolist() == rows


def test_without_matches_only_the_picture_can_be_had(stay: Callable[..., Screen], drawn: Server) -> None:
    page = open_menu(stay(drawn, project="drawn"))
    for key, there in {"csv": False, "parquet": False, "code": False, "svg": True, "png": True, "html": True}.items():
        button = page.locator(f'.downloads button[data-key="{key}"]')
        expect(button).to_be_enabled() if there else expect(button).to_be_disabled()
    page.locator(".downloads summary").press("Escape")
    expect(page.locator(".downloads .list")).to_be_hidden()
