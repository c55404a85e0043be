"""What is on, and which states a selection has."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmvis_panel.schema import RecordingError
from lstmvis_panel.selection import on, reaches, select_states, stored_threshold
from tests.drawn import values_of
from tests.oracle import Oracle, on_states
from tests.watched import lazy_states


def drawn(*rows: str, documents: str = "") -> xr.DataArray:
    """Return a source, a row a state, ``#`` where it is on at 0.5; a digit a step names the document."""
    coords = {"document": ("step", [int(digit) for digit in documents])} if documents else {}
    return xr.DataArray(values_of(*rows), coords, ("step", "cell_state"), name="cell")


# ---------------------------------------------------------------------------------------------------- the threshold


@pytest.mark.parametrize(
    ("threshold", "transform", "stored"),
    [
        (0.3, "none", 0.3),
        (7.0, "none", 7.0),
        (0.0, "tanh", 0.0),
        (0.5, "tanh", math.log(3) / 2),
        (-0.5, "tanh", -math.log(3) / 2),
        (1.0, "tanh", math.inf),
        (-1.0, "tanh", -math.inf),
        (-2.0, "tanh", -math.inf),
    ],
)
def test_a_threshold_is_mapped_back_through_the_transform(threshold: float, transform: str, stored: float) -> None:
    assert stored_threshold(threshold, transform) == pytest.approx(stored, rel=1e-15)
    assert isinstance(stored_threshold(threshold, transform), np.float64)


def test_no_tanh_is_above_one() -> None:
    assert not on([1.0, 1e30, np.inf], 1.001, "tanh").any()
    assert on([1.0, 1e30, np.inf], 1.0, "tanh").tolist() == [False, False, True]


def test_every_tanh_is_above_minus_one_and_below() -> None:
    assert on([-np.inf, -1e30, 0.0], -1.0, "tanh").all()
    assert on([-np.inf, -1e30, 0.0], -1.5, "tanh").all()


