"""The select view without a browser: what is drawn anew and when, what is said, how quantiles come."""

from __future__ import annotations

import asyncio
import threading
from html import unescape
from typing import TYPE_CHECKING, Any

import holoviews as hv
import pytest

from lstmvis_panel import layers, schema
from lstmvis_panel.documents import documents_of
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.session import Session
from lstmvis_panel.views import lines
from lstmvis_panel.views.lines import LinesView
from lstmvis_panel.views.measuring import Measuring
from lstmvis_panel.views.select import SelectView
from lstmvis_panel.views.select_text import advice, caption, circumstances, edited, summary
from lstmvis_panel.views.states import StatesView
from tests.drawn import recording_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lstmvis_panel.quantiles import Quantiles

WORDS = "abCdeabCde"
ROWS = (".##....##.", ".##....#..", "####......")


@pytest.fixture(scope="module", autouse=True)
def _panel():
    hv.extension("bokeh", logo=False)


@pytest.fixture
def session() -> Session:
    recording = recording_of(WORDS, *ROWS)
    half = (recording.cell * 0.5).rename(cell_state="output_state").assign_attrs(recording.cell.attrs)
    return Session(recording.assign(output=half), selection=(1, 3), threshold=0.5, left=0)


# -- what is drawn anew -----------------------------------------------------------------------------------------------


def test_a_threshold_draws_its_own_plot_anew_and_no_other(session: Session) -> None:
    session.param.update(stack=["output"], thresholds={"output": 0.4})
    first, second = LinesView(session, 0), LinesView(session, 1)
    times = first._redraw.times, second._redraw.times
    session.set_threshold("output", 0.46)
    assert (first._redraw.times, second._redraw.times) == (times[0], times[1] + 1)
    session.threshold = 0.95
    assert (first._redraw.times, second._redraw.times) == (times[0] + 1, times[1] + 1)
    assert (first.axis.threshold, second.axis.threshold) == (0.95, 0.46)


def test_a_source_of_fewer_states_is_matched_after_one_of_more() -> None:
    recording = recording_of(WORDS, *ROWS)
    few = recording.cell[:, 2:].rename(cell_state="few_state").assign_attrs(recording.cell.attrs)
    session = Session(recording.assign(few=few), selection=(1, 3), threshold=0.5, left=0, stack=["few"], order="mean")
    view = SelectView(session, print)
    assert session.selected.tolist() == [0, 1, 2]
    session.show_alone(2)
    session.source = "few"
    assert session.selected.tolist() == [0]
    assert view.words.strip.total == 1
    session.source = "cell"
    assert session.selected.tolist() == [0, 1, 2]


def test_what_is_held_is_let_go_when_it_leaves_the_page(session: Session) -> None:
    session.param.update(stack=["output"], thresholds={"output": 0.4})
    views = LinesView(session, 0), LinesView(session, 1)
    views[1]._axis_used({"threshold": 0.45, "done": False, "previewed": True})
    assert (session.gesturing, session.previewing) == (True, "output")
    session.stack = []
    assert (session.gesturing, session.previewing) == (False, "")
    views[0]._axis_used({"threshold": 0.45, "done": False, "previewed": True})
    views[0]._axis_used({"letGo": True})
    assert (session.gesturing, session.previewing) == (False, "")


def test_a_gesture_that_fails_is_over(session: Session) -> None:
    with pytest.raises(ValueError, match="whole"), session.gesture("words", done=False, brushing=True):
        session.selection = (0.5, 2)
    assert (session.gesturing, session.brushing) == (False, False)


def test_the_same_states_at_another_threshold_draw_nothing_anew(session: Session) -> None:
    view = LinesView(session)
    times = view._redraw.times
    session.threshold = 0.6
    assert view._redraw.times == times
    assert view.axis.threshold == 0.6


