"""What can be wrong with a question: with the source, selection, threshold, limits and rule that it names."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.schema import STEP, TRANSFORMS, Problem, RecordingError, document_edges

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import ArrayLike


def name_of(states: xr.DataArray) -> str:
    """Return what a message calls a source."""
    return "states" if states.name is None else str(states.name)


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
    if not (is_whole(start) and is_whole(stop)):
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


def states_problems(states: xr.DataArray) -> list[Problem]:
    """Return why this is no source of hidden states."""
    if len(states.dims) != 2 or states.dims[0] != STEP:  # noqa: PLR2004 - steps and states
        what = f"has the dimensions {states.dims}; ('{STEP}', states) were expected"
        return [Problem(name_of(states), what, "transpose or select what to look at")]
    if states.dtype.kind not in "fiub":
        return [Problem(name_of(states), f"holds {states.dtype}; real numbers were expected")]
    return []


def threshold_problems(threshold: ArrayLike) -> list[Problem]:
    """Return why this is no finite number, nor an array of them."""
    if np.ndim(threshold):
        return _array_problems(np.asarray(threshold))
    try:
        if math.isfinite(threshold):  # type: ignore[arg-type]
            return []
    except (TypeError, OverflowError):
        pass
    return [Problem("threshold", f"is {threshold!r}; a finite number was expected")]


def length_problems(threshold: Any, states: int) -> list[Problem]:
    """Return why these are not one threshold for all states, nor one for each."""
    shape = np.shape(threshold)
    if shape in {(), (states,)}:
        return []
    return [
        Problem("threshold", f"has the shape {shape}; one number, or one for each state, ({states},), was expected")
    ]


def transform_problems(transform: str) -> list[Problem]:
    """Return why a transform is not known."""
    if transform in TRANSFORMS:
        return []
    return [Problem("transform", f"is {transform!r}; 'tanh' or 'none' was expected")]


def limit_problems(side: str, steps: int) -> list[Problem]:
    """Return why this is no number of steps."""
    if is_whole(steps) and steps >= 0:
        return []
    return [Problem(f"limit on the {side}", f"is {steps!r}; a whole number, 0 or more, was expected")]


def rule_problems(rule: str, rules: Iterable[str]) -> list[Problem]:
    """Return why a rule is none of those there are."""
    known = [str(each) for each in rules]
    if rule in known:
        return []
    return [Problem("rule", f"is {rule!r}; one of {', '.join(map(repr, known))} was expected")]


def is_whole(number: Any) -> bool:
    """Tell whether this is a whole number by its type: of Python, numpy or any other make."""
    try:
        operator.index(number)
    except TypeError:
        return False
    return True


def _array_problems(thresholds: np.ndarray) -> list[Problem]:
    if thresholds.dtype.kind not in "fiu":
        return [Problem("threshold", f"holds {thresholds.dtype}; real numbers were expected")]
    unusable = np.flatnonzero(~np.isfinite(thresholds))
    if unusable.size:
        what = f"is {thresholds.flat[unusable[0]]} for state {unusable[0]}; finite numbers were expected"
        return [Problem("threshold", what)]
    return []
