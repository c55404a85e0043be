"""Every closed range, counted in one pass and ranked from the best overlap down: section 4.3 of the paper.

The pass over the on/off bits of the selected states counts the closed ranges at each overlap and of each length. Then
the best are collected, as many levels of overlap as it takes; only for those are the other states looked at, for the
union.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel import threads
from lstmvis_panel.compiled import columns, words_for
from lstmvis_panel.filters import UNFILTERED, Filters
from lstmvis_panel.packing import Packing
from lstmvis_panel.passes import (
    BY_LENGTH,
    BY_OVERLAP,
    COMPLETE,
    LONGEST,
    OVERLAP,
    START,
    STOP,
    Pass,
    Question,
    new_pass,
    number_type,
)
from lstmvis_panel.ranking import NONE, Ranges, apart, best_first, taken_by
from lstmvis_panel.rows import count_states
from lstmvis_panel.selection import Criterion, held
from lstmvis_panel.sweep import come_to, sweep
from lstmvis_panel.threads import over_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lstmvis_panel.blocks import Steps

STEPS_BETWEEN_POLLS, BITS_BETWEEN_POLLS = 1 << 16, 1 << 23
"""Most steps, and most bits, of which a pass goes through all before it asks whether it is to end: some 10 ms."""

STEPS_AT_ONCE, VALUES_AT_ONCE = 1 << 13, 1 << 20
"""What a thread packs in one go, at least: so much that starting it costs nothing beside."""

SHARES = 4
"""Into how many a core's work is cut at most: so many that none waits long for another that is busy with other work."""

