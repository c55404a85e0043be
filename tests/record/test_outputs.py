"""Predictions and surprisal, against softmax written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmvis_panel.record import outputs
from lstmvis_panel.record.outputs import are_chances, prediction_variables, surprisal, top_predictions

# Few numbers, so that many are equal.
LOGITS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=st.sampled_from([-30, -1, 0, 0.5, 2, 80])
)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return chances in double precision."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@given(logits=LOGITS, data=st.data())
def test_the_likeliest_come_first_and_of_equals_the_lower_code(logits: np.ndarray, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, logits.shape[1]))
    codes, chances = top_predictions(logits, count)
    expected = np.argsort(-logits, axis=1, kind="stable")[:, :count]
    assert codes.tolist() == expected.tolist()
    np.testing.assert_allclose(chances, np.take_along_axis(softmax(logits), expected, axis=1), atol=1e-6)
    assert (codes.dtype, chances.dtype) == (np.int32, np.float32)


@given(logits=LOGITS, data=st.data())
def test_surprisal(logits: np.ndarray, data: st.DataObject) -> None:
    codes = np.array(
        data.draw(st.lists(st.integers(0, logits.shape[1] - 1), min_size=len(logits), max_size=len(logits)))
    )
    found = surprisal(logits, codes)
    chances = np.take_along_axis(softmax(logits), codes[:, np.newaxis], axis=1)[:, 0]
    np.testing.assert_allclose(found, -np.log(chances), atol=1e-5)
    assert (found >= 0).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (50, 7)).astype(dtype)
    codes = np.arange(50) % 7
    whole = *top_predictions(logits, 3), surprisal(logits, codes)
    monkeypatch.setattr(outputs, "BLOCK_BYTES", 1)
    for before, after in zip(whole, (*top_predictions(logits, 3), surprisal(logits, codes)), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_run_that_goes_on_knows_what_was_expected_before() -> None:
    logits = np.log([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    codes = np.array([2, 1])
    first = prediction_variables(logits, codes, surprising=True)["surprisal"]
    assert np.isnan(first.values[0])
    assert first.values[1] == pytest.approx(np.log(4))
    on = prediction_variables(logits, codes, surprising=True, before=np.log([0.25, 0.25, 0.5]))["surprisal"]
    np.testing.assert_allclose(on.values, [np.log(2), np.log(4)], atol=1e-6)
    assert first.attrs["units"] == "nats"


def test_only_what_is_wanted_is_there() -> None:
    logits, codes = np.zeros((3, 4)), np.zeros(3, int)
    assert prediction_variables(logits, codes) == {}
    both = prediction_variables(logits, codes, top=2)
    assert [(name, variable.dims) for name, variable in both.items()] == [
        ("top_predictions", ("step", "top_predictions_rank")),
        ("top_predictions_weight", ("step", "top_predictions_rank")),
    ]
    assert both["top_predictions"].attrs["weights"] == "top_predictions_weight"


def test_chances_are_told_from_logits() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (5, 7))
    assert are_chances(softmax(logits))
    assert not are_chances(logits)
    assert not are_chances(np.log(softmax(logits)))
    assert not are_chances(np.empty((0, 7)))
