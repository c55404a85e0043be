"""A search that workers share, each with blocks of steps of its own; the same result as `search.Search` has.

Nothing large travels. Of each block come what it does to the runs of on-steps that its borders cut (two numbers a
state), counts by overlap and length, and the best of its ranges, no more than are wanted in all.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.blocks import rows_to_read
from lstmvis_panel.borders import carried, nothing_before
from lstmvis_panel.filters import UNFILTERED, Filters
from lstmvis_panel.part import Around, Asked, Part, pack_part
from lstmvis_panel.passes import Question
from lstmvis_panel.ranking import NONE, Ranges, apart, best_first, taken_by
from lstmvis_panel.schema import document_edges
from lstmvis_panel.search import GROWTH, NO_COUNTS, Counts, level_with
from lstmvis_panel.shared_source import share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import xarray as xr

    from lstmvis_panel.borders import Runs, Seen
    from lstmvis_panel.pools import Future, Pool
    from lstmvis_panel.selection import Criterion

BLOCK_BYTES = 128 << 20
"""Stored values of a block: so many that what a worker does with them takes longer than telling it to."""

SECONDS_BETWEEN_POLLS = 0.02


@dataclass(frozen=True, eq=False)
class SpreadSearch:
    """One question to one source, answered by workers.

    Attributes
    ----------
    pool
        The workers.
    asked
        What is asked of all of them.
    begins
        int64: first steps of the blocks, and the end.
    edges
        Where documents start, and the end.
    filters
        Which ranges are candidates.
    poll
        Raises `Cancelled` once the search is to end.
    """

    pool: Pool
    asked: Asked
    begins: np.ndarray
    edges: np.ndarray
    filters: Filters
    poll: Callable[[], None]
    _submitted: list[Future] = field(default_factory=list, repr=False)

    def count(self, *, anywhere: bool = False) -> Counts:
        """Count the closed ranges; wherever they start if asked to."""
        if not self._blocks:
            return NO_COUNTS
        filters = UNFILTERED if anywhere else self.filters
        return self._count(self._question(1, len(self.asked.selected)), NONE, filters.where)

    def best(self, counts: Counts, top: int) -> Ranges:
        """Return the best ranges, whether they share steps or not."""
        at_overlap = counts.at_overlap
        if not at_overlap.any():
            return NONE
        question = self._question(level_with(at_overlap, top), len(at_overlap) - 1)
        return self._in_order(self._ask(Part.best, self._blocks, question, NONE, top))[:top]

    def distinct(self, counts: Counts, top: int) -> Ranges:
        """Return the best ranges that share no step with a better one."""
        kept, wanted, highest = NONE, top, len(counts.at_overlap) - 1
        while len(kept) < top and counts.at_overlap.any():
            lowest = level_with(counts.at_overlap, wanted)
            kept = self._kept_at(self._question(lowest, highest), kept, top)
            highest, wanted = lowest - 1, wanted * GROWTH
            if len(kept) < top:
                counts = self._count(self._question(1, highest), kept, self.filters.where)
        return kept

    def _kept_at(self, question: Question, kept: Ranges, top: int) -> Ranges:
        """Add to those kept what is to be kept of the ranges at some levels of overlap.

        A range that lies in one block shares steps only with others that do, which its part has kept apart, and with
        such as go beyond one of the block's two borders. So what the parts have kept is right until one of those hides
        a range of theirs: what that had hidden may come out now, and the part is asked again. As all ranges that go
        beyond a border share the steps at it, at most one of them is ever kept: no part is asked again more than twice.
        """
        ranked = self._in_order(self._ask(Part.distinct, self._blocks, question, kept, top - len(kept)))
        while True:
            chosen = apart(ranked, top - len(kept), self._check)
            end = chosen[-1] if len(kept) + len(chosen) == top else len(ranked)
            hidden = np.setdiff1d(np.flatnonzero(self._lies_in_one_block(ranked[:end])), chosen)
            if not hidden.size:
                return kept.followed_by(ranked[chosen])
            certain = chosen[chosen < hidden[0]]
            kept, ranked = kept.followed_by(ranked[certain]), ranked[np.delete(np.arange(len(ranked)), certain)]
            is_hidden = _shares_steps(ranked, kept)
            blocks = self._blocks_of(ranked)
            again = np.unique(blocks[is_hidden & self._lies_in_one_block(ranked)])
            asked_again = self._ask(Part.distinct, again.tolist(), question, kept, top - len(kept))
            ranked = self._in_order([ranked[~is_hidden & ~np.isin(blocks, again)], *asked_again])

    def _ask(
        self, function: Callable[..., Ranges], blocks: Iterable[int], question: Question, kept: Ranges, most: int
    ) -> list[Ranges]:
        """Have parts return ranges, with unions."""
        parts, known, where = self._parts, self._all_runs(question.lowest), self.filters.where
        around = {block: self._around(block, kept, where) for block in blocks}
        return self._results(
            [self._submit(function, parts[block], around[block], question, known.get(block), most) for block in around]
        )

    def _count(self, question: Question, kept: Ranges, where: np.ndarray) -> Counts:
        around = {block: self._around(block, kept, where) for block in self._blocks}
        parts = self._parts
        return _added(self._results([self._submit(Part.count, parts[at], around[at], question) for at in around]))

    def _around(self, block: int, kept: Ranges, where: np.ndarray) -> Around:
        runs, begin, end = self._runs[block], self.begins[block], self.begins[block + 1]
        barred = ~where[runs.first] if len(where) else np.zeros(len(runs.first), np.bool_)
        near = kept[(kept.start < end) & (kept.stop > runs.first.min())]
        return Around(runs, barred, np.packbits(where[begin : end + 1]), taken_by(near))

    @cached_property
    def _blocks(self) -> range:
        """Numbers of the blocks; none where there is nothing to find."""
        return range(len(self.begins) - 1 if len(self.asked.selected) else 0)

    @cached_property
    def _parts(self) -> list[Future]:
        return [
            self._submit(pack_part, self.asked, begin, end, self._edges_of(begin, end))
            for begin, end in pairwise(self.begins.tolist())
        ]

    def _edges_of(self, begin: int, end: int) -> np.ndarray:
        first, last = np.searchsorted(self.edges, begin), np.searchsorted(self.edges, end, side="right")
        return self.edges[max(0, first - 1) : last + 1]

    @cached_property
    def _runs(self) -> list[Runs]:
        """What is remembered of the selected states at the first step of each block."""
        runs = [nothing_before(0, len(self.asked.selected))]
        seen: list[Seen] = self._results([self._submit(Part.see_selected, part) for part in self._parts])
        for each in seen[:-1]:
            runs.append(carried(runs[-1], each))
        return runs

    def _all_runs(self, lowest: int) -> dict[int, Future]:
        """What is remembered of all states at the first steps of those blocks into which ranges reach from afar.

        From the block before, a part reads what it needs; if all did so from farther, they would read steps many times.
        """
        if lowest in self._all_known:
            return self._all_known[lowest]
        reaches = {block: self._reach(block, lowest) for block in self._blocks[1:]}
        afar = {block: first for block, first in reaches.items() if first < block - 1}
        depth = np.zeros(len(self.begins), np.int64)
        for block, first in afar.items():
            depth[first] += 1
            depth[block] -= 1
        runs: dict[int, Future] = {}
        for block in np.flatnonzero(depth.cumsum()).tolist():
            if block not in self._all_seen:
                self._all_seen[block] = self._submit(Part.see_all, self._parts[block])
            runs[block + 1] = self._submit(carried, runs.get(block), self._all_seen[block])
        known = self._all_known[lowest] = {block: runs[block] for block in afar}
        return known

    def _reach(self, block: int, lowest: int) -> int:
        """Return the first block that decides about ranges with such an overlap that begin before a block."""
        first = self._runs[block].first
        begun = first[first < self.begins[block]]
        if len(begun) < lowest:
            return block
        # The range that begins with the n-th oldest run has n states at most.
        step = np.partition(begun, lowest - 1)[lowest - 1] - self.asked.criterion.left
        return max(0, int(np.searchsorted(self.begins, step, side="right")) - 1)

    @cached_property
    def _all_seen(self) -> dict[int, Future]:
        return {}

    @cached_property
    def _all_known(self) -> dict[int, dict[int, Future]]:
        return {}

    def _question(self, lowest: int, highest: int) -> Question:
        filters, limits = self.filters, (self.asked.criterion.left, self.asked.criterion.right)
        return Question(*limits, filters.min_length, lowest, highest, filters.shortest, filters.longest)

    def _in_order(self, lists: list[Ranges]) -> Ranges:
        """Put ranges together, best first."""
        columns = zip(*(vars(ranges).values() for ranges in (NONE, *lists)), strict=True)
        ranges = Ranges(*map(np.concatenate, columns))
        ranges = ranges[np.argsort(ranges.stop, kind="stable")]
        return ranges[best_first(ranges, self._check)]

    def _blocks_of(self, ranges: Ranges) -> np.ndarray:
        """Return the block that has each range's last step."""
        return np.searchsorted(self.begins, ranges.stop) - 1

    def _lies_in_one_block(self, ranges: Ranges) -> np.ndarray:
        lies: np.ndarray = ranges.start >= self.begins[self._blocks_of(ranges)]
        return lies

    def _submit(self, function: Callable[..., Any], *arguments: Any) -> Future:
        future = self.pool.submit(function, *arguments)
        self._submitted.append(future)
        return future

    def _results(self, futures: list[Future]) -> list[Any]:
        """Wait for results; the search may be ended meanwhile."""
        done: SimpleQueue[int] = SimpleQueue()
        for number, future in enumerate(futures):
            future.add_done_callback(partial(_note, done, number))
        results: dict[int, Any] = {}
        with self._letting_go():
            while len(results) < len(futures):
                self.poll()
                with suppress(Empty):
                    number = done.get(timeout=SECONDS_BETWEEN_POLLS)
                    results[number] = self.pool.result(futures[number])
        return [results[number] for number in range(len(futures))]

    def _check(self) -> None:
        with self._letting_go():
            self.poll()

    @contextmanager
    def _letting_go(self) -> Iterator[None]:
        """Leave the workers nothing to do or to keep for a search that has ended before its time."""
        try:
            yield
        except BaseException:
            self.pool.cancel(self._submitted)
            raise


