"""Quantiles of each state's own values, against their definition; read once, and exact as thresholds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmvis_panel import blocks, quantiles, tiles
from lstmvis_panel.matching import Cancelled, find_matches
from lstmvis_panel.quantiles import quantile_thresholds, quantiles_of, state_quantiles
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.selection import Rule, select_states
from tests.oracle import Match, Oracle, is_on, quantile
from tests.watched import lazy_states

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARES = st.integers(0, 1000) | st.sampled_from([0, 1, 500, 999, 1000])


def source_of(values: Any, transform: str = "none") -> xr.DataArray:
    """Return values (step, state) as a source in memory."""
    return xr.DataArray(np.asarray(values), dims=("step", "state"), attrs={"transform": transform})


@st.composite
def stored_values(draw: st.DrawFn) -> np.ndarray:
    """Draw values of any dtype with ties, numbers that are none, and the ends of what the dtype holds."""
    dtype = np.dtype(draw(st.sampled_from(["f2", "f4", "f8", ">f4", "i1", "u1", "i4", "i8"])))
    shape = draw(st.tuples(st.integers(1, 25), st.integers(1, 4)))
    if dtype.kind == "f":
        few = [np.nan, np.inf, -np.inf, -0.0, 0.0, -1.5, 1.5]
        elements = st.sampled_from(few) | st.floats(-4, 4, width=16)
    else:
        ends = np.iinfo(dtype)
        elements = st.integers(-3, 3).map(lambda number: max(number, ends.min)) | st.sampled_from([ends.min, ends.max])
    return draw(hnp.arrays(dtype, shape, elements=elements))


@contextmanager
def little_room(budget: int) -> Iterator[None]:
    """Leave room for one state at a time, and read a few steps at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantiles, "BLOCK_BYTES", 1)
        patch.setattr(quantiles, "SHARE_OF_BUDGET", 0)
        patch.setattr(blocks, "READ_BYTES", 64)
        patch.setattr(tiles, "TILE", 4)
        tiles.set_budget(budget)
        yield
        tiles.set_budget(None)


@given(stored_values(), SHARES, st.sampled_from(Rule), st.sampled_from([0, 1 << 20]))
def test_quantiles_are_those_of_the_definition(values: np.ndarray, share: int, rule: Rule, budget: int) -> None:
    expected = [quantile(state, Fraction(share, 1000), rule) for state in values.T]
    with little_room(budget):
        for states in (source_of(values), source_of(np.asfortranarray(values)), lazy_states(values)[0]):
            found = quantile_thresholds(states, share / 1000, rule=rule)
            assert (found.quantile, found.rule) == (share / 1000, rule)
            assert found.stored.dtype == np.float64
            np.testing.assert_array_equal(found.stored, expected)


def test_quantiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=(2_000, 5)).astype(np.float32)
    table = quantiles_of(source_of(values)).table
    shares = np.array([0.0, 0.125, 0.25, 0.5, 0.75, 0.875, 1.0])  # those that a float holds exactly
    expected = np.quantile(values, shares, axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(table[(shares * 1000).astype(int)], expected)


@given(stored_values(), SHARES, st.sampled_from(Rule))
def test_a_state_is_on_in_at_least_the_share_that_is_left(values: np.ndarray, share: int, rule: Rule) -> None:
    thresholds = quantile_thresholds(source_of(values), share / 1000, rule=rule)
    for state, limit in zip(values.T, thresholds.stored, strict=True):
        numbers = [float(value) for value in state if not np.isnan(value)]
        on = sum(is_on(value, limit, rule) for value in numbers)
        assert on >= len(numbers) * Fraction(1000 - share, 1000)
        # Without the values that are the quantile, in no more than that.
        signed = np.array(numbers) * (-1 if rule == Rule.BELOW else 1)
        more = int(((np.abs(signed) if rule == Rule.BEYOND else signed) > limit).sum())
        assert more <= len(numbers) * Fraction(1000 - share, 1000)


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("transform", ["none", "tanh"])
def test_the_value_that_is_the_quantile_is_on(transform: str, rule: Rule) -> None:
    # Before tanh, and far beyond where it is told from 1.
    sign = -1 if rule == Rule.BELOW else 1
    states = source_of(sign * np.array([[0.3], [20.1], [20.2], [20.3]]), transform)
    thresholds = quantile_thresholds(states, 0.75, rule=rule)
    chosen = [select_states(states, step, step + 1, thresholds, rule=rule).tolist() for step in range(4)]
    assert chosen == [[], [], [0], [0]]


def test_quantiles_are_said_after_the_transform() -> None:
    values = [[0.5, -3.0], [-0.25, np.nan], [2.0, np.nan]]
    assert state_quantiles(source_of(values), 0.5).tolist() == [0.5, -3.0]
    assert state_quantiles(source_of(values, "tanh"), 0.5).tolist() == [np.tanh(0.5), np.tanh(-3.0)]
    assert state_quantiles(source_of(values, "tanh"), 0.5, rule="below").tolist() == [-np.tanh(0.5), np.tanh(3.0)]
    assert state_quantiles(source_of(values), 1.0, rule="beyond").tolist() == [2.0, 3.0]


def test_a_state_without_a_number_is_never_on() -> None:
    states = source_of([[np.nan, 1.0], [np.nan, 2.0]])
    assert select_states(states, 0, 1, quantile_thresholds(states, 0.0)).tolist() == [1]


def test_three_decimals_count() -> None:
    states = source_of(np.arange(1000.0)[:, None])
    assert quantile_thresholds(states, 0.9004).stored.tolist() == [899.0]
    assert quantile_thresholds(states, 0.9006).stored.tolist() == [900.0]
    assert quantile_thresholds(states, 0.9006).quantile == 0.901


@given(
    stored_values(),
    SHARES,
    st.sampled_from(Rule),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["none", "tanh"]),
)
def test_selections_and_matches_are_those_of_the_definition(
    values: np.ndarray, share: int, rule: Rule, left: int, right: int, transform: str
) -> None:
    states, _ = lazy_states(values[:9], chunk=3, transform=transform)
    limits = [quantile(state, Fraction(share, 1000), rule) for state in values[:9].T]
    on = [{state for state, value in enumerate(row) if is_on(float(value), limits[state], rule)} for row in values[:9]]
    oracle = Oracle(on, [0, len(on)], left, right)
    thresholds = quantile_thresholds(states, share / 1000, rule=rule)
    for start, stop in oracle.ranges():
        selected = select_states(states, start, stop, thresholds, left, right, rule=rule)
        assert set(selected.tolist()) == oracle.states(start, stop)
    selected = range(0, values.shape[1], 2)
    matches = find_matches(states, selected, thresholds, left, right, rule=rule, min_length=1)
    assert matches.attrs["quantile"] == share / 1000
    columns = (matches[name].values.tolist() for name in matches)
    found = [Match(*row) for row in zip(*columns, strict=True)]
    assert found == oracle.matches(oracle.closed(set(selected)), 50, distinct=True)


