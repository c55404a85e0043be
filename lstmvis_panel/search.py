"""Every closed range, counted in one pass and ranked from the best overlap down: section 4.3 of the paper.

The pass over the on/off bits of the selected states counts the closed ranges at each overlap and of each length. Then
the best are collected, as many levels of overlap as it takes; only for those are the other states looked at, for the
union.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.compiled import columns, compiled, words_for
from lstmvis_panel.filters import UNFILTERED, Filters
from lstmvis_panel.packing import Packing
from lstmvis_panel.rows import count_states
from lstmvis_panel.selection import Criterion, held
from lstmvis_panel.sweep import (
    BY_LENGTH,
    BY_OVERLAP,
    COMPLETE,
    OVERLAP,
    START,
    STOP,
    Pass,
    Question,
    new_pass,
    number_type,
    sweep,
)
from lstmvis_panel.threads import over_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lstmvis_panel.blocks import Steps

STEPS_BETWEEN_POLLS, BITS_BETWEEN_POLLS = 1 << 16, 1 << 23
"""Most steps, and most bits, of which a pass goes through all before it asks whether it is to end: some 10 ms."""

STEPS_AT_ONCE, VALUES_AT_ONCE = 1 << 13, 1 << 20
"""What a thread packs in one go, at least: so much that starting it costs nothing beside."""

STEPS_BACK = 1 << 12
GROWTH = 4
"""How many times more ranges are ranked each time that the list is still unfilled."""


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


@dataclass(frozen=True, eq=False)
class Counts:
    """How many closed ranges there are; whole numbers.

    Attributes
    ----------
    at_overlap
        Candidates at each overlap.
    length
        Lengths that occur, ascending; whatever the filters' bounds of it.
    of_length, complete
        Ranges of each of those lengths; those of them that have all selected states.
    """

    at_overlap: np.ndarray
    length: np.ndarray
    of_length: np.ndarray
    complete: np.ndarray


NO_COUNTS = Counts(np.zeros(1, np.int64), *np.empty((3, 0), np.int64))


@dataclass(frozen=True)
class Search:
    """One question to one source.

    Attributes
    ----------
    steps
        The source's values.
    edges
        Where documents start, and the end.
    selected
        int64, ascending: S1.
    criterion
        The threshold, its rule, and limits.
    poll
        Raises `Cancelled` once the search is to end.
    filters
        Which ranges are candidates.
    """

    steps: Steps
    edges: np.ndarray
    selected: np.ndarray
    criterion: Criterion
    poll: Callable[[], None]
    filters: Filters = UNFILTERED

    @cached_property
    def bits(self) -> np.ndarray:
        """Which selected states are on: uint64, dimensions (step, word)."""
        total, states = self.steps.shape[0], len(self.selected)
        bits = np.empty((total, words_for(states)), np.uint64)
        packing = Packing(self.criterion, self.selected, self.steps.dtype)

        def pack(begin: int, end: int, check: Callable[[], None]) -> None:
            for at, values in self.steps.blocks(begin, end):
                check()
                packing.into(values, bits[at : at + len(values)])

        at_once = max(STEPS_AT_ONCE, VALUES_AT_ONCE // max(1, states)) if self.steps.parallel else total
        over_ranges(total, at_once, pack, self.poll)
        return bits

    def count(self, *, anywhere: bool = False) -> Counts:
        """Count the closed ranges, in one pass; wherever they start if asked to."""
        states, longest = len(self.selected), int(np.diff(self.edges).max())
        if not (states and longest):
            return NO_COUNTS
        where = UNFILTERED.where if anywhere else self.filters.where
        counts = self._sweep(self._question(1, states), NONE, where, longest=longest).counts
        length = np.flatnonzero(counts[BY_LENGTH])
        at_overlap = counts[BY_OVERLAP, : states + 1]
        return Counts(at_overlap, length.astype(np.int64), counts[BY_LENGTH, length], counts[COMPLETE, length])

    def best(self, counts: np.ndarray, top: int) -> Ranges:
        """Return the best ranges, whether they share steps or not."""
        lowest, highest = _level_with(counts, top), len(counts) - 1
        return self._ranked(self._question(lowest, highest), counts, NONE)[:top]

    def distinct(self, counts: np.ndarray, top: int) -> Ranges:
        """Return the best ranges that share no step with a better one."""
        kept, wanted, highest = NONE, top, len(counts) - 1
        while len(kept) < top and counts.any():
            lowest = _level_with(counts, wanted)
            ranked = self._ranked(self._question(lowest, highest), counts, kept)
            rows = _apart(ranked.start, ranked.stop, top - len(kept))
            kept = kept.followed_by(ranked[rows])
            highest, wanted = lowest - 1, wanted * GROWTH
            if len(kept) < top:
                counts = self._sweep(self._question(1, highest), kept, self.filters.where).counts[BY_OVERLAP]
        return kept

    def around(self, start: int, stop: int, first: int, last: int) -> Ranges:
        """Return the closed range that a range in the document first to last lies in, with the same overlap."""
        begin, end = max(first, start - self.criterion.left), min(last, stop + self.criterion.right)
        blocks = ((at, columns(values, self.selected)) for at, values in self._blocks(begin, end))
        overlap = self.selected[held(blocks, start, stop, self.criterion, self.selected)]
        if not overlap.size:
            return NONE
        start = start if self.criterion.left else self._first_with(overlap, first, start)
        stop = stop if self.criterion.right else self._last_with(overlap, stop, last)
        found = np.array([[start], [stop], [len(overlap)]], number_type(self.steps.shape[0]))
        return self._with_unions(found)

    def _first_with(self, overlap: np.ndarray, first: int, start: int) -> int:
        for end in range(start, first, -STEPS_BACK):
            begin = max(first, end - STEPS_BACK)
            for at, values in reversed([*self._blocks(begin, end)]):
                lost = self._lost(values, overlap)
                if lost.size:
                    return int(at + lost[-1]) + 1
        return first

    def _last_with(self, overlap: np.ndarray, stop: int, last: int) -> int:
        for at, values in self._blocks(stop, last):
            lost = self._lost(values, overlap)
            if lost.size:
                return int(at + lost[0])
        return last

    def _lost(self, values: np.ndarray, overlap: np.ndarray) -> np.ndarray:
        """Return at which of the steps not all of these states are on."""
        return np.flatnonzero(~self.criterion.on(columns(values, overlap), overlap).all(axis=1))

    def _ranked(self, question: Question, counts: np.ndarray, kept: Ranges) -> Ranges:
        """Return the ranges that a pass finds, best first; it finds as many as were counted."""
        expected = int(counts[question.lowest : question.highest + 1].sum())
        ranges = self._with_unions(self._sweep(question, kept, self.filters.where, ranges=expected).ranges)
        # The sort is stable and the ranges come by ascending stop: of equal length, the first starts first.
        return ranges[np.lexsort((ranges.start - ranges.stop, ranges.union, -ranges.overlap))]

    def _with_unions(self, found: np.ndarray) -> Ranges:
        states = count_states(self.steps, self.edges, self.criterion, found[[START, STOP]], self.poll)
        return Ranges(found[START], found[STOP], found[OVERLAP], len(self.selected) + states - found[OVERLAP])

    def _sweep(self, question: Question, kept: Ranges, where: np.ndarray, *, ranges: int = 0, longest: int = 0) -> Pass:
        total, states = self.steps.shape[0], len(self.selected)
        found, taken = new_pass(states, total, ranges, longest), _taken(kept, total)
        at_once = max(1, min(STEPS_BETWEEN_POLLS, BITS_BETWEEN_POLLS // max(1, states)))
        for begin in range(0, total + 1, at_once):
            self.poll()
            end = min(begin + at_once, total + 1)
            sweep(self.bits, self.edges, begin, end, question, where, taken, found)
        return found

    def _question(self, lowest: int, highest: int) -> Question:
        filters, limits = self.filters, (self.criterion.left, self.criterion.right)
        return Question(*limits, filters.min_length, lowest, highest, filters.shortest, filters.longest)

    def _blocks(self, begin: int, end: int) -> Iterator[tuple[int, np.ndarray]]:
        for block in self.steps.blocks(begin, end):
            self.poll()
            yield block


def _level_with(counts: np.ndarray, wanted: int) -> int:
    """Return the greatest overlap at which, with all greater ones, there are as many ranges as wanted; 1 if none."""
    from_best = np.cumsum(counts[::-1])
    return max(1, len(counts) - 1 - int(np.searchsorted(from_best, min(wanted, int(from_best[-1])))))


def _taken(kept: Ranges, steps: int) -> np.ndarray:
    """Return how many steps before each step and the end lie in ranges that share none; nothing if there are none."""
    if not len(kept):
        return np.empty(0, np.int64)
    is_taken = np.zeros(steps + 1, np.int64)
    # Twice the sum: first from where ranges start and stop to the steps they have, then to how many those are.
    is_taken[kept.start + 1] += 1
    is_taken[kept.stop[kept.stop < steps] + 1] -= 1
    return is_taken.cumsum().cumsum()


@compiled
def _apart(start: np.ndarray, stop: np.ndarray, most: int) -> Any:
    """Walk along ranges and keep those that share no step with one kept before; return their positions."""
    kept = np.empty(min(most, len(start)), np.int64)
    # The kept ones in the order of their steps: only the neighbours of a range can share steps with it.
    starts, stops = np.empty((2, len(kept)), np.int64)
    size = 0
    for row in range(len(start)):
        if size == len(kept):
            break
        after = np.searchsorted(starts[:size], stop[row])
        if after and stops[after - 1] > start[row]:
            continue
        for place in range(size, after, -1):
            starts[place], stops[place] = starts[place - 1], stops[place - 1]
        starts[after], stops[after], kept[size] = start[row], stop[row], row
        size += 1
    return kept[:size]
