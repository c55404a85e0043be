"""The number of selected states at every threshold, against selecting at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmvis_panel.quantiles import quantiles_of
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.selection import Rule, select_states
from lstmvis_panel.thresholds import ThresholdProfile, profile_of
from tests.watched import lazy_states

FEW = (0.0, -0.0, 0.25, -0.25, 0.5, 1.0, -1.0, 3.0, -3.0, 20.0, -20.5, np.inf, -np.inf, np.nan)


def source_of(values: Any, transform: str = "none") -> xr.DataArray:
    """Return values (step, state) as a source in memory."""
    return xr.DataArray(np.asarray(values), dims=("step", "state"), attrs={"transform": transform})


@dataclass(frozen=True)
class Asked:
    """A selection in states."""

    states: xr.DataArray
    selection: tuple[int, int, int, int]
    rule: Rule

    def selected(self, threshold: Any) -> tuple[int, ...]:
        """Return the states that it has at a threshold."""
        start, stop, left, right = self.selection
        return tuple(select_states(self.states, start, stop, threshold, left, right, rule=self.rule).tolist())

    def profile(self, **options: Any) -> ThresholdProfile:
        """Return its profile."""
        return profile_of(self.states, *self.selection, rule=self.rule, **options)


@st.composite
def asked(draw: st.DrawFn, elements: st.SearchStrategy[float] | None = None) -> Asked:
    """Draw states of any dtype with ties and values that are none, two documents, and a selection in one of them."""
    dtype = np.dtype(draw(st.sampled_from(["f2", "f4", "f8", ">f4", "i1", "u1"])))
    shape = draw(st.tuples(st.integers(2, 9), st.integers(1, 6)))
    if dtype.kind == "f":
        default = st.sampled_from(FEW) | st.floats(-2, 2, width=16)
        values = draw(hnp.arrays(dtype, shape, elements=default if elements is None else elements))
    else:
        ends = np.iinfo(dtype)
        values = draw(hnp.arrays(dtype, shape, elements=st.sampled_from([ends.min, ends.max, 0, 1, 2])))
    border = draw(st.integers(1, shape[0] - 1))
    documents = (np.arange(shape[0]) >= border).astype(int)
    first, last = draw(st.sampled_from([(0, border), (border, shape[0])]))
    start = draw(st.integers(first, last - 1))
    stop = draw(st.integers(start + 1, last))
    transform = draw(st.sampled_from(["none", "tanh"]))
    states = xr.DataArray(values, {"document": ("step", documents)}, ("step", "state"), attrs={"transform": transform})
    limits = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    return Asked(states, (start, stop, *limits), draw(st.sampled_from(Rule)))


def telling_thresholds(states: xr.DataArray) -> np.ndarray:
    """Return all thresholds at which something may change, and their neighbours."""
    values = states.values.astype(np.float64).ravel()
    values = np.tanh(values) if states.transform == "tanh" else values
    values = values[np.isfinite(values)]
    at = np.unique(np.concatenate([values, -values, [0.0, 1.0, -1.0, 1.5, -1.5, 1e300, -1e300]]))
    return np.concatenate([at, np.nextafter(at, np.inf), np.nextafter(at, -np.inf)])


# ------------------------------------------------------------------------------------------------- the states selected

STATES = source_of(
    [
        # 0    1    2    3
        [0.1, 0.0, 0.6, 0.4],
        [0.5, 0.9, 0.7, 0.2],
        [0.3, 0.8, 0.7, 0.3],
        [0.0, 0.2, 0.1, 0.0],
    ]
)


def test_a_state_is_selected_between_its_highest_value_beside_and_its_lowest_inside() -> None:
    profile = profile_of(STATES, 1, 3, left=1)  # 0: above 0.1 to 0.3; 1: 0.0 to 0.8; 2: 0.6 to 0.7; 3 is on beside
    thresholds = [0.0, 0.05, 0.1, 0.2, 0.3, 0.31, 0.6, 0.61, 0.7, 0.71, 0.8, 0.81]
    assert profile.counts(thresholds).tolist() == [0, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 0]
    edges, counts = profile.steps(-0.1, 1.0)
    assert edges.tolist() == [-0.1, 0.0, 0.1, 0.3, 0.6, 0.7, 0.8, 1.0]
    assert counts.tolist() == [0, 1, 2, 1, 2, 1, 0]


def test_the_widest_stretch_lies_on_the_axis() -> None:
    profile = profile_of(STATES, 1, 3, left=1)
    assert profile.widest(-0.1, 1.0) == (0.3, 0.6, 1)
    assert profile.widest(0.45, 1.0) == (0.45, 0.6, 1)
    assert profile.widest(0.15, 0.35) == (0.15, 0.3, 2)
    assert profile.widest(0.85, 1.0) is None


def test_of_equally_wide_stretches_the_first_is_proposed() -> None:
    assert profile_of(source_of([[0.25, 0.5, 0.75]]), 0, 1).widest(0.0, 1.0) == (0.0, 0.25, 3)


def test_other_states_in_equal_number_are_another_stretch() -> None:
    states = source_of([[0.0, 0.5], [0.5, 1.0]])  # the one up to 0.5, the other from there on
    profile = profile_of(states, 1, 2, left=1)
    assert profile.steps(0.0, 1.5)[0].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert profile.counts([0.5, 0.6]).tolist() == [1, 1]
    assert profile.widest(0.0, 1.0) == (0.0, 0.5, 1)


def test_a_threshold_alone_and_many_have_the_shape_that_was_asked() -> None:
    profile = profile_of(STATES, 1, 3)
    assert profile.counts(0.25).shape == ()
    assert profile.counts(np.full((2, 3), 0.25)).tolist() == [[3] * 3] * 2
    assert profile.counts([]).dtype == profile.counts(0.25).dtype == np.int64


def test_only_the_steps_in_question_are_read() -> None:
    states, file = lazy_states(np.ones((1_000, 2)))
    profile_of(states, 500, 503, 2, 4)
    assert file.reads == [(498, 507)]


def test_a_long_selection_is_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstmvis_panel.selection.BLOCK_BYTES", 10 * 2 * 8)
    values = np.arange(200.0).reshape(100, 2)
    states, file = lazy_states(values)
    profile = profile_of(states, 20, 80, 15)
    assert (profile.lowest.tolist(), profile.highest.tolist()) == ([40.0, 41.0], [38.0, 39.0])
    assert max(stop - start for start, stop in file.reads) == 10


# ---------------------------------------------------------------------------------------- against selecting, one by one


@given(asked())
@settings(max_examples=200)
def test_counts_are_those_of_the_states_selected_at_every_threshold(question: Asked) -> None:
    thresholds = telling_thresholds(question.states)
    counts = question.profile().counts(thresholds)
    assert counts.tolist() == [len(question.selected(threshold)) for threshold in thresholds]


@given(asked(), st.floats(-4, 4), st.floats(-4, 4))
def test_stairs_are_the_counts_between_their_breakpoints(question: Asked, one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    if low == high:
        high = low + 1
    profile = question.profile()
    edges, counts = profile.steps(low, high)
    assert (edges[0], edges[-1], len(counts)) == (low, high, len(edges) - 1)
    assert (np.diff(edges) > 0).all()
    for share in (0.01, 0.5, 0.99):
        # Where rounding decides, next to a breakpoint, tanh and back may be off by a little.
        wide = np.diff(edges) > 1e-9
        within = edges[:-1] * (1 - share) + edges[1:] * share
        assert profile.counts(within)[wide].tolist() == counts[wide].tolist()


@given(asked(elements=st.integers(-6, 6).map(float)))
def test_the_widest_stretch_is_the_widest_with_the_same_states(question: Asked) -> None:
    states = question.states.assign_attrs(transform="none")
    question = Asked(states, question.selection, question.rule)
    low, high = -7.0, 7.0
    stretches: list[list[float]] = []
    before: tuple[int, ...] = ()
    for start in np.arange(low, high):  # values are whole numbers, so nothing changes between two of them
        now = question.selected(start + 0.5)
        if now and now == before:
            stretches[-1][1] = start + 1
        elif now:
            stretches.append([start, start + 1, len(now)])
        before = now
    widest = question.profile().widest(low, high)
    expected = max(stretches, key=lambda stretch: stretch[1] - stretch[0], default=None)
    assert widest == (None if expected is None else tuple(expected))


@given(asked())
def test_the_middle_of_the_widest_stretch_selects_as_many_as_it_says(question: Asked) -> None:
    widest = question.profile().widest(-1.5, 1.5)
    if widest is None:
        assert not any(question.selected(threshold) for threshold in np.linspace(-1.49, 1.49, 13))
    else:
        low, high, count = widest
        assert len(question.selected((low + high) / 2)) == count > 0


# ----------------------------------------------------------------------------------------------------------- quantiles


@given(asked(), st.lists(st.integers(0, 1000), min_size=1, max_size=8))
def test_counts_against_quantiles_are_those_of_the_states_selected(question: Asked, shares: list[int]) -> None:
    quantiles = quantiles_of(question.states, question.rule)
    profile = question.profile(quantiles=quantiles)
    few = np.arange(question.states.sizes["step"]) * 1000 // question.states.sizes["step"]
    shares = [0, 1000, *shares, *few, *(few + 1)]
    expected = [len(question.selected(quantiles.thresholds(share / 1000))) for share in shares]
    assert profile.counts(np.array(shares) / 1000).tolist() == expected
    edges, counts = profile.steps(0, 1)
    at = np.searchsorted(edges[1:-1], np.array(shares) / 1000)
    assert counts[at].tolist() == expected


def test_the_widest_stretch_of_quantiles() -> None:
    states = source_of(np.arange(100.0)[:, None])
    low, high, count = profile_of(states, 60, 80, left=1, quantiles=quantiles_of(states)).widest(0, 1)
    assert (round(low, 4), round(high, 4), count) == (0.6005, 0.6105, 1)  # 60 of 100 are no greater than the one before
    assert select_states(states, 60, 80, quantiles_of(states).thresholds((low + high) / 2), 1).tolist() == [0]


# -------------------------------------------------------------------------------------------------------------- refused


def test_questions_without_sense_are_refused() -> None:
    with pytest.raises(RecordingError, match="selection: 3:3 has no steps"):
        profile_of(STATES, 3, 3)
    with pytest.raises(RecordingError, match="rule: is 'over'"):
        profile_of(STATES, 1, 3, rule="over")
    with pytest.raises(RecordingError, match="holds quantiles for the rule 'above'; 'below' is asked for"):
        profile_of(STATES, 1, 3, rule="below", quantiles=quantiles_of(STATES))
    profile = profile_of(STATES, 1, 3)
    with pytest.raises(RecordingError, match=r"axis: goes from 1.0 to 1.0; low < high was expected"):
        profile.steps(1.0, 1.0)
    with pytest.raises(RecordingError, match="threshold: is nan for state 1"):
        profile.counts([0.1, np.nan])
    with pytest.raises(RecordingError, match="a number between 0 and 1 was expected"):
        profile_of(STATES, 1, 3, quantiles=quantiles_of(STATES)).counts(1.2)


def test_reading_ends_once_no_threshold_selects_a_state() -> None:
    values = np.linspace(1, 0, 60_000, dtype=np.float32)[:, np.newaxis].repeat(100, axis=1)
    states, file = lazy_states(values)
    assert profile_of(states, 1, len(values), 1).counts(0.5) == 0
    assert len(file.reads) == 1
    assert profile_of(states, 0, len(values)).counts(0.0) == 100