# ------------------------------------------------------------------------------------------------- read once, and when


def test_a_file_is_read_once_for_all_quantiles_of_a_rule() -> None:
    tiles.set_budget(0)
    states, file = lazy_states(np.arange(12.0).reshape(6, 2))
    assert quantile_thresholds(states, 0.5).stored.tolist() == [4.0, 5.0]
    assert file.reads == [(0, 6)]
    assert quantile_thresholds(states.copy(), 1.0).stored.tolist() == [10.0, 11.0]
    assert quantile_thresholds(states.assign_attrs(transform="tanh"), 0.0).stored.tolist() == [0.0, 1.0]
    assert file.reads == [(0, 6)]
    assert quantile_thresholds(states, 0.5, rule="below").stored.tolist() == [-6.0, -7.0]
    assert quantile_thresholds(states[2:], 0.0).stored.tolist() == [4.0, 5.0]
    assert file.reads == [(0, 6), (0, 6), (2, 6)]
    tiles.set_budget(None)


def test_visitors_who_ask_at_once_share_one_table() -> None:
    tiles.set_budget(0)
    states, file = lazy_states(np.random.default_rng(0).random((5_000, 3)))
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: quantiles_of(states), range(8)))
    tiles.set_budget(None)
    assert file.reads == [(0, 5_000)]
    assert all(table is tables[0] for table in tables)


def test_the_longest_unused_table_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantiles, "MOST_TABLES", 2)
    files = [lazy_states(np.full((2, 1), number))[0] for number in range(3)]
    first, second = quantiles_of(files[0]), quantiles_of(files[1])
    assert quantiles_of(files[0]) is first
    quantiles_of(files[2])
    assert quantiles_of(files[0]) is first
    assert quantiles_of(files[1]) is not second


def test_what_is_in_memory_is_looked_at_anew() -> None:
    states = source_of(np.zeros((3, 1)))
    assert quantile_thresholds(states, 0.5).stored.tolist() == [0.0]
    states.values[:] = 7
    assert quantile_thresholds(states, 0.5).stored.tolist() == [7.0]


@pytest.mark.parametrize("patience", range(5))
def test_reading_can_be_ended_and_begun_again(patience: int) -> None:
    states, _ = lazy_states(np.arange(40.0).reshape(10, 4))
    left = patience

    def impatient() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    with little_room(0), pytest.raises(Cancelled):
        quantile_thresholds(states, 0.5, cancelled=impatient)
    assert quantile_thresholds(states, 0.5).stored.tolist() == [16.0, 17.0, 18.0, 19.0]


def test_who_waits_for_another_can_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantiles, "SECONDS_BETWEEN_POLLS", 0.001)
    states, file = lazy_states(np.zeros((3, 1)))
    with quantiles._turn(lambda: None), pytest.raises(Cancelled):
        quantiles_of(states, cancelled=lambda: True)
    assert file.reads == []


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan, "0.5", None, True])
def test_a_quantile_lies_between_0_and_1(share: Any) -> None:
    with pytest.raises(RecordingError, match=r"quantile: is .*; a number between 0 and 1 was expected"):
        quantile_thresholds(source_of([[1.0]]), share)


def test_a_question_without_sense_is_refused() -> None:
    with pytest.raises(RecordingError, match="rule: is 'over'; one of"):
        quantile_thresholds(source_of([[1.0]]), 0.5, rule="over")
    with pytest.raises(RecordingError, match="states: has the dimensions"):
        quantile_thresholds(source_of([[1.0]])[0], 0.5)
