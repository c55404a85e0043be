"""Bars of the lengths of matches: none is lost, long ones share a bar."""

from __future__ import annotations

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.length_bars import histograms, length_bars


def lengths(counted: dict[int, tuple[int, int]]) -> xr.Dataset:
    steps = sorted(counted)
    columns = np.array([counted[length] for length in steps], np.int64).reshape(-1, 2)
    return xr.Dataset(
        {"candidates": ("length", columns[:, 0]), "complete": ("length", columns[:, 1])},
        {"length": np.array(steps, np.int64)},
    )


def test_short_lengths_have_a_bar_each_and_long_ones_share() -> None:
    bars = length_bars(lengths({1: (5, 1), 2: (7, 0), 4: (3, 3), 10: (2, 1), 11: (1, 1)}))
    assert bars.bounds == [[1, 1], [2, 2], [3, 3], [4, 5], [6, 7], [8, 10], [11, 11]]
    assert bars.candidates == [5, 7, 0, 3, 0, 2, 1]
    assert bars.complete == [1, 0, 0, 3, 0, 1, 1]


def test_without_matches_there_is_no_bar() -> None:
    assert length_bars(lengths({})) == ([], [], [])


def test_ranges_with_all_states_are_drawn_where_there_are_several_states_and_some_such_ranges() -> None:
    bars, none = length_bars(lengths({1: (5, 1), 2: (7, 0)})), length_bars(lengths({1: (5, 0)}))
    assert histograms(bars, 3) == [
        ("length", "ranges", [5, 7]),
        ("all states on", "with all 3 states", [1, 0]),
    ]
    assert [drawn.title for drawn in histograms(bars, 1) + histograms(none, 3)] == ["length", "length"]


@given(st.dictionaries(st.integers(1, 5000), st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1))
def test_every_length_is_in_one_bar(counted: dict[int, tuple[int, int]]) -> None:
    bars = length_bars(lengths(counted))
    assert bars.bounds[0][0] == min(counted)
    assert bars.bounds[-1][1] == max(counted)
    assert all(low == before + 1 for (_, before), (low, _) in zip(bars.bounds, bars.bounds[1:], strict=False))
    for (low, high), *counts in zip(*bars, strict=True):
        inside = [pair for length, pair in counted.items() if low <= length <= high]
        assert counts == [sum(pair[at] for pair in inside) for at in (0, 1)]
    assert len(bars.bounds) <= 40
