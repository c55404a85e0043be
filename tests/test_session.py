from __future__ import annotations

import numpy as np
import pytest

from lstmvis_panel import quantile_thresholds, select_states
from lstmvis_panel.alignment import annotation_key
from lstmvis_panel.layers import LONGEST_MEAN
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.session import Session
from tests.drawn import recording_of
from tests.watched import lazy_states

#            0123456789
WORDS = "abCdeabCde"
ROWS = (
    ".##....##.",  # 0: on in both phrases
    ".##....#..",  # 1: in the first, half of the second
    "####......",  # 2: begins before the phrase
)  # fmt: skip


@pytest.fixture
def session() -> Session:
    return Session(recording_of(WORDS, *ROWS), selection=(1, 3), threshold=0.5)


def test_the_selection_has_the_states_that_begin_with_it(session: Session) -> None:
    assert (session.left, session.right) == (1, 0)
    assert session.selected.tolist() == [0, 1]


def test_without_a_limit_it_has_all_that_are_on(session: Session) -> None:
    session.left = 0
    assert session.selected.tolist() == [0, 1, 2]


def test_a_threshold_that_nothing_reaches_leaves_no_state(session: Session) -> None:
    session.threshold = 0.95
    assert session.selected.tolist() == []
    assert session.refusal == ""


def test_heat_counts_the_selected_states_at_each_step_shown(session: Session) -> None:
    assert session.heat.tolist() == [0, 2, 2, 0, 0, 0, 0, 2, 1, 0]


def test_a_selection_across_documents_is_refused_with_a_reason() -> None:
    session = Session(recording_of(WORDS, *ROWS, documents="0011111111"), selection=(1, 3))
    assert "document" in session.refusal
    assert session.selected.tolist() == []
    assert session.query is None


def test_nothing_is_asked_until_the_gesture_ends(session: Session) -> None:
    before = session.query
    session.param.update(gesturing=True, selection=(6, 8))
    assert session.query is before
    session.gesturing = False
    assert session.query is not None
    assert session.query.steps == (6, 8)


def test_a_gesture_that_changes_nothing_asks_nothing_new(session: Session) -> None:
    before = session.query
    session.gesturing = True
    session.gesturing = False
    assert session.query is before


def test_the_same_states_at_another_threshold_are_another_question(session: Session) -> None:
    before = session.query
    session.threshold = 0.6
    assert session.query is not None
    assert session.query != before
    assert session.query.threshold == 0.6


def test_clearing_the_selection_clears_the_question(session: Session) -> None:
    session.selection = None
    assert session.query is None
    assert session.selected.tolist() == []


@pytest.mark.parametrize(
    ("position", "first"),
    [(0, 0), (2, 0), (3, 0), (4, 1), (6, 3), (9, 6)],
)
def test_three_steps_are_shown_left_of_the_position_and_none_past_the_ends(
    session: Session, position: int, first: int
) -> None:
    session.param.update(width=120, word_width=30, position=position)  # room for four of the ten steps
    assert session.shown == 4
    assert session.first == first


def test_moving_forward_goes_forward_and_back_goes_back(session: Session) -> None:
    session.param.update(width=120, word_width=30, position=3)
    session.move(5)
    assert session.first == 5
    session.move(-5)
    assert session.first == 0


def test_no_position_is_past_the_last_step(session: Session) -> None:
    session.go_to(1_000_000)
    assert session.position == 9
    session.go_to(-4)
    assert session.position == 0


def test_zoom_stays_within_what_can_be_shown(session: Session) -> None:
    for _ in range(40):
        session.zoom(5)
    assert session.word_width == 80
    for _ in range(40):
        session.zoom(-5)
    assert session.word_width == 5


def test_the_axis_is_symmetric_for_signed_states_and_starts_at_zero_otherwise() -> None:
    recording = recording_of(WORDS, *ROWS)
    assert Session(recording).extent_of("cell") == pytest.approx((-0.918, 0.918))
    unsigned = recording.assign(cell=abs(recording.cell).assign_attrs(recording.cell.attrs))
    assert Session(unsigned).extent_of("cell") == pytest.approx((-0.018, 0.918))


