"""Matches, against what is drawn and against every range tried one by one."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numba.core.dispatcher import Dispatcher

from lstmvis_panel import blocks, compiled, packing, passes, ranking, rows, search, sweep, threads, tiles
from lstmvis_panel.matching import Cancelled, find_matches, find_matches_and_lengths, own_match, warm
from lstmvis_panel.schema import RecordingError, document_edges
from lstmvis_panel.selection import select_states
from tests.drawn import values_of
from tests.oracle import Match, Oracle, Passing, on_states
from tests.watched import lazy_states

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYTHING = 10**9
COMPILED = {
    f"{module.__name__}.{name}": part
    for module in (compiled, packing, ranking, rows, search, sweep)
    for name, part in vars(module).items()
    if isinstance(part, Dispatcher)
}
CALLED = {
    "lstmvis_panel.compiled._pack_columns",
    "lstmvis_panel.packing._pack_columns",
    "lstmvis_panel.packing._pack_rows",
    "lstmvis_panel.rows._forget",
    "lstmvis_panel.rows._walk",
    "lstmvis_panel.ranking._count",
    "lstmvis_panel.ranking._keep_apart",
    "lstmvis_panel.ranking._place",
    "lstmvis_panel.sweep._last_on",
    "lstmvis_panel.sweep.sweep",
}


def drawn(*rows: str, documents: str = "") -> xr.DataArray:
    """Return a source, a row a state, ``#`` where it is on at 0.5; a digit a step names the document."""
    coords = {"document": ("step", [int(digit) for digit in documents])} if documents else {}
    return xr.DataArray(values_of(*rows), coords, ("step", "cell_state"), name="cell")


def rows_of(matches: xr.Dataset) -> list[Match]:
    """Return matches as tuples (start, length, overlap, union)."""
    assert list(matches.data_vars) == ["start", "length", "overlap", "union"]
    assert {variable.dtype for variable in matches.values()} == {np.dtype(np.int64)}
    assert matches.sizes.keys() == {"match"}
    columns = (matches[name].values.tolist() for name in matches)
    return [Match(*row) for row in zip(*columns, strict=True)]


def found(states: xr.DataArray, selected: list[int], *limits: int, **options: Any) -> list[tuple[int, ...]]:
    """Return the matches at 0.5, all closed ranges unless told otherwise."""
    options = {"top": EVERYTHING, "min_length": 1, "distinct": False, **options}
    return [tuple(row) for row in rows_of(find_matches(states, selected, 0.5, *limits, **options))]


def lengths_of(states: xr.DataArray, selected: list[int], *limits: int, **options: Any) -> dict[int, tuple[int, int]]:
    """Return how many ranges have each length at 0.5, and how many of them all selected states."""
    options = {"min_length": 1, **options}
    return counted(find_matches_and_lengths(states, selected, 0.5, *limits, **options).lengths)


def counted(lengths: xr.Dataset) -> dict[int, tuple[int, int]]:
    """Return numbers of ranges, of all and of the complete, by their length."""
    assert (list(lengths.data_vars), list(lengths.coords)) == (["candidates", "complete"], ["length"])
    assert {variable.dtype for variable in lengths.variables.values()} == {np.dtype(np.int64)}
    assert lengths.indexes["length"].is_monotonic_increasing
    pairs = zip(lengths.candidates.values.tolist(), lengths.complete.values.tolist(), strict=True)
    return dict(zip(lengths.length.values.tolist(), pairs, strict=True))


# ------------------------------------------------------------------------------------------------------ as it is drawn


def test_closed_ranges_can_not_be_longer_and_keep_their_overlap() -> None:
    states = drawn(
        # 01234567
        "  ####  ",
        "   #### ",
    )
    assert found(states, [0, 1]) == [(3, 3, 2, 2), (2, 4, 1, 2), (3, 4, 1, 2)]
    assert found(states, [0]) == [(2, 4, 1, 1)]
    assert found(states, [1]) == [(3, 4, 1, 1)]


def test_more_of_the_selected_states_rank_first() -> None:
    states = drawn(
        # 0123456789
        "##  ###   ",
        "##  #  ###",
    )
    assert found(states, [0, 1]) == [(0, 2, 2, 2), (4, 1, 2, 2), (4, 3, 1, 2), (7, 3, 1, 2)]


def test_fewer_other_states_rank_next_then_length_then_place() -> None:
    states = drawn(
        # 0123456789abc
        "## ## ##  ### ",
        "##    ##      ",  # not selected
    )
    assert found(states, [0]) == [(10, 3, 1, 1), (3, 2, 1, 1), (0, 2, 1, 2), (6, 2, 1, 2)]