def spread_search(
    pool: Pool,
    states: xr.DataArray,
    selected: np.ndarray,
    criterion: Criterion,
    filters: Filters,
    poll: Callable[[], None],
) -> SpreadSearch:
    """Return a search that workers share.

    Parameters
    ----------
    pool
        The workers.
    states
        A source in a file or store that all of them can open.
    selected, criterion, filters, poll
        As for `search.Search`.

    Raises
    ------
    RecordingError
        If the source lies in no such file.
    """
    asked = Asked(share(states), selected, criterion)
    begins = np.append(np.arange(0, states.shape[0], _block_of(states.variable)), states.shape[0])
    return SpreadSearch(pool, asked, begins, document_edges(states), filters, poll)


def _block_of(variable: xr.Variable) -> int:
    """Return how many steps a block has: whole chunks of the file."""
    rows, _ = rows_to_read(variable)
    size = int(rows * variable.shape[1] * variable.dtype.itemsize)
    return rows * max(1, BLOCK_BYTES // max(1, size))


def _note(done: SimpleQueue[int], number: int, _future: object) -> None:
    done.put(number)


def _added(parts: list[Counts]) -> Counts:
    """Add up what was counted in parts."""
    length, place = np.unique(np.concatenate([part.length for part in parts]), return_inverse=True)
    of_length, complete = np.zeros((2, len(length)), np.int64)
    np.add.at(of_length, place, np.concatenate([part.of_length for part in parts]))
    np.add.at(complete, place, np.concatenate([part.complete for part in parts]))
    return Counts(np.sum([part.at_overlap for part in parts], axis=0), length, of_length, complete, NO_COUNTS.peaks)


def _shares_steps(ranges: Ranges, kept: Ranges) -> np.ndarray:
    """Tell which ranges share a step with one of those kept, which share none with one another."""
    order = np.argsort(kept.start)
    # Of those that start before a range's end, the last has the greatest stop.
    before = np.searchsorted(kept.start[order], ranges.stop)
    stops = np.concatenate([[0], kept.stop[order]])
    shares: np.ndarray = stops[before] > ranges.start
    return shares
