"""The whole app as a new user meets it."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from lstmvis_panel import find_matches, open_recording, save_recording, select_states
from tests.drawn import recording_of
from tests.tools.serving import EXAMPLES
from tests.ui.screen import SETTLED, Screen, pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.tools.serving import Server

WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (".....##........##........##...", ".....##........##.............", "##############################")

BROKEN = """
name: Broken
files: {states: lost.h5, words: lost.dict}
word_sequence: {file: states, path: word_ids, dict_file: words}
states: {file: states, types: [{type: state, layer: 1, path: states1}]}
"""

# What is left, in px, of the room of a list to choose from beside the longest text in it, and its arrow.
SPARE = """(select) => {
  const style = getComputedStyle(select), pen = document.createElement("canvas").getContext("2d")
  pen.font = style.font
  const around = ["paddingLeft", "paddingRight"].reduce((sum, side) => sum + parseFloat(style[side]), 0)
  return select.clientWidth - around - Math.max(...[...select.options].map(({ text }) => pen.measureText(text).width))
}"""


@pytest.fixture(scope="module")
def served(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder: Path = tmp_path_factory.mktemp("served")
    recording = recording_of(WORDS, *ROWS)
    other = recording.cell.rename(cell_state="output_state").assign_attrs(recording.cell.attrs)
    save_recording(recording.assign(output=other * 0.5), folder / "drawn.h5")
    save_recording(recording_of(WORDS, *ROWS, documents="000000" + "1" * 24), folder / "documents.h5")
    broken = folder / "broken"
    broken.mkdir()
    (broken / "lstm.yml").write_text(BROKEN, encoding="utf-8")
    return start_server(folder)


def test_the_start_page_has_a_card_for_each_project_and_says_what_is_broken(page: Page, served: Server) -> None:
    page.goto(served.url)
    cards = page.locator("article.card")
    expect(cards).to_have_count(3, timeout=SETTLED)
    broken = page.locator("article.broken")
    expect(broken).to_have_count(1)
    expect(broken).to_contain_text("can't be opened")
    expect(broken).to_contain_text("lost.h5")
    card = cards.filter(has_text="(30 x 3)").first
    expect(card).to_contain_text("30 steps")
    expect(card).to_contain_text("capital, place")


def test_a_card_leads_to_its_project_and_the_name_leads_back(page: Page, served: Server) -> None:
    page.goto(served.url)
    page.locator("article.card", has_text="(30 x 3)").locator("li a").last.click()
    screen = Screen(page, served.url).ready()
    assert screen.query()["project"] in {"drawn", "documents"}
    expect(page).to_have_title("Drawn · LSTMVis")
    page.get_by_role("link", name="LSTMVis").click()
    expect(page.locator("article.card")).to_have_count(3, timeout=SETTLED)
    expect(page).to_have_title("LSTMVis")


def test_source_and_project_are_chosen_with_the_position_kept(page: Page, served: Server) -> None:
    screen = Screen(page, served.url).open(project="drawn", position=12, threshold=0.4)
    page.get_by_role("button", name="output").click()
    screen.wait_for_address(source="output", position=12, threshold="0.4")
    assert screen.lines()["high"] == pytest.approx(0.4692)
    assert page.locator("select").first.evaluate(SPARE) >= 0
    page.locator("select").first.select_option(index=1 - _index(page))
    page.wait_for_url(re.compile("project=(documents|drawn)"))
    screen.ready()


def _index(page: Page) -> int:
    return int(page.locator("select").first.evaluate("s => s.selectedIndex"))


def test_a_reload_shows_the_same(page: Page, served: Server) -> None:
    screen = Screen(page, served.url).open(project="drawn", left=0)
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1, 2])
    screen.drag_limit("left", 1)
    screen.wait_for_selected([0, 1])
    screen.drag_threshold(0.6)
    page.wait_for_function("!location.search.includes('threshold=0.3&')", timeout=SETTLED)
    page.get_by_role("button", name="+").click()
    page.get_by_role("button", name="◐").click()
    page.get_by_role("button", name="capital", exact=True).click()
    screen.wait_for_address(word_width=35, theme="dark", mapping="capital", left=1, selection="5-7")
    screen.wait_for_rows(3)
    before = screen.query(), screen.steps(), screen.selected(), screen.rows()
    page.reload()
    screen.ready()
    screen.wait_for_rows(3)
    assert (screen.query(), screen.steps(), screen.selected(), screen.rows()) == before
    paper = page.locator(".strip").evaluate("e => getComputedStyle(e).getPropertyValue('--lv-page')")
    assert paper == "#12171d"


def test_bad_values_in_the_address_are_put_right_and_said(page: Page, served: Server) -> None:
    screen = Screen(page, served.url).open(
        project="drawn", position=4000, threshold="high", selection="5-7", word_width=30, left=0
    )
    notice = page.get_by_role("status").filter(has_text="in the address")
    expect(notice).to_contain_text("“4000” in the address is outside 0-29; 29 is used.")
    expect(notice).to_contain_text("“high” in the address is no number; 0.3 is used.")
    screen.wait_for_selected([0, 1, 2])  # the good ones are taken
    screen.wait_for_address(position=29, threshold="0.3")
    page.get_by_role("button", name="×").click()
    expect(notice).to_be_hidden()


def test_an_unknown_project_leads_to_the_start_page_with_a_notice(page: Page, served: Server) -> None:
    page.goto(f"{served.url}/lstmvis?project=nowhere")
    expect(page.get_by_text("There is no project “nowhere” here.")).to_be_visible(timeout=SETTLED)
    expect(page.locator("article.card")).to_have_count(3)


def test_a_selection_across_documents_is_refused_in_words(page: Page, served: Server) -> None:
    screen = Screen(page, served.url).open(project="documents", left=0)
    screen.brush(4, 8)
    expect(page.get_by_role("status").filter(has_text="document").first).to_be_visible(timeout=SETTLED)
    assert screen.selected() == []
    assert screen.rows() == []


def test_two_visitors_do_not_see_each_other(new_context: Callable[..., BrowserContext], served: Server) -> None:
    one, other = (Screen(new_context().new_page(), served.url).open(project="drawn", left=0) for _ in range(2))
    one.brush(5, 7)
    one.wait_for_selected([0, 1, 2])
    other.brush(9, 12)
    other.wait_for_selected([2])
    one.drag_threshold(0.7)
    one.page.wait_for_function("!location.search.includes('threshold=0.3&')", timeout=SETTLED)
    assert one.selected() == [0, 1, 2]
    assert other.selected() == [2]
    assert other.query()["threshold"] == "0.3"
    assert other.query()["selection"] == "9-12"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 1400])
def test_nothing_is_wider_than_the_window(page: Page, served: Server, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    screen = Screen(page, served.url).open(project="drawn", selection="5-7", theme=theme)
    screen.wait_for_rows(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_paper_task_on_the_bundled_example(page: Page, server: Server) -> None:
    """Section 5.1: brush "( 4", and read matches that lie at nesting level 4, of several lengths."""
    page.goto(server.url)
    page.locator("article.card", has_text="Parentheses").locator("h2 a").click()
    screen = Screen(page, server.url).ready()
    steps = screen.steps()
    said = {step: screen.text_of(step).split(" · ")[0] for step in steps}
    start = next(step for step in steps[1:-1] if said[step] == "(" and said[step + 1] == "4")
    screen.brush(start, start + 2)
    screen.wait_for_address(selection=f"{start}-{start + 2}")
    expect(page.get_by_text("all steps searched")).to_be_visible(timeout=SETTLED)
    expect(page.locator(".matrix .row:not([hidden])").nth(49)).to_be_attached(timeout=SETTLED)
    assert "selection" in screen.rows()
    recording = open_recording(EXAMPLES / "parens" / "parens.h5")
    level, states = recording["nesting_level"].values, recording["cell2"]
    starts = [int(label.replace(",", "")) for label in screen.rows() if label != "selection"]
    assert len(starts) == 50
    assert sum(level[at] == level[start] == level[at + 1] for at in starts) >= 48
    matches = find_matches(states, select_states(states, start, start + 2, 0.3, 1, 0), 0.3, 1, 0)
    assert starts == [at for at in matches["start"].values.tolist() if at != start][:50]
    assert len(np.unique(matches["length"])) >= 5
    page.get_by_role("button", name="nesting level", exact=True).click()
    screen.wait_for_address(mapping="nesting_level")
    expect(page.locator(".matrix.stale")).to_have_count(0, timeout=SETTLED)
    picture, seen = pixels(page), set()
    for row, offset in product(range(8), range(-3, 16)):
        cell = screen.cell(row + 1, offset)
        at = picture[round(cell["y"] + 2), round(cell["x"] + 2)]
        seen.add((int(level[starts[row] + offset]), tuple(at.tolist())))
    assert len(seen) == len({level for level, _ in seen}) == len({colour for _, colour in seen}) >= 2


def test_back_and_forward_show_what_the_address_says(page: Page, served: Server) -> None:
    screen = Screen(page, served.url).open(project="drawn", left=0)
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    screen.wait_for_selected([0, 1, 2])
    screen.brush(9, 12)
    screen.wait_for_address(selection="9-12")
    screen.wait_for_selected([2])
    page.go_back()
    screen.wait_for_address(selection="5-7")
    screen.wait_for_selected([0, 1, 2])
    page.go_forward()
    screen.wait_for_address(selection="9-12")
    screen.wait_for_selected([2])
    page.go_back()
    screen.wait_for_selected([0, 1, 2])
    screen.brush(9, 12)  # what the browser had been told before
    screen.wait_for_address(selection="9-12")
    screen.wait_for_selected([2])
    page.go_back()
    screen.wait_for_address(selection="5-7")
    page.go_back()
    screen.wait_for_address(selection=None)
    screen.wait_for_selected([])


def test_gestures_of_every_part_of_the_page_are_undone_and_redone(page: Page, served: Server) -> None:
    screen = Screen(page, served.url).open(project="drawn", left=0, selection="5-7")
    screen.wait_for_selected([0, 1, 2])
    undo, redo = (page.get_by_role("button", name=sign) for sign in "↶↷")
    gestures: list[tuple[Callable[[], object], dict[str, object]]] = [
        (lambda: screen.drag_limit("left", 1), {"left": 1}),
        (page.get_by_role("button", name="output").click, {"source": "output"}),
        (page.get_by_role("button", name="+", exact=True).first.click, {"word_width": 35}),
        (page.get_by_role("button", name="›", exact=True).first.click, {"position": 5}),
        (lambda: page.get_by_label("stack").select_option("cell"), {"stack": "cell@0.3"}),
        (lambda: page.get_by_role("checkbox", name="fade where few").uncheck(), {"mask": "no"}),
        (page.locator('.track[data-name="capital"] .remove').click, {"tracks": "place"}),
        (page.get_by_role("button", name="Remove the heatmap capital").click, {"heatmaps": "match count,place"}),
        (page.get_by_role("button", name="none", exact=True).click, {"mapping": "none"}),
        (page.get_by_role("button", name="distinct").click, {"distinct": "no"}),
    ]
    before = []
    for act, wanted in gestures:
        before.append({key: screen.query().get(key) for key in wanted})
        act()
        screen.wait_for_address(**wanted)
    for was in reversed(before):
        undo.click()
        screen.wait_for_address(**was)
    expect(undo).to_be_disabled()
    screen.wait_for_selected([0, 1, 2])
    for _, wanted in gestures:
        redo.click()
        screen.wait_for_address(**wanted)
    expect(redo).to_be_disabled()


def test_gestures_are_undone_and_redone(page: Page, served: Server) -> None:
    screen = Screen(page, served.url).open(project="drawn", left=0)
    undo, redo = (page.get_by_role("button", name=sign) for sign in "↶↷")
    expect(undo).to_be_disabled()
    screen.brush(5, 7)
    screen.wait_for_address(selection="5-7")
    screen.wait_for_selected([0, 1, 2])
    screen.drag_threshold(0.95)
    screen.wait_for_selected([])
    undo.click()
    screen.wait_for_selected([0, 1, 2])
    screen.wait_for_address(threshold="0.3", selection="5-7")
    undo.click()
    screen.wait_for_selected([])
    screen.wait_for_address(selection=None)
    expect(undo).to_be_disabled()
    redo.click()
    screen.wait_for_selected([0, 1, 2])
    screen.wait_for_address(selection="5-7")
