"""A block of steps as a worker searches it: the closed ranges that stop in it, wherever they begin.

A range is the part's in which its last step lies. What it needs of the steps before is told to it as what is
remembered at its beginning (`borders`); of those beside it, it reads as many as limits ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.blocks import Streamed
from lstmvis_panel.borders import Runs, Seen, pass_with, see
from lstmvis_panel.compiled import compiled, words_for
from lstmvis_panel.packing import Packing
from lstmvis_panel.passes import BY_OVERLAP, FILLED, OVERLAP, START, STOP, Pass, Question, number_type
from lstmvis_panel.ranking import Ranges, apart, best_first
from lstmvis_panel.rows import Known, count_states
from lstmvis_panel.search import NO_COUNTS, Counts, joined
from lstmvis_panel.shared_source import open_shared
from lstmvis_panel.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lstmvis_panel.selection import Criterion
    from lstmvis_panel.shared_source import SharedSource


@dataclass(frozen=True, eq=False)
class Asked:
    """What all parts of a search are asked.

    Attributes
    ----------
    source
        The source.
    selected
        int64, ascending: S1.
    criterion
        The threshold, its rule, and limits.
    """

    source: SharedSource
    selected: np.ndarray
    criterion: Criterion


@dataclass(frozen=True, eq=False)
class Around:
    """What a part has to know of other parts.

    Attributes
    ----------
    runs
        What is remembered of the selected states at its first step.
    barred
        bool, of each selected state: whether no range may start with the run that it is in there.
    where
        uint8, eight steps a number as from `numpy.packbits`: at which of its steps and the next a range may start;
        anywhere if it has no length.
    taken
        As for `sweep`: ranges that were kept, as many as may share steps with its own.
    """

    runs: Runs
    barred: np.ndarray
    where: np.ndarray
    taken: np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """A block of steps; made by `pack_part`, and kept where it was made.

    Attributes
    ----------
    asked
        What is asked.
    begin, end
        Its first step, and the end (exclusive).
    edges
        Where the documents of its steps and of the step before it start, and the end of the last of them.
    first, bits
        uint64, dimensions (step, word): which selected states are on, from this step on. The bits begin and end with
        steps of other parts, that decide about ranges of this one.
    """

    asked: Asked
    begin: int
    end: int
    edges: np.ndarray
    first: int
    bits: np.ndarray

    def __sizeof__(self) -> int:
        """Return how many bytes it takes: Dask asks, to know when memory becomes short."""
        return int(self.bits.nbytes + self.edges.nbytes + self.asked.selected.nbytes)

    def see_selected(self) -> Seen:
        """Return what it does to what is remembered of the selected states."""
        asked, bits = self.asked, np.array(self.bits[self.begin - self.first : self.end - self.first])
        states = len(asked.selected)
        return see([(self.begin, bits)], self.begin, self.end, states, self._edges, asked.criterion)

    def see_all(self) -> Seen:
        """Return what it does to what is remembered of all states."""
        steps = self._steps
        return see(self._all_bits(steps), self.begin, self.end, steps.shape[1], self._edges, self.asked.criterion)

    def count(self, around: Around, question: Question) -> Counts:
        """Count its closed ranges."""
        longest = self.end - min(self.begin, int(around.runs.first.min()))
        counts = joined([self._sweep(around, question, longest=longest)], len(self.asked.selected))
        return replace(counts, peaks=NO_COUNTS.peaks)

    def best(self, around: Around, question: Question, runs: Runs | None, most: int) -> Ranges:
        """Return its best ranges, best first, whether they share steps or not.

        Parameters
        ----------
        around, question
            What it has to know, and which ranges are wanted.
        runs
            What is remembered of all states at its first step. If it is not known, what lies before is read.
        most
            How many ranges are wanted at most.
        """
        ranges = self._found(around, question, runs)
        return ranges[best_first(ranges, _go_on)[:most]]

    def distinct(self, around: Around, question: Question, runs: Runs | None, most: int) -> Ranges:
        """Return those of its ranges that may be among the best that share no step with a better one.

        Those that begin in it, as if there were no others; and before them all that begin before it, save those that
        have all steps of a better one: they are never kept, since what leaves no room for that leaves none for them.

        Parameters
        ----------
        around, question, runs, most
            As for `best`.
        """
        ranges = self._found(around, question, runs)
        ranges = ranges[best_first(ranges, _go_on)]
        is_inside = ranges.start >= self.begin
        crossing, inside = ranges[~is_inside], ranges[is_inside]
        crossing = crossing[_containing_none(crossing.start, crossing.stop)]
        return crossing.followed_by(inside[apart(inside, most, _go_on)])

    @property
    def _steps(self) -> Streamed:
        return Streamed(open_shared(self.asked.source))

    @property
    def _edges(self) -> np.ndarray:
        # What came from another process may not be written to, which compiled code takes for another type.
        return np.array(self.edges)

    def _all_bits(self, steps: Streamed) -> Iterator[tuple[int, np.ndarray]]:
        packing = Packing(self.asked.criterion, np.arange(steps.shape[1]), steps.dtype)
        for at, values in steps.blocks(self.begin, self.end):
            bits = np.empty((len(values), words_for(steps.shape[1])), np.uint64)
            packing.into(values, bits)
            yield at, bits

    def _found(self, around: Around, question: Question, runs: Runs | None) -> Ranges:
        """Return its ranges by ascending stop."""
        room = int(self._sweep(around, question).counts[BY_OVERLAP].sum())
        found = self._sweep(around, question, room=room)
        ranges = found.ranges[:, : found.cursor[FILLED]].astype(number_type(int(self.edges[-1])))
        ranges[[START, STOP]] += self.first
        known = None if runs is None else Known(self.begin, np.stack(runs))
        states = count_states(self._steps, self._edges, self.asked.criterion, ranges[[START, STOP]], _go_on, known)
        union = len(self.asked.selected) + states - ranges[OVERLAP]
        return Ranges(ranges[START], ranges[STOP], ranges[OVERLAP], union)

    def _sweep(self, around: Around, question: Question, *, room: int = 0, longest: int = 0) -> Pass:
        """Go through its steps, which are counted from the first of its bits here."""
        bits, edges, first = np.array(self.bits), self.edges - self.first, self.begin - self.first
        end = self.end - self.first
        taken = np.array(around.taken) - self.first
        where = np.empty(0, np.bool_)
        if len(around.where):
            where = np.pad(np.unpackbits(around.where).astype(np.bool_), (first, 1))
        runs = Runs(around.runs.first - self.first, around.runs.off - self.first)
        found = pass_with(runs, first, edges, around.barred, question.left, bits, room, longest)
        # Ranges that stop before its first step have no step in it.
        nothing = question._replace(lowest=found.states + 1)
        sweep(bits, edges, first, first + 1, nothing, where, taken, found)
        sweep(bits, edges, first + 1, end + 1, question, where, taken, found)
        return found


def pack_part(asked: Asked, begin: int, end: int, edges: np.ndarray) -> Part:
    """Read a block of steps, and keep which selected states are on.

    Parameters
    ----------
    asked, begin, end, edges
        As for `Part`.
    """
    steps = Streamed(open_shared(asked.source))
    left, right = asked.criterion.left, asked.criterion.right
    # One step more tells what ends at the first, and at the last.
    first, stop = max(0, begin - max(1, left)), min(end + 1 + right, steps.shape[0])
    selected = np.array(asked.selected)
    packing = Packing(asked.criterion, selected, steps.dtype)
    bits = np.empty((stop - first, words_for(len(selected))), np.uint64)
    for at, values in steps.blocks(first, stop):
        packing.into(values, bits[at - first : at - first + len(values)])
    return Part(asked, begin, end, edges, first, bits)


@compiled
def _containing_none(start: np.ndarray, stop: np.ndarray) -> Any:
    """Return the positions of those ranges, best first, that do not have all steps of a better one."""
    starts = np.unique(start)
    # The least stop of those that begin there or later; it never falls from one start to the next.
    least = np.full(len(starts), np.iinfo(np.int64).max)
    found, size = np.empty(len(start), np.int64), 0
    for row in range(len(start)):
        at = np.searchsorted(starts, start[row])
        if least[at] <= stop[row]:
            continue
        found[size] = row
        size += 1
        while at >= 0 and least[at] > stop[row]:
            least[at] = stop[row]
            at -= 1
    return found[:size]


def _go_on() -> None:
    """Let work go on: who no longer waits for it takes it from the scheduler."""