def test_the_axis_of_nothing_but_nan_is_still_an_axis() -> None:
    recording = recording_of(WORDS, *ROWS)
    broken = recording.assign(cell=(recording.cell * np.nan).assign_attrs(recording.cell.attrs))
    assert Session(broken).extent_of("cell") == (-1.0, 1.0)


def test_the_answer_holds_the_other_phrase_and_marks_the_selection(session: Session) -> None:
    session.left = 1
    assert session.query is not None
    matches = session.search(session.query)
    #   1-2 with both states, 7-8 with state 0 alone; 7 with both is shorter than two steps
    assert matches.table.start.values.tolist() == [1, 7]
    assert matches.table.overlap.values.tolist() == [2, 1]
    assert matches.own == 0
    assert matches.own_ranks


def test_the_answer_says_what_stands_around_each_match(session: Session) -> None:
    assert session.query is not None
    aligned = session.search(session.query).aligned
    at_start = aligned.sel(offset=0)
    assert at_start.aligned_step.values.tolist() == [1, 7]
    assert at_start.on_count.values.tolist() == [2, 2]
    assert at_start[annotation_key("place")].values.tolist() == [1.0, 7.0]
    assert aligned.sel(offset=1)[annotation_key("capital")].values.tolist() == [1, 0]
    assert aligned.sel(offset=-3).aligned_step.values.tolist() == [-1, 4]


def test_the_selection_comes_first_where_fifty_others_rank_before_it() -> None:
    #   The selection is on with a second state beside it; 60 others are on alone, and so have the smaller union.
    words = "ab" + "xab" * 60
    recording = recording_of(words, "##" + ".##" * 60, "##" + "..." * 60)
    session = Session(recording, threshold=0.5, left=0)
    session.selection = (0, 2)
    query = session.query
    assert query is not None
    only_first = type(query)(query.source, (0, 2), 0.5, 0, 0, (0,))
    matches = session.search(only_first)
    assert matches.table.sizes["match"] == 51
    assert (matches.own, matches.own_ranks) == (0, False)
    assert matches.table.start.values[:2].tolist() == [0, 3]
    assert matches.candidates == 61


def test_a_single_selected_step_matches_single_steps() -> None:
    session = Session(recording_of("abcab", "#..#."), selection=(0, 1), threshold=0.5)
    assert session.query is not None
    assert session.search(session.query).table.length.values.tolist() == [1, 1]


def test_a_recording_without_states_is_refused() -> None:
    recording = recording_of(WORDS, *ROWS).drop_vars("cell")
    with pytest.raises(RecordingError, match="no source of hidden states"):
        Session(recording)


