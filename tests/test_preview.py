"""What the browser compares during a drag of the threshold gives what the server gives at its end."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmvis_panel import select_states
from lstmvis_panel.layers import Asked
from lstmvis_panel.preview import MOST_VALUES, ByHand, brush_preview, threshold_preview
from lstmvis_panel.selection import Rule, criterion_of, on
from lstmvis_panel.thresholds import greatest_thresholds
from lstmvis_panel.windows import Window

STEPS = 6
ODD = [0.0, -0.0, 0.1, 0.3, 1.0, -1.0, 3.0, 19.0, 400.0, -400.0, np.inf, -np.inf, np.nan]
NEAR = np.arctanh(np.array([0.3, 0.7, 0.99999]))


def values(dtype: type) -> st.SearchStrategy[np.ndarray]:
    elements = st.one_of(
        st.sampled_from([*ODD, *NEAR, *np.nextafter(NEAR, np.inf)]),
        st.floats(-4, 4, width=np.dtype(dtype).itemsize * 8),
    )
    return hnp.arrays(np.float64, st.tuples(st.just(STEPS), st.integers(1, 5)), elements=elements).map(
        lambda array: array.astype(dtype)
    )


def source(array: np.ndarray, transform: str) -> xr.DataArray:
    attrs = {"kind": "states", "transform": transform}
    return xr.DataArray(array, dims=("step", "state"), coords={"step": np.arange(len(array))}, attrs=attrs)


@given(
    array=st.sampled_from([np.float16, np.float32, np.float64]).flatmap(values),
    transform=st.sampled_from(["tanh", "none"]),
    rule=st.sampled_from(list(Rule)),
    start=st.integers(0, STEPS - 1),
    length=st.integers(1, 3),
    limits=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    first=st.integers(0, STEPS - 1),
    thresholds=st.lists(st.floats(-1.5, 1.5) | st.sampled_from([0.3, 0.7, 0.99999, 1.0, -1.0]), min_size=1, max_size=5),
)
def test_a_preview_says_at_every_threshold_what_is_selected_and_on(
    array: np.ndarray,
    transform: str,
    rule: Rule,
    start: int,
    length: int,
    limits: tuple[int, int],
    first: int,
    thresholds: list[float],
) -> None:
    states, stop = source(array, transform), min(start + length, STEPS)
    shown = STEPS - first
    preview = threshold_preview(Window(states), first, shown, Asked((start, stop), *limits, 0.0, rule))
    assert preview is not None
    # Thresholds at which something changes, and their neighbours, beside those at random.
    ends = np.concatenate([preview.upto, preview.above, preview.reaches.ravel()])
    ends = ends[np.isfinite(ends)]
    for threshold in [*thresholds, *ends, *np.nextafter(ends, np.inf), *np.nextafter(ends, -np.inf)]:
        chosen = (threshold > preview.above) & (threshold <= preview.upto)
        expected = select_states(states, start, stop, threshold, *limits, rule=rule)
        assert preview.states[chosen].tolist() == expected.tolist()
        heat = (threshold <= preview.reaches[chosen]).sum(axis=0)
        is_on = on(array[first:, expected], threshold, transform, rule)
        assert heat.tolist() == is_on.sum(axis=1).tolist()


@given(stored=st.floats(allow_nan=False), near=st.integers(-3, 3))
def test_the_greatest_threshold_is_reached_and_the_next_is_not(stored: float, near: int) -> None:
    greatest = float(greatest_thresholds(np.array([stored]), "tanh")[0])
    assert on(stored, greatest, "tanh")
    assert not on(stored, np.nextafter(greatest, np.inf), "tanh")
    moved = greatest
    for _ in range(abs(near)):
        moved = np.nextafter(moved, np.inf if near > 0 else -np.inf)
    assert bool(on(stored, moved, "tanh")) == (near <= 0)


def test_states_chosen_by_hand_are_selected_at_every_threshold() -> None:
    states = source(np.array([[0.5, -0.5, 0.2], [0.1, 0.9, -0.9]]), "none")
    preview = threshold_preview(Window(states), 0, 2, Asked((0, 1), 1, 0, 0.0), ByHand((0, 2)))
    assert preview is not None
    assert preview.states.tolist() == [0, 2]
    assert preview.reaches.tolist() == [[0.5, 0.1], [0.2, -0.9]]
    for threshold in (-1e9, 0.0, 1e9):
        assert ((threshold > preview.above) & (threshold <= preview.upto)).all()


def test_what_is_drawn_goes_one_step_beyond_where_there_is_one() -> None:
    states = source(np.arange(8.0).reshape(4, 2), "none")
    drawn = {
        first: threshold_preview(Window(states), first, 2, Asked((0, 1), 0, 0, 0.0)).drawn[1].tolist()
        for first in (0, 1, 2)
    }
    assert drawn[0] == pytest.approx([np.nan, 1, 3, 5], nan_ok=True)
    assert drawn[1] == [1, 3, 5, 7]
    assert drawn[2] == pytest.approx([3, 5, 7, np.nan], nan_ok=True)


def test_more_than_can_be_sent_is_not_previewed() -> None:
    states = source(np.ones((2, MOST_VALUES // 2 + 1), np.float16), "none")
    assert threshold_preview(Window(states), 0, 2, Asked((0, 1), 0, 0, 0.0)) is None
    assert brush_preview(Window(states), 0, 2, criterion_of(states, 0.0, 0, 0)) is None