STEPS_BACK = 1 << 12
GROWTH = 4
"""How many times more ranges are ranked each time that the list is still unfilled."""


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
    peaks
        The greatest overlap of the candidates that stop in each stretch of `STRETCH` steps.
    """

    at_overlap: np.ndarray
    length: np.ndarray
    of_length: np.ndarray
    complete: np.ndarray
    peaks: np.ndarray


NO_COUNTS = Counts(np.zeros(1, np.int64), *np.empty((4, 0), np.int64))


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
        self.steps.fetch_states(self.selected, self.poll)

        def pack(begin: int, end: int, check: Callable[[], None]) -> None:
            for at, values in self.steps.blocks(begin, end):
                check()
                packing.into(values, bits[at : at + len(values)])

        share = -(-total // (SHARES * threads.CORES))
        at_once = max(STEPS_AT_ONCE, VALUES_AT_ONCE // max(1, states), share) if self.steps.parallel else total
        over_ranges(total, at_once, pack, self.poll)
        return bits

    def count(self, *, anywhere: bool = False, at_once: int | None = None) -> Counts:
        """Count the closed ranges, in one pass; wherever they start if asked to.

        A thread takes so many steps at once, if not told otherwise, that all cores are busy.
        """
        states, longest = len(self.selected), int(np.diff(self.edges).max())
        if not (states and longest):
            return NO_COUNTS
        where = UNFILTERED.where if anywhere else self.filters.where
        return self._counted(self._question(1, states), where, NONE, longest, at_once)

    def best(self, counts: Counts, top: int) -> Ranges:
        """Return the best ranges, whether they share steps or not."""
        lowest, highest = level_with(counts.at_overlap, top), len(counts.at_overlap) - 1
        return self._ranked(self._question(lowest, highest), counts, NONE)[:top]

    def distinct(self, counts: Counts, top: int) -> Ranges:
        """Return the best ranges that share no step with a better one."""
        kept, wanted, highest = NONE, top, len(counts.at_overlap) - 1
        while len(kept) < top and counts.at_overlap.any():
            lowest = level_with(counts.at_overlap, wanted)
            ranked = self._ranked(self._question(lowest, highest), counts, kept)
            kept = kept.followed_by(ranked[apart(ranked, top - len(kept), self.poll)])
            highest, wanted = lowest - 1, wanted * GROWTH
            if len(kept) < top:
                counts = self._counted(self._question(1, highest), self.filters.where, kept)
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

    def _counted(
        self, question: Question, where: np.ndarray, kept: Ranges, longest: int = 0, at_once: int | None = None
    ) -> Counts:
        total, states, parts = self.steps.shape[0], len(self.selected), []
        # Packed before the threads begin, which all need them.
        bits, taken = self.bits, taken_by(kept)

        def count(begin: int, end: int, check: Callable[[], None]) -> None:
            part = new_pass(states, bits, longest=longest)
            come_to(begin, 0, bits, self.edges, question, where, check, part)
            self._go_on(begin, end, question, where, taken, part, check)
            parts.append(part)

        # One step past the last closes what is on at the end.
        at_once = at_once or max(STEPS_AT_ONCE, -(-(total + 1) // threads.CORES))
        over_ranges(total + 1, at_once, count, self.poll)
        return joined(parts, states)

    def _ranked(self, question: Question, counts: Counts, kept: Ranges) -> Ranges:
        """Return the ranges that were counted and are in question, best first."""
        ranges = self._with_unions(self._collected(question, counts, kept))
        return ranges[best_first(ranges, self.poll)]

    def _collected(self, question: Question, counts: Counts, kept: Ranges) -> np.ndarray:
        """Go once more through the steps where ranges in question stop; return their rows start, stop, overlap."""
        total, where, at = self.steps.shape[0], self.filters.where, 0
        expected = int(counts.at_overlap[question.lowest : question.highest + 1].sum())
        found, taken = new_pass(len(self.selected), self.bits, expected), taken_by(kept)
        for first, last in _runs(counts.peaks >= question.lowest):
            begin, end = first * found.stretch, min(last * found.stretch, total + 1)
            come_to(begin, at, self.bits, self.edges, question, where, self.poll, found)
            self._go_on(begin, end, question, where, taken, found, self.poll)
            at = end
        return found.ranges

    def _with_unions(self, found: np.ndarray) -> Ranges:
        states = count_states(self.steps, self.edges, self.criterion, found[[START, STOP]], self.poll)
        return Ranges(found[START], found[STOP], found[OVERLAP], len(self.selected) + states - found[OVERLAP])

    def _go_on(
        self,
        begin: int,
        end: int,
        question: Question,
        where: np.ndarray,
        taken: np.ndarray,
        found: Pass,
        poll: Callable[[], None],
    ) -> None:
        at_once = max(1, min(STEPS_BETWEEN_POLLS, BITS_BETWEEN_POLLS // max(1, len(self.selected))))
        for at in range(begin, end, at_once):
            poll()
            sweep(self.bits, self.edges, at, min(at + at_once, end), question, where, taken, found)

    def _question(self, lowest: int, highest: int) -> Question:
        filters, limits = self.filters, (self.criterion.left, self.criterion.right)
        return Question(*limits, filters.min_length, lowest, highest, filters.shortest, filters.longest)

    def _blocks(self, begin: int, end: int) -> Iterator[tuple[int, np.ndarray]]:
        for block in self.steps.blocks(begin, end):
            self.poll()
            yield block


def joined(parts: list[Pass], states: int) -> Counts:
    """Add up what was counted in the parts of a pass."""
    counted = [part.counts for part in parts]
    at_overlap = np.sum([counts[BY_OVERLAP, : states + 1] for counts in counted], axis=0)
    peaks = np.max([part.peaks for part in parts], axis=0)
    if len(counted[0]) == 1:
        return replace(NO_COUNTS, at_overlap=at_overlap, peaks=peaks)
    # Most lengths never occur: what nobody has written to takes no memory.
    longest = max(int(part.cursor[LONGEST]) for part in parts)
    length = np.unique(np.concatenate([np.flatnonzero(counts[BY_LENGTH, : longest + 1]) for counts in counted]))
    of_length, complete = (np.sum([counts[row, length] for counts in counted], axis=0) for row in (BY_LENGTH, COMPLETE))
    return Counts(at_overlap, length, of_length, complete, peaks)


def _runs(are: np.ndarray) -> list[tuple[int, int]]:
    """Return where runs of true begin and end (exclusive)."""
    borders = np.flatnonzero(np.diff(are, prepend=False, append=False))
    return list(zip(borders[::2].tolist(), borders[1::2].tolist(), strict=True))


def level_with(counts: np.ndarray, wanted: int) -> int:
    """Return the greatest overlap at which, with all greater ones, there are as many ranges as wanted; 1 if none."""
    from_best = np.cumsum(counts[::-1])
    return max(1, len(counts) - 1 - int(np.searchsorted(from_best, min(wanted, int(from_best[-1])))))
