"""The tracks under the words in a real browser, by a real mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from panel.tests.util import wait_until
from playwright.sync_api import expect

from lstmvis_panel import open_recording, save_recording
from lstmvis_panel.colours import annotation_scale
from lstmvis_panel.questions import CONTEXT_BEFORE
from lstmvis_panel.style import HEAT_CELL, LIGHT, ROW_HEIGHT, mix
from tests.drawn import recording_of
from tests.tools.serving import EXAMPLES
from tests.ui.gestures import drag, press
from tests.ui.screen import SETTLED, Screen, middle, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from playwright.sync_api import Locator, Page

    from tests.tools.serving import Server

#        steps  0         1         2
#               012345678901234567890123456789
WORDS = "abcdeFGhijabcdeFGhijabcdeFGhij"
ROWS = (
    ".....##........##........##...",
    ".....##........##........#....",
)

LETTERS = "abcdeFGhijklmno"  # three more than there are colours for labels
LETTERED = (".....##........", ".##............")

PROTEINS = ("CTCF", "SP1", "TP53", "RELA", "ESR1", "GABPA", "CEBPA")
SITES = [name for protein in PROTEINS for name in (protein, f"{protein}_predicted")]

CLOSE = 3
"""Most by which a channel of a painted colour may differ."""


def tracked() -> xr.Dataset:
    """What is drawn, with a flag, predictions against their order, and the place in tens.

    Of the two predictions the second is likelier, and it is the next word where that is no capital.
    """
    drawn = recording_of(WORDS, *ROWS)
    codes = drawn.token.values
    following = np.append(codes[1:], -1)
    small = np.where(drawn.capital.values[np.minimum(np.arange(30) + 1, 29)] == 0, following, codes)
    return drawn.assign(
        there=("step", (drawn.place.values % 10 < 3).astype(float), {"kind": "scalar"}),
        top=(("step", "rank"), np.stack([codes, small], axis=1), {
            "kind": "prediction", "labels": "vocabulary", "weights": "top_weight",
        }),
        top_weight=(("step", "rank"), np.tile([0.25, 0.75], (30, 1)), {"kind": "weights"}),
    )  # fmt: skip


def lettered() -> xr.Dataset:
    """What is drawn twice, with each letter as a label."""
    drawn = recording_of(LETTERS * 2, *(row * 2 for row in LETTERED))
    return drawn.assign(
        letter=("step", np.arange(30) % len(LETTERS), {"kind": "categorical", "labels": "letter_label"}),
        letter_label=("letter_label", np.array(list(LETTERS)), {"kind": "labels"}),
    )


@pytest.fixture(scope="module")
def folder_server(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("tracked")
    save_recording(tracked(), folder / "drawn.h5")
    bare = recording_of(WORDS, *ROWS).drop_vars(["capital", "capital_label", "place"])
    save_recording(bare, folder / "bare.h5")
    save_recording(lettered(), folder / "lettered.h5")
    return start_server(folder)


class Tracks:
    """The tracks on the screen of a visitor."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.page = screen.page
        self.add = self.page.get_by_role("button", name="add track")
        self.fading = self.page.get_by_role("checkbox", name="fade where few")

    def names(self) -> list[str]:
        """Names from the top, as they are seen."""
        boxes = self.page.locator(".track").evaluate_all(
            "tracks => tracks.map(t => [t.getBoundingClientRect().top, t.dataset.name])"
        )
        return [name for _, name in sorted(boxes)]

    def wait_for(self, *names: str) -> None:
        """Wait until these tracks are there from the top, and the address says so."""
        wait_until(lambda: self.names() == list(names), self.page, timeout=SETTLED)
        self.screen.wait_for_address(tracks=",".join(names))

    def offered(self, name: str) -> Locator:
        """The button that adds a track."""
        return self.page.locator(".tracks .menu").get_by_role("button", name=name, exact=True)

    def label(self, name: str) -> Locator:
        """The button with the name of a track."""
        return self.page.locator(f'.track[data-name="{name}"] .name')

    def cell(self, name: str, step: int, rank: int = 0) -> dict[str, float]:
        """Where a cell lies: in the column of its word, in the row of its label."""
        word = self.screen.word(step)
        style = "track => [track.getBoundingClientRect().top, parseFloat(track.style.getPropertyValue('--row'))]"
        top, height = self.page.locator(f'.track[data-name="{name}"]').evaluate(style, timeout=SETTLED)
        return {"x": word["x"], "y": top + rank * height, "width": word["width"], "height": height}

    def colour(self, name: str, step: int, rank: int = 0) -> np.ndarray:
        """What is painted at the lower left of a cell, where neither text nor a frame is."""
        cell = self.cell(name, step, rank)
        return pixels(self.page)[round(cell["y"] + cell["height"]) - 4, round(cell["x"]) + 2].astype(int)

    def wait_for_colour(self, colour: str, name: str, step: int, rank: int = 0) -> None:
        """Wait until a cell has a colour."""
        wait_until(lambda: same(self.colour(name, step, rank), colour), self.page, timeout=SETTLED)

    def said(self) -> Locator:
        """What is said of the cell under the pointer."""
        return self.page.locator(".tracks .tip")


