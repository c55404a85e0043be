"""The order of ranges where they are many, and searches at their worst: in bounded memory, and ended on request."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel import ranking, search, sweep, threads
from lstmvis_panel.matching import Cancelled, find_matches
from lstmvis_panel.ranking import Ranges, best_first


def ranges_of(rows: list[tuple[int, int, int, int]]) -> Ranges:
    """Return ranges of (stop, length, overlap, union) by ascending stop."""
    stop, length, overlap, union = np.array(sorted(rows), np.int32).reshape(-1, 4).T
    return Ranges(stop - length, stop, overlap, union)


@given(st.lists(st.tuples(st.integers(5, 30), *[st.integers(1, 5)] * 3), min_size=1, max_size=60))
def test_counting_gives_the_order_that_sorting_gives(rows: list[tuple[int, int, int, int]]) -> None:
    ranges = ranges_of(rows)
    sorted_rows = best_first(ranges, lambda: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "RANGES_AT_ONCE", 7)
        assert best_first(ranges, lambda: None).tolist() == sorted_rows.tolist()


@pytest.mark.parametrize("patience", range(0, 60, 7))
def test_sorting_ends_when_it_is_told_to(patience: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "RANGES_AT_ONCE", 10)
    asked = iter(range(patience))

    def poll() -> None:
        if next(asked, None) is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        best_first(ranges_of([(stop, 1, 1, 1) for stop in range(1, 101)]), poll)


def source(values: Any) -> xr.DataArray:
    """Return values (step, state) as a source."""
    return xr.DataArray(values, dims=("step", "state"))


ALL_ON = np.ones((60_000, 40), np.float32)
TIES = np.tile(np.eye(2, dtype=np.float32), (100_000, 1))
STAGGERED = ((np.arange(20_000)[:, np.newaxis] + np.arange(40)) % 41 != 0).astype(np.float32)
LONG = np.repeat(np.random.default_rng(0).random((4, 40), np.float32), 15_000, axis=0)
WORST = {
    "all on everywhere": (ALL_ON, 0.5, {}),
    "a threshold below the least value": (LONG, -1e9, {}),
    "runs of a quarter of all steps": (LONG, 0.5, {}),
    "each run from a step of its own": (STAGGERED, 0.5, {}),
    "each run from a step of its own, off beside": (STAGGERED, 0.5, {"left": 1, "right": 1}),
    "runs of a quarter, off beside": (LONG, 0.5, {"left": 1, "right": 1}),
    "nothing but ties": (TIES, 0.5, {"min_length": 1}),
    "nothing but ties, overlapping allowed": (TIES, 0.5, {"min_length": 1, "distinct": False}),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_is_found_in_bounded_memory_in_parts_as_in_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values, threshold, options = WORST[name]
    states, selected = source(values), np.arange(values.shape[1])
    monkeypatch.setattr(threads, "CORES", 1)
    whole = find_matches(states, selected, threshold, **options)
    monkeypatch.setattr(threads, "CORES", 3)
    monkeypatch.setattr(search, "STEPS_AT_ONCE", 1_000)
    monkeypatch.setattr(sweep, "STEPS_BACK", 500)
    monkeypatch.setattr(ranking, "RANGES_AT_ONCE", 10_000)
    tracemalloc.start()
    in_parts = find_matches(states, selected, threshold, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    xr.testing.assert_identical(in_parts, whole)
    ranges = int(whole.attrs["candidates"])
    # Bits, counts of lengths in each of three parts, and what ranks the ranges.
    assert peak < (1 << 20) + len(values) * (8 + 3 * 3 * 8 + 16) + ranges * 100


@pytest.mark.parametrize("name", WORST)
def test_the_worst_is_ended_between_any_two_of_its_parts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values, threshold, options = WORST[name]
    monkeypatch.setattr(threads, "CORES", 1)
    monkeypatch.setattr(ranking, "RANGES_AT_ONCE", 10_000)
    asked = 0

    def counted() -> bool:
        nonlocal asked
        asked += 1
        return False

    states, selected = source(values), np.arange(values.shape[1])
    find_matches(states, selected, threshold, cancelled=counted, **options)
    for patience in np.linspace(0, asked - 1, 5, dtype=int).tolist():
        left = iter(range(patience))
        with pytest.raises(Cancelled):
            find_matches(states, selected, threshold, cancelled=lambda left=left: next(left, None) is None, **options)
