"""Which closed ranges are candidates for the list of matches: by their length, and by the step at which they start."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.arguments import is_whole
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Filters:
    """What a closed range has to be; made and checked by `filters_of`.

    Attributes
    ----------
    min_length
        Least number of steps; what is shorter isn't even counted.
    shortest, longest
        Bounds of the number of steps, both inclusive.
    where
        bool, at which steps a range may start; anywhere if it has no length.
    """

    min_length: int
    shortest: int
    longest: int
    where: np.ndarray


UNFILTERED = Filters(1, 1, np.iinfo(np.int64).max, np.empty(0, np.bool_))


def filters_of(steps: int, min_length: int, lengths: tuple[int, int] | None, where: ArrayLike | None) -> Filters:
    """Check filters and put them together.

    Parameters
    ----------
    steps
        Number of the source's steps.
    min_length, lengths, where
        As for `matching.find_matches`.

    Raises
    ------
    RecordingError
        With what is wrong with them.
    """
    min_length = whole_number(1, "min_length", min_length)
    shortest, longest = (1, steps) if lengths is None else _bounds(lengths)
    starts = UNFILTERED.where if where is None else _truths(where, steps)
    # No range has a step more than there are: greater bounds ask for no more, and that one is a machine's number.
    beyond = steps + 1
    return Filters(min(min_length, beyond), min(shortest, beyond), min(longest, beyond), starts)


def whole_number(least: int, name: str, number: int) -> int:
    """Check that an argument is a whole number and return it.

    Raises
    ------
    RecordingError
        If it is none, or below the least.
    """
    if not is_whole(number) or number < least:
        raise RecordingError(Problem(name, f"is {number!r}; a whole number, {least} or more, was expected"))
    return operator.index(number)


def _bounds(lengths: tuple[int, int]) -> tuple[int, int]:
    try:
        low, high = lengths
    except (TypeError, ValueError):
        what = f"is {lengths!r}; the least and the greatest number of steps were expected"
        raise RecordingError(Problem("lengths", what)) from None
    low, high = whole_number(1, "least of lengths", low), whole_number(1, "greatest of lengths", high)
    if low > high:
        raise RecordingError(Problem("lengths", f"is from {low} to {high}", "give the least first, then the greatest"))
    return low, high


def _truths(where: ArrayLike, steps: int) -> np.ndarray:
    truths = np.array(where)  # a copy: what is searched stays the same until the end
    if truths.dtype != np.bool_:
        what = f"holds {truths.dtype}; bool was expected, one for each step"
        raise RecordingError(Problem("where", what, "give a comparison, such as recording.pos == code"))
    if truths.shape != (steps,):
        what = f"has the shape {truths.shape}; one value for each of the {steps:,} steps was expected"
        raise RecordingError(Problem("where", what))
    return truths