def test_unselected_states_count_only_where_they_are_on_in_all_of_the_range() -> None:
    states = drawn(
        "###",
        "## ",
        "###",
        "   ",
    )
    assert found(states, [0]) == [(0, 3, 1, 2)]
    assert found(states, [0, 1]) == [(0, 2, 2, 3), (0, 3, 1, 3)]


def test_with_a_limit_on_the_left_a_state_counts_where_it_begins() -> None:
    states = drawn(
        # 0123456789
        "  ###  ## ",
        "  ####### ",
        " ####  ###",
    )
    # 2:5 and 7:9 begin with two of them, then all three runs that go on longer.
    assert found(states, [0, 1, 2], 1) == [(2, 3, 2, 3), (7, 2, 2, 3), (2, 7, 1, 3), (1, 4, 1, 3), (7, 3, 1, 3)]


def test_with_a_limit_on_the_right_a_state_counts_where_it_ends() -> None:
    states = drawn(
        # 0123456789
        " ##  ###  ",
        " #######  ",
        "###  #### ",
    )
    assert found(states, [0, 1, 2], 0, 1) == [(5, 3, 2, 3), (1, 2, 2, 3), (1, 7, 1, 3), (5, 4, 1, 3), (0, 3, 1, 3)]


def test_with_both_limits_runs_match_as_they_are() -> None:
    states = drawn(
        # 0123456789
        "  ###  ## ",
        "  ####### ",
        " ####  ## ",
    )
    assert found(states, [0, 1, 2], 1, 1) == [(7, 2, 2, 3), (2, 7, 1, 3), (1, 4, 1, 3), (2, 3, 1, 3)]


@pytest.mark.parametrize(
    ("left", "right", "matches"),
    [
        (1, 0, [(0, 1, 1, 1), (8, 3, 1, 2), (3, 2, 1, 2)]),
        (2, 0, [(3, 2, 1, 1), (0, 1, 1, 1), (8, 3, 1, 2)]),
        (3, 0, [(0, 1, 1, 1), (8, 3, 1, 2)]),
        (4, 0, [(0, 1, 1, 1)]),
        (99, 0, [(0, 1, 1, 1)]),
        (0, 2, [(0, 1, 1, 1), (8, 3, 1, 2), (3, 2, 1, 2)]),
        (0, 3, [(8, 3, 1, 2), (3, 2, 1, 2)]),
        (2, 3, [(3, 2, 1, 1), (8, 3, 1, 2)]),
        (10**30, 10**30, []),
    ],
)
def test_limits_ask_for_all_of_their_steps(left: int, right: int, matches: list[tuple[int, ...]]) -> None:
    states = drawn(
        # 0123456789ab
        "#  ##   ### ",
        " # ##   ### ",
    )
    assert found(states, [0], left, right) == matches


@pytest.mark.parametrize(
    ("limits", "matches"),
    [
        ((0, 0), [(0, 4, 1, 1), (4, 3, 1, 1), (7, 1, 1, 1)]),
        ((2, 0), [(0, 4, 1, 1), (4, 3, 1, 1), (7, 1, 1, 1)]),
        ((0, 2), [(0, 4, 1, 1), (4, 3, 1, 1), (7, 1, 1, 1)]),
        ((1, 1), [(0, 4, 1, 1), (4, 3, 1, 1), (7, 1, 1, 1)]),
    ],
)
def test_no_match_crosses_into_another_document(limits: tuple[int, int], matches: list[tuple[int, ...]]) -> None:
    assert found(drawn("########", documents="00001112"), [0], *limits) == matches


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_steps_of_other_documents_do_not_break_a_limit(steps: int) -> None:
    states = drawn("## ##", documents="00011")
    assert found(states, [0], 0, steps) == [(0, 2, 1, 1), (3, 2, 1, 1)]
    states = drawn("## ##", documents="00111")
    assert found(states, [0], steps, 0) == [(0, 2, 1, 1), (3, 2, 1, 1)]


def test_matches_are_distinct_unless_told_otherwise() -> None:
    states = drawn(
        # 0123456789
        "######   #",
        " ####    #",
        "  ##      ",
    )
    every = [(2, 2, 3, 3), (1, 4, 2, 2), (9, 1, 2, 2), (0, 6, 1, 1)]
    assert sorted(found(states, [0, 1, 2])) == sorted((*row[:3], 3) for row in every)
    assert found(states, [0, 1, 2], distinct=True) == [(2, 2, 3, 3), (9, 1, 2, 3)]


def test_ranges_that_only_touch_are_distinct() -> None:
    assert found(drawn("##  ", "  ##"), [0, 1], distinct=True) == [(0, 2, 1, 2), (2, 2, 1, 2)]


