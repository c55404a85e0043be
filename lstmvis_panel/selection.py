"""Which states are on, and which a selection has: the only definition of "on".

Stored values are compared with the threshold mapped back once through the source's transform, in the
precision they are stored in; they are never transformed or rounded (section 4.2 of the paper).
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.schema import STEP, TRANSFORMS, Problem, RecordingError, document_edges, transform_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import xarray as xr
    from numpy.typing import ArrayLike

BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Criterion:
    """What makes a state belong to a range of steps; made and checked by `criterion_of`.

    Attributes
    ----------
    limit
        The threshold in stored values, as from `stored_threshold`.
    left, right
        Steps just before and after the range in which the state has to be off.
    """

    limit: np.float64
    left: int
    right: int


def stored_threshold(threshold: float, transform: str = "none") -> np.float64:
    """Map a threshold back through a transform, to be compared with stored values.

    Parameters
    ----------
    threshold
        In the units of the values after the transform.
    transform
        ``"tanh"`` or ``"none"``.

    Returns
    -------
    numpy.float64
        With tanh: arctanh of the threshold; -inf at -1 and below (every number is on); NaN above 1, which no
        value reaches, not even an infinite one.

    Raises
    ------
    RecordingError
        If the threshold is not finite or the transform is not known.
    """
    problems = [*_threshold_problems(threshold), *_transform_problems(transform)]
    if problems:
        raise RecordingError(problems)
    if transform == "none":
        return np.float64(threshold)
    if threshold > 1:
        return np.float64(np.nan)
    with np.errstate(divide="ignore"):
        return np.float64(np.arctanh(np.float64(max(threshold, -1.0))))


def reaches(values: np.ndarray, limit: np.float64) -> np.ndarray:
    """Tell which stored values are on; everything that asks comes here.

    Parameters
    ----------
    values
        Stored values, of any shape and numeric dtype.
    limit
        As from `stored_threshold`.

    Returns
    -------
    numpy.ndarray
        bool, the shape of ``values``: ``values >= limit`` exactly. NaN is never on.
    """
    if values.dtype == np.float16:
        # Lossless; numpy has no fast comparison of its own for half precision.
        values = values.astype(np.float32)
    reached: np.ndarray = values >= (_rounded_up(limit) if values.dtype == np.float32 else limit)
    return reached


def on(values: ArrayLike, threshold: float, transform: str = "none") -> np.ndarray:
    """Tell which values are on: ``value >= threshold``, the value after the transform.

    Parameters
    ----------
    values
        Stored values, of any shape.
    threshold
        In the units of the values after the transform.
    transform
        The source's: ``"tanh"`` or ``"none"``.

    Returns
    -------
    numpy.ndarray
        bool, the shape of ``values``. NaN is never on.

    Raises
    ------
    RecordingError
        If the threshold is not finite or the transform is not known.
    """
    return reaches(np.asarray(values), stored_threshold(threshold, transform))


def select_states(
    states: xr.DataArray, start: int, stop: int, threshold: float, left: int = 0, right: int = 0
) -> np.ndarray:
    """Return the states that a selection has: S1 of section 4.3 of the paper.

    Parameters
    ----------
    states
        A source, dimensions ``("step", state)``. Only the steps in question are read.
    start, stop
        The selected steps; ``stop`` is exclusive.
    threshold
        A state is on where its value, after the source's transform, is at least this.
    left, right
        Steps just before and after the selection in which a state has to be off. Steps outside the document
        count as off.

    Returns
    -------
    numpy.ndarray
        int64, ascending: the states that are on in every step of the selection, and off beside it.

    Raises
    ------
    RecordingError
        If the selection is empty, out of bounds or in more than one document, a limit is negative or the
        threshold is not finite.
    """
    criterion = criterion_of(states, threshold, left, right)
    start, stop, first, last = selected_document(states, start, stop)
    first, last = max(first, start - criterion.left), min(last, stop + criterion.right)
    return np.flatnonzero(held(_blocks(states, first, last), start, stop, criterion.limit))


def held(blocks: Iterable[tuple[int, np.ndarray]], start: int, stop: int, limit: np.float64) -> np.ndarray:
    """Tell which states are on in all of the steps start to stop (exclusive) and off in the others of the blocks.

    Parameters
    ----------
    blocks
        At least one; of each its first step and its values, dimensions (step, state).
    start, stop
        Steps.
    limit
        As from `stored_threshold`.

    Returns
    -------
    numpy.ndarray
        bool, one for each state.
    """
    kept = np.True_
    for at, values in blocks:
        steps = np.arange(at, at + len(values))
        inside = (steps >= start) & (steps < stop)
        kept = kept & (reaches(values, limit) == inside[:, np.newaxis]).all(axis=0)
        if not kept.any():
            break
    return np.asarray(kept)


def criterion_of(states: xr.DataArray, threshold: float, left: int, right: int) -> Criterion:
    """Check a source, a threshold and limits, and put together what decides about a state.

    Raises
    ------
    RecordingError
        With all that is wrong with them.
    """
    problems = [*_states_problems(states), *_threshold_problems(threshold)]
    problems += [*_limit_problems("left", left), *_limit_problems("right", right)]
    if problems:
        raise RecordingError(problems)
    # A limit longer than the recording asks for no more than one of its length, and that one is a machine's number.
    left, right = (min(operator.index(steps), states.sizes[STEP]) for steps in (left, right))
    return Criterion(stored_threshold(threshold, transform_of(states)), left, right)


def selected_document(states: xr.DataArray, start: int, stop: int) -> tuple[int, int, int, int]:
    """Check a selection and find its document.

    Returns
    -------
    tuple of int
        Start and stop of the selection, first step and end (exclusive) of the document.

    Raises
    ------
    RecordingError
        If the selection is empty, out of bounds, or crosses from one document into the next.
    """
    where, steps = "selection", states.sizes[STEP]
    if not (_is_whole(start) and _is_whole(stop)):
        raise RecordingError(Problem(where, f"{start!r}:{stop!r} are not steps", "give two whole numbers"))
    start, stop = operator.index(start), operator.index(stop)
    if start >= stop:
        what = f"{start}:{stop} has no steps; stop is exclusive"
        raise RecordingError(Problem(where, what, "select at least one step"))
    if start < 0 or stop > steps:
        what = f"{start}:{stop} is not in the recording"
        raise RecordingError(Problem(where, what, f"its {steps:,} steps are 0:{steps}"))
    edges = document_edges(states)
    document = int(np.searchsorted(edges, start, side="right"))
    first, last = int(edges[document - 1]), int(edges[document])
    if stop > last:
        what = f"{start}:{stop} crosses from one document into the next at step {last}"
        raise RecordingError(Problem(where, what, "select within one document"))
    return start, stop, first, last


def name_of(states: xr.DataArray) -> str:
    """Return what a message calls a source."""
    return "states" if states.name is None else str(states.name)


def _rounded_up(limit: np.float64) -> np.float32:
    """Return the smallest float32 not below the limit: what float32 reaches it reaches the limit."""
    with np.errstate(over="ignore"):
        near = np.float32(limit)
    return np.nextafter(near, np.float32(np.inf)) if near < limit else near


def _blocks(states: xr.DataArray, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
    rows = max(1, BLOCK_BYTES // max(1, states.shape[1] * states.dtype.itemsize))
    for at in range(start, stop, rows):
        yield at, states.variable[at : min(at + rows, stop)].to_numpy()


def _states_problems(states: xr.DataArray) -> list[Problem]:
    if len(states.dims) != 2 or states.dims[0] != STEP:  # noqa: PLR2004 - steps and states
        what = f"has the dimensions {states.dims}; ('{STEP}', states) were expected"
        return [Problem(name_of(states), what, "transpose or select what to look at")]
    if states.dtype.kind not in "fiub":
        return [Problem(name_of(states), f"holds {states.dtype}; real numbers were expected")]
    return []


def _threshold_problems(threshold: float) -> list[Problem]:
    try:
        if math.isfinite(threshold):
            return []
    except (TypeError, OverflowError):
        pass
    return [Problem("threshold", f"is {threshold!r}; a finite number was expected")]


def _transform_problems(transform: str) -> list[Problem]:
    if transform in TRANSFORMS:
        return []
    return [Problem("transform", f"is {transform!r}; 'tanh' or 'none' was expected")]


def _limit_problems(side: str, steps: int) -> list[Problem]:
    if _is_whole(steps) and steps >= 0:
        return []
    return [Problem(f"limit on the {side}", f"is {steps!r}; a whole number, 0 or more, was expected")]


def _is_whole(number: Any) -> bool:
    try:
        operator.index(number)
    except TypeError:
        return False
    return True