def places_of(tracks: Tracks, name: str, step: int, start: int) -> list[tuple[float, float]]:
    """Pixels of a step: in a track, and in the first row of the matrix and of the heatmap, where a match starts."""
    screen, row = tracks.screen, tracks.cell(name, step)
    word, heat = screen.cell(0, step - start), screen.page.locator(".lv-clip canvas").first.bounding_box()
    assert heat is not None
    return [
        (row["x"] + 2, row["y"] + row["height"] - 4),
        (word["x"] + 2, word["y"] + 2),
        (heat["x"] + (CONTEXT_BEFORE + step - start + 0.5) * HEAT_CELL, word["y"] + ROW_HEIGHT / 2),
    ]


def same(painted: np.ndarray, colour: str) -> bool:
    """Whether a pixel has a colour."""
    return bool(np.abs(painted - rgb(colour)).max() <= CLOSE)


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def colour_of(recording: xr.Dataset, name: str, value: float) -> str:
    """The colour that an annotation's value has everywhere."""
    colour = annotation_scale(recording, name, LIGHT).colour(value)
    assert colour is not None
    return colour


@pytest.fixture
def screen(stay: Callable[..., Screen], folder_server: Server) -> Screen:
    return stay(folder_server, "drawn", left=0)


@pytest.fixture
def tracks(screen: Screen) -> Tracks:
    return Tracks(screen)


# -- which tracks, in which order -------------------------------------------------------------------------------------


def test_tracks_are_added_from_the_list_of_those_not_shown(tracks: Tracks) -> None:
    wait_until(lambda: tracks.names() == ["capital", "place"], tracks.page, timeout=SETTLED)
    tracks.add.click()
    expect(tracks.page.locator(".tracks .menu button")).to_have_text(["there", "top"])
    tracks.offered("there").click()
    tracks.wait_for("capital", "place", "there")
    tracks.offered("top").click()
    tracks.wait_for("capital", "place", "there", "top")
    expect(tracks.add).to_be_hidden(timeout=SETTLED)


def test_all_of_a_kind_are_added_at_once(stay: Callable[..., Screen], folder_server: Server) -> None:
    tracks = Tracks(stay(folder_server, "drawn", tracks="top"))
    page = tracks.page
    tracks.add.click()
    page.get_by_role("button", name="add all 2").click()
    tracks.wait_for("top", "place", "there")


def test_a_track_is_removed_by_its_cross_and_the_card_closes_up(tracks: Tracks) -> None:
    match_card = tracks.page.get_by_text("Nothing is selected yet.")
    before = match_card.bounding_box()
    tracks.page.get_by_role("button", name="Remove capital").click()
    tracks.wait_for("place")
    tracks.page.get_by_role("button", name="Remove place").click()
    wait_until(lambda: tracks.names() == [], tracks.page, timeout=SETTLED)
    tracks.screen.wait_for_address(tracks="")
    expect(tracks.fading).to_be_hidden()
    after = match_card.bounding_box()
    assert before is not None
    assert after is not None
    assert before["y"] - after["y"] == 18 + 4 + 24


