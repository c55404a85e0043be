"""Which states are on, and which a selection has: the only definition of "on".

Stored values are compared with the threshold mapped back once through the source's transform, in the
precision they are stored in; they are never transformed or rounded (section 4.2 of the paper).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.arguments import (
    length_problems,
    limit_problems,
    rule_problems,
    selected_document,
    states_problems,
    threshold_problems,
    transform_problems,
)
from lstmvis_panel.schema import STEP, Problem, RecordingError, transform_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import xarray as xr
    from numpy.typing import ArrayLike

BLOCK_BYTES = 8 << 20


class Rule(StrEnum):
    """On which side of the threshold l a state is on, v being its value; both after the source's transform."""

    ABOVE = "above"
    """v >= l: the rule of the paper."""
    BELOW = "below"
    """v <= -l: as `ABOVE`, with -v in the place of v."""
    BEYOND = "beyond"
    """abs(v) >= l: as `ABOVE`, with abs(v) in the place of v."""


@dataclass(frozen=True, eq=False)
class QuantileThresholds:
    """A quantile of each state's own values as its threshold; made by `quantile_thresholds`.

    Attributes
    ----------
    quantile
        Between 0 and 1.
    rule
        The rule they are for: quantiles of v, of -v or of abs(v).
    stored
        float64, one for each state, in stored values: no transform back and forth can move the value that is the
        quantile off its own threshold. NaN for a state without a number.
    """

    quantile: float
    rule: Rule
    stored: np.ndarray


@dataclass(frozen=True, eq=False)
class Criterion:
    """What makes a state belong to a range of steps; made and checked by `criterion_of`.

    Attributes
    ----------
    limit
        The threshold in stored values, as from `stored_threshold`: one for all states, or one for each.
    left, right
        Steps just before and after the range in which the state has to be off.
    rule
        On which side of the threshold a state is on.
    """

    limit: np.float64 | np.ndarray
    left: int
    right: int
    rule: Rule = Rule.ABOVE

    def on(self, values: np.ndarray, states: np.ndarray | None = None) -> np.ndarray:
        """Tell which stored values, dimensions (step, state), are on.

        Parameters
        ----------
        values
            Of all states, or of some.
        states
            Which ones they are, if not all.

        Returns
        -------
        numpy.ndarray
            bool, the shape of ``values``.
        """
        if states is None or not isinstance(self.limit, np.ndarray):
            return reaches(values, self.limit, self.rule)
        return reaches(values, self.limit[states], self.rule)


def stored_threshold(threshold: ArrayLike, transform: str = "none") -> np.float64 | np.ndarray:
    """Map thresholds back through a transform, to be compared with stored values.

    Parameters
    ----------
    threshold
        One or many, in the units of the values after the transform.
    transform
        ``"tanh"`` or ``"none"``.

    Returns
    -------
    numpy.float64 or numpy.ndarray
        float64, the shape of ``threshold``. With tanh: arctanh of the threshold; -inf at -1 and below (every number
        is on); NaN above 1, which no value reaches, not even an infinite one.

    Raises
    ------
    RecordingError
        If a threshold is not finite or the transform is not known.
    """
    problems = [*threshold_problems(threshold), *transform_problems(transform)]
    if problems:
        raise RecordingError(problems)
    limits = np.asarray(threshold, np.float64)
    if transform == "tanh":
        with np.errstate(divide="ignore"):
            limits = np.where(limits > 1, np.nan, np.arctanh(np.clip(limits, -1, 1)))
    mapped: np.float64 | np.ndarray = limits[()]
    return mapped


def reaches(values: np.ndarray, limit: np.float64 | np.ndarray, rule: Rule = Rule.ABOVE) -> np.ndarray:
    """Tell which stored values are on; everything that asks comes here.

    Parameters
    ----------
    values
        Stored values, of any shape and numeric dtype.
    limit
        As from `stored_threshold`; many stand for the states, the last dimension of ``values``. A transform is odd,
        so minus the limit is what minus the threshold is mapped to.
    rule
        On which side of it a value is on.

    Returns
    -------
    numpy.ndarray
        bool, the shape of ``values``: ``values >= limit``, ``values <= -limit`` or either, exactly. NaN is never on.
        Whole numbers are compared as float64 holds them, which is exact up to 2**53.
    """
    least, most = bounds(limit, values.dtype, rule)
    if values.dtype == np.float16:
        # Lossless; numpy has no fast comparison of its own for half precision.
        values = values.astype(np.float32)
    if rule == Rule.BELOW:
        reached: np.ndarray = values <= most
    else:
        reached = values >= least
        if rule == Rule.BEYOND:
            reached |= values <= most
    return reached


