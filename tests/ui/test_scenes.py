"""The paper's figures 4, 6, 7 and 9, replayed by mouse on the bundled examples.

Figure 6 is `test_app.test_the_paper_task_on_the_bundled_example`, figure 9
`test_tracks.test_sites_of_seven_proteins_and_their_predictions_are_slim_bars`.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import find_matches, open_recording, schema, select_states
from tests.tools.serving import EXAMPLES
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    import xarray as xr
    from playwright.sync_api import Page

    from tests.tools.serving import Server

PHRASE = (3142, 3145)  # the tremendous whale
VERB_PHRASE = (9182, 9184)  # had gained

BEGIN = 0  # of a chunk


@cache
def novels() -> xr.Dataset:
    return open_recording(EXAMPLES / "novels" / "novels.h5")


@pytest.fixture
def screen(page: Page, server: Server) -> Screen:
    return Screen(page, server.url).open(project="novels", source="cell2", threshold=0.1, left=0, position=3139)


def listed(screen: Screen) -> list[int]:
    """Wait until the list is what the address says, and return it."""

    def said() -> bool:
        query = screen.query()
        start, stop = map(int, query["selection"].split("-"))
        wanted = select_states(
            novels()["cell2"], start, stop, float(query["threshold"]), int(query["left"]), int(query["right"])
        )
        return screen.selected() == wanted.tolist()

    wait_until(said, screen.page, timeout=SETTLED)
    return screen.selected()


def test_figure_4_a_hypothesis_is_narrowed_down(screen: Screen) -> None:
    screen.brush(*PHRASE)
    screen.wait_for_address(selection="3142-3145")
    selected = [set(listed(screen))]
    screen.drag_threshold(0.2)
    screen.page.wait_for_function("!location.search.includes('threshold=0.1&')", timeout=SETTLED)
    selected.append(set(listed(screen)))
    screen.drag_limit("left", 1)
    screen.wait_for_address(left=1)
    selected.append(set(listed(screen)))
    screen.drag_limit("right", 1)
    screen.wait_for_address(right=1)
    selected.append(set(listed(screen)))
    assert all(after < before for before, after in pairwise(selected))
    assert selected[-1]
    expect(screen.page.get_by_text("all steps searched")).to_be_visible(timeout=SETTLED)
    screen.wait_for_rows(50)
    found = find_matches(novels()["cell2"], sorted(selected[-1]), float(screen.query()["threshold"]), 1, 1)
    starts = [start for start in found["start"].values.tolist() if start != PHRASE[0]]
    assert screen.rows() == ["selection", *(f"{start:,}" for start in starts)]
    assert sum(novels()["noun_chunk"].values[starts] == BEGIN) >= 0.95 * len(starts)


@pytest.mark.parametrize(
    ("phrase", "count", "annotation"), [(PHRASE, 23, "noun_chunk"), (VERB_PHRASE, 73, "verb_chunk")]
)
def test_figure_7_a_phrase_finds_phrases_of_its_kind(
    screen: Screen, phrase: tuple[int, int], count: int, annotation: str
) -> None:
    field = screen.page.locator("input").first
    field.fill(str(phrase[0]))
    field.press("Enter")
    screen.wait_for_address(position=phrase[0])
    screen.ready()
    screen.brush(*phrase)
    screen.wait_for_address(selection=f"{phrase[0]}-{phrase[1]}")
    screen.drag_limit("left", 1)
    screen.wait_for_address(left=1)
    assert len(listed(screen)) == count
    screen.wait_for_rows(50)
    expect(screen.page.get_by_text("all steps searched")).to_be_visible()
    screen.page.get_by_label("Words coloured by").select_option(label=annotation.replace("_", " "))
    screen.wait_for_address(mapping=annotation)
    labels, codes = schema.labels(novels(), annotation), novels()[annotation].values
    starts = [int(label.replace(",", "")) for label in screen.rows() if label != "selection"]
    begins = [labels[codes[start]] == "begin" for start in starts]
    assert sum(begins) >= 0.95 * len(begins)
    shades = {screen.colour(row, 0) for row in range(1, 12) if begins[row - 1]}
    assert len(shades) == 1