def test_the_best_come_first_however_few_are_wanted() -> None:
    states = drawn("# # # # # # #")
    for top in range(9):
        assert found(states, [0], top=top) == [(start, 1, 1, 1) for start in range(0, 13, 2)][:top]


def test_short_ranges_are_no_candidates() -> None:
    states = drawn("# ## ### ####")
    assert [row[1] for row in found(states, [0])] == [4, 3, 2, 1]
    assert [row[1] for row in found(states, [0], min_length=3)] == [4, 3]
    assert find_matches(states, [0], 0.5).candidates == 3


def test_only_ranges_of_the_lengths_asked_for_are_candidates() -> None:
    states = drawn("# ## ### ####")
    assert [row[1] for row in found(states, [0], lengths=(2, 3))] == [3, 2]
    assert [row[1] for row in found(states, [0], lengths=(3, 3))] == [3]
    assert [row[1] for row in found(states, [0], lengths=(1, 3), min_length=2)] == [3, 2]
    assert found(states, [0], lengths=(5, 10**30)) == []
    matches = find_matches(states, [0], 0.5, min_length=1, lengths=(2, 3))
    assert (matches.candidates, matches.complete, matches.lengths) == (2, 2, [2, 3])


def test_only_ranges_that_start_where_they_may_are_candidates() -> None:
    states = drawn(
        # 01234567
        "  ####  ",
        "   #### ",
    )
    at = xr.DataArray(np.arange(8), dims="step")
    # The state that is on since step 2 still counts for the range that starts at 3.
    assert found(states, [0, 1], where=at == 3) == [(3, 3, 2, 2), (3, 4, 1, 2)]
    assert found(states, [0, 1], where=at == 2) == [(2, 4, 1, 2)]
    assert found(states, [0, 1], where=at == 4) == []
    matches = find_matches(states, [0, 1], 0.5, where=at >= 3)
    assert (matches.candidates, matches.complete, matches.attrs["where"]) == (2, 1, 5)


def test_a_document_is_searched_alone() -> None:
    states = drawn("## ## ###", documents="000111222")
    assert found(states, [0], where=states.document == 1) == [(3, 2, 1, 1)]
    assert found(states, [0], where=states.document != 1) == [(6, 3, 1, 1), (0, 2, 1, 1)]


def test_what_a_filter_leaves_out_takes_no_place_from_others() -> None:
    states = drawn(
        # 0123456789
        "######   #",
        " ####    #",
        "  ##      ",
    )
    assert found(states, [0, 1, 2], distinct=True, lengths=(3, 9)) == [(1, 4, 2, 3)]
    assert found(states, [0, 1, 2], distinct=True, lengths=(5, 9)) == [(0, 6, 1, 3)]
    assert found(states, [0, 1, 2], distinct=True, where=np.arange(10) == 0) == [(0, 6, 1, 3)]


def test_lengths_are_counted_whatever_length_is_asked_for() -> None:
    states = drawn(
        # 0123456789abcd
        " ###  #### ## #",
        "  ##    ##  # #",
    )
    every = {1: (2, 2), 2: (3, 2), 3: (1, 0), 4: (1, 0)}
    assert lengths_of(states, [0, 1]) == every
    assert lengths_of(states, [0, 1], lengths=(4, 4), top=1, distinct=False) == every
    assert lengths_of(states, [0, 1], min_length=3) == {3: (1, 0), 4: (1, 0)}
    assert lengths_of(states, [0, 1], where=np.arange(15) >= 8) == {1: (2, 2), 2: (2, 1)}
    assert lengths_of(states, [0]) == {1: (1, 1), 2: (1, 1), 3: (1, 1), 4: (1, 1)}
    assert lengths_of(states, []) == {}


def test_the_counts_of_lengths_say_what_was_asked() -> None:
    everywhere = np.ones(6, np.bool_)
    found = find_matches_and_lengths(drawn("##  # "), [0], 0.5, 1, min_length=1, lengths=(2, 2), where=everywhere)
    asked = {"source": "cell", "threshold": 0.5, "rule": "above", "left": 1, "right": 0, "min_length": 1, "where": 6}
    assert found.lengths.attrs == asked
    listed = {"top": 50, "distinct": 1, "lengths": [2, 2], "candidates": 1, "complete": 1}
    assert found.matches.attrs == {**asked, **listed}


def test_no_selected_state_finds_nothing() -> None:
    matches = find_matches(drawn("##"), [], 0.5)
    assert rows_of(matches) == []
    assert matches.candidates == 0


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 1)])
@pytest.mark.parametrize("limits", [(0, 0), (1, 2)])
def test_hardly_any_states_or_steps(shape: tuple[int, int], limits: tuple[int, int]) -> None:
    states = xr.DataArray(np.ones(shape), dims=("step", "state"))
    expected = [(0, shape[0], 1, shape[1])] if shape[0] else []
    assert found(states, [0], *limits) == expected


