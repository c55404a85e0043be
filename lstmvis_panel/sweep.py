"""One pass over the on/off bits of the selected states finds every closed range (section 4.3 of the paper).

The overlap of the range from s up to here is the number of selected states that are on since s or earlier. So the
pass keeps the states that are on in groups by the step since when they are: each group's first step begins a range
that can't be longer to the left, and those ranges are closed here that lose a state with the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lstmvis_panel.compiled import WORD_BITS, compiled, lowest_bit

if TYPE_CHECKING:
    from collections.abc import Callable


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
        int64, a row for each name below. `GROUP` of each state, -1 for none: with a limit on the left, only states
        that were off long enough are in one. Where each state's last run of on-steps `ENDED`. Of each group: its
        `FIRST` step (`NOWHERE` if no range may start there), its `SIZE` in states, how many of those count for the
        ranges that end here (`HITS`), its neighbours by their steps (`OLDER`, `NEWER`; one past the last number is both
        ends of the row). Numbers that no group has (`FREE`).
    cursor
        int64, a number for each name below: states that are `GROUPED`, numbers `UNUSED`, the `NEXT_EDGE` between
        documents, the `DOCUMENT`'s start, ranges `FILLED`.
    counts
        int64, the number of ranges found: a row by overlap (`BY_OVERLAP`). If lengths are counted too, a row by length,
        whatever the question's bounds of it (`BY_LENGTH`), and one for those with all selected states (`COMPLETE`).
    ranges
        Rows `START`, `STOP`, `OVERLAP`, by ascending stop. Without room for any, ranges are only counted.
    """

    groups: np.ndarray
    cursor: np.ndarray
    counts: np.ndarray
    ranges: np.ndarray


GROUP, ENDED, FIRST, SIZE, HITS, OLDER, NEWER, FREE = range(8)
GROUPED, UNUSED, NEXT_EDGE, DOCUMENT, FILLED = range(5)
START, STOP, OVERLAP = range(3)
BY_OVERLAP, BY_LENGTH, COMPLETE = range(3)
STEPS_BACK = 1 << 14
NOWHERE = 2**62
"""After all steps: what starts there is shorter than any range."""


def new_pass(states: int, steps: int, ranges: int = 0, longest: int = 0) -> Pass:
    """Return a pass over that many selected states and steps, with room for that many ranges.

    It counts lengths if it is told the greatest.
    """
    groups = np.zeros((8, states + 1), np.int64)
    groups[[GROUP, ENDED]] = -1
    groups[[OLDER, NEWER]] = states
    groups[FREE] = np.arange(states + 1)
    cursor = np.zeros(5, np.int64)
    cursor[UNUSED] = states
    counts = np.zeros((3 if longest else 1, max(states, longest) + 1), np.int64)
    return Pass(groups, cursor, counts, np.empty((3, ranges), number_type(steps)))


def pass_from(
    begin: int,
    states: int,
    bits: np.ndarray,
    edges: np.ndarray,
    question: Question,
    where: np.ndarray,
    poll: Callable[[], None],
    longest: int,
) -> Pass:
    """Return a pass as it is when it has come to a step, without what it found on its way, so that parts can be joined.

    Parameters
    ----------
    begin
        The step.
    states, longest
        As for `new_pass`.
    bits, edges, question, where
        As for `sweep`.
    poll
        Called now and then; what it raises ends this.
    """
    state = new_pass(states, len(bits), longest=longest)
    if begin == 0:
        return state
    # Back to where the last of the states that are on has begun.
    first = begin
    rest = bits[begin - 1].copy()
    document = edges[np.searchsorted(edges, begin, side="left") - 1]
    while first > document and rest.any():
        poll()
        low = max(document, first - STEPS_BACK)
        first = low + _still_on(bits[low:first], rest)
    # And whether it was off long enough by then.
    first = max(first - question.left - 1, 0)
    state.cursor[NEXT_EDGE] = edge = np.searchsorted(edges, first, side="left")
    state.cursor[DOCUMENT] = edges[edge - 1] if edge else 0
    nothing = question._replace(lowest=states + 1)
    for at in range(first, begin, STEPS_BACK):
        poll()
        sweep(bits, edges, at, min(at + STEPS_BACK, begin), nothing, where, np.empty(0, np.int64), state)
    return state


@compiled
def _still_on(bits: np.ndarray, rest: np.ndarray) -> int:
    """Walk back and take out of the states in ``rest`` those that are off; return at which step none was left, or 0."""
    for step in range(len(bits) - 1, -1, -1):
        left = np.uint64(0)
        for word in range(len(rest)):
            rest[word] &= bits[step, word]
            left |= rest[word]
        if not left:
            return step
    return 0


def number_type(steps: int) -> type[np.signedinteger]:
    """Return what ranges of that many steps are kept in: half the memory wherever that will do."""
    return np.int32 if steps < np.iinfo(np.int32).max else np.int64


