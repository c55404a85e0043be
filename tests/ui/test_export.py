"""What a visitor takes away, as a browser saves it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from tests.drawn import recording_of
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.tools.serving import Server

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
def screen(page: Page, drawn: Server) -> Screen:
    screen = Screen(page, drawn.url).open(project="drawn", left=1, selection="5-7")
    screen.wait_for_rows(3)
    return screen


def taken(screen: Screen, key: str) -> tuple[str, bytes]:
    """Choose an item of the menu; return the name of the file that the browser saves, and what is in it."""
    page = screen.page
    page.locator(".downloads summary").click()
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
    screen.page.keyboard.press("Escape")
    name, pixels = taken(screen, "png")
    assert name == "drawn-cell.png"
    picture = Image.open(io.BytesIO(pixels))
    width = float(shapes.partition(b'width="')[2].partition(b'"')[0])
    assert picture.width == int(width) * 2
    assert len(set(picture.convert("RGB").get_flattened_data())) > 50


def test_the_snapshot_shows_itself_without_a_server(
    screen: Screen, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    name, content = taken(screen, "html")
    (tmp_path / name).write_bytes(content)
    page = new_context(offline=True).new_page()
    page.goto((tmp_path / name).as_uri())
    expect(page.locator("svg")).to_be_visible()
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


def test_without_matches_only_the_picture_can_be_had(page: Page, drawn: Server) -> None:
    screen = Screen(page, drawn.url).open(project="drawn")
    page.locator(".downloads summary").click()
    for key, there in {"csv": False, "parquet": False, "code": False, "svg": True, "png": True, "html": True}.items():
        button = page.locator(f'.downloads button[data-key="{key}"]')
        expect(button).to_be_enabled() if there else expect(button).to_be_disabled()
    screen.page.keyboard.press("Escape")
    expect(page.locator(".downloads .list")).to_be_hidden()
