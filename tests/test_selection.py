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
from lstmvis_panel.selection import QuantileThresholds, Rule, on, reaches, select_states, stored_threshold
from tests.drawn import values_of
from tests.oracle import Oracle, is_on, on_states
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


@pytest.mark.parametrize(
    ("rule", "threshold", "states"),
    [
        ("above", 0.5, [3, 4]),
        ("below", 0.5, [0, 1]),
        ("beyond", 0.5, [0, 1, 3, 4]),
        ("above", -0.5, [1, 2, 3, 4]),
        ("below", -0.5, [0, 1, 2, 3]),
        ("beyond", -0.5, [0, 1, 2, 3, 4]),  # no absolute value is less
        ("beyond", 0.0, [0, 1, 2, 3, 4]),
        ("below", 0.0, [0, 1, 2]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_a_rule_says_which_side_is_on(rule: str, threshold: float, states: list[int], dtype: str) -> None:
    values = np.array([-1, -0.5, 0, 0.5, 1, np.nan], dtype)
    assert np.flatnonzero(on(values, threshold, rule=rule)).tolist() == states


@pytest.mark.parametrize(("rule", "infinite"), [("above", np.inf), ("below", -np.inf)])
def test_no_rule_finds_a_tanh_beyond_one(rule: str, infinite: float) -> None:
    values = [-np.inf, -1e30, 0.0, 1e30, np.inf, np.nan]
    assert not on(values, 1.001, "tanh", rule).any()
    assert np.array(values)[on(values, 1.0, "tanh", rule)].tolist() == [infinite]
    assert on(values, -1.0, "tanh", rule).tolist() == [True] * 5 + [False]
    assert on(values, 1.0, "tanh", "beyond").tolist() == [True, False, False, False, True, False]
    assert on(values, -1.5, "tanh", "beyond").tolist() == [True] * 5 + [False]


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("limit", [0.0, -0.0, 0.3, -0.3, 65504.0, 65505.0, -1e-8, 1e300, math.inf, -math.inf, math.nan])
def test_every_half_number_is_compared_exactly_under_every_rule(rule: Rule, limit: float) -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    assert reaches(every, np.float64(limit), rule).tolist() == [is_on(float(value), limit, rule) for value in every]


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_the_least_and_greatest_whole_numbers_are_compared_without_wrapping(rule: Rule, dtype: type) -> None:
    least, greatest = np.iinfo(dtype).min, np.iinfo(dtype).max
    values = np.array([least, 0, 1, greatest], dtype)
    for limit in (0.0, 1.0, -1.0, 0.5, float(greatest), float(greatest) + 1, -float(least), -float(greatest), 1e30):
        expected = [is_on(float(value), limit, rule) for value in values]
        assert reaches(values, np.float64(limit), rule).tolist() == expected
        each = np.full(4, limit)
        assert reaches(values[np.newaxis], each, rule).tolist() == [expected]


@given(
    hnp.arrays(np.float32, (2, 3), elements=st.floats(width=32)),
    hnp.arrays(np.float64, 3, elements=st.floats()),
    st.sampled_from(Rule),
)
def test_each_state_is_compared_with_its_own_limit(values: np.ndarray, limits: np.ndarray, rule: Rule) -> None:
    near = np.nextafter(values[0].astype(np.float64), limits)
    for each in (limits, near, values[0].astype(np.float64)):
        expected = [[is_on(float(v), float(at), rule) for v, at in zip(row, each, strict=True)] for row in values]
        assert reaches(values, each, rule).tolist() == expected


def test_thresholds_of_states_are_mapped_back_one_by_one() -> None:
    thresholds = [0.5, -2.0, 1.0, 1.5, 0.0]
    found = stored_threshold(thresholds, "tanh")
    np.testing.assert_array_equal(found, [stored_threshold(each, "tanh") for each in thresholds])
    assert on([[0.5] * 5], thresholds).tolist() == [[True, True, False, False, True]]


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ([0.5, math.nan, 0.5], "threshold: is nan for state 1; finite numbers were expected"),
        ([0.5, 0.5], "threshold: has the shape (2,); one number, or one for each state, (3,), was expected"),
        ([[0.5] * 3], "threshold: has the shape (1, 3); one number"),
        (["a", "b", "c"], "threshold: holds <U1; real numbers were expected"),
        ([True, False, True], "threshold: holds bool; real numbers were expected"),
        ([1j, 0, 0], "threshold: holds complex128; real numbers were expected"),
    ],
)
def test_thresholds_have_to_be_one_number_for_each_state(threshold: list[float], message: str) -> None:
    for ask in (lambda: on(np.zeros((2, 3)), threshold), lambda: select_states(drawn("#", "#", "#"), 0, 1, threshold)):
        with pytest.raises(RecordingError) as raised:
            ask()
        assert message in str(raised.value)


def test_a_rule_has_to_be_known() -> None:
    message = "rule: is 'around'; one of 'above', 'below', 'beyond' was expected"
    with pytest.raises(RecordingError, match=message):
        on([0.0], 0.5, rule="around")
    with pytest.raises(RecordingError, match=message):
        select_states(drawn("#"), 0, 1, 0.5, rule="around")


def test_quantiles_serve_the_rule_they_are_for() -> None:
    quantiles = QuantileThresholds(0.5, Rule.BELOW, np.zeros(1))
    with pytest.raises(RecordingError, match="holds quantiles for the rule 'below'; 'above' is asked for - give"):
        select_states(drawn("#"), 0, 1, quantiles)
    with pytest.raises(RecordingError, match="has the shape"):
        select_states(drawn("#", "#"), 0, 1, quantiles, rule="below")


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
    hnp.arrays(np.int8, st.tuples(st.integers(1, 9), st.integers(1, 4)), elements=st.integers(-1, 1)),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(Rule),
    st.lists(st.sampled_from([0.5, -0.5, 1.0, 0.0]), min_size=4, max_size=4),
)
def test_every_selection_is_what_the_definition_says(
    values: np.ndarray, new_documents: list[bool], left: int, right: int, rule: Rule, thresholds: list[float]
) -> None:
    documents = np.cumsum([False, *new_documents[: len(values) - 1]])
    states = xr.DataArray(values.astype(np.float32), {"document": ("step", documents)}, ("step", "state"))
    edges = [0, *(np.flatnonzero(np.diff(documents)) + 1).tolist(), len(values)]
    for threshold in (0.5, thresholds[: values.shape[1]]):
        oracle = Oracle(on_states(values, threshold, "none", rule), edges, left, right)
        for start, stop in oracle.ranges():
            found = select_states(states, start, stop, threshold, left, right, rule=rule)
            assert set(found.tolist()) == oracle.states(start, stop)