def test_the_answer_says_what_was_asked() -> None:
    int_of_numpy: Any = np.int64(0)
    matches = find_matches(drawn("##  # #"), [0], 0.5, 1, int_of_numpy, top=7, min_length=1, distinct=False)
    assert matches.attrs == {
        "source": "cell",
        "threshold": 0.5,
        "rule": "above",
        "left": 1,
        "right": 0,
        "top": 7,
        "min_length": 1,
        "distinct": 0,
        "candidates": 3,
        "complete": 3,
    }


def test_order_and_repetition_of_the_selected_states_do_not_matter() -> None:
    states = drawn("## ##", " ####", "#### ")
    assert found(states, [2, 0, 2]) == found(states, [0, 2])


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([3], 0.5), {}, "selected: names 3 - cell has the states 0 to 1"),
        (([-1, 0], 0.5), {}, "selected: names -1"),
        (([0.5], 0.5), {}, "selected: holds float64; whole numbers of states were expected"),
        (([True, False], 0.5), {}, "selected: holds bool"),
        (([0], math.nan), {}, "threshold: is nan; a finite number was expected"),
        (([0], [0.5]), {}, "threshold: has the shape (1,); one number, or one for each state, (2,), was expected"),
        (([0], 0.5), {"rule": "over"}, "rule: is 'over'; one of 'above', 'below', 'beyond' was expected"),
        (([0], 0.5, -1), {}, "limit on the left: is -1; a whole number, 0 or more, was expected"),
        (([0], 0.5, 0, 1.5), {}, "limit on the right: is 1.5"),
        (([0], 0.5), {"min_length": 0}, "min_length: is 0; a whole number, 1 or more, was expected"),
        (([0], 0.5), {"top": -1}, "top: is -1; a whole number, 0 or more, was expected"),
        (([0], 0.5), {"lengths": (0, 2)}, "least of lengths: is 0; a whole number, 1 or more, was expected"),
        (([0], 0.5), {"lengths": (1, 2.5)}, "greatest of lengths: is 2.5; a whole number, 1 or more, was expected"),
        (([0], 0.5), {"lengths": (3, 2)}, "lengths: is from 3 to 2 - give the least first, then the greatest"),
        (([0], 0.5), {"lengths": 3}, "lengths: is 3; the least and the greatest number of steps were expected"),
        (([0], 0.5), {"lengths": (1, 2, 3)}, "lengths: is (1, 2, 3); the least and the greatest"),
        (([0], 0.5), {"where": [0, 1]}, "where: holds int64; bool was expected, one for each step - give a comparison"),
        (
            ([0], 0.5),
            {"where": [True] * 3},
            "where: has the shape (3,); one value for each of the 2 steps was expected",
        ),
        (([0], 0.5), {"where": True}, "where: has the shape ()"),
    ],
)
def test_questions_without_sense_are_refused(arguments: tuple[Any, ...], options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordingError) as raised:
        find_matches(drawn("##", "# "), *arguments, **options)
    assert message in str(raised.value)


def test_a_selection_lies_in_one_closed_range() -> None:
    states = drawn(
        # 0123456789
        " ####### #",
        "  ####    ",
        "   ## ### ",
    )

    def own(start: int, stop: int, *limits: int) -> list[Match]:
        selected = select_states(states, start, stop, 0.5, *limits)
        return rows_of(own_match(states, selected, 0.5, start, stop, *limits))

    assert own(3, 4) == [Match(3, 2, 3, 3)]
    assert own(2, 4) == [Match(2, 4, 2, 2)]
    assert own(5, 7) == [Match(1, 7, 1, 1)]
    assert own(6, 8) == [Match(6, 2, 2, 2)]
    assert own(3, 4, 1, 0) == [Match(3, 2, 1, 1)]
    assert own(3, 5, 0, 1) == [Match(3, 2, 1, 1)]
    assert own(4, 5, 0, 1) == [Match(3, 2, 1, 1)]
    assert own(0, 1) == []


def test_states_that_the_selection_does_not_have_are_no_overlap() -> None:
    states = drawn("####", " ## ", "#   ")
    assert rows_of(own_match(states, [0, 1, 2], 0.5, 1, 2)) == [Match(1, 2, 2, 3)]
    assert rows_of(own_match(states, [2], 0.5, 1, 2)) == []


def test_a_selection_in_two_documents_is_no_match() -> None:
    with pytest.raises(RecordingError, match="crosses from one document into the next at step 2"):
        own_match(drawn("####", documents="0011"), [0], 0.5, 1, 3)


