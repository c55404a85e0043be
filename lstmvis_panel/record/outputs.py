"""What a model expects next, from its logits: likeliest codes, their chances, and how surprising each token was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.schema import STEP, VOCABULARY, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

TOP, TOP_RANK, TOP_WEIGHT = "top_predictions", "top_predictions_rank", "top_predictions_weight"
SURPRISAL = "surprisal"
BLOCK_BYTES = 8 << 20
# Chances that were rounded to bfloat16 add up to 1 no closer than this.
NEARLY_ONE = 0.02


def top_predictions(logits: NDArray[Any], count: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the likeliest codes at each step, and their chances.

    Parameters
    ----------
    logits
        Shape (step, code), any float dtype: what the model scores, up to a constant per step, before softmax.
    count
        How many codes, at most as many as there are.

    Returns
    -------
    tuple of numpy.ndarray
        Codes int32 and chances float32, both (step, count), the likeliest first; of equals the lower code first.
    """
    codes = np.empty((len(logits), count), np.int32)
    chances = np.empty((len(logits), count), np.float32)
    for part, scores in _blocks(logits):
        chosen = _best(scores, count)
        found = np.take_along_axis(scores, chosen, axis=1)
        order = np.lexsort((chosen, -found), axis=1)
        codes[part] = np.take_along_axis(chosen, order, axis=1)
        chances[part] = np.exp(np.take_along_axis(found, order, axis=1) - _log_sum(scores)[:, np.newaxis])
    return codes, chances


def surprisal(logits: NDArray[Any], codes: NDArray[Any]) -> NDArray[np.float32]:
    """Return how surprising tokens were: -log of the chance that the model gave them.

    Parameters
    ----------
    logits
        Shape (step, code), any float dtype: of the step BEFORE each token.
    codes
        Shape (step,): the tokens' codes.

    Returns
    -------
    numpy.ndarray
        float32, shape (step,), in nats, never negative.
    """
    values = np.empty(len(logits), np.float32)
    for part, scores in _blocks(logits):
        given = np.take_along_axis(scores, np.asarray(codes)[part, np.newaxis].astype(np.int64), axis=1)[:, 0]
        values[part] = np.maximum(_log_sum(scores) - given, 0)
    return values


def prediction_variables(
    logits: NDArray[Any],
    codes: NDArray[Any],
    *,
    top: int = 0,
    surprising: bool = False,
    before: NDArray[Any] | None = None,
) -> dict[str, xr.Variable]:
    """Return predictions and surprisal of one run of steps, as a recording has them.

    Parameters
    ----------
    logits
        Shape (step, code): those at each of the run's steps, about the token of the step after it.
    codes
        Shape (step,): the run's tokens.
    top
        How many predictions a step; none if 0. They say what is expected at the NEXT step.
    surprising
        Whether surprisal is wanted.
    before
        The logits of the step before the run, shape (code,). Without them nothing was expected at the run's first
        step: its surprisal is NaN, which every view leaves blank.

    Returns
    -------
    dict of str to xarray.Variable
        ``top_predictions``, ``top_predictions_weight``, ``surprisal``, as far as they are wanted.
    """
    variables: dict[str, xr.Variable] = {}
    if top:
        best, chances = top_predictions(logits, top)
        attrs = {
            "kind": Kind.PREDICTION.value,
            "labels": VOCABULARY,
            "weights": TOP_WEIGHT,
            "description": "What the model, having read this step's token, expects at the NEXT step; likeliest first.",
        }
        weights = {"kind": Kind.WEIGHTS.value, "description": "Chance that the model gives to each prediction."}
        variables[TOP] = xr.Variable((STEP, TOP_RANK), best, attrs)
        variables[TOP_WEIGHT] = xr.Variable((STEP, TOP_RANK), chances, weights)
    if surprising:
        values = np.full(len(codes), np.nan, np.float32)
        values[1:] = surprisal(logits[: len(codes) - 1], codes[1:])
        if before is not None and len(codes):
            values[:1] = surprisal(before[np.newaxis], codes[:1])
        attrs = {
            "kind": Kind.SCALAR.value,
            "units": "nats",
            "description": "How surprising the token was to the model that had read all before it: -log of its chance.",
        }
        variables[SURPRISAL] = xr.Variable(STEP, values, attrs)
    return variables


def are_chances(logits: NDArray[Any]) -> bool:
    """Tell whether these are chances, which softmax was applied to already, instead of logits (step, code)."""
    scores = np.asarray(logits, dtype=np.float64)
    return bool(scores.size and (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=NEARLY_ONE))


def _best(scores: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return the codes of the largest scores of each row, in any order; of equals the lowest codes."""
    size = scores.shape[1]
    chosen = np.argpartition(scores, size - count, axis=1)[:, size - count :]
    least = np.take_along_axis(scores, chosen, axis=1).min(axis=1)
    # Where more codes reach the least score than fit, partitioning takes any: low precision makes many of them equal.
    for row in np.flatnonzero((scores >= least[:, np.newaxis]).sum(axis=1) > count):
        chosen[row] = np.argsort(-scores[row], kind="stable")[:count]
    return np.asarray(chosen, np.int64)


def _log_sum(scores: NDArray[Any]) -> NDArray[Any]:
    """Return log of the sum of exp of each row."""
    most = scores.max(axis=1)
    return np.asarray(most + np.log(np.exp(scores - most[:, np.newaxis]).sum(axis=1)))


def _blocks(logits: NDArray[Any]) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Go through logits some rows at a time, at least in single precision: all at once would need several copies."""
    dtype = np.result_type(logits.dtype, np.float32)
    rows = max(BLOCK_BYTES // max(logits.shape[1] * dtype.itemsize, 1), 1)
    for start in range(0, len(logits), rows):
        part = slice(start, start + rows)
        yield part, np.asarray(logits[part], dtype=dtype)