def test_a_track_is_dragged_to_its_place(tracks: Tracks) -> None:
    start, end = middle(dict(tracks.label("place").bounding_box() or {})), middle(tracks.cell("capital", 0))
    drag(tracks.page, start, (start[0], end[1] - 4))
    tracks.wait_for("place", "capital")
    drag(tracks.page, middle(dict(tracks.label("place").bounding_box() or {})), (start[0], start[1] + 30))
    wait_until(lambda: tracks.names() == ["capital", "place"], tracks.page, timeout=SETTLED)


def test_escape_gives_a_drag_up(tracks: Tracks) -> None:
    start = middle(dict(tracks.label("place").bounding_box() or {}))
    press(tracks.page, start, towards=(start[0], start[1] - 40))
    tracks.page.mouse.move(start[0], start[1] - 30, steps=4)
    wait_until(lambda: tracks.names() == ["place", "capital"], tracks.page, timeout=SETTLED)
    tracks.page.keyboard.press("Escape")
    wait_until(lambda: tracks.names() == ["capital", "place"], tracks.page, timeout=SETTLED)
    tracks.page.mouse.up()
    assert tracks.names() == ["capital", "place"]
    assert "tracks" not in tracks.screen.query()


def test_a_track_moves_by_arrow_keys_and_keeps_the_focus(stay: Callable[..., Screen], folder_server: Server) -> None:
    tracks = Tracks(stay(folder_server, "drawn", tracks="capital,place,there"))
    page = tracks.page
    tracks.label("capital").focus()
    page.keyboard.press("ArrowDown")
    tracks.wait_for("place", "capital", "there")
    expect(tracks.label("capital")).to_be_focused()
    expect(page.locator(".tracks .note")).to_be_hidden()
    expect(tracks.label("capital")).to_have_attribute("aria-label", "capital, track 2 of 3")
    page.keyboard.press("ArrowDown")
    tracks.wait_for("place", "there", "capital")
    page.keyboard.press("Delete")
    tracks.wait_for("place", "there")
    expect(page.get_by_role("button", name="Remove there")).to_be_focused()


def test_a_reload_shows_the_same(page: Page, folder_server: Server) -> None:
    screen = Screen(page, folder_server.url).open(project="drawn", tracks="top,there,capital", selection="5-7", left=0)
    tracks = Tracks(screen)
    tracks.fading.uncheck()
    screen.wait_for_address(mask="no")
    tracks.label("capital").focus()
    page.keyboard.press("ArrowUp")
    tracks.wait_for("top", "capital", "there")

    def picture() -> bytes:
        return page.locator(".tracks .cells").screenshot()

    page.mouse.move(1, 1)
    tracks.label("capital").blur()
    before = picture()
    page.reload()
    screen.ready()
    tracks.wait_for("top", "capital", "there")
    expect(tracks.fading).not_to_be_checked()
    wait_until(lambda: picture() == before, page, timeout=SETTLED)


def test_a_recording_without_annotations_says_so(stay: Callable[..., Screen], folder_server: Server) -> None:
    page = stay(folder_server, "bare").page
    expect(page.get_by_text("This recording has no annotations.")).to_be_visible(timeout=SETTLED)
    expect(page.get_by_role("button", name="add track")).to_be_hidden()