def test_states_that_are_on_below_match_where_they_are_low() -> None:
    states = drawn(
        # 01234567
        "#  ##  #",
        "#   #  #",
    )
    options = {"top": EVERYTHING, "min_length": 2, "distinct": False}
    below = find_matches(states, [0, 1], 0.5, rule="below", **options)
    assert rows_of(below) == [Match(1, 2, 2, 2), Match(5, 2, 2, 2), Match(1, 3, 1, 2)]
    assert rows_of(find_matches(states, [0, 1], 0.5, rule="beyond", **options)) == [Match(0, 8, 2, 2)]


def test_each_state_has_its_own_threshold_whichever_are_selected() -> None:
    states = xr.DataArray(np.array([[1, 5, 9], [1, 5, 8], [0, 5, 9]]), dims=("step", "state"))
    matches = find_matches(states, [1, 2], np.array([1, 5, 9]), min_length=1, distinct=False)
    assert rows_of(matches) == [Match(2, 1, 2, 2), Match(0, 1, 2, 3), Match(0, 3, 1, 2)]
    assert matches.threshold.tolist() == [1.0, 5.0, 9.0]
    assert rows_of(own_match(states, [2], [1, 5, 9], 2, 3)) == [Match(2, 1, 1, 2)]


# ------------------------------------------------------------------------------------- against every range, one by one

GRID = (-1.0, -0.4, -0.0, 0.0, 0.3, 0.7, math.inf, -math.inf, math.nan)
THRESHOLDS = (0.3, -0.4, 0.0, 0.7, -1.0, 1.0, 1.5, -1.5, 1e9, -1e9)
WHOLE_GRID = (-128, -127, -1, 0, 0, 1, 1, 2, 127)
RULES = ("above", "above", "below", "beyond")


@dataclass(frozen=True)
class Situation:
    """States, and what is asked about them."""

    stored: np.ndarray
    transform: str
    documents: list[int]
    selected: list[int]
    threshold: float | list[float]
    limits: tuple[int, int]
    rule: str = "above"

    @property
    def attrs(self) -> dict[str, str]:
        """What the source says of itself."""
        return {"transform": self.transform}

    def in_memory(self) -> xr.DataArray:
        """Return the source as an array."""
        return xr.DataArray(self.stored, {"document": ("step", self.documents)}, ("step", "state"), attrs=self.attrs)

    def lazy(self) -> xr.DataArray:
        """Return the source as something to be read."""
        return lazy_states(self.stored, self.documents, chunk=3, **self.attrs)[0]

    def oracle(self) -> Oracle:
        """Return who knows the answers."""
        edges = document_edges(self.in_memory()).tolist()
        return Oracle(on_states(self.stored, self.threshold, self.transform, self.rule), edges, *self.limits)


def grid_of(dtype: type, transform: str) -> np.ndarray:
    """Return values to draw from, stored in this precision: some are thresholds before the transform."""
    if np.dtype(dtype).kind in "iu":
        return np.array(WHOLE_GRID, np.int8).astype(dtype)
    grid = np.array(GRID)
    if transform == "tanh":
        with np.errstate(divide="ignore", invalid="ignore"):
            grid = np.where(np.abs(grid) <= 1, np.arctanh(grid), grid)
    return grid.astype(dtype)


@st.composite
def situations(draw: st.DrawFn, most_steps: int = 12, widths: st.SearchStrategy[int] | None = None) -> Situation:
    """Draw states, some of whose values are exactly the threshold, in any precision and memory order."""
    transform = draw(st.sampled_from(["none", "tanh"]))
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.uint8]))
    grid = grid_of(dtype, transform)
    steps, drawn_states = draw(st.integers(1, most_steps)), draw(st.integers(1, 6))
    rows = draw(hnp.arrays(np.int8, (steps, drawn_states), elements=st.integers(0, len(GRID) - 1)))
    if draw(st.booleans()):
        # Values that last: with a threshold among them, runs of on-steps.
        changes = draw(hnp.arrays(np.bool_, rows.shape))
        for step in range(1, steps):
            rows[step] = np.where(changes[step], rows[step], rows[step - 1])
    width = drawn_states if widths is None else draw(widths)
    rows = rows[:, np.arange(width) * draw(st.integers(1, 7)) % drawn_states]
    if width > drawn_states:
        noise = np.random.default_rng(draw(st.integers(0, 99))).random(rows.shape) < draw(st.sampled_from([0, 0.1]))
        rows = np.where(noise, np.roll(rows, 1, axis=0), rows)
    threshold = draw(st.sampled_from(THRESHOLDS) | st.lists(st.sampled_from(THRESHOLDS), min_size=1, max_size=width))
    if isinstance(threshold, list):
        threshold = np.resize(threshold, width).tolist()
    every, share = draw(st.integers(1, 5)), draw(st.integers(0, 5))
    return Situation(
        stored=np.asarray(grid[rows], order=draw(st.sampled_from("CF"))),
        transform=transform,
        documents=np.cumsum(draw(st.lists(st.sampled_from([0, 0, 0, 2]), min_size=steps, max_size=steps))).tolist(),
        selected=np.flatnonzero(np.arange(width) % every < share).tolist(),
        threshold=threshold,
        limits=(draw(st.integers(0, 3)), draw(st.integers(0, 3))),
        rule=draw(st.sampled_from(RULES)),
    )