def test_two_sessions_share_a_recording_and_nothing_else() -> None:
    recording = recording_of(WORDS, *ROWS)
    one, other = Session(recording), Session(recording)
    one.param.update(threshold=0.7, selection=(1, 3), position=5)
    assert one.recording is other.recording
    assert (other.threshold, other.selection, other.position) == (0.3, None, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"lengths": (2.5, 3)},
        {"document": -1},
        {"position": 10},
        {"position": -1},
        {"threshold": float("inf")},
        {"selection": (1.5, 3)},
        {"source": "cell9"},
        {"tracks": ["colour"]},
        {"stack": ["cell9"]},
        {"heatmaps": ["colour"]},
        {"thresholds": {"cell9": 0.5}},
        {"thresholds": {"cell": "high"}},
        {"thresholds": {"cell": float("nan")}},
        {"thresholds": [0.5]},
    ],
)
def test_a_value_that_can_not_be_is_refused(session: Session, values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        session.param.update(**values)


def test_a_selection_outside_the_recording_is_refused_in_words(session: Session) -> None:
    session.selection = (8, 12)
    assert "12" in session.refusal
    assert session.heat.tolist() == [0] * 10


def test_pinned_states_are_matched_whatever_is_selected(session: Session) -> None:
    session.pin([2, 0])
    assert session.pinned == [0, 2]
    session.threshold = 0.95
    assert session.listed.tolist() == session.selected.tolist() == [0, 2]
    session.selection = None
    assert session.query is not None
    assert session.query.steps is None
    session.pin(None)
    assert session.query is None


def test_pinned_states_are_matched_where_the_selection_is_refused() -> None:
    session = Session(recording_of(WORDS, *ROWS, documents="0011111111"), threshold=0.5)
    session.pin([0])
    session.selection = (1, 3)
    assert "document" in session.refusal
    assert session.query is not None
    assert (session.query.steps, session.query.selected) == (None, (0,))
    assert session.search(session.query).own is None


def test_a_state_that_is_pinned_stays_while_the_others_follow(session: Session) -> None:
    assert session.listed.tolist() == [0, 1]
    session.keep(1)
    assert not session.edited
    session.selection = (7, 9)
    assert session.listed.tolist() == session.selected.tolist() == [0, 1]
    assert session.edited
    session.threshold = 0.95
    assert session.listed.tolist() == [1]
    session.selection = None
    assert session.query is not None
    assert (session.query.steps, session.query.selected) == (None, (1,))
    session.keep(1)
    assert session.query is None


@pytest.mark.parametrize("selection", [(1, 3), None])
def test_a_state_that_is_pinned_is_previewed_at_every_threshold_with_the_others(
    session: Session, selection: tuple[int, int] | None
) -> None:
    session.selection = selection
    session.keep(2)
    preview = session.threshold_preview("cell")
    assert preview is not None
    for threshold in (-1.0, 0.5, 0.95):
        session.threshold = threshold
        chosen = (threshold > preview.above) & (threshold <= preview.upto)
        assert preview.states[chosen].tolist() == session.listed.tolist()


def test_a_preview_says_which_state_is_alone_where_it_is_listed(session: Session) -> None:
    session.selection = (1, 3)
    session.show_alone(session.listed[0].item())
    preview = session.threshold_preview("cell")
    assert preview is not None
    assert preview.alone == session.alone
    for threshold in (-1.0, 0.5, 0.99):
        session.threshold = threshold
        listed = preview.states[(threshold > preview.above) & (threshold <= preview.upto)]
        assert session.selected.tolist() == ([preview.alone] if preview.alone in listed else listed.tolist())


def test_a_preview_of_the_brush_says_what_is_listed_whatever_is_selected(session: Session) -> None:
    session.keep(2)
    preview = session.brush_preview("cell")
    assert preview is not None
    assert preview.follows
    assert preview.states[preview.always == 1].tolist() == [2]
    session.pin([0, 1])
    preview = session.brush_preview("cell")
    assert preview is not None
    assert not preview.follows
    assert (preview.states.tolist(), preview.always.tolist()) == ([0, 1], [1, 1])


def test_a_gesture_lasts_until_all_that_is_held_is_let_go(session: Session) -> None:
    for hold, done, goes_on in [("words", False, True), ("threshold", False, True), ("words", True, True)]:
        with session.gesture(hold, done=done, brushing=hold == "words"):
            assert session.brushing == (hold == "words")
        assert session.gesturing == goes_on
    assert not session.brushing
    with session.gesture("threshold", done=True):
        assert session.gesturing
    assert not session.gesturing


def test_a_state_is_taken_out_and_what_is_left_is_pinned_only_where_it_would_come_back(session: Session) -> None:
    session.keep(2)
    session.take_out(2)
    assert (session.kept, session.pinned, session.listed.tolist()) == ([], None, [0, 1])
    session.keep(1)
    session.take_out(1)
    assert (session.kept, session.pinned, session.listed.tolist()) == ([], [0], [0])


def test_what_is_pinned_one_by_one_outlasts_a_pinned_list_until_only_the_selection_counts(session: Session) -> None:
    session.pin([0, 2])
    session.keep(2)
    assert session.listed.tolist() == [0, 2]
    session.pin(None)
    assert session.listed.tolist() == [0, 1, 2]
    session.follow()
    assert (session.kept, session.listed.tolist(), session.by_hand) == ([], [0, 1], False)


def test_one_state_alone_is_matched_and_the_list_stays(session: Session) -> None:
    session.show_alone(1)
    assert session.listed.tolist() == [0, 1]
    assert session.selected.tolist() == [1]
    assert session.query is not None
    assert session.query.selected == (1,)
    session.show_alone(1)
    assert session.selected.tolist() == [0, 1]


def test_a_state_alone_that_is_no_longer_listed_leaves_all_others(session: Session) -> None:
    session.show_alone(1)
    session.selection = (7, 9)
    assert session.listed.tolist() == session.selected.tolist() == [0]
    assert session.query is not None
    assert session.query.selected == (0,)
    session.selection = (1, 3)
    assert session.selected.tolist() == [1]


def test_states_have_their_mean_in_the_selection(session: Session) -> None:
    session.param.update(selection=(7, 9), left=0)
    assert session.listed.tolist() == [0]
    session.pin([0, 1])
    assert session.means == pytest.approx([0.9, 0.0])
    session.selection = None
    assert np.isnan(session.means).all()


def test_means_are_read_of_listed_states_alone_and_only_where_they_are_wanted() -> None:
    steps = LONGEST_MEAN + 1
    values = np.random.default_rng(0).normal(size=(steps, 400)).astype(np.float32)
    states, file = lazy_states(values, kind="states", transform="tanh")
    recording = recording_of("a" * steps, "." * steps).drop_vars("cell").assign(cell=states)
    session = Session(recording, selection=(0, steps), threshold=0.5, left=0, pinned=[3, 7])
    file.reads.clear()
    assert np.isnan(session.means).all()
    assert file.reads == []
    assert not session.lacks_means
    session.order = "mean"
    assert session.lacks_means
    assert np.isnan(session.means).all()
    with pytest.raises(Cancelled):
        session.averaging()(lambda: True)
    assert len(file.reads) == 1
    session.averaging()(lambda: False)
    assert not session.lacks_means
    np.testing.assert_allclose(session.means, np.tanh(values[:, [3, 7]]).mean(axis=0, dtype=float), rtol=1e-6)
    assert max(stop - start for start, stop in file.reads) < steps
    file.reads.clear()
    session.pin(None)
    assert session.means.shape == (0,)
    assert not session.lacks_means
    assert file.reads == []


def test_zoom_keeps_the_anchor_in_its_place() -> None:
    session = Session(recording_of("ab" * 200, "#." * 200), width=600, word_width=20, position=100)
    place = session.first + 10
    session.zoom(20, anchor=10)
    assert (session.word_width, session.first) == (40, place - 5)


@pytest.mark.parametrize("position", [0, 2, 100, 399])
def test_zoom_without_an_anchor_keeps_the_mark(position: int) -> None:
    session = Session(recording_of("ab" * 200, "#." * 200), width=600, word_width=20, position=position)
    for by in (20, -30, 40):
        session.zoom(by)
        assert session.position == position
        assert session.first <= position < session.first + session.shown


def test_the_next_place_where_selected_states_are_on_goes_round() -> None:
    recording = recording_of("abcdefghij", ".##...##..", "..#...#...")
    session = Session(recording, selection=(2, 3), threshold=0.5, left=0)
    assert session.selected.tolist() == [0, 1]
    places = []
    for forward in (True, True, True, False, False):
        place = session.next_on(forward=forward)
        assert place is not None
        session.go_to(place)
        places.append(place)
    assert places == [2, 6, 2, 6, 2]
    session.selection = None
    assert session.next_on() is None


def test_what_looks_for_a_place_keeps_to_what_was_asked() -> None:
    recording = recording_of("abcdefghij", ".##...##..", "..#...#...")
    session = Session(recording, selection=(2, 3), threshold=0.5, left=0)
    look = session.looking_on()
    session.param.update(position=8, threshold=0.95, selection=(1, 2))
    assert look(lambda: False) == 2
    with pytest.raises(Cancelled):
        look(lambda: True)


@pytest.fixture
def layered() -> Session:
    recording = recording_of(WORDS, *ROWS)
    half = (recording.cell * 0.5).rename(cell_state="output_state").assign_attrs(recording.cell.attrs)
    return Session(recording.assign(output=half), selection=(1, 3), threshold=0.5, left=0)


def test_stacked_sources_have_their_own_thresholds_and_states(layered: Session) -> None:
    layered.param.update(stack=["output"], thresholds={"output": 0.4})
    assert layered.layers == ["cell", "output"]
    assert layered.selected_in("output").tolist() == [0, 1, 2]
    layered.set_threshold("output", 0.46)
    assert layered.selected_in("output").tolist() == []
    assert layered.selected.tolist() == [0, 1, 2]


def test_the_source_that_was_matched_stays_in_the_stack_with_its_threshold(layered: Session) -> None:
    layered.param.update(stack=["output"], thresholds={"output": 0.4})
    layered.source = "output"
    assert (layered.layers, layered.threshold) == (["cell", "output"], 0.4)
    layered.source = "cell"
    assert (layered.layers, layered.threshold, layered.stack) == (["cell", "output"], 0.5, ["output"])


def test_what_is_pinned_belongs_to_its_source(layered: Session) -> None:
    layered.pin([1])
    layered.source = "output"
    assert layered.pinned is None
    layered.param.update(source="cell", pinned=[2])
    assert layered.listed.tolist() == [2]


def test_filters_are_asked_for_and_cleared(session: Session) -> None:
    session.param.update(lengths=(2, 3), document=0, starting="b")
    assert session.query is not None
    assert (session.query.lengths, session.query.document, session.query.starting) == ((2, 3), 0, "b")
    assert session.query.is_filtered
    session.clear_filters()
    assert session.query is not None
    assert not session.query.is_filtered


def test_states_are_on_below_or_beyond_where_the_rule_says_so(session: Session) -> None:
    session.param.update(left=0, rule="below")
    assert session.selected.tolist() == []
    session.selection = (3, 6)
    assert session.selected.tolist() == [0, 1]  # at -0.9 throughout; state 2 is not at step 3
    assert session.heat.tolist() == [2, 0, 0, 2, 2, 2, 2, 0, 1, 2]
    session.rule = "beyond"
    assert session.selected.tolist() == [0, 1, 2]
    assert session.query is not None
    assert (session.query.rule, session.query.selected) == ("beyond", (0, 1, 2))


def test_the_answer_follows_the_rule(session: Session) -> None:
    session.param.update(left=0, selection=(3, 6), rule="below")
    assert session.query is not None
    matches = session.search(session.query)
    assert matches.table.start.values.tolist() == [3, 8]
    assert matches.table.length.values.tolist() == [4, 2]
    assert matches.aligned.on_count.sel(offset=0).values.tolist() == [2, 1]


@pytest.fixture
def wide() -> Session:
    """Two sources whose values have no bounds in common, the second one 50 times as large."""
    recording = recording_of(WORDS, *ROWS)
    large = (recording.cell * 50).rename(cell_state="gate_state").assign_attrs(recording.cell.attrs)
    return Session(recording.assign(gate=large), selection=(1, 3), left=0)


def test_the_first_threshold_follows_the_values_unless_one_is_given(wide: Session) -> None:
    assert wide.threshold == 0.3
    wide.source = "gate"
    assert wide.threshold == 14.0  # 0.3 of 45, with two digits
    assert wide.selected.tolist() == [0, 1, 2]
    wide.source = "cell"
    assert wide.threshold == 0.3
    assert Session(wide.recording, source="gate").threshold == 14.0
    assert Session(wide.recording, source="gate", threshold=0.3).threshold == 0.3


def test_a_threshold_moves_by_steps_that_fit_the_values(wide: Session) -> None:
    assert [wide.step_of(source) for source in wide.param.source.objects] == [0.01, 0.1]
    wide.unit = "quantile"
    assert wide.step_of("gate") == 0.01


def test_a_stacked_source_has_a_threshold_of_its_own_from_the_start(wide: Session) -> None:
    wide.stack = ["gate"]
    assert wide.thresholds == {"gate": 14.0}
    wide.threshold = 0.5
    assert wide.threshold_of("gate") == 14.0


def test_what_changes_in_one_plot_leaves_the_others_alone(layered: Session) -> None:
    layered.param.update(stack=["output"], thresholds={"output": 0.4})
    heard = []
    layered.param.watch(lambda event: heard.append(event.name), ["selected", "listed", "query"], onlychanged=False)
    layered.set_threshold("output", 0.42)
    assert heard == []


def test_a_quantile_is_each_states_own_threshold(session: Session) -> None:
    session.param.update(unit="quantile", threshold=0.7, left=0)
    assert session.lacking == ("cell", "above")
    assert session.selected.tolist() == []
    session.measure()
    assert session.lacking is None
    thresholds = quantile_thresholds(session.states, 0.7)
    assert session.selected.tolist() == select_states(session.states, 1, 3, thresholds).tolist() == [0, 1, 2]
    assert session.query is not None
    assert (session.query.unit, session.query.threshold) == ("quantile", 0.7)
    matches = session.search(session.query)
    assert matches.table.attrs["quantile"] == 0.7
    # Seven steps of ten are at the lower value in state 1, which makes that its quantile: it is on everywhere.
    assert session.heat.tolist() == [2, 3, 3, 2, 1, 1, 1, 2, 2, 1]


def test_the_last_question_stands_until_quantiles_are_there(session: Session) -> None:
    before = session.query
    session.unit = "quantile"
    assert session.query is before
    session.measure()
    assert session.query is not None
    assert session.query.unit == "quantile"


def test_each_unit_keeps_its_thresholds(layered: Session) -> None:
    layered.param.update(stack=["output"], thresholds={"output": 0.4})
    layered.unit = "quantile"
    assert (layered.threshold, layered.thresholds) == (0.9, {"output": 0.9})
    layered.set_threshold("output", 0.7)
    layered.unit = "value"
    assert (layered.threshold, layered.thresholds) == (0.5, {"output": 0.4})
    layered.unit = "quantile"
    assert (layered.threshold, layered.thresholds) == (0.9, {"output": 0.7})


def test_a_quantile_stays_within_0_and_1_and_has_three_decimals(session: Session) -> None:
    session.unit = "quantile"
    session.threshold = 4.0
    assert session.threshold == 1.0
    session.threshold = 0.12345
    assert session.threshold == 0.123


@pytest.mark.parametrize("failure", [OSError("the disk is gone"), KeyError("the disk is gone")])
def test_quantiles_that_can_not_be_had_are_a_refusal_until_they_are_tried_again(
    session: Session, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_arguments: object) -> None:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr("lstmvis_panel.layers.quantiles_of", unreadable)
        session.unit = "quantile"
        session.measure()
    assert session.lacking is None
    assert "the disk is gone" in session.refusal
    session.pin([0])
    assert session.query is None
    session.unit = "value"
    assert session.refusal == ""
    session.unit = "quantile"
    assert session.lacking == ("cell", "above")
    session.measure()
    assert session.refusal == ""
    assert session.query is not None


def test_the_proposed_threshold_lies_in_the_widest_stretch(session: Session) -> None:
    session.left = 0
    assert session.propose() == ""
    # The axis goes from -0.918 to 0.918; all three states are on from its lower end to 0.9.
    assert session.threshold == pytest.approx(-0.009)
    assert session.selected.tolist() == [0, 1, 2]
    session.selection = None
    assert "Nothing is selected" in session.propose()
    assert session.threshold == pytest.approx(-0.009)
    session.selection = (8, 12)
    assert session.propose() == session.refusal != ""


@pytest.mark.parametrize(
    ("rule", "ends"), [("above", (-0.018, 0.918)), ("below", (-0.918, 0.018)), ("beyond", (0, 0.918))]
)
def test_the_thresholds_that_an_axis_has_room_for_follow_the_rule(rule: str, ends: tuple[float, float]) -> None:
    recording = recording_of(WORDS, *ROWS)
    unsigned = recording.assign(cell=abs(recording.cell).assign_attrs(recording.cell.attrs))
    assert Session(unsigned, rule=rule).range_of("cell") == pytest.approx(ends)
    assert Session(unsigned, rule=rule, unit="quantile").range_of("cell") == (0, 1)


def test_a_set_is_edited_where_it_is_another_than_the_selections(session: Session) -> None:
    session.pin(session.listed)
    assert not session.edited
    session.pin([0, 2])
    assert session.edited
    session.pin(None)
    assert not session.edited