@compiled
def sweep(
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
        Of each step and the end, how many steps before it are taken: ranges with such a step are passed over.
        Nothing is taken if it has no length.
    state
        The pass, as the last call left it.
    """
    # As plain arrays: reading an array out of a tuple costs as much as what is done with it here.
    groups, cursor, counts, ranges = state
    steps, words = bits.shape
    fallen, risen, counted = np.empty(words, np.uint64), np.empty(words, np.uint64), np.empty(words, np.uint64)
    for step in range(begin, end):
        border = step == edges[cursor[NEXT_EDGE]]
        if border:
            cursor[NEXT_EDGE] += 1
            cursor[DOCUMENT] = step
        fall = rise = np.uint64(0)
        for word in range(words):
            before = bits[step - 1, word] if step > 0 else np.uint64(0)
            now = bits[step, word] if step < steps else np.uint64(0)
            stay = np.uint64(0) if border else before & now
            fallen[word] = before ^ stay
            risen[word] = now ^ stay
            fall |= fallen[word]
            rise |= risen[word]
        if fall:
            counted[:] = fallen
            if not border:
                last = min(step + question.right, edges[cursor[NEXT_EDGE]])
                _keep_what_stays_off(bits, step + 1, last, counted)
            _close(counted, step, question, taken, groups, cursor, counts, ranges)
            _remove(fallen, step, groups, cursor)
        if rise:
            first = step if len(where) == 0 or where[step] else NOWHERE
            _add(risen, step, first, question.left, groups, cursor)


@compiled
def _keep_what_stays_off(bits: np.ndarray, begin: int, end: int, counted: np.ndarray) -> None:
    for word in range(len(counted)):
        for step in range(begin, end):
            if not counted[word]:
                break
            counted[word] &= ~bits[step, word]


@compiled
def _close(
    counted: np.ndarray,
    stop: int,
    question: Question,
    taken: np.ndarray,
    groups: np.ndarray,
    cursor: np.ndarray,
    counts: np.ndarray,
    ranges: np.ndarray,
) -> None:
    """Find the closed ranges that stop here: those that begin with a group and lose states that count."""
    if cursor[GROUPED] < question.lowest:
        return
    rest = _hit(counted, groups)
    group, on = groups[OLDER, -1], cursor[GROUPED]
    while rest > 0:
        size, hits = groups[SIZE, group], groups[HITS, group]
        if question.left:
            overlap = hits if question.right else size
            closed = hits > 0
        else:
            overlap = rest if question.right else on
            closed = hits > 0 or not question.right
            if overlap < question.lowest:
                break
        start = groups[FIRST, group]
        length = stop - start
        closed = closed and length >= question.min_length and question.lowest <= overlap <= question.highest
        # Written out here: handing arrays to a function costs more, for each range, than all that is done with them.
        if closed and (len(taken) == 0 or taken[start] == taken[stop]):
            if len(counts) > 1:
                counts[BY_LENGTH, length] += 1
                if overlap == groups.shape[1] - 1:
                    counts[COMPLETE, length] += 1
            if question.shortest <= length <= question.longest:
                counts[BY_OVERLAP, overlap] += 1
                if ranges.shape[1]:
                    at = cursor[FILLED]
                    ranges[START, at], ranges[STOP, at], ranges[OVERLAP, at] = start, stop, overlap
                    cursor[FILLED] = at + 1
        rest -= hits
        on -= size
        group = groups[OLDER, group]


@compiled
def _hit(counted: np.ndarray, groups: np.ndarray) -> int:
    """Count, in each group and in all, the states that the ranges which end here can count."""
    total = 0
    for word in range(len(counted)):
        rest = counted[word]
        while rest:
            group = groups[GROUP, word * WORD_BITS + lowest_bit(rest)]
            rest &= rest - np.uint64(1)
            if group >= 0:
                groups[HITS, group] += 1
                total += 1
    return total


@compiled
def _remove(fallen: np.ndarray, step: int, groups: np.ndarray, cursor: np.ndarray) -> None:
    """Take the states that are on no longer out of their groups, and empty groups out of the row."""
    for word in range(len(fallen)):
        rest = fallen[word]
        while rest:
            state = word * WORD_BITS + lowest_bit(rest)
            rest &= rest - np.uint64(1)
            groups[ENDED, state] = step
            group = groups[GROUP, state]
            if group < 0:
                continue
            groups[GROUP, state] = -1
            groups[HITS, group] = 0
            groups[SIZE, group] -= 1
            cursor[GROUPED] -= 1
            if not groups[SIZE, group]:
                groups[NEWER, groups[OLDER, group]] = groups[NEWER, group]
                groups[OLDER, groups[NEWER, group]] = groups[OLDER, group]
                groups[FREE, cursor[UNUSED]] = group
                cursor[UNUSED] += 1


@compiled
def _add(risen: np.ndarray, step: int, first: int, left: int, groups: np.ndarray, cursor: np.ndarray) -> None:
    """Make the states that are on from here a group; with a limit on the left, those that were off long enough."""
    since = max(step - left, cursor[DOCUMENT]) if left else step
    group = -1
    for word in range(len(risen)):
        rest = risen[word]
        while rest:
            state = word * WORD_BITS + lowest_bit(rest)
            rest &= rest - np.uint64(1)
            if groups[ENDED, state] > since:
                continue
            if group < 0:
                group = _new_group(first, groups, cursor)
            groups[GROUP, state] = group
            groups[SIZE, group] += 1
            cursor[GROUPED] += 1


@compiled
def _new_group(first: int, groups: np.ndarray, cursor: np.ndarray) -> Any:
    row_end = groups.shape[1] - 1
    cursor[UNUSED] -= 1
    group = groups[FREE, cursor[UNUSED]]
    groups[FIRST, group] = first
    groups[OLDER, group] = groups[OLDER, row_end]
    groups[NEWER, group] = row_end
    groups[NEWER, groups[OLDER, row_end]] = group
    groups[OLDER, row_end] = group
    return group