@pytest.mark.parametrize("transform", ["tanh", "none"])
@pytest.mark.parametrize("threshold", [-5.0, -1.0, 0.0, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_not_a_number_is_never_on(threshold: float, transform: str, dtype: type) -> None:
    assert not on(np.array([np.nan, -np.nan], dtype), threshold, transform).any()


def test_a_value_equal_to_the_threshold_is_on() -> None:
    assert on([0.25, np.nextafter(0.25, 0), np.nextafter(0.25, 1)], 0.25).tolist() == [True, False, True]
    limit = np.arctanh(0.4)
    assert on([limit, np.nextafter(limit, 0)], 0.4, "tanh").tolist() == [True, False]
    assert on([-0.0, 0.0], 0.0).all()
    assert on([-0.0, 0.0], -0.0).all()


def test_values_are_compared_as_they_are_stored() -> None:
    # 0.3 is none of float16's and float32's numbers: the nearest of both are a little more, those of 0.7 a little less.
    for dtype in (np.float16, np.float32):
        assert on(np.array([0.3], dtype), 0.3).item() is (float(dtype(0.3)) >= 0.3)
        assert on(np.array([0.7], dtype), 0.7).item() is (float(dtype(0.7)) >= 0.7)
    assert on(np.array([0.3], np.float32), 0.3).item()
    assert not on(np.array([0.7], np.float32), 0.7).item()


@pytest.mark.parametrize(
    "limit",
    [0.0, -0.0, 0.3, -0.3, 1.0, 65504.0, 65505.0, 1e-8, -1e-8, 1e-50, 1e300, -1e300, math.inf, -math.inf, math.nan],
)
def test_every_half_number_is_compared_exactly(limit: float) -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    assert reaches(every, np.float64(limit)).tolist() == [float(value) >= limit for value in every]


@given(
    hnp.arrays(np.float32, 8, elements=st.floats(width=32)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
def test_single_numbers_are_compared_exactly(values: np.ndarray, limit: float, at_a_value: bool) -> None:  # noqa: FBT001
    if at_a_value and np.isfinite(values[0]):
        limit = np.nextafter(float(values[0]), limit)
    assert reaches(values, np.float64(limit)).tolist() == [float(value) >= limit for value in values]


def test_whole_numbers_and_other_byte_orders_are_compared_too() -> None:
    assert on(np.array([0, 1, 2]), 0.5).tolist() == [False, True, True]
    assert on(np.array([0.2, 0.6], ">f4"), 0.5).tolist() == [False, True]
    assert on(0.6, 0.5).item()


@pytest.mark.parametrize(("threshold", "transform"), [(math.nan, "none"), (math.inf, "tanh"), ("0.3", "none")])
def test_a_threshold_has_to_be_a_finite_number(threshold: float, transform: str) -> None:
    with pytest.raises(RecordingError, match=r"threshold: is .*; a finite number was expected"):
        on([0.0], threshold, transform)


def test_a_transform_has_to_be_known() -> None:
    with pytest.raises(RecordingError, match="transform: is 'sigmoid'; 'tanh' or 'none' was expected"):
        on([0.0], 0.5, "sigmoid")


# ---------------------------------------------------------------------------------------------------- the selection

#         step  0123456789
SITUATION = (
    "  ####    ",  # 0
    "  #####   ",  # 1
    " #####    ",  # 2
    "  # ##    ",  # 3
    "##########",  # 4
    "    ######",  # 5
    "#  ####  #",  # 6
)


@pytest.mark.parametrize(
    ("start", "stop", "left", "right", "states"),
    [
        (3, 6, 0, 0, [0, 1, 2, 4, 6]),
        (2, 6, 0, 0, [0, 1, 2, 4]),
        (2, 6, 1, 0, [0, 1]),
        (2, 6, 0, 1, [0, 2]),
        (2, 6, 1, 1, [0]),
        (3, 6, 1, 0, [6]),
        (3, 6, 3, 0, []),  # 6 is on at step 0
        (3, 6, 2, 0, [6]),
        (4, 6, 0, 1, [0, 2, 3]),
        (4, 5, 0, 0, [0, 1, 2, 3, 4, 5, 6]),
        (0, 10, 0, 0, [4]),
        (0, 10, 3, 3, [4]),  # steps outside count as off
        (4, 10, 4, 2, [5]),
        (9, 10, 0, 5, [4, 5, 6]),
        (0, 1, 1, 1, [6]),
        (7, 9, 1, 1, []),
    ],
)
def test_a_selection_has_the_states_on_in_it_and_off_beside_it(
    start: int, stop: int, left: int, right: int, states: list[int]
) -> None:
    assert select_states(drawn(*SITUATION), start, stop, 0.5, left, right).tolist() == states


@pytest.mark.parametrize(
    ("start", "stop", "left", "right", "states"),
    [
        (0, 3, 0, 1, [0, 1]),  # the next document's first step is none of this one's
        (3, 6, 1, 0, [0]),
        (4, 6, 1, 0, [1]),
        (3, 6, 9, 9, [0]),
    ],
)
def test_other_documents_are_off(start: int, stop: int, left: int, right: int, states: list[int]) -> None:
    source = drawn(
        "######",
        "### ##",
        documents="000111",
    )
    assert select_states(source, start, stop, 0.5, left, right).tolist() == states


def test_the_sources_transform_decides() -> None:
    stored = xr.DataArray([[0.52, 0.56]], dims=("step", "state"))  # tanh of these: 0.478, 0.508
    assert select_states(stored, 0, 1, 0.5).tolist() == [0, 1]
    assert select_states(stored.assign_attrs(transform="tanh"), 0, 1, 0.5).tolist() == [1]


def test_states_come_as_ascending_int64() -> None:
    assert select_states(drawn("##", "  ", "##"), 0, 2, 0.5).dtype == np.int64
    assert select_states(drawn("##", "  "), 0, 2, 2.0).dtype == np.int64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 2), "selection: 2:2 has no steps; stop is exclusive - select at least one step"),
        ((3, 2), "selection: 3:2 has no steps"),
        ((-1, 2), "selection: -1:2 is not in the recording - its 6 steps are 0:6"),
        ((4, 7), "selection: 4:7 is not in the recording"),
        ((1.0, 2), "selection: 1.0:2 are not steps"),
        ((2, 4), "selection: 2:4 crosses from one document into the next at step 3 - select within one document"),
        ((0, 6), "at step 3"),
    ],
)
def test_a_selection_that_is_none_is_refused(arguments: tuple[int, int], message: str) -> None:
    with pytest.raises(RecordingError) as raised:
        select_states(drawn("######", documents="000111"), *arguments, 0.5)
    assert message in str(raised.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(RecordingError) as raised:
        select_states(drawn("###").isel(cell_state=0), 0, 1, math.nan, -1, 0.5)  # type: ignore[arg-type]
    assert [problem.where for problem in raised.value.problems] == [
        "cell",
        "threshold",
        "limit on the left",
        "limit on the right",
    ]


def test_words_are_no_states() -> None:
    with pytest.raises(RecordingError, match="real numbers were expected"):
        select_states(xr.DataArray([["a"]], dims=("step", "state")), 0, 1, 0.5)


def test_only_the_steps_in_question_are_read() -> None:
    states, file = lazy_states(np.tile(np.array([1, 0], np.float32), (10_000, 1)))
    assert select_states(states, 5_000, 5_003, 0.5).tolist() == [0]
    assert select_states(states, 5_000, 5_003, 0.5, 2, 4).tolist() == []
    assert file.reads == [(5_000, 5_003), (4_998, 5_007)]


def test_a_long_selection_is_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstmvis_panel.selection.BLOCK_BYTES", 100 * 8)
    values = np.tile(np.array([1, 0, 1], np.float32), (1_000, 1))
    values[700, 2] = 0
    states, file = lazy_states(values)
    assert select_states(states, 0, 1_000, 0.5).tolist() == [0]
    assert select_states(states, 0, 700, 0.5).tolist() == [0, 2]
    assert max(stop - start for start, stop in file.reads) <= 100


@given(
    hnp.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 4))),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_every_selection_is_what_the_definition_says(
    is_on: np.ndarray, new_documents: list[bool], left: int, right: int
) -> None:
    documents = np.cumsum([False, *new_documents[: len(is_on) - 1]])
    states = xr.DataArray(is_on.astype(np.float32), {"document": ("step", documents)}, ("step", "state"))
    edges = [0, *(np.flatnonzero(np.diff(documents)) + 1).tolist(), len(is_on)]
    oracle = Oracle(on_states(is_on.astype(float), 0.5, "none"), edges, left, right)
    for start, stop in oracle.ranges():
        assert set(select_states(states, start, stop, 0.5, left, right).tolist()) == oracle.states(start, stop)
