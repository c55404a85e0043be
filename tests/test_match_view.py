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

from lstmvis_panel.matching import Cancelled
from lstmvis_panel.questions import CONTEXT_BEFORE, Matches, Query
from lstmvis_panel.session import Session
from lstmvis_panel.style import DARK, LIGHT
from lstmvis_panel.views.match import MatchView, body_classes
from lstmvis_panel.views.match_text import advice, heads, summary

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
    view = MatchView(session)
    session.selection = (1, 3)
    return session, view


def gesture(view: MatchView, hovered: list[int] | None, opened: dict[str, int] | None = None) -> None:
    """What the browser sends."""
    view.matrix._handle_msg({"hovered": hovered, "opened": opened or {"row": -1, "times": 0}, "serial": 1})


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
    shown = ["".join(word or "·" for word in row)[:9] for row in view.matrix.rows["words"]]
    #                 start
    #                   v
    assert shown == ["··abcdbc·", "··bcef···", "bcdbc····"]


def test_each_heatmap_is_said_in_words():
    _, view = matched()
    own, columns = 0, view.matrix.rows["columns"]

    def said(column: int) -> list[str]:
        cells = [remark["codes"][own * columns + column] for remark in view.matrix.remarks]
        return [
            remark["texts"][code] if code >= 0 else "" for remark, code in zip(view.matrix.remarks, cells, strict=True)
        ]

    assert said(CONTEXT_BEFORE) == ["2 of 2 states on", "nesting level 2", "surprisal 1"]
    assert said(CONTEXT_BEFORE + 3) == ["1 of 2 states on", "", "surprisal 4"]
    assert said(0) == ["", "", ""]


def test_heatmaps_hold_what_the_rows_hold():
    session, view = matched()
    assert view.names == ["match count", "nesting_level", "surprisal"]
    picture = view._heatmap("match count", 0)
    start = CONTEXT_BEFORE + 0.5
    assert [picture[start, row + 0.5] for row in range(3)] == [2, 2, 1]
    assert np.isnan(picture[0.5, 0.5])
    levels = view._heatmap("nesting_level", 0)
    assert np.isnan(levels[start, 2.5])
    assert session.matches is not None


def test_clip_is_as_high_as_the_rows():
    session, view = matched()
    assert view.clip.height == 3 * view.matrix.row_height
    session.matches = None
    assert view.clip.height == 0


def fills(view: MatchView, row: int, column: int) -> str | None:
    place = view.matrix.fills["places"][row * view.matrix.rows["columns"] + column]
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


def test_titles_say_what_colours_mean():
    _, view = matched()
    html = heads(view.grid, [view.scale(name) for name in view.names])
    assert ">match count<" in html
    assert ">nesting level<" in html
    assert f"{LIGHT.categories[0]}" in html


def test_what_is_written_in_the_recording_is_no_markup():
    view = MatchView(Session(recording(levels=("<", "&"))))
    html = heads(view.grid, [view.scale("nesting_level")])
    assert "&lt;" in html
    assert "&amp;" in html


def test_the_plot_renders():
    session, view = matched()
    model = view.__panel__().get_root()
    assert model is not None
    session.hovered = (1, 4)
    session.theme = "dark"


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
    view._on_heatmaps(view.grid.left(2) + 4.5, 1.5)
    assert session.hovered == (1, 4)
    assert view.matrix.hovered == {"cell": [1, 4], "beside": "pointer"}
    view._on_heatmaps(None, None)
    assert session.hovered is None


@pytest.mark.parametrize("point", [(0.5, 0.5), (23.5, 0.5), (4.5, 3.5)], ids=["no step", "gap", "no row"])
def test_blank_places_of_heatmaps_mark_nothing(point):
    session, view = matched()
    view._on_heatmaps(4.5, 1.5)
    view._on_heatmaps(*point)
    assert session.hovered is None


def test_leaving_heatmaps_late_keeps_what_the_matrix_has_marked():
    session, view = matched()
    view._on_heatmaps(4.5, 1.5)
    gesture(view, [2, 5])
    view._on_heatmaps(None, None)
    assert session.hovered == (2, 5)


def test_a_cell_set_by_code_is_framed():
    session, view = matched()
    session.hovered = (0, 3)
    assert view.matrix.hovered == {"cell": [0, 3], "beside": "cell"}


def test_opening_a_row_shows_its_place_every_time():
    session, view = matched()
    gesture(view, None, {"row": 1, "times": 1})
    assert session.position == 7
    session.position = 0
    gesture(view, None, {"row": 1, "times": 1})
    assert session.position == 0
    gesture(view, None, {"row": 1, "times": 2})
    assert session.position == 7


def test_clicking_a_heatmap_opens_its_row():
    session, view = matched()
    view._on_click(4.5, 2.5)
    assert session.position == 4
    view._on_click(4.5, 30.5)
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


def test_a_selection_alone_among_its_matches_is_said():
    session, _ = matched()
    found = session.matches
    assert found is not None
    session.matches = replace(found, table=found.table.isel(match=[0]), aligned=found.aligned.isel(match=[0]))
    assert "No other range" in advice(session)


def test_a_failure_is_said_and_escaped():
    session = new_session()
    session.failure = "disk <gone>"
    assert "disk &lt;gone&gt;" in advice(session)


def test_words_and_heatmaps_are_hidden_where_there_is_no_match():
    assert body_classes(None) == ["lv-body", "lv-none"]
    assert body_classes("some") == ["lv-body"]


def test_old_rows_stay_faded_while_a_search_runs():
    session, view = matched()
    session.searching = True
    assert view.matrix.stale
    assert view.side.styles["opacity"] == "0.45"
    assert view.matrix.rows["starts"] == STARTS
    session.searching = False
    assert not view.matrix.stale
    assert view.side.styles["opacity"] == "1"


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
        MatchView(session)
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
        MatchView(session)
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
        view = MatchView(session)
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
    assert view.clip.height == 0


def test_a_failed_search_is_said_and_can_be_tried_again(caplog):
    async def run() -> None:
        broken = [True]

        def answer(query: Query, cancelled: Callable[[], bool]) -> Matches:
            if broken:
                raise OSError("states.hdf5: gone\n  File ...")
            return Session.search(session, query, cancelled)

        session = SearchedByHand(answer)
        view = MatchView(session)
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
        MatchView(session)
        await answered(session)
        assert session.matches is not None

    asyncio.run(run())


def test_nothing_is_searched_while_the_mouse_is_held():
    session = new_session()
    MatchView(session)
    session.gesturing = True
    session.selection = (1, 3)
    assert not session.searching


def test_a_gesture_is_searched_once():
    asked: list[tuple[int, tuple[int, ...]]] = []

    def answer(query: Query, cancelled: Callable[[], bool]) -> Matches:
        asked.append((query.steps, query.selected))
        return Session.search(session, query, cancelled)

    session = SearchedByHand(answer)
    MatchView(session)
    session.param.update(gesturing=True, selection=(1, 2))
    session.param.update(gesturing=False, selection=(4, 6))
    assert asked == [((4, 6), (0,))]


def test_in_a_script_the_answer_is_there_at_once():
    session = new_session()
    MatchView(session)
    session.selection = (1, 3)
    assert session.matches is not None
    assert not session.searching