# -- what they show ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word_width", [6, 10, 30, 65])
def test_tracks_and_words_share_their_columns_to_the_pixel(page: Page, folder_server: Server, word_width: int) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    screen = Screen(page, folder_server.url).open(project="drawn", tracks="capital,there", word_width=word_width)
    tracks = Tracks(screen)
    capital, small = (colour_of(tracked(), "capital", code) for code in (1, 0))
    tracks.wait_for_colour(capital, "capital", 5)
    row = tracks.cell("capital", 5)
    line = pixels(page)[round(row["y"]) + 2].astype(int)
    left, right = round(screen.word(5)["x"]), round(screen.word(7)["x"])
    assert same(line[left], capital)
    assert same(line[right], small)
    gap = 1 if word_width >= 10 else 0
    assert not same(line[left - 1], capital)
    assert same(line[right - 1 - gap], capital)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000


def test_narrow_words_give_way_to_colour(stay: Callable[..., Screen], folder_server: Server) -> None:
    for word_width in (6, 30):
        screen = stay(folder_server, "drawn", tracks="capital", word_width=word_width)
        page = screen.page
        tracks = Tracks(screen)
        tracks.wait_for_colour(colour_of(tracked(), "capital", 0), "capital", 2)
        cell = tracks.cell("capital", 2)
        x, y = round(cell["x"]), round(cell["y"])
        inside = pixels(page)[y + 1 : y + 15, x + 1 : x + word_width - 2].reshape(-1, 3)
        assert (len(np.unique(inside, axis=0)) == 1) == (word_width == 6)


def test_colours_fade_with_the_states_that_are_on(stay: Callable[..., Screen], folder_server: Server) -> None:
    screen = stay(folder_server, "drawn", tracks="capital", left=0)
    tracks = Tracks(screen)
    capital, small = (colour_of(tracked(), "capital", code) for code in (1, 0))
    tracks.wait_for_colour(small, "capital", 2)  # nothing is selected
    screen.brush(5, 7)
    screen.wait_for_selected([0, 1])
    tracks.wait_for_colour(mix(LIGHT.card, small, 0.2), "capital", 2)
    assert same(tracks.colour("capital", 5), capital)
    assert same(tracks.colour("capital", 26), mix(LIGHT.card, capital, 0.6))  # one of two is on
    tracks.fading.uncheck()
    screen.wait_for_address(mask="no")
    tracks.wait_for_colour(small, "capital", 2)
    assert same(tracks.colour("capital", 26), capital)


def test_a_dragged_threshold_changes_how_colours_fade(stay: Callable[..., Screen], folder_server: Server) -> None:
    screen = stay(folder_server, "drawn", tracks="capital", left=0, selection="5-7")
    tracks = Tracks(screen)
    small = colour_of(tracked(), "capital", 0)
    tracks.wait_for_colour(mix(LIGHT.card, small, 0.2), "capital", 2)
    screen.drag_threshold(-0.95)
    tracks.wait_for_colour(small, "capital", 2)


def test_bars_are_as_high_as_their_numbers(stay: Callable[..., Screen], folder_server: Server) -> None:
    tracks = Tracks(stay(folder_server, "drawn", tracks="place"))
    page = tracks.page
    expect(tracks.label("place")).to_have_text("place0 – 29")
    tracks.wait_for_colour(colour_of(tracked(), "place", 29), "place", 29)
    picture = pixels(page).astype(int)
    for step in (3, 15, 29):
        x, y = (round(at) for at in middle(tracks.cell("place", step)))
        column = picture[y - 12 : y + 11, x]
        high = sum(same(pixel, colour_of(tracked(), "place", step)) for pixel in column)
        assert high == pytest.approx(step / 29 * 23, abs=1)


def test_predictions_come_best_first_and_the_next_word_is_marked(
    stay: Callable[..., Screen], folder_server: Server
) -> None:
    screen = stay(folder_server, "drawn", tracks="top", mask="no")
    page = screen.page
    tracks = Tracks(screen)
    expect(tracks.label("top").locator("span")).to_have_text(["top 1", "2"])
    likely, unlikely = (colour_of(tracked(), "top_weight", weight) for weight in (0.75, 0.25))
    tracks.wait_for_colour(likely, "top", 2, 0)
    assert same(tracks.colour("top", 2, 1), unlikely)
    picture = pixels(page).astype(int)

    def framed(step: int, rank: int) -> bool:
        """Whether a line of ink runs along the upper edge of a cell."""
        cell = tracks.cell("top", step, rank)
        x, y = round(cell["x"]), round(cell["y"])
        return all(same(pixel, LIGHT.ink) for pixel in picture[y, x + 1 : x + 25])

    # The word after step 3 is e; after 4 and 5 come capitals, which nothing foresees; after 29 there is none.
    assert [framed(step, 0) for step in (3, 4, 5, 6, 29)] == [True, False, False, True, False]
    assert not framed(3, 1)


