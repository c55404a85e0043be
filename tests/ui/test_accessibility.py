"""What axe finds wrong by WCAG 2.1, levels A and AA: names, roles, contrast, in both themes, whatever is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import save_recording
from lstmvis_panel.style import THEMES
from tests.library import TAGS, library
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from playwright.sync_api import Page

    from tests.tools.serving import Server

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
"""All that another theme can change."""

BRIEF = {"resultTypes": ["violations"], "selectors": False}
"""What is right, and where it stands, takes axe as long to say as to find."""

PAPER = "strip => getComputedStyle(strip).getPropertyValue('--lv-page')"

UNREADABLE = """
name: Unreadable
files: {states: lost.h5, words: lost.dict}
word_sequence: {file: states, path: word_ids, dict_file: words}
states: {file: states, types: [{type: state, layer: 1, path: states1}]}
"""


def of_every_kind() -> xr.Dataset:
    """Return the library with three sources, and with an annotation of each kind."""
    recording = library()
    codes, states = recording.token.values, recording["hidden"]
    return recording.assign(
        gate=(("step", "gate_state"), states.values * 0.8, states.attrs),
        output=(("step", "output_state"), states.values * 0.5, states.attrs),
        noun=(
            "step",
            (recording.pos.values == TAGS.index("NOUN")).astype(np.int8),
            {"kind": "categorical", "labels": "noun_label"},
        ),
        noun_label=("noun_label", np.array(["no", "yes"]), {"kind": "labels"}),
        surprisal=("step", np.linspace(0, 9, len(codes)), {"kind": "scalar"}),
        top=(
            ("step", "rank"),
            np.stack([codes, np.roll(codes, -1)], axis=1),
            {"kind": "prediction", "labels": "vocabulary", "weights": "top_weight"},
        ),
        top_weight=(("step", "rank"), np.tile([0.2, 0.7], (len(codes), 1)), {"kind": "weights"}),
    )


@pytest.fixture(scope="module")
def shelf(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("shelf")
    save_recording(of_every_kind(), folder / "library.h5")
    (folder / "unreadable").mkdir()
    (folder / "unreadable" / "lstm.yml").write_text(UNREADABLE, encoding="utf-8")
    return start_server(folder)


def violations(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """Return a line for each thing that is wrong, with the element."""
    found = Axe().run(page, options={"runOnly": rules, **BRIEF}).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def paper(screen: Screen) -> str:
    return str(screen.page.locator(".strip").evaluate(PAPER))


def check(screen: Screen) -> None:
    """Nothing is wrong with what is shown now, neither in this theme nor in the other."""
    assert violations(screen.page) == []
    (other,) = (theme.page for theme in THEMES.values() if theme.page != paper(screen))
    # A click by mouse would close what is open.
    screen.page.get_by_role("button", name="◐").evaluate("button => button.click()")
    wait_until(lambda: paper(screen) == other, screen.page, timeout=SETTLED)
    assert violations(screen.page, CONTRAST) == []


def test_the_start_page_with_a_project_that_can_not_be_opened(page: Page, shelf: Server) -> None:
    for theme in THEMES:
        page.goto(f"{shelf.url}/lstmvis?theme={theme}")
        expect(page.locator("article.card")).to_have_count(2, timeout=SETTLED)
        expect(page.locator("article.broken")).to_contain_text("lost.h5")
        assert violations(page) == [], theme


def test_all_that_opens_over_a_recording_with_stacked_sources_and_tracks_of_every_kind(
    stay: Callable[..., Screen], shelf: Server
) -> None:
    screen = stay(
        shelf, "library", source="hidden", stack="gate@0.3,output@0.3", threshold=0.5, left=0, position=70,
        selection="71-73", word_width=50, tracks="pos,noun,top", mapping="pos", top=10,
        heatmaps="match count,pos,noun,surprisal",
    )  # fmt: skip
    page = screen.page
    screen.wait_for_rows(10)
    starting = page.get_by_label("What stands where matches start")
    starting.fill("pos:ADJ")
    starting.press("Enter")
    expect(page.get_by_role("button", name="starts at pos:ADJ ×")).to_be_visible(timeout=SETTLED)
    starting.fill("pos:none")
    starting.press("Enter")
    expect(page.locator(".lv-warning")).to_be_visible(timeout=SETTLED)
    page.get_by_role("button", name="add track").click()
    page.locator(".downloads summary").press("Enter")
    expect(page.locator(".tracks .menu")).to_be_visible()
    expect(page.locator(".downloads .list")).to_be_visible()
    check(screen)

    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys and gestures")).to_be_visible()
    check(screen)

    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.get_by_role("textbox", name="Name", exact=True).fill("whale")
    page.get_by_role("button", name="save").click()
    expect(page.locator(".named .go b")).to_have_text("whale", timeout=SETTLED)
    check(screen)

    page.keyboard.press("Escape")
    search = page.get_by_role("combobox", name="Search for words")
    search.fill("great whale")
    expect(page.locator(".list:not(.narrow) .row").first).to_be_visible(timeout=SETTLED)
    search.press("ArrowDown")
    check(screen)


def test_what_is_said_where_nothing_can_be_shown_under_the_rule_of_quantiles(
    stay: Callable[..., Screen], shelf: Server
) -> None:
    screen = stay(shelf, "library", source="hidden", unit="quantile", threshold=0.9, left=1, position=190)
    said = screen.page.locator(".lv-note b")
    expect(said).to_have_text("Nothing is selected yet.", timeout=SETTLED)
    check(screen)

    screen.brush(198, 203)  # across documents
    expect(said).to_have_text("This selection can’t be matched.", timeout=SETTLED)
    check(screen)

    screen.brush(194, 196)
    expect(said).to_have_text("No state is on throughout the selection.", timeout=SETTLED)
    check(screen)