@st.composite
def runs(draw: st.DrawFn, most_steps: int = 40) -> Situation:
    """Draw states that stay on and off for a while, so that many ranges share steps; too many to draw one by one."""
    source = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps, width = source.integers(most_steps // 2, most_steps), source.integers(2, 7)
    stays = source.random((steps, width)) < source.uniform(0.4, 0.95)
    on = source.random((steps, width)) < source.uniform(0.2, 0.9)
    for step in range(1, steps):
        on[step] = np.where(stays[step], on[step - 1], on[step])
    left, right = source.choice([0, 0, 1, 2, 3], 2).tolist()
    rule = draw(st.sampled_from(RULES))
    sign = {"above": 1, "below": -1, "beyond": source.choice([-1, 1], on.shape)}[rule]
    return Situation(
        stored=np.where(on, sign, 0).astype(np.float32),
        transform="none",
        documents=np.cumsum(source.random(steps) < source.choice([0, 0.1])).tolist(),
        selected=np.flatnonzero(source.random(width) < 0.8).tolist(),
        threshold=0.5,
        limits=(left, right),
        rule=rule,
    )


@contextmanager
def small_blocks() -> Iterator[None]:
    """Make every border between blocks lie within a few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "TILE", 2)
        patch.setattr(blocks, "CACHED_BYTES", 64)
        patch.setattr(blocks, "READ_BYTES", 128)
        patch.setattr(blocks.Steps, "skip", 1)
        patch.setattr(search, "STEPS_BETWEEN_POLLS", 5)
        patch.setattr(search, "STEPS_AT_ONCE", 7)
        patch.setattr(search, "VALUES_AT_ONCE", 0)
        patch.setattr(threads, "CORES", 3)
        patch.setattr(ranking, "RANGES_AT_ONCE", 3)
        patch.setattr(search, "BITS_BETWEEN_POLLS", 9)
        patch.setattr(rows, "BITS_BETWEEN_POLLS", 300)
        patch.setattr(rows, "RANGES_AT_ONCE", 3)
        patch.setattr(search, "STEPS_BACK", 3)
        patch.setattr(sweep, "STEPS_BACK", 2)
        patch.setattr(passes, "STRETCH", 4)
        yield


@st.composite
def filters(draw: st.DrawFn, shortest: st.SearchStrategy[int]) -> Passing:
    """Draw what ranges have to be; as often as not only so long."""
    lengths = draw(st.none() | st.tuples(st.integers(1, 6), st.integers(0, 6)).map(lambda pair: (pair[0], sum(pair))))
    # For as many steps as there will be, over and over.
    where = draw(st.none() | st.lists(st.booleans(), min_size=1, max_size=12))
    return Passing(draw(shortest), lengths, where)


def check_everything(situation: Situation, states: xr.DataArray, top: int, asked: Passing) -> None:
    """Compare all that can be asked about a situation with the oracle."""
    passing = asked if asked.where is None else asked._replace(where=np.resize(asked.where, len(situation.stored)))
    oracle, selected = situation.oracle(), set(situation.selected)
    closed = [match for match in oracle.closed(selected) if passing.counts(match)]
    searched = sum(match.length >= passing.min_length for match in oracle.closed(selected))
    candidates = [match for match in closed if passing.passes(match)]
    every = Counter(match.length for match in closed)
    complete = Counter(match.length for match in closed if match.overlap == len(selected))
    question = (states, situation.selected, situation.threshold, *situation.limits)
    for distinct in (True, False):
        options = {"rule": situation.rule, "top": top, "distinct": distinct, **passing._asdict()}
        found = find_matches_and_lengths(*question, **options)
        assert rows_of(found.matches) == oracle.matches(candidates, top, distinct=distinct)
        assert found.matches.candidates == len(candidates)
        assert found.matches.complete == sum(match.overlap == len(selected) for match in candidates)
        assert counted(found.lengths) == {length: (every[length], complete[length]) for length in every}
        assert found.searched == searched


@given(situations(), st.sampled_from([1, 2, 5, EVERYTHING]), filters(st.integers(1, 4)))
@settings(max_examples=300)
def test_matches_are_those_of_the_definition(situation: Situation, top: int, passing: Passing) -> None:
    check_everything(situation, situation.in_memory(), top, passing)


@given(runs(), st.integers(1, 6), filters(st.integers(1, 3)))
@settings(max_examples=200)
def test_matches_among_many_that_share_steps_are_those_of_the_definition(
    situation: Situation, top: int, passing: Passing
) -> None:
    check_everything(situation, situation.in_memory(), top, passing)


@given(
    situations(most_steps=8, widths=st.sampled_from([63, 64, 65, 127, 128, 129, 140, 200])),
    st.sampled_from([3, EVERYTHING]),
    filters(st.integers(1, 2)),
)
@settings(max_examples=60)
def test_matches_of_many_states_are_those_of_the_definition(situation: Situation, top: int, passing: Passing) -> None:
    check_everything(situation, situation.in_memory(), top, passing)


@given(
    situations() | runs(),
    st.sampled_from([1, 2, 5, EVERYTHING]),
    filters(st.just(1)),
    st.sampled_from([0, 1 << 20]),
)
def test_a_source_read_block_by_block_has_the_same_matches(
    situation: Situation, top: int, passing: Passing, budget: int
) -> None:
    with small_blocks():
        tiles.set_budget(budget)
        check_everything(situation, situation.lazy(), top, passing)
        check_everything(situation, situation.in_memory(), top, passing)
    tiles.set_budget(None)


@given(situations(most_steps=9), st.booleans())
def test_every_selection_finds_itself(situation: Situation, lazy: bool) -> None:  # noqa: FBT001
    oracle, states = situation.oracle(), situation.lazy() if lazy else situation.in_memory()
    with small_blocks():
        for start, stop in oracle.ranges():
            has = select_states(states, start, stop, situation.threshold, *situation.limits, rule=situation.rule)
            assert set(has.tolist()) == oracle.states(start, stop)
            for selected in (has.tolist(), situation.selected):
                question = (states, selected, situation.threshold, start, stop, *situation.limits)
                own = own_match(*question, rule=situation.rule)
                assert rows_of(own) == oracle.own(start, stop, set(selected))


# -------------------------------------------------------------------------------------------- long, wide and shared


def test_a_hundred_thousand_ties_come_in_order() -> None:
    states = xr.DataArray((np.arange(200_001) % 2 == 0)[:, np.newaxis].astype(np.float32), dims=("step", "state"))
    matches = find_matches(states, [0], 0.5, top=3, min_length=1)
    assert matches.start.values.tolist() == [0, 2, 4]
    assert matches.candidates == 100_001


def test_a_run_over_everything_is_one_match() -> None:
    states = xr.DataArray(np.ones((100_000, 130), np.float16), dims=("step", "state"))
    assert found(states, list(range(130))) == [(0, 100_000, 130, 130)]
    assert found(states, list(range(130)), 2, 2) == [(0, 100_000, 130, 130)]
    states[50_000, 7] = 0
    assert found(states, list(range(130)), distinct=True) == [(0, 50_000, 130, 130), (50_001, 49_999, 130, 130)]
    assert found(states, list(range(130)))[2:] == [(0, 100_000, 129, 130)]


def test_the_length_of_a_run_over_everything_is_counted() -> None:
    states = xr.DataArray(np.ones((100_000, 2), np.float16), dims=("step", "state"))
    assert lengths_of(states, [0, 1]) == {100_000: (1, 1)}
    states[50_000, 1] = 0
    every = {49_999: (1, 1), 50_000: (1, 1), 100_000: (1, 0)}
    assert lengths_of(states, [0, 1]) == every
    assert lengths_of(states, [0, 1], where=np.arange(100_000) > 0) == {49_999: (1, 1)}
    assert found(states, [0, 1], lengths=(50_001, 100_000)) == [(0, 100_000, 1, 2)]


def many_pairs() -> xr.DataArray:
    """Return states that are on together in 30,000 ranges of 2 steps, and each alone in 1,000 ranges of 5 elsewhere."""
    on = np.zeros((100_000, 2), np.float32)
    on[0:90_000:3] = on[1:90_000:3] = 1
    for step in range(5):
        on[90_000 + step : 100_000 : 20, 0] = on[90_010 + step : 100_000 : 20, 1] = 1
    return xr.DataArray(on, dims=("step", "state"))


@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize("passing", [{"lengths": (3, 5)}, {"where": np.arange(100_000) >= 90_000}])
def test_what_passes_is_found_below_all_that_does_not(passing: dict[str, Any], distinct: bool) -> None:  # noqa: FBT001
    matches = find_matches(many_pairs(), [0, 1], 0.5, top=500, distinct=distinct, **passing)
    assert rows_of(matches) == [Match(start, 5, 1, 2) for start in range(90_000, 95_000, 10)]
    assert (matches.candidates, matches.complete) == (1_000, 0)


@pytest.mark.parametrize("passing", [{"lengths": (3, 4)}, {"where": np.zeros(100_000, np.bool_)}])
def test_nothing_is_found_where_nothing_passes(passing: dict[str, Any]) -> None:
    found = find_matches_and_lengths(many_pairs(), [0, 1], 0.5, top=500, **passing)
    assert rows_of(found.matches) == []
    assert (found.matches.candidates, found.matches.complete) == (0, 0)
    assert counted(found.lengths) == ({} if "where" in passing else {2: (30_000, 30_000), 5: (1_000, 0)})


def test_nested_ranges_hide_behind_one_that_takes_their_place() -> None:
    # Each state's run lies in the one before: all share the innermost's steps, which is the only distinct match.
    on = np.array([[depth <= step < 200 - depth for depth in range(100)] for step in range(200)])
    states = xr.DataArray(on.astype(float), dims=("step", "state"))
    matches = find_matches(states, range(100), 0.5)
    assert rows_of(matches) == [Match(99, 2, 100, 100)]
    assert matches.candidates == 100


def test_a_search_ends_when_it_is_told_to_and_what_was_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "READ_BYTES", 100 * 4)
    values = np.random.default_rng(0).random((1_000, 1), np.float32)
    states, file = lazy_states(values)
    asked = 0

    def after_five_blocks() -> bool:
        nonlocal asked
        asked += 1
        return len(file.reads) >= 5

    with pytest.raises(Cancelled):
        find_matches(states, [0], 0.5, cancelled=after_five_blocks)
    assert len(file.reads) == 5
    again = find_matches(states, [0], 0.5, cancelled=lambda: False)
    assert file.reads == [(start, start + 100) for start in range(0, 1_000, 100)]
    xr.testing.assert_identical(again, find_matches(states.load(), [0], 0.5))


@pytest.mark.parametrize("patience", range(0, 60, 3))
def test_a_search_can_be_ended_at_any_time(patience: int) -> None:
    states = xr.DataArray(np.random.default_rng(0).random((60, 3)), dims=("step", "state"))
    left = patience

    def impatient() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    with small_blocks(), pytest.raises(Cancelled):
        find_matches(states, [0, 1, 2], 0.5, cancelled=impatient)
    with small_blocks(), pytest.raises(Cancelled):
        own_match(states, [0, 1, 2], 0.0, 20, 30, cancelled=lambda: True)


# --------------------------------------------------------------------------------------------------- compiled parts


@pytest.mark.parametrize("states", [1, 5, 63, 64, 65, 130])
@pytest.mark.parametrize("order", ["C", "F"])
def test_bits_are_packed_in_either_memory_order(states: int, order: Any) -> None:
    on = np.random.default_rng(states).random((9, states)) < 0.5
    words = np.full((9, compiled.words_for(states)), 2**64 - 1, np.uint64)
    compiled.pack(np.asarray(on, order=order), words)
    unpacked = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    np.testing.assert_array_equal(unpacked[:, :states], on)
    assert not unpacked[:, states:].any()


@given(st.integers(0, 2**64 - 1))
def test_the_bits_of_a_word_are_counted(word: int) -> None:
    assert compiled.bits_set(np.uint64(word)) == word.bit_count()


def test_each_compiled_part_has_few_forms_and_they_are_compiled_beforehand() -> None:
    warm()
    forms = {name: part.signatures for name, part in COMPILED.items()}
    states = drawn("## #", " ###", documents="0011")
    sources = [states.astype(dtype) for dtype in (np.float16, np.float32, np.float64, np.int16, bool, ">f4")]
    for source in (*sources, *(each.copy(data=np.asfortranarray(each.values)) for each in sources)):
        find_matches(source, [0, 1], 0.5, 1, 2)
        own_match(source, [0, 1], 0.5, 0, 2)
        find_matches(source, [0, 1], 0.5, where=np.broadcast_to(True, 4), lengths=(1, 2))  # noqa: FBT003
        find_matches(source, [0, 1], 0.5, where=np.ones(8, np.bool_)[::-2])
        with small_blocks():
            find_matches(source, [0, 1], 0.5, where=np.ones(4, np.bool_), min_length=1)
    assert {name: part.signatures for name, part in COMPILED.items()} == forms
    # Bits are packed out of float32 and out of float64.
    assert [name for name, known in forms.items() if len(known) > 1 and ".packing." not in name] == []
    assert {name for name, known in forms.items() if known} >= CALLED


def test_code_is_compiled_where_nothing_may_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def njit_without_a_cache(*, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", njit_without_a_cache)
    assert compiled.compiled(lambda number: number + 1)(1) == 2
