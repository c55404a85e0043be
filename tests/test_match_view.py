"""The match view without a browser: what it shows of a session, what gestures do to the session, how it follows."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

from lstmvis_panel.captions import FADED
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.matrix import FAINTEST
from lstmvis_panel.questions import CONTEXT_BEFORE, Matches, Query
from lstmvis_panel.session import Session
from lstmvis_panel.style import DARK, GUTTER, LIGHT, mix
from lstmvis_panel.views import filters
from lstmvis_panel.views.match import MatchView, body_classes
from lstmvis_panel.views.match_text import (
    advice,
    can_show_more,
    filters_hide_all,
    next_stage,
    summary,
)
from tests.drawn import recording_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Two states over two documents; "#" is on. The selection is "b c", steps 1 and 2.
#
#   step      0  1  2  3  4  5  6  7  8  9
#   document  0  0  0  0  0  0  1  1  1  1
#   word      a  b  c  d  b  c  b  c  e  f
#   state 0   .  #  #  .  #  #  .  #  #  .
#   state 1   .  #  #  .  .  .  .  #  #  .
#   level     1  2  2  1  -  2  1  2  2  1
#
# Best first: 1-2 and 7-8 have both states, 4-5 one of them.
WORDS = "abcdbcbcef"
STATES = np.array([[0, 1, 1, 0, 1, 1, 0, 1, 1, 0], [0, 1, 1, 0, 0, 0, 0, 1, 1, 0]], np.float32).T
LEVELS = [0, 1, 1, 0, -1, 1, 0, 1, 1, 0]
STARTS = [1, 7, 4]


@pytest.fixture(scope="module", autouse=True)
def _panel():
    hv.extension("bokeh", logo=False)


def recording(levels: tuple[str, str] = ("1", "2")) -> xr.Dataset:
    vocabulary = sorted(set(WORDS))
    return xr.Dataset(
        {
            "token": ("step", [vocabulary.index(w) for w in WORDS], {"kind": "token", "labels": "vocabulary"}),
            "vocabulary": ("word", np.array(vocabulary), {"kind": "labels"}),
            "cell": (("step", "cell_state"), STATES, {"kind": "states", "transform": "none"}),
            "nesting_level": ("step", np.array(LEVELS), {"kind": "categorical", "labels": "nesting_level_label"}),
            "nesting_level_label": ("nesting_level_label", np.array(levels), {"kind": "labels"}),
            "surprisal": ("step", np.arange(10.0), {"kind": "scalar"}),
        },
        coords={"document": ("step", [0] * 6 + [1] * 4)},
    )


def new_session(**values: Any) -> Session:
    return Session(recording(), **{"threshold": 0.5, "left": 0, **values})


async def answered(session: Session) -> None:
    """Wait until no search is under way."""
    done = asyncio.Event()
    session.param.watch(lambda event: None if event.new else done.set(), "searching")
    if session.searching:
        await asyncio.wait_for(done.wait(), 120)


def matched(**values: Any) -> tuple[Session, MatchView]:
    """A session with its answer on screen; where no loop runs, it comes at once."""
    session = new_session(**values)
    view = MatchView(session, print)
    session.selection = (1, 3)
    return session, view


def gesture(view: MatchView, hovered: list[int] | None, **more: Any) -> None:
    """What the browser sends."""
    view.matrix._handle_msg({"hovered": hovered, "serial": 1, **more})


def codes(sent: bytes, view: MatchView) -> np.ndarray:
    """Whole numbers as they reach the browser, (row, column)."""
    return np.frombuffer(sent, "<i4").reshape(-1, view.matrix.rows["columns"])


def words(view: MatchView) -> list[list[str | None]]:
    texts = view.matrix.rows["texts"]
    return [[texts[code] if code >= 0 else None for code in row] for row in codes(view.matrix.rows["codes"], view)]


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_rows_are_the_matches_best_first():
    _, view = matched()
    rows = view.matrix.rows
    assert rows["starts"] == STARTS
    assert rows["lengths"] == [2, 2, 2]
    assert rows["own"] == 0
    assert rows["before"] == CONTEXT_BEFORE


def test_words_stand_around_the_start_and_end_with_the_document():
    _, view = matched()
    shown = ["".join(word or "·" for word in row)[:9] for row in words(view)]
    #                 start
    #                   v
    assert shown == ["··abcdbc·", "··bcef···", "bcdbc····"]


def test_each_heatmap_is_said_in_words():
    _, view = matched()
    own = 0

    def said(column: int) -> list[str]:
        each = [(remark["texts"], codes(remark["codes"], view)[own, column]) for remark in view.matrix.remarks]
        return [texts[code] if code >= 0 else "" for texts, code in each]

    assert said(CONTEXT_BEFORE) == ["2 of 2 states on", "nesting level 2", "surprisal 1"]
    assert said(CONTEXT_BEFORE + 3) == ["1 of 2 states on", "", "surprisal 4"]
    assert said(0) == ["", "", ""]


def colours(view: MatchView) -> np.ndarray:
    """What is painted of the heatmaps, (row, column, RGBA), the first row on top."""
    picture = view.heatmaps._picture()
    return np.dstack([picture.dimension_values(at, flat=False) for at in range(2, 6)])


def rgb(colour: str) -> list[int]:
    return [*bytes.fromhex(colour[1:])]


def test_heatmaps_hold_what_the_rows_hold():
    session, view = matched(heatmaps=["nesting_level", "match count"])
    painted, grid = colours(view), view.heatmaps.grid
    count, level = grid.left(1) + CONTEXT_BEFORE, grid.left(0) + CONTEXT_BEFORE
    assert painted[0, count, :3].tolist() == rgb(LIGHT.ramp[1])
    assert painted[2, count, :3].tolist() != rgb(LIGHT.ramp[1])
    assert painted[0, level, :3].tolist() == rgb(LIGHT.categories[1])
    assert painted[2, level, 3] == painted[0, 0, 3] == 0
    session.matches = None
    assert not colours(view)[:, :, 3].any()


def test_clip_is_as_high_as_the_rows():
    session, view = matched()
    assert view.heatmaps._clip.height == 3 * view.matrix.row_height
    session.matches = None
    assert view.heatmaps._clip.height == 0


def test_there_is_room_for_the_heatmaps_that_are_shown():
    session, view = matched(heatmaps=["match count"])
    widths = [view.heatmaps._picture_box.width]
    session.heatmaps = ["surprisal", "match count"]
    widths.append(view.heatmaps._picture_box.width)
    assert widths == [230, 480]
    assert [head["name"] for head in view.heatmaps.heads.heads] == ["surprisal", "match count"]
    session.after = 5
    assert view.heatmaps.heads.each == 80
    session.heatmaps = []
    assert view.heatmaps._picture_box.width == 0
    assert not colours(view)[:, :, 3].any()


def test_heatmaps_are_reordered_removed_and_added():
    session, view = matched(heatmaps=["match count", "surprisal"])
    view.heatmaps.heads._handle_msg({"order": ["surprisal", "match count"], "serial": 1})
    assert session.heatmaps == ["surprisal", "match count"]
    view.heatmaps.heads._handle_msg({"order": ["surprisal", "no such"], "serial": 2})
    assert session.heatmaps == ["surprisal"]
    view.heatmaps.adding.value = "nesting_level"
    assert session.heatmaps == ["surprisal", "nesting_level"]
    assert list(view.heatmaps.adding.options.values()) == ["", "match count"]
    view.heatmaps.adding.value = "match count"
    assert view.heatmaps.adding.disabled


def test_annotations_of_the_same_title_can_all_be_chosen():
    alike = recording()
    alike["match_count"] = alike.surprisal  # beside the heatmap that is no annotation's
    view = MatchView(Session(alike, threshold=0.5, heatmaps=[]), print)
    shown = view.heatmaps.adding.options
    assert shown["match_count"] == "match_count"
    assert shown["match count"] == "match count"
    assert set(shown.values()) == {"", *view.session.param.heatmaps.objects}


def test_only_what_is_shown_is_said():
    session, view = matched(heatmaps=["surprisal"], mapping="nesting_level")
    assert len(view.matrix.remarks) == 2
    session.mapping = "none"
    assert len(view.matrix.remarks) == 1


def fills(view: MatchView, row: int, column: int) -> str | None:
    place = codes(view.matrix.fills["places"], view)[row, column]
    return None if place < 0 else view.matrix.fills["colours"][place]


def test_words_take_the_colours_of_the_mapped_heatmap():
    session, view = matched(mapping="nesting_level")
    assert fills(view, 0, CONTEXT_BEFORE) == LIGHT.categories[1]
    assert fills(view, 2, CONTEXT_BEFORE) is None
    session.mapping = "match count"
    assert fills(view, 0, CONTEXT_BEFORE) == LIGHT.ramp[1]
    assert fills(view, 0, 0) is None
    session.theme = "dark"
    assert fills(view, 0, CONTEXT_BEFORE) == DARK.ramp[1]
    session.mapping = "none"
    assert view.matrix.fills == {"ink": DARK.ink}


def test_row_whose_place_is_shown_is_marked():
    session, view = matched()
    session.position = 7
    assert view.matrix.opened == 1
    session.position = 8
    assert view.matrix.opened == -1


def test_the_mask_fades_where_few_states_are_on():
    session, view = matched(mapping="nesting_level", match_mask=True)
    assert fills(view, 0, CONTEXT_BEFORE) == LIGHT.categories[1]  # both states are on
    faded = fills(view, 0, CONTEXT_BEFORE - 1)  # none is
    assert faded == mix(LIGHT.card, LIGHT.categories[0], FAINTEST)
    session.match_mask = False
    assert fills(view, 0, CONTEXT_BEFORE - 1) == LIGHT.categories[0]


def test_titles_say_what_colours_mean():
    _, view = matched()
    first, second, third = view.heatmaps.heads.heads
    assert (first["title"], second["title"], third["title"]) == ("match count", "nesting level", "surprisal")
    assert first["legend"] == [[LIGHT.ramp[0], "0"], [LIGHT.ramp[1], "2"]]
    assert [LIGHT.categories[0], "1"] in second["legend"]
    assert (first["gradual"], second["gradual"]) == (True, False)


def test_beside_the_words_stands_what_their_colours_mean():
    session, view = matched()
    assert session.mapping == "match count"
    assert view.matrix.legend == {key: view.heatmaps.heads.heads[0][key] for key in view.matrix.legend}
    assert view.matrix.legend["legend"] == [[LIGHT.ramp[0], "0"], [LIGHT.ramp[1], "2"]]
    session.param.update(mapping="nesting_level", match_mask=True, theme="dark")
    told = view.matrix.legend
    assert (told["title"], told["gradual"], told["about"]) == ("nesting level", False, FADED)
    assert [DARK.categories[0], "1"] in told["legend"]
    session.mapping = "none"
    assert view.matrix.legend == {}


def test_words_are_as_wide_as_was_asked_for():
    session, view = matched()
    fitting, columns = view.matrix.styles, session.before + session.after
    assert (view.matrix.cell, session.match_width) == (0, None)
    gesture(view, None, cell=12)
    assert (view.matrix.cell, session.match_width) == (12, 12)
    # Slim ones leave the heatmaps room.
    assert view.matrix.styles["--lv-enough"] == f"{GUTTER + 12 * columns}px"
    gesture(view, None, cell=0)
    assert (view.matrix.cell, session.match_width) == (0, None)
    assert view.matrix.styles == fitting


def test_the_plot_renders():
    session, view = matched()
    model = view.__panel__().get_root()
    assert model is not None
    session.hovered = (1, 4)
    session.theme = "dark"
    session.heatmaps = ["surprisal"]
    session.param.update(before=0, after=4)


# -- gestures ---------------------------------------------------------------------------------------------------------


def test_hovering_a_word_reaches_the_session_and_leaving_clears():
    session, view = matched()
    gesture(view, [1, 4])
    assert session.hovered == (1, 4)
    assert view.matrix.seen == 1
    gesture(view, None)
    assert session.hovered is None


def test_hovering_a_heatmap_marks_the_same_cell_of_the_matrix():
    session, view = matched()
    view.heatmaps._on_pointer(view.heatmaps.grid.left(2) + 4.5, 1.5)
    assert session.hovered == (1, 4)
    assert view.matrix.hovered == {"cell": [1, 4], "beside": "pointer"}
    view.heatmaps._on_pointer(None, None)
    assert session.hovered is None


@pytest.mark.parametrize("point", [(0.5, 0.5), (23.5, 0.5), (4.5, 3.5)], ids=["no step", "gap", "no row"])
def test_blank_places_of_heatmaps_mark_nothing(point):
    session, view = matched()
    view.heatmaps._on_pointer(4.5, 1.5)
    view.heatmaps._on_pointer(*point)
    assert session.hovered is None


def test_leaving_heatmaps_late_keeps_what_the_matrix_has_marked():
    session, view = matched()
    view.heatmaps._on_pointer(4.5, 1.5)
    gesture(view, [2, 5])
    view.heatmaps._on_pointer(None, None)
    assert session.hovered == (2, 5)


def test_a_cell_set_by_code_is_framed():
    session, view = matched()
    session.hovered = (0, 3)
    assert view.matrix.hovered == {"cell": [0, 3], "beside": "cell"}


def test_opening_a_row_shows_its_place_every_time():
    session, view = matched()
    gesture(view, None, opened=1)
    assert session.position == 7
    session.position = 0
    gesture(view, [1, 4])
    assert session.position == 0
    gesture(view, None, opened=1)
    assert session.position == 7


def test_clicking_a_heatmap_opens_its_row():
    session, view = matched()
    view.heatmaps._on_click(4.5, 2.5)
    assert session.position == 4
    view.heatmaps._on_click(4.5, 30.5)
    assert session.position == 4


@pytest.mark.parametrize("row", [-1, 3, 99])
def test_a_row_that_is_not_there_opens_nothing(row):
    session, view = matched()
    view.open(row)
    assert session.position == 0


# -- words ------------------------------------------------------------------------------------------------------------


def test_without_a_selection_it_says_what_to_do():
    session = new_session()
    assert "Drag over words" in advice(session)
    assert "ranges" not in summary(session)


def test_a_refused_selection_says_why():
    session = new_session(selection=(4, 8))
    assert session.refusal
    assert "can’t be matched" in advice(session)


def test_without_a_state_it_says_what_to_change():
    session = new_session(selection=(0, 2), left=1)
    words = advice(session)
    assert "No state is on" in words
    assert "lower the threshold" in words
    assert "fewer words" in words
    assert "fewer steps before" in words


def test_remedies_are_only_those_that_apply():
    words = advice(new_session(selection=(0, 1)))
    assert "lower the threshold" in words
    assert "fewer" not in words


def test_summary_counts_what_was_searched():
    session, _ = matched()
    assert "<b>3</b> of " in summary(session)
    assert "all steps searched" in summary(session)
    assert advice(session) == ""


def test_summary_tells_a_selection_that_ranks_lower():
    session, _ = matched()
    found = session.matches
    assert found is not None
    session.matches = replace(found, own_ranks=False)
    assert "<b>2</b> of " in summary(session)
    assert "ranks past these 2" in summary(session)


def advised(words: str, *rows: str, **values: Any) -> str:
    """What is advised once the selection of a drawn recording was matched."""
    session = Session(recording_of(words, *rows), **{"selection": (0, 1), "left": 0, "threshold": 0.5, **values})
    MatchView(session, print)
    assert session.matches is not None
    return advice(session)


def test_a_selection_alone_among_its_matches_is_said():
    words = advised("abcd", "##..", ".##.", selection=(0, 2))
    assert "No other range shares a state with the selection." in words
    assert "select fewer words" in words


def test_what_was_said_of_the_last_search_fades_while_the_next_one_runs():
    session = Session(recording_of("abcd", "##..", ".##."), selection=(0, 2), left=0, threshold=0.5)
    MatchView(session, print)
    assert "lv-old" not in advice(session)
    session.searching = True
    assert "lv-old" in advice(session)


def test_ranges_that_only_overlap_the_selection_are_said():
    words = advised("abcd", "##..", "#...")
    assert "No range apart from the selection shares a state with it." in words
    assert "1 range that overlaps it does: switch “distinct” off" in words
    assert advised("abcd", "##..", "#...", distinct=False) == ""
    assert "2 ranges that overlap it do" in advised("abcd", "###.", "##..", "#...")


def test_a_recording_of_one_step_has_no_other_range():
    assert "There is no other range." in advised("a", "#")


def test_a_list_that_a_hand_has_emptied_is_said():
    words = advice(new_session(selection=(0, 2), pinned=[]))
    assert "No state is listed." in words
    assert "threshold" not in words


def test_a_search_that_takes_its_time_says_what_can_be_done_meanwhile():
    session = new_session(selection=(1, 3), left=0)
    session.searching = True
    assert "Searching all steps" in advice(session)
    assert "What is changed meanwhile is searched for instead." in advice(session)


def test_a_failure_is_said_and_escaped():
    session = new_session()
    session.failure = "disk <gone>"
    assert "disk &lt;gone&gt;" in advice(session)
    assert "Search again" in advice(session)


def test_words_and_heatmaps_are_hidden_where_there_is_no_match():
    assert body_classes(None) == ["lv-body", "lv-none"]
    assert body_classes("some") == ["lv-body"]


def test_old_rows_stay_faded_while_a_search_runs():
    session, view = matched()
    session.searching = True
    assert view.matrix.stale
    assert view.heatmaps.__panel__().styles["opacity"] == "0.45"
    assert view.matrix.rows["starts"] == STARTS
    session.searching = False
    assert not view.matrix.stale
    assert view.heatmaps.__panel__().styles["opacity"] == "1"


# -- filters and amount -----------------------------------------------------------------------------------------------


def chips_of(view: MatchView) -> list[str]:
    return [button.label for button in view.filters.chips]


def test_a_bar_asks_for_its_lengths_and_is_given_up():
    session, view = matched()
    assert view.filters.lengths.bars == [[2, 2]]
    view.filters.lengths._handle_msg({"lengths": [2, 2], "serial": 1})
    assert session.lengths == (2, 2)
    assert view.filters.lengths.chosen == [2, 2]
    assert chips_of(view) == ["length 2 ×"]
    view.filters.lengths._handle_msg({"lengths": None, "serial": 2})
    assert session.lengths is None
    assert chips_of(view) == []


def test_bars_count_all_matches_and_those_with_all_states():
    _, view = matched()
    all_of_them, complete = view.filters.lengths.histograms
    assert (all_of_them["counts"], complete["counts"]) == ([3], [2])
    session, view = matched()
    session.alone = 1  # of one state, all matches have all
    assert len(view.filters.lengths.histograms) == 1


def test_matches_are_those_that_start_as_asked():
    session, view = matched()
    session.starting = "surprisal:>=7"
    assert view.matrix.rows["starts"] == [1, 7]
    assert (view.matrix.rows["own"], chips_of(view)) == (0, ["starts at surprisal:>=7 ×"])
    assert "<b>1</b> of 1 ranges that pass, of 3" in summary(session)
    assert "the selection itself doesn’t pass" in summary(session)
    session.param.update(starting="", document=0)
    assert view.matrix.rows["starts"] == [1, 4]
    assert "<b>2</b> of 2 ranges that pass, of 3" in summary(session)
    assert chips_of(view) == ["in document 1 ×"]


def test_a_click_on_a_chip_removes_its_filter():
    session, view = matched(document=1, starting="b", lengths=(1, 9))
    assert chips_of(view) == ["length 1 to 9 ×", "in document 2 ×", "starts at b ×"]
    view.filters.chips[1].clicks += 1
    assert (session.document, session.starting, session.lengths) == (None, "b", (1, 9))


def test_what_can_not_be_searched_for_is_said_and_not_taken():
    session, view = matched()
    field = view.filters.fields[0][1]
    field.value = "nesting_level:x"
    assert "nesting_level" in view.filters.mistyped
    assert session.starting == ""
    field.value = " nesting_level:2 "
    assert (session.starting, view.filters.mistyped) == ("nesting_level:2", "")


def test_a_document_is_chosen_by_name():
    session, view = matched()
    field = view.filters.fields[1][1]
    assert list(field.options) == ["any document", "document 1", "document 2"]
    field.value = 1
    assert session.document == 1
    session.clear_filters()
    assert field.value == field.options["any document"]
    assert session.document is None


def test_of_very_many_documents_one_is_named(monkeypatch):
    monkeypatch.setattr(filters, "LISTED", 1)
    session, view = matched()
    field = view.filters.fields[1][1]
    field.value = "document 2"
    assert session.document == 1
    field.value = "document 9"
    assert (session.document, view.filters.misnamed) == (1, "There is no document “document 9”.")
    field.value = ""
    assert (session.document, view.filters.misnamed) == (None, "")
    session.document = 0
    assert field.value == "document 1"


def test_what_is_wrong_is_said_of_its_own_field_until_the_filter_changes(monkeypatch):
    monkeypatch.setattr(filters, "LISTED", 1)
    session, view = matched(starting="b", document=1)
    starting, document = (row[1] for row in view.filters.fields)
    starting.value = "nesting_level:x"
    document.value = "document 9"
    assert "nesting_level" in view.filters.mistyped
    assert "document 9" in view.filters.misnamed
    session.starting = ""
    assert (view.filters.mistyped, starting.value) == ("", "")
    assert "document 9" in view.filters.misnamed
    session.document = None
    assert (view.filters.misnamed, document.value) == ("", "")


def test_where_no_match_passes_it_offers_to_clear_the_filters():
    session, _ = matched(starting="d")
    assert "No other range passes the filters." in advice(session)
    assert "there are 2" in advice(session)
    assert filters_hide_all(session.matches)
    session.clear_filters()
    assert advice(session) == ""
    assert not filters_hide_all(session.matches)


def test_more_rows_are_asked_for_while_there_are_some():
    session, view = matched()
    assert not can_show_more(session.matches)
    found = session.matches
    assert found is not None
    table = found.table.assign_attrs(candidates=4)
    few = replace(found, table=table, query=replace(found.query, top=3))
    assert can_show_more(few)
    assert not can_show_more(replace(few, query=replace(found.query, top=4)))
    assert [next_stage(top) for top in (10, 50, 100, 200, 500)] == [50, 100, 200, 500, 500]
    view._show_more()
    assert session.top == 100
    view._show_fewer()
    assert session.top == 50


def test_context_follows_the_fields():
    session, view = matched()
    assert view.matrix.context["before"] == {"value": 3, "low": 0, "high": 30}
    gesture(view, None, context={"before": 1, "after": 4})
    assert (session.before, session.after) == (1, 4)
    assert ["".join(word or "·" for word in row) for row in words(view)] == ["abcdb", "bcef·", "dbc··"]
    session.before = 0
    gesture(view, [0, 0])
    assert session.before == 0


def test_rows_that_are_seen_are_drawn_beside():
    _, view = matched()
    gesture(view, None, first=40)
    assert view.heatmaps.first == 40
    assert view.heatmaps.grid.first == 0  # there are only three rows


def test_pinned_states_are_matched_without_a_row_of_the_selection():
    session, view = new_session(), None
    view = MatchView(session, print)
    session.pin([0, 1])
    assert view.matrix.rows["own"] == -1
    assert view.matrix.rows["starts"] == STARTS
    assert advice(session) == ""
    session.threshold = 2
    assert "No range of two steps" in advice(session)
    session.pin(None)
    assert "Nothing is selected yet" in advice(session)


def test_rows_are_links_only_where_the_address_says_what_is_shown():
    assert not MatchView(new_session(), print).matrix.linked
    assert MatchView(Session(recording(), "drawn"), print).matrix.linked


# -- following --------------------------------------------------------------------------------------------------------


class SearchedByHand(Session):
    """A session whose searches end when the test says so, each with what the test says."""

    def __init__(self, answer: Callable[[Query, Callable[[], bool]], Matches]) -> None:
        self.answer = answer
        super().__init__(recording(), threshold=0.5, left=0)

    def search(self, query: Query, cancelled: Callable[[], bool] | None = None) -> Matches:
        assert cancelled is not None
        return self.answer(query, cancelled)


def test_a_search_does_not_block_what_comes_next():
    async def run() -> None:
        release = threading.Event()
        session = SearchedByHand(
            lambda query, cancelled: release.wait(60) and Session.search(session, query, cancelled)
        )
        MatchView(session, print)
        session.selection = (1, 3)
        assert session.searching
        assert session.matches is None
        session.position = 5
        assert session.searching
        release.set()
        await answered(session)
        assert session.matches is not None

    asyncio.run(run())


def test_only_the_newest_question_is_answered():
    async def run() -> None:
        told, begun, asked_anew = [], threading.Event(), threading.Event()

        def answer(query: Query, cancelled: Callable[[], bool]) -> Matches:
            if query.steps == (7, 9):
                return Session.search(session, query, cancelled)
            told.append(cancelled())
            begun.set()
            asked_anew.wait(60)
            told.append(cancelled())
            raise Cancelled

        session = SearchedByHand(answer)
        MatchView(session, print)
        session.selection = (1, 3)
        await asyncio.to_thread(begun.wait, 60)
        session.selection = (7, 9)
        asked_anew.set()
        await answered(session)
        await asyncio.get_running_loop().shutdown_default_executor()
        assert told == [False, True]
        assert session.matches is not None
        assert session.matches.query.steps == (7, 9)

    asyncio.run(run())


def test_an_old_answer_that_comes_all_the_same_is_dropped():
    async def run() -> None:
        release = threading.Event()
        session = SearchedByHand(lambda query, _: release.wait(60) and Session.search(session, query))
        view = MatchView(session, print)
        session.selection = (1, 3)
        session.selection = None
        release.set()
        await asyncio.get_running_loop().shutdown_default_executor()
        assert session.matches is None
        assert not session.searching
        assert view.matrix.rows == {}

    asyncio.run(run())


def test_clearing_the_selection_clears_the_matches():
    session, view = matched()
    session.hovered = (0, 3)
    session.selection = None
    assert session.matches is None
    assert session.hovered is None
    assert not session.searching
    assert view.heatmaps._clip.height == 0


def test_a_failed_search_is_said_and_can_be_tried_again(caplog):
    async def run() -> None:
        broken = [True]

        def answer(query: Query, cancelled: Callable[[], bool]) -> Matches:
            if broken:
                raise OSError("states.hdf5: gone\n  File ...")
            return Session.search(session, query, cancelled)

        session = SearchedByHand(answer)
        view = MatchView(session, print)
        session.selection = (1, 3)
        await answered(session)
        assert session.failure == "states.hdf5: gone"
        assert session.matches is None
        broken.clear()
        view.following.search()
        await answered(session)
        assert session.failure == ""
        assert session.matches is not None

    asyncio.run(run())
    assert "The search for the matches" in caplog.text


def test_a_restored_selection_is_searched_at_once():
    async def run() -> None:
        session = new_session(selection=(1, 3))
        MatchView(session, print)
        await answered(session)
        assert session.matches is not None

    asyncio.run(run())


def test_nothing_is_searched_while_the_mouse_is_held():
    session = new_session()
    MatchView(session, print)
    session.gesturing = True
    session.selection = (1, 3)
    assert not session.searching


def test_a_gesture_is_searched_once():
    asked: list[tuple[int, tuple[int, ...]]] = []

    def answer(query: Query, cancelled: Callable[[], bool]) -> Matches:
        asked.append((query.steps, query.selected))
        return Session.search(session, query, cancelled)

    session = SearchedByHand(answer)
    MatchView(session, print)
    session.param.update(gesturing=True, selection=(1, 2))
    session.param.update(gesturing=False, selection=(4, 6))
    assert asked == [((4, 6), (0,))]


def test_in_a_script_the_answer_is_there_at_once():
    session = new_session()
    MatchView(session, print)
    session.selection = (1, 3)
    assert session.matches is not None
    assert not session.searching
