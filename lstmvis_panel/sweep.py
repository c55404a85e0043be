"""One pass over the on/off bits of the selected states finds every closed range (section 4.3 of the paper).

The overlap of the range from s up to here is the number of selected states that are on since s or earlier. So the
pass keeps the states that are on in groups by the step since when they are: each group's first step begins a range
that can't be longer to the left, and those ranges are closed here that lose a state with the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.compiled import bits_set, compiled
from lstmvis_panel.passes import (
    BY_OVERLAP,
    DEPTH,
    DOCUMENT,
    FILLED,
    FIRST,
    GROUPED,
    LONGEST,
    NEXT_EDGE,
    NOWHERE,
    OVERLAP,
    PLACE,
    SIZE,
    START,
    STOP,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lstmvis_panel.passes import Pass, Question

STEPS_BACK = 1 << 14


def come_to(
    begin: int,
    since: int,
    bits: np.ndarray,
    edges: np.ndarray,
    question: Question,
    where: np.ndarray,
    poll: Callable[[], None],
    state: Pass,
) -> None:
    """Bring a pass to a step without finding anything on the way, and without going all the way if that can be.

    Parameters
    ----------
    begin
        The step.
    since
        The step at which the pass is.
    bits, edges, question, where
        As for `sweep`.
    poll
        Called now and then; what it raises ends this.
    state
        The pass.
    """
    if begin == since:
        return
    # Back to where the last of the states that are on has begun: whatever was on before is of no account.
    first, rest = begin, bits[begin - 1].copy()
    document = int(edges[np.searchsorted(edges, begin, side="left") - 1])
    while first > max(document, since) and rest.any():
        poll()
        low = max(document, since, first - STEPS_BACK)
        first = _last_on(bits[low:first], rest) + low
    if first > since or document >= since:
        _forget(state, first, edges)
    nothing = question._replace(lowest=state.states + 1)
    for at in range(first, begin, STEPS_BACK):
        poll()
        sweep(bits, edges, at, min(at + STEPS_BACK, begin), nothing, where, np.empty((2, 0), np.int64), state)


def _forget(state: Pass, step: int, edges: np.ndarray) -> None:
    """Leave a pass as if nothing was on before a step."""
    next_edge = int(np.searchsorted(edges, step, side="left"))
    state.members[:] = 0
    state.cursor[[DEPTH, GROUPED]] = 0
    state.cursor[NEXT_EDGE], state.cursor[DOCUMENT] = next_edge, edges[max(next_edge - 1, 0)]


@compiled
def _last_on(bits: np.ndarray, rest: np.ndarray) -> int:
    """Walk back and take out of the states in ``rest`` those that are off; return at which step none was left, or 0."""
    for step in range(len(bits) - 1, -1, -1):
        left = np.uint64(0)
        for word in range(len(rest)):
            rest[word] &= bits[step, word]
            left |= rest[word]
        if not left:
            return step
    return 0


@compiled
def _is_free(start: int, stop: int, taken: np.ndarray) -> Any:
    """Tell whether a range shares no step with those taken: not with the first of them that ends after its start."""
    after = np.searchsorted(taken[STOP], start, side="right")
    return after == taken.shape[1] or taken[START, after] >= stop


@compiled
def sweep(  # noqa: C901, PLR0912, PLR0915
    bits: np.ndarray,
    edges: np.ndarray,
    begin: int,
    end: int,
    question: Question,
    where: np.ndarray,
    taken: np.ndarray,
    state: Pass,
) -> None:
    """Go on from step begin to end (exclusive), finding the closed ranges that stop there.

    Parameters
    ----------
    bits
        uint64, dimensions (step, word): which selected states are on.
    edges
        Where documents start, and the end.
    begin, end
        Steps; a pass is one call or several, from 0 to one step past the last.
    question
        Which ranges are wanted.
    where
        bool, at which steps ranges may start. They may anywhere if it has no length.
    taken
        int64, rows start and stop of ranges that share no step, ascending: a range that shares one with them is passed
        over.
    state
        The pass, as the last call left it.
    """
    # One long function over plain arrays: handing arrays to another, or reading them out of a tuple, costs as much as
    # all that is done with them at a step.
    groups, members, cursor, counts, peaks, ranges, states, stretch = state
    firsts, sizes, places, together = groups[FIRST], groups[SIZE], groups[PLACE], members[-1]
    steps, words = bits.shape
    # Without lengths there is one row, which then is all three.
    by_overlap, by_length, complete = counts[BY_OVERLAP], counts[len(counts) // 2], counts[-1]
    fallen, risen, counted = np.empty(words, np.uint64), np.empty(words, np.uint64), np.empty(words, np.uint64)
    changed = np.empty(words, np.int64)
    depth, grouped, longest = cursor[DEPTH], cursor[GROUPED], cursor[LONGEST]
    for step in range(begin, end):
        border = step == edges[cursor[NEXT_EDGE]]
        if border:
            cursor[NEXT_EDGE] += 1
            cursor[DOCUMENT] = step
        rising, falling, lost = 0, 0, 0
        for word in range(words):
            before = bits[step - 1, word] if step > 0 else np.uint64(0)
            now = bits[step, word] if step < steps else np.uint64(0)
            stay = np.uint64(0) if border else before & now
            risen[word] = now ^ stay
            rising += bits_set(risen[word])
            fall = (before ^ stay) & together[word]
            fallen[word] = counted[word] = fall
            together[word] ^= fall
            if fall:
                changed[falling] = word
                falling += 1
                lost += bits_set(fall)
        if falling:
            rest = lost
            if question.right and not border:
                last = min(step + question.right, edges[cursor[NEXT_EDGE]])
                rest = _keep_what_is_off(bits, step + 1, last, counted)
            only = changed[0]
            fallen_there, counted_there = fallen[only], counted[only]
            group, on, peak = depth, grouped, 0
            grouped -= lost
            # From the newest group to the oldest that loses a state: with each a range begins.
            while lost > 0:
                group -= 1
                place, size, gone, hits = places[group], sizes[group], 0, 0
                if falling == 1:  # nearly always: a loop would cost a fifth of all the time
                    off = members[place, only] & fallen_there
                    members[place, only] ^= off
                    gone = bits_set(off)
                    hits = bits_set(off & counted_there) if question.right else gone
                else:
                    for each in range(falling):
                        word = changed[each]
                        off = members[place, word] & fallen[word]
                        members[place, word] ^= off
                        gone += bits_set(off)
                        hits += bits_set(off & counted[word])
                if question.left:
                    overlap, closed = hits if question.right else size, hits > 0
                else:
                    overlap, closed = rest if question.right else on, hits > 0 or not question.right
                start = firsts[group]
                length = step - start
                closed = closed and length >= question.min_length and question.lowest <= overlap <= question.highest
                if closed and (taken.shape[1] == 0 or _is_free(start, step, taken)):
                    if len(counts) > 1:
                        longest = max(longest, length)
                        by_length[length] += 1
                        if overlap == states:
                            complete[length] += 1
                    if question.shortest <= length <= question.longest:
                        by_overlap[overlap] += 1
                        peak = max(peak, overlap)
                        if ranges.shape[1]:
                            at = cursor[FILLED]
                            ranges[START, at], ranges[STOP, at], ranges[OVERLAP, at] = start, step, overlap
                            cursor[FILLED] = at + 1
                sizes[group] = size - gone
                lost, rest, on = lost - gone, rest - hits, on - size
            peaks[step // stretch] = max(peaks[step // stretch], peak)
            # Groups that are empty now are left out, and their places are free.
            filled = group
            for group in range(filled, depth):
                place = places[group]
                places[group], places[filled] = places[filled], place
                firsts[filled], sizes[filled] = firsts[group], sizes[group]
                filled += sizes[filled] > 0
            depth = filled
        if rising and question.left:
            first = max(step - question.left, cursor[DOCUMENT])
            rising = _keep_what_is_off(bits, step - 1, first - 1, risen)
        if rising:
            place = places[depth]
            firsts[depth] = step if len(where) == 0 or where[step] else NOWHERE
            sizes[depth] = rising
            for word in range(words):
                members[place, word] = risen[word]
                together[word] |= risen[word]
            depth += 1
            grouped += rising
    cursor[DEPTH], cursor[GROUPED], cursor[LONGEST] = depth, grouped, longest


@compiled
def _keep_what_is_off(bits: np.ndarray, begin: int, end: int, states: np.ndarray) -> int:
    """Take out of the states those that are on at some step from begin on, ahead or back, to end (exclusive)."""
    direction, kept = 1 if begin < end else -1, 0
    for word in range(len(states)):
        for step in range(begin, end, direction):
            if not states[word]:
                break
            states[word] &= ~bits[step, word]
        kept += bits_set(states[word])
    return kept