def bounds(limit: np.float64 | np.ndarray, dtype: np.dtype[Any], rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds beyond which stored values are on: from the first up, and from the second down.

    Parameters
    ----------
    limit, rule
        As for `reaches`.
    dtype
        Of the values.

    Returns
    -------
    tuple of two numpy.ndarray
        The shape of ``limit``; float32 for values of no more than that precision, else float64. A value is on where it
        is at least the first or at most the second; NaN, a bound that no value reaches, where the rule has none.
    """
    least = _rounded_up(limit) if dtype in (np.float16, np.float32) else np.asarray(limit)
    none = np.full_like(least, np.nan)
    # The limit changes its sign, never the values: the least of the whole numbers has no counterpart.
    return (none if rule == Rule.BELOW else least), (none if rule == Rule.ABOVE else -least)


def on(values: ArrayLike, threshold: ArrayLike, transform: str = "none", rule: str = Rule.ABOVE) -> np.ndarray:
    """Tell which values are on: ``value >= threshold`` unless another rule is asked for, after the transform.

    Parameters
    ----------
    values
        Stored values, of any shape.
    threshold
        In the units of the values after the transform: one, or one for each state, the last dimension of ``values``.
    transform
        The source's: ``"tanh"`` or ``"none"``.
    rule
        ``"above"``, ``"below"`` (``value <= -threshold``) or ``"beyond"`` (``abs(value) >= threshold``).

    Returns
    -------
    numpy.ndarray
        bool, the shape of ``values``. NaN is never on.

    Raises
    ------
    RecordingError
        If a threshold is not finite, there is not one for each state, or the transform or the rule is not known.
    """
    values = np.asarray(values)
    states = values.shape[-1] if values.ndim else 1
    problems = [*threshold_problems(threshold), *length_problems(threshold, states), *transform_problems(transform)]
    problems += rule_problems(rule, Rule)
    if problems:
        raise RecordingError(problems)
    return reaches(values, stored_threshold(threshold, transform), Rule(rule))


def select_states(
    states: xr.DataArray,
    start: int,
    stop: int,
    threshold: ArrayLike | QuantileThresholds,
    left: int = 0,
    right: int = 0,
    *,
    rule: str = Rule.ABOVE,
) -> np.ndarray:
    """Return the states that a selection has: S1 of section 4.3 of the paper.

    Parameters
    ----------
    states
        A source, dimensions ``("step", state)``. Only the steps in question are read.
    start, stop
        The selected steps; ``stop`` is exclusive.
    threshold
        A state is on where its value, after the source's transform, is at least this: a number, an array of one for
        each state, or what `quantile_thresholds` returns.
    left, right
        Steps just before and after the selection in which a state has to be off. Steps outside the document
        count as off.
    rule
        ``"above"``: value >= threshold; ``"below"``: value <= -threshold; ``"beyond"``: abs(value) >= threshold.

    Returns
    -------
    numpy.ndarray
        int64, ascending: the states that are on in every step of the selection, and off beside it.

    Raises
    ------
    RecordingError
        If the selection is empty, out of bounds or in more than one document, a limit is negative, the
        threshold is not finite or not one for each state, or the rule is not known.
    """
    criterion = criterion_of(states, threshold, left, right, rule)
    start, stop, first, last = selected_document(states, start, stop)
    first, last = max(first, start - criterion.left), min(last, stop + criterion.right)
    return np.flatnonzero(held(blocks_of(states, first, last), start, stop, criterion))


def held(
    blocks: Iterable[tuple[int, np.ndarray]],
    start: int,
    stop: int,
    criterion: Criterion,
    states: np.ndarray | None = None,
) -> np.ndarray:
    """Tell which states are on in all of the steps start to stop (exclusive) and off in the others of the blocks.

    Parameters
    ----------
    blocks
        At least one; of each its first step and its values, dimensions (step, state).
    start, stop
        Steps.
    criterion
        Which of the values are on.
    states
        The states in question, if not all.

    Returns
    -------
    numpy.ndarray
        bool, one for each state.
    """
    kept = np.True_
    for at, values in blocks:
        steps = np.arange(at, at + len(values))
        inside = (steps >= start) & (steps < stop)
        kept = kept & (criterion.on(values, states) == inside[:, np.newaxis]).all(axis=0)
        if not kept.any():
            break
    return np.asarray(kept)


def criterion_of(
    states: xr.DataArray, threshold: ArrayLike | QuantileThresholds, left: int, right: int, rule: str = Rule.ABOVE
) -> Criterion:
    """Check a source, a threshold, limits and a rule, and put together what decides about a state.

    Raises
    ------
    RecordingError
        With all that is wrong with them.
    """
    given: Any
    if isinstance(threshold, QuantileThresholds):
        given, wrong = threshold.stored, _quantile_problems(threshold, rule)
    else:
        given, wrong = threshold, threshold_problems(threshold)
    problems = [*states_problems(states), *wrong]
    problems = problems or length_problems(given, states.shape[1])
    problems += [*limit_problems("left", left), *limit_problems("right", right), *rule_problems(rule, Rule)]
    if problems:
        raise RecordingError(problems)
    # A limit longer than the recording asks for no more than one of its length, and that one is a machine's number.
    left, right = (min(operator.index(steps), states.sizes[STEP]) for steps in (left, right))
    is_quantile = isinstance(threshold, QuantileThresholds)
    limit = given if is_quantile else stored_threshold(given, transform_of(states))
    return Criterion(limit, left, right, Rule(rule))


def blocks_of(states: xr.DataArray, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
    """Read the steps start to stop (exclusive) block by block: of each its first step and its values."""
    rows = max(1, BLOCK_BYTES // max(1, states.shape[1] * states.dtype.itemsize))
    for at in range(start, stop, rows):
        yield at, states.variable[at : min(at + rows, stop)].to_numpy()


def _rounded_up(limit: np.float64 | np.ndarray) -> np.ndarray:
    """Return the smallest float32 not below the limit: what float32 reaches it reaches the limit."""
    with np.errstate(over="ignore"):
        near = np.asarray(limit).astype(np.float32)
        return np.where(near < limit, np.nextafter(near, np.float32(np.inf)), near)


def _quantile_problems(threshold: QuantileThresholds, rule: str) -> list[Problem]:
    if rule == threshold.rule:
        return []
    what = f"holds quantiles for the rule {str(threshold.rule)!r}; {str(rule)!r} is asked for"
    return [Problem("threshold", what, "give quantile_thresholds the same rule")]
