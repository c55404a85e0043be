"""Ranges of steps in the order of section 4.3 of the paper, and which of them share no step with a better one.

There may be millions: all of this takes time in proportion to their number, and can be ended at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RANGES_AT_ONCE = 1 << 19
"""Of which one asks whether it is to end: some 10 ms."""


@dataclass(frozen=True)
class Ranges:
    """Ranges of steps and what ranks them; whole numbers, one for each range.

    Attributes
    ----------
    start, stop
        Their steps; stop is exclusive.
    overlap, union
        |S1 & S2| and |S1 | S2|.
    """

    start: np.ndarray
    stop: np.ndarray
    overlap: np.ndarray
    union: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, rows: np.ndarray | slice) -> Ranges:
        return Ranges(self.start[rows], self.stop[rows], self.overlap[rows], self.union[rows])

    def followed_by(self, other: Ranges) -> Ranges:
        """Return these ranges and then the others."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Ranges(*(np.concatenate(pair) for pair in pairs))


NONE = Ranges(*np.empty((4, 0), np.int64))


def best_first(ranges: Ranges, poll: Callable[[], None]) -> np.ndarray:
    """Return the order of ranges: greatest overlap, least union, greatest length, then as they come.

    Parameters
    ----------
    ranges
        By ascending stop, so that of two of equal length the one that starts first comes first.
    poll
        Called now and then; what it raises ends the sorting.

    Returns
    -------
    numpy.ndarray
        int64, positions of the ranges.
    """
    if len(ranges) <= RANGES_AT_ONCE:
        return np.lexsort((ranges.start - ranges.stop, ranges.union, -ranges.overlap))
    return by_counting(ranges, poll)


def by_counting(ranges: Ranges, poll: Callable[[], None]) -> np.ndarray:
    """Return the same order for one range or more, by counting: quicker where they are many, and it can be ended."""
    length, order = ranges.stop - ranges.start, np.arange(len(ranges))
    # By the least important first, each time keeping the order among equals.
    for each in (length.max() - length, ranges.union, ranges.overlap.max() - ranges.overlap):
        keys = each.astype(np.int64)
        ends, placed = np.zeros(int(keys.max()) + 2, np.int64), np.empty_like(order)
        for part in _parts(len(order)):
            poll()
            _count(keys[part], ends)
        ends = ends.cumsum()
        for part in _parts(len(order)):
            poll()
            _place(order[part], keys, ends, placed)
        order = placed
    return order


def apart(ranges: Ranges, most: int, poll: Callable[[], None]) -> np.ndarray:
    """Walk along ranges and keep those that share no step with one kept before.

    Parameters
    ----------
    ranges
        Best first.
    most
        How many to keep at most.
    poll
        Called now and then; what it raises ends the walk.

    Returns
    -------
    numpy.ndarray
        int64, positions of those kept.
    """
    kept = np.empty(min(most, len(ranges)), np.int64)
    # The kept ones in the order of their steps: only the neighbours of a range can share steps with it.
    neighbours, size = np.empty((2, len(kept)), np.int64), 0
    # What workers send is of another type: in one type all of it runs the same code.
    start, stop = (steps.astype(np.int64, copy=False) for steps in (ranges.start, ranges.stop))
    for part in _parts(len(ranges)):
        poll()
        size = _keep_apart(start, stop, part.start, part.stop, neighbours, kept, size)
        if size == len(kept):
            break
    return kept[:size]


def taken_by(kept: Ranges) -> np.ndarray:
    """Return the steps of ranges that share none: int64, rows start and stop, ascending."""
    order = np.argsort(kept.start)
    return np.array([kept.start[order], kept.stop[order]], np.int64)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, RANGES_AT_ONCE):
        yield slice(start, min(start + RANGES_AT_ONCE, count))


@compiled
def _count(keys: np.ndarray, ends: np.ndarray) -> None:
    for key in keys:
        ends[key + 1] += 1


@compiled
def _place(order: np.ndarray, keys: np.ndarray, ends: np.ndarray, placed: np.ndarray) -> None:
    """Put each range behind those of its key that have been placed."""
    for at in order:
        placed[ends[keys[at]]] = at
        ends[keys[at]] += 1


@compiled
def _keep_apart(
    start: np.ndarray, stop: np.ndarray, first: int, last: int, neighbours: np.ndarray, kept: np.ndarray, size: int
) -> int:
    """Go on from range ``first`` to ``last`` (exclusive); return how many are kept by then."""
    starts, stops = neighbours[0], neighbours[1]
    for row in range(first, last):
        if size == len(kept):
            break
        after = np.searchsorted(starts[:size], stop[row])
        if after and stops[after - 1] > start[row]:
            continue
        for place in range(size, after, -1):
            starts[place], stops[place] = starts[place - 1], stops[place - 1]
        starts[after], stops[after], kept[size] = start[row], stop[row], row
        size += 1
    return size
