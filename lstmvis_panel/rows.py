"""How many of a source's states have each of many ranges of steps: |S2| of section 4.3 of the paper.

All states of a step are looked at, but only at the steps in and beside the ranges. Walking along them, each state
keeps since when it is on, and what came before; the ranges are counted as their ends come by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lstmvis_panel.compiled import WORD_BITS, compiled, words_for
from lstmvis_panel.packing import Packing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lstmvis_panel.blocks import Steps
    from lstmvis_panel.selection import Criterion

BITS_BETWEEN_POLLS, RANGES_AT_ONCE = 1 << 23, 1 << 18

NEVER = -(2**62)
"""Before all steps: since when a state is off that was not on yet."""


# What the walk remembers of each state: the first step of its run of on-steps (while it is off, the next step); the
# first step of the gap before that run or of the gap it is in; the same two of the run before the gap it is in.
FIRST, OFF, LAST_FIRST, LAST_OFF = range(4)

_NO_RANGES, _NO_COUNTS = np.empty((2, 0), np.int32), np.empty(0, np.int64)


class Known(NamedTuple):
    """What is known of the steps before one, without looking at them.

    Attributes
    ----------
    step
        The step.
    runs
        int64, dimensions (2, state): rows `FIRST` and `OFF` of what the walk remembers when it comes there.
    """

    step: int
    runs: np.ndarray


def count_states(
    steps: Steps,
    edges: np.ndarray,
    criterion: Criterion,
    ranges: np.ndarray,
    poll: Callable[[], None],
    known: Known | None = None,
) -> np.ndarray:
    """Count the states that each range has under the criterion.

    Parameters
    ----------
    steps
        All states of the source.
    edges
        Where documents start, and the end.
    criterion
        The threshold, its rule, and limits.
    ranges
        Whole numbers, rows start and stop (exclusive): by ascending stop, each within a document.
    poll
        Called now and then; what it raises ends the count.
    known
        What came before a step after which all ranges stop: nothing before it is looked at.

    Returns
    -------
    numpy.ndarray
        int64, a number for each range.
    """
    counts, done, words = np.zeros(ranges.shape[1], np.int64), 0, words_for(steps.shape[1])
    packing = Packing(criterion, np.arange(steps.shape[1]), steps.dtype)
    runs, limits = new_runs(steps.shape[1]), (criterion.left, criterion.right)
    stretches = list(_stretches(edges, criterion, ranges, steps.skip, poll))
    steps.fetch_steps(stretches, poll)
    for first, end in stretches:
        # All ranges that begin before what is known go beyond it, so they are in one stretch.
        begin = first if known is None else max(first, known.step)
        _forget(begin, runs)
        if known is not None and begin > first:
            runs[: len(known.runs), : known.runs.shape[1]] = known.runs
        for at, values in steps.blocks(begin, end):
            poll()
            bits = np.empty((len(values), words), np.uint64)
            packing.into(values, bits)
            # Each range looks at each state once more.
            ending = int(np.searchsorted(ranges[1], at + len(values), side="right")) - done
            at_once = max(1, BITS_BETWEEN_POLLS // (words * WORD_BITS * (1 + ending // len(values))))
            for row in range(0, len(values), at_once):
                poll()
                done = _walk(bits[row : row + at_once], at + row, edges, limits, runs, ranges, done, counts)
    return counts


def new_runs(states: int) -> np.ndarray:
    """Return room for what the walk remembers of that many states."""
    return np.empty((4, words_for(states) * WORD_BITS), np.int64)


def walk_on(bits: np.ndarray, at: int, edges: np.ndarray, criterion: Criterion, runs: np.ndarray) -> None:
    """Walk along some steps, from ``at`` on, for what is remembered after them: the first two rows of ``runs``."""
    _walk(bits, at, edges, (criterion.left, criterion.right), runs, _NO_RANGES, 0, _NO_COUNTS)


def _stretches(
    edges: np.ndarray, criterion: Criterion, ranges: np.ndarray, skip: int, poll: Callable[[], None]
) -> Iterator[tuple[int, int]]:
    """Steps that decide about the ranges; gaps of less than ``skip`` steps are not worth a new beginning."""
    found: list[tuple[int, int]] = []
    # Ends ascend, so a stretch ends where all that follow begin later: from behind there is no need to sort.
    for last in range(ranges.shape[1], 0, -RANGES_AT_ONCE):
        poll()
        part = ranges[:, max(0, last - RANGES_AT_ONCE) : last]
        for begin, end in reversed(_stretches_of(edges, criterion, part, skip)):
            if found and end + skip >= found[-1][0]:
                found[-1] = min(begin, found[-1][0]), found[-1][1]
            else:
                found.append((begin, end))
    yield from reversed(found)


def _stretches_of(edges: np.ndarray, criterion: Criterion, ranges: np.ndarray, skip: int) -> list[tuple[int, int]]:
    start, stop = ranges.astype(np.int64)
    document = np.searchsorted(edges, start, side="right")
    end = np.minimum(stop + criterion.right, edges[document])
    begin = np.maximum(start - criterion.left, edges[document - 1])
    begin = np.minimum.accumulate(begin[::-1])[::-1]
    breaks = np.flatnonzero(begin[1:] > end[:-1] + skip) + 1
    firsts, lasts = np.append(0, breaks), np.append(breaks, len(begin)) - 1
    return list(zip(begin[firsts].tolist(), end[lasts].tolist(), strict=True))


@compiled
def _forget(step: int, runs: np.ndarray) -> None:
    runs[FIRST] = step
    runs[OFF] = NEVER


@compiled
def _walk(
    bits: np.ndarray,
    at: int,
    edges: np.ndarray,
    limits: tuple[int, int],
    runs: np.ndarray,
    ranges: np.ndarray,
    done: int,
    counts: np.ndarray,
) -> int:
    """Walk along the steps from ``at`` on, and count for the ranges whose last deciding step is passed."""
    left, right = limits
    start, stop = ranges[0], ranges[1]
    nothing = np.zeros(bits.shape[1], np.uint64)
    edge = np.searchsorted(edges, at, side="right")
    for row in range(len(bits)):
        after = at + row + 1
        if left or right:
            _step_with_gaps(bits[row], after, runs)
        else:
            _step(bits[row], after, runs[FIRST])
        ends = after == edges[edge]
        passed = after if ends else after - right
        if ends and right:
            # All steps past the document's end are off: one of them is as good as many.
            after += 1
            _step_with_gaps(nothing, after, runs)
        while done < len(stop) and stop[done] <= passed:
            if right:
                counts[done] = _count_ended(start[done], stop[done], left, after, runs)
            else:
                counts[done] = _count(start[done], left, runs)
            done += 1
        if ends:
            _forget(edges[edge], runs)
            edge += 1
    return done


@compiled
def _step(words: np.ndarray, after: int, first: np.ndarray) -> None:
    for word in range(len(words)):
        bits, begin = words[word], word * WORD_BITS
        for bit in range(WORD_BITS):
            if not (bits >> np.uint64(bit)) & np.uint64(1):
                first[begin + bit] = after


@compiled
def _step_with_gaps(words: np.ndarray, after: int, runs: np.ndarray) -> None:
    # All in one loop: that way the compiler makes vector instructions of it, eight times as fast.
    for word in range(len(words)):
        bits, begin = words[word], word * WORD_BITS
        for bit in range(WORD_BITS):
            if not (bits >> np.uint64(bit)) & np.uint64(1):
                state = begin + bit
                first = runs[FIRST, state]
                if first < after - 1:
                    runs[LAST_FIRST, state] = first
                    runs[LAST_OFF, state] = runs[OFF, state]
                    runs[OFF, state] = after - 1
                runs[FIRST, state] = after


@compiled
def _count(start: int, left: int, runs: np.ndarray) -> int:
    """Count the states whose run of on-steps, not ended yet, has the range's start (or begins there after a gap)."""
    count = 0
    for state in range(runs.shape[1]):
        if left:
            count += runs[FIRST, state] == start and runs[OFF, state] <= start - left
        else:
            count += runs[FIRST, state] <= start
    return count


@compiled
def _count_ended(start: int, stop: int, left: int, after: int, runs: np.ndarray) -> int:
    """Count the same of runs that ended where the range does, and the state is off since."""
    count = 0
    for state in range(runs.shape[1]):
        ended = runs[OFF, state] == stop and runs[FIRST, state] == after
        if left:
            ended = ended and runs[LAST_FIRST, state] == start and runs[LAST_OFF, state] <= start - left
        count += ended and runs[LAST_FIRST, state] <= start
    return count
