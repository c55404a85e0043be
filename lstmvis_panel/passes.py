"""What a pass over the steps is asked, what it remembers on its way, and what it has found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Question(NamedTuple):
    """Which closed ranges a pass is after.

    Attributes
    ----------
    left, right
        Steps just before and after a range in which its states are off.
    min_length
        Least number of steps.
    lowest, highest
        Bounds of the overlap, both inclusive.
    shortest, longest
        Bounds of the length, both inclusive. Ranges beyond them are counted by their length only.
    """

    left: int
    right: int
    min_length: int
    lowest: int
    highest: int
    shortest: int
    longest: int


class Pass(NamedTuple):
    """A pass: what it remembers and what it has found.

    Attributes
    ----------
    groups
        int64, a row for each name below, a column for each group, the oldest first: its `FIRST` step (`NOWHERE` if no
        range may start there), its `SIZE` in states, and the `PLACE` of its members.
    members
        uint64, dimensions (place, word): the states of each group. With a limit on the left, only states that were off
        long enough are in one. The last place is for the states of all groups together.
    cursor
        int64, a number for each name below: `DEPTH`, how many groups there are; `GROUPED`, the states they have; the
        `NEXT_EDGE` between documents; the `DOCUMENT`'s start; ranges `FILLED`; the `LONGEST` length counted.
    counts
        int64, the number of ranges found: a row by overlap (`BY_OVERLAP`). If lengths are counted too, a row by length,
        whatever the question's bounds of it (`BY_LENGTH`), and one for those with all selected states (`COMPLETE`).
    peaks
        int64, the greatest overlap found among the ranges that stop in each stretch of steps.
    ranges
        Rows `START`, `STOP`, `OVERLAP`, by ascending stop. Without room for any, ranges are only counted.
    states, stretch
        Number of the selected states, and of the steps of a stretch.
    """

    groups: np.ndarray
    members: np.ndarray
    cursor: np.ndarray
    counts: np.ndarray
    peaks: np.ndarray
    ranges: np.ndarray
    states: int
    stretch: int


FIRST, SIZE, PLACE = range(3)
DEPTH, GROUPED, NEXT_EDGE, DOCUMENT, FILLED, LONGEST = range(6)
START, STOP, OVERLAP = range(3)
BY_OVERLAP, BY_LENGTH, COMPLETE = range(3)
STRETCH = 1 << 8
"""Steps of which a pass notes the greatest overlap: so few that most have none of the best, and are left out then."""

NOWHERE = 2**62
"""After all steps: what starts there is shorter than any range."""


def new_pass(states: int, bits: np.ndarray, ranges: int = 0, longest: int = 0) -> Pass:
    """Return a pass over the bits of that many selected states, with room for that many ranges.

    It counts lengths if it is told the greatest.
    """
    steps, words = bits.shape
    # No two groups have the same first step, and none is empty.
    most = min(states, steps)
    groups = np.zeros((3, most), np.int64)
    groups[PLACE] = np.arange(most)
    counts = np.zeros((3 if longest else 1, max(states, longest) + 1), np.int64)
    members, peaks = np.zeros((most + 1, words), np.uint64), np.zeros(steps // STRETCH + 1, np.int64)
    found = np.empty((3, ranges), number_type(steps))
    return Pass(groups, members, np.zeros(6, np.int64), counts, peaks, found, states, STRETCH)


def number_type(steps: int) -> type[np.signedinteger]:
    """Return what ranges of that many steps are kept in: half the memory wherever that will do."""
    return np.int32 if steps < np.iinfo(np.int32).max else np.int64