def test_a_cell_says_its_value_in_words(stay: Callable[..., Screen], folder_server: Server) -> None:
    screen = stay(folder_server, "drawn", tracks="capital,place,there,top", selection="5-7", left=0)
    page = screen.page
    screen.wait_for_selected([0, 1])
    tracks = Tracks(screen)
    on = "0 of 2 selected states on"
    for (name, step, rank), said in {
        ("capital", 3, 0): f"d · step 3 · capital: small · {on}",
        ("place", 12, 0): f"c · step 12 · place: 12 · {on}",
        ("there", 12, 0): f"c · step 12 · there: 1 · {on}",
        ("top", 3, 0): f"d · step 3 · top 1: e, 0.75, which comes next · {on}",
        ("top", 3, 1): f"d · step 3 · top 2: d, 0.25 · {on}",
        ("top", 29, 1): f"j · step 29 · top 2: nothing · {on}",
    }.items():
        page.mouse.move(*middle(tracks.cell(name, step, rank)))
        expect(tracks.said()).to_have_text(said, timeout=SETTLED)
        frame, word = page.locator(".tracks .column").bounding_box(), screen.word(step)
        assert frame is not None
        assert (frame["x"], frame["y"], frame["width"]) == (word["x"], word["y"], word["width"])
    page.mouse.move(1, 1)
    expect(tracks.said()).to_be_hidden()


def test_arrow_keys_say_cells_too(tracks: Tracks) -> None:
    tracks.page.locator(".tracks .cells").focus()
    tracks.page.keyboard.press("ArrowRight")
    expect(tracks.said()).to_have_text("b · step 1 · capital: small", timeout=SETTLED)
    tracks.page.keyboard.press("ArrowDown")
    expect(tracks.said()).to_have_text("b · step 1 · place: 1")
    tracks.page.keyboard.press("Escape")
    expect(tracks.said()).to_be_hidden()


def test_a_name_says_what_its_colours_mean(tracks: Tracks) -> None:
    note = tracks.page.locator(".tracks .note")
    tracks.label("capital").hover()
    expect(note.locator(".key")).to_have_text(["small", "capital"])
    swatches = note.locator(".key i").evaluate_all("keys => keys.map(key => getComputedStyle(key).backgroundColor)")
    assert len(set(swatches)) == 2
    tracks.page.mouse.move(1, 1)
    expect(note).to_be_hidden()
    tracks.page.locator(".track[data-name=capital] .remove").focus()
    tracks.page.keyboard.press("Tab")
    expect(note.locator(".key > span")).to_have_text(["0", "29"])


def test_a_label_has_one_colour_in_track_heatmap_and_words_whatever_is_selected(
    stay: Callable[..., Screen], folder_server: Server
) -> None:
    screen = stay(
        folder_server, "lettered",
        left=0, selection="5-7", tracks="letter", mask="no", heatmaps="letter", mapping="letter",
    )  # fmt: skip
    page, tracks = screen.page, Tracks(screen)
    wanted = {step: colour_of(lettered(), "letter", step) for step in (5, 11, 14)}
    assert list(wanted.values()) == [LIGHT.categories[5], LIGHT.categories[11], LIGHT.rest]

    tracks.label("letter").hover()
    keys = page.locator(".tracks .note .key")
    expect(keys).to_have_text([*LETTERS[:12], "other"])
    expect(keys.last.locator("i")).to_have_css("background-color", f"rgb{rgb(LIGHT.rest)}")
    page.mouse.move(1, 1)

    def is_painted(start: int) -> bool:
        """Whether the labels have their colours in the track, and in the row of the selection."""
        picture = pixels(page).astype(int)
        return all(
            same(picture[round(y), round(x)], colour)
            for step, colour in wanted.items()
            for x, y in places_of(tracks, "letter", step, start)
        )

    wait_until(lambda: is_painted(5), page, timeout=SETTLED)
    screen.brush(1, 3)
    wait_until(lambda: screen.rows() == ["selection", "16"], page, timeout=SETTLED)
    wait_until(lambda: is_painted(1), page, timeout=SETTLED)