def test_a_threshold_is_said_once_a_step_in_each_plot(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.param.update(stack=["output"], thresholds={"output": 0.4})
    views = [LinesView(session, slot) for slot in range(2)]
    said: list[str] = []
    listed: list[object] = []
    monkeypatch.setattr(lines, "caption", lambda session, source: said.append(source) or caption(session, source))
    monkeypatch.setattr(schema, "sources", listed.append)
    session.threshold = 0.6
    assert said == ["cell", "output"]
    session.threshold = 0.95
    assert said == ["cell", "output"] * 2
    session.set_threshold("output", 0.41)
    assert "0.410" in views[1].said.object
    assert listed == []


def test_the_field_and_the_axis_move_the_threshold_by_the_same_step(session: Session) -> None:
    large = (session.recording.cell * 50).rename(cell_state="large_state").assign_attrs(session.recording.cell.attrs)
    wide = Session(session.recording.assign(large=large), source="large")
    view = SelectView(wide, print)
    field = next(iter(view.__panel__().select(lambda shown: getattr(shown, "label", "") == "threshold l")))
    assert field.step == view.lines[0].axis.step == 0.1
    wide.source = "cell"
    assert field.step == view.lines[0].axis.step == 0.01


def test_states_are_counted_once_for_all_thresholds(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles, count = [], layers.profile_of
    monkeypatch.setattr(layers, "profile_of", lambda *a, **k: profiles.append(a) or count(*a, **k))
    view = LinesView(session)
    assert view.axis.stairs["counts"] == [3, 0]
    for hundredth in range(40, 60):
        session.threshold = hundredth / 100
    assert len(profiles) == 1
    session.selection = (7, 9)
    assert view.axis.stairs["counts"] == [3, 1, 0]
    session.selection = None
    assert view.axis.stairs == {}
    assert len(profiles) == 2


def test_a_plot_without_a_layer_rests_and_is_used_again(session: Session) -> None:
    view = SelectView(session, print)
    assert len(view.plots) == 1
    session.stack = ["output"]
    second = view.lines[1]
    session.stack = []
    assert len(view.plots) == 1
    times = second._redraw.times
    session.selection = (7, 9)
    assert second._redraw.times == times
    session.stack = ["output"]
    assert len(view.plots) == 2
    assert view.lines == [view.lines[0], second]
    assert second._redraw.times == times + 1
    assert second.source == "output"


# -- what is said -----------------------------------------------------------------------------------------------------


def test_the_chips_say_what_on_means(session: Session) -> None:
    assert "threshold <b>0.500</b> · ≥" in summary(session)
    session.rule = "below"
    assert "threshold <b>0.500</b> · ≤ −0.500" in summary(session)
    session.rule = "beyond"
    assert "threshold <b>0.500</b> · |v| ≥" in summary(session)
    session.unit = "quantile"
    assert "quantile <b>0.900</b> · |v| ≥" in summary(session)
    assert "reading all values of cell for quantiles" in summary(session)
    session.measure()
    assert "reading" not in summary(session)


def test_what_a_hand_has_changed_is_said(session: Session) -> None:
    assert edited(session) == ""
    session.pin(session.listed)
    assert "pinned · 3 states" in edited(session)
    session.pin([1])
    assert "edited by hand · 1 state<" in edited(session)
    session.alone = 1
    assert "<b>state 1</b> alone of 1 states" in summary(session)


def test_a_state_that_is_pinned_while_others_follow_is_said(session: Session) -> None:
    session.keep(1)
    assert "1 state pinned, others follow the selection" in edited(session)
    assert "edited" not in edited(session)
    assert "of 3 states<" in summary(session)
    session.selection = (7, 9)
    assert "edited by hand · 1 state pinned, others follow the selection" in edited(session)
    session.selection = None
    assert "<b>1</b> of 3 states" in summary(session)


def test_a_state_alone_that_is_not_listed_is_not_said_to_be(session: Session) -> None:
    session.param.update(alone=1, selection=(7, 9))
    assert "<b>1</b> of 3 states on" in summary(session)


def test_a_threshold_that_can_not_be_proposed_is_said(session: Session) -> None:
    heard: list[str] = []
    view = SelectView(session, heard.append)
    button = next(iter(view.__panel__().select(lambda shown: getattr(shown, "label", "") == "propose")))
    session.param.update(selection=(6, 7), left=1, right=1)
    button.clicks += 1
    assert heard == ["No threshold on the axis selects a state here."]
    session.param.update(selection=(1, 3), left=0)
    button.clicks += 1
    assert heard[1:] == [""]


def test_a_refusal_is_said_whether_states_are_pinned_or_not() -> None:
    session = Session(recording_of(WORDS, *ROWS, documents="0011111111"), selection=(1, 3))
    assert session.refusal in unescape(summary(session))
    session.pin([0])
    assert session.refusal in unescape(summary(session))
    assert "<b>1</b> of 3 states" in summary(session)


def test_a_caption_says_the_states_of_its_source(session: Session) -> None:
    session.param.update(stack=["output"], thresholds={"output": 0.46})
    assert "cell · matched" in caption(session, "cell")
    assert "0 of 3 states on · threshold <b>0.460</b>" in caption(session, "output")


def test_where_no_state_is_on_there_is_advice(session: Session) -> None:
    session.threshold = 0.95
    assert advice(session) == "No state is on throughout. To get some, lower the threshold or select fewer words."
    session.selection = (1, 2)
    assert advice(session) == "No state is on throughout. To get some, lower the threshold."
    session.pin([])
    assert "No state is pinned" in advice(session)


def told(session: Session) -> str:
    return unescape(circumstances(session, documents_of(session.recording)))


def test_what_is_small_is_said_and_what_to_do_then() -> None:
    bare = ["capital", "capital_label", "place"]
    session = Session(recording_of("aaaa", "##..", documents="0112"))
    assert "cell has one state: matches are the ranges where it is on" in told(session)
    assert "The vocabulary has one word, “a”. What tells steps apart are annotations, as tracks" in told(session)
    assert "Document 1 has one step" in told(session)
    session.selection = (1, 3)
    assert "one step" not in told(session)
    session.selection = (3, 4)
    assert "Document 3 has one step" in told(session)
    assert "which lstmvis annotate adds" in told(Session(session.recording.drop_vars(bare)))
    assert "Every document has one step" in told(Session(recording_of("ab", "##", "#.", documents="01")))
    assert "This recording has one step" in told(Session(recording_of("a", "#")))


def test_of_one_state_other_sources_are_named_and_of_enough_of_all_nothing_is_said(session: Session) -> None:
    assert told(session) == ""
    single = session.recording.assign(gate=session.recording.cell[:, :1].rename(cell_state="gate_state"))
    single["gate"].attrs = session.recording.cell.attrs
    assert "For more states choose another source, or stack one." in told(Session(single, source="gate"))


def test_a_vocabulary_of_one_word_that_stands_for_numbers_is_nothing_special() -> None:
    recording = recording_of("aaaa", "##..", ".##.")
    recording["token"].attrs["value"] = "place"
    assert told(Session(recording)) == ""


def test_the_list_says_means_and_takes_gestures(session: Session) -> None:
    session.selection = (7, 9)
    view = StatesView(session, 200, lambda _sentence: None)
    assert view.list.states == [0]
    assert view.list.remarks == ["state 0 · mean 0.900"]
    view.list._handle_msg({"add": 1, "serial": 1})
    assert (session.pinned, view.list.states) == ([0, 1], [0, 1])
    view.list._handle_msg({"alone": 1, "serial": 2})
    view.list._handle_msg({"alone": 1, "serial": 3})
    assert session.alone is None
    view.list._handle_msg({"remove": 0, "serial": 4})
    assert session.pinned == [1]
    view.list._handle_msg({"add": 3, "serial": 5})
    assert session.pinned == [1]
    view.list._handle_msg({"pin": 1, "serial": 6})
    assert (session.kept, view.list.kept) == ([1], [1])
    assert view.list.remarks == ["state 1 · mean 0.000 · pinned"]


def test_the_page_stays_free_while_means_of_a_long_selection_are_read(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go_on, threads = layers.blocks_of, threading.Event(), []

    def slowly(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        assert go_on.wait(120)
        return read(*arguments)

    monkeypatch.setattr(layers, "LONGEST_MEAN", 1)
    monkeypatch.setattr(layers, "blocks_of", slowly)

    async def visit() -> None:
        done = asyncio.Event()
        session.param.update(selection=(2, 4), pinned=[0, 1, 2])
        view = StatesView(session, 200, lambda _sentence: None)
        view.param.watch(lambda event: None if event.new else done.set(), "reading")
        session.order = "mean"
        assert view.reading
        assert view.list.states == [0, 1, 2]
        assert view.list.remarks[0] == "state 0"
        go_on.set()
        await asyncio.wait_for(done.wait(), 120)
        assert view.list.states == [2, 0, 1]

    asyncio.run(visit())
    assert threading.main_thread() not in threads


def test_why_means_can_not_be_had_is_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_arguments: object) -> None:
        raise OSError("states.hdf5: gone")

    monkeypatch.setattr(layers, "LONGEST_MEAN", 1)
    monkeypatch.setattr(layers, "blocks_of", unreadable)
    said: list[str] = []
    session.param.update(selection=(7, 9), order="mean")
    view = StatesView(session, 200, said.append)
    assert said == ["The means can’t be had: states.hdf5: gone"]
    assert not view.reading


def test_the_same_gesture_twice_is_heard_twice(session: Session) -> None:
    view = SelectView(session, print)
    click, drag = {"range": [7, 8], "done": True}, {"threshold": 0.6, "done": True}
    track = {"tracks": ["place"], "mask": True}
    for serial in (1, 2):
        session.param.update(selection=None, threshold=0.5, tracks=[])
        view.words.strip._handle_msg({**click, "serial": serial})
        view.lines[0].axis._handle_msg({**drag, "serial": serial})
        view.tracks.rows._handle_msg({**track, "serial": serial})
        assert (session.selection, session.threshold, session.tracks) == ((7, 8), 0.6, ["place"])


# -- quantiles --------------------------------------------------------------------------------------------------------


def test_in_a_script_quantiles_come_at_once(session: Session) -> None:
    Measuring(session)
    session.param.update(unit="quantile", threshold=0.7)
    assert session.lacking is None
    assert session.selected.tolist() == [0, 1, 2]


def test_a_session_that_opens_with_quantiles_has_them(session: Session) -> None:
    other = Session(session.recording, selection=(1, 3), unit="quantile", threshold=0.7, left=0)
    Measuring(other)
    assert other.selected.tolist() == [0, 1, 2]


async def until(condition: Callable[[], bool], session: Session) -> None:
    """Wait until a change of what is lacking makes it so."""
    done = asyncio.Event()
    watcher = session.param.watch(lambda *_events: done.set() if condition() else None, ["lacking", "selected"])
    if not condition():
        await asyncio.wait_for(done.wait(), 120)
    session.param.unwatch(watcher)


def test_the_page_stays_free_while_quantiles_are_read(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    compute, go_on, threads = layers.quantiles_of, threading.Event(), []

    def slowly(*arguments: Any) -> Quantiles:
        threads.append(threading.current_thread())
        assert go_on.wait(120)
        return compute(*arguments)

    monkeypatch.setattr(layers, "quantiles_of", slowly)

    async def visit() -> None:
        measuring = Measuring(session)
        session.param.update(unit="quantile", threshold=0.7)
        assert session.lacking == ("cell", "above")
        session.selection = (7, 9)  # the loop is free for gestures
        go_on.set()
        await until(lambda: session.lacking is None, session)
        assert session.selected.tolist() == [0, 1]
        assert measuring.session is session

    asyncio.run(visit())
    assert threading.main_thread() not in threads


def test_reading_ends_once_quantiles_are_no_longer_wanted(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    began, ended = threading.Event(), threading.Event()

    def until_cancelled(_states: Any, _rule: str, cancelled: Callable[[], bool]) -> Quantiles:
        began.set()
        while not cancelled():
            ended.wait(0.01)
        ended.set()
        raise Cancelled

    monkeypatch.setattr(layers, "quantiles_of", until_cancelled)

    async def visit() -> None:
        measuring = Measuring(session)
        session.unit = "quantile"
        assert await asyncio.to_thread(began.wait, 120)
        session.unit = "value"
        assert session.lacking is None
        assert await asyncio.to_thread(ended.wait, 120)
        assert measuring.session.selected.tolist() == [0, 1, 2]

    asyncio.run(visit())


def test_a_page_that_can_not_have_quantiles_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_arguments: object) -> None:
        raise KeyError("chunk")

    monkeypatch.setattr(layers, "quantiles_of", unreadable)

    async def visit() -> None:
        measuring = Measuring(session)
        session.unit = "quantile"
        await until(lambda: session.lacking is None, session)
        assert "chunk" in measuring.session.refusal
        assert "reading" not in summary(session)

    asyncio.run(visit())