def test_a_legend_that_has_no_room_is_told_in_a_note(stay: Callable[..., Screen], folder_server: Server) -> None:
    """Of the words' colours and of a heatmap's, by mouse and by keyboard."""
    screen = stay(
        folder_server, "lettered",
        left=0, selection="5-7", heatmaps="letter", mapping="letter",
    )  # fmt: skip
    page, every = screen.page, [*LETTERS[:12], "other"]
    line, more = page.locator(".matrix .keys"), page.locator(".matrix .more")
    expect(line.locator(".key:visible")).to_have_text(every, timeout=SETTLED)
    expect(more).to_be_hidden()
    page.set_viewport_size({"width": 1000, "height": 700})
    page.get_by_role("button", name="mask", exact=True).click()
    expect(more).to_be_visible(timeout=SETTLED)
    edge, last = (place.bounding_box() for place in (more, line.locator(".key:visible").last))
    assert edge is not None
    assert last is not None
    assert last["x"] + last["width"] <= edge["x"]
    note = page.locator(".matrix .note")
    more.hover()
    expect(note).to_contain_text("faded where few selected states are on")
    expect(note.locator(".key")).to_have_text(every)
    page.mouse.move(1, 1)
    expect(note).to_be_hidden()

    name, told = page.locator(".heads .name"), page.locator(".heads .note")
    name.hover()
    expect(told.locator(".key")).to_have_text(every)
    expect(told.locator(".key i").last).to_have_css("background-color", f"rgb{rgb(LIGHT.rest)}")
    page.mouse.move(1, 1)
    expect(told).to_be_hidden()
    more.focus()
    expect(note.locator(".key")).to_have_text(every)
    page.keyboard.press("Tab")
    for _ in range(10):
        if name.evaluate("name => name.matches(':focus')"):
            break
        page.keyboard.press("Tab")
    expect(note).to_be_hidden()
    expect(told.locator(".key")).to_have_text(every)
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    screen.wait_for_address(selection="5-7")


def test_sites_of_seven_proteins_and_their_predictions_are_slim_bars(
    stay: Callable[..., Screen], server: Server
) -> None:
    """Figure 9 of the paper: where annotated and predicted sites lie, all at once."""
    recording = open_recording(EXAMPLES / "dna" / "dna.h5")
    screen = stay(server, "dna", position=4748, word_width=12, tracks="")
    page = screen.page
    tracks = Tracks(screen)
    tracks.add.click()
    page.get_by_role("button", name="add all 14").click()
    wait_until(lambda: tracks.names() == SITES, page, timeout=SETTLED)
    page.keyboard.press("Escape")  # the list would cast its shadow on the first track
    site = colour_of(recording, "CTCF", 1)
    tracks.wait_for_colour(site, "CTCF", 4750)
    tops = [tracks.cell(name, 4748)["y"] for name in SITES]
    assert np.diff(tops).tolist() == [10] * 13
    picture, shown = pixels(page).astype(int), screen.steps()
    first = screen.word(shown[0])
    columns = [round(first["x"] + (i + 0.5) * first["width"]) for i in range(len(shown))]
    for name, top in zip(SITES, tops, strict=True):
        painted = [same(picture[round(top) + 4, x], site) for x in columns]
        assert painted == (recording[name].values[shown] == 1).tolist(), name
