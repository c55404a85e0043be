"""What is remembered of states at a border between blocks of steps, so that runs and ranges go on beyond it.

Each block is gone through as if nothing had come before it. What it finds is put together with what is remembered at
its beginning: only runs of on-steps that the beginning cuts, and the gap that follows it, look different with that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lstmvis_panel.compiled import WORD_BITS
from lstmvis_panel.passes import DEPTH, DOCUMENT, GROUPED, NEXT_EDGE, NOWHERE, PLACE, SIZE, Pass, new_pass, number_type
from lstmvis_panel.passes import FIRST as FIRST_OF_GROUP
from lstmvis_panel.rows import FIRST, NEVER, OFF, new_runs, walk_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lstmvis_panel.selection import Criterion


class Runs(NamedTuple):
    """What is remembered of each state where steps have been gone through up to one; int64.

    Attributes
    ----------
    first
        First step of the run of on-steps that it is in; that step itself while it is off.
    off
        First step of the gap before that run, or of the gap that it is in; `NEVER` if it was never on before.
    """

    first: np.ndarray
    off: np.ndarray


class Seen(NamedTuple):
    """What a block of steps does to what is remembered.

    Attributes
    ----------
    begin
        Its first step.
    runs
        What is remembered at its end by who knows nothing of the steps before it.
    begins_on
        bool, of each state: whether it is on at the first step.
    has_border
        Whether a document begins after its first step, the one beyond its last among them: then no more is remembered.
    """

    begin: int
    runs: Runs
    begins_on: np.ndarray
    has_border: bool


def nothing_before(step: int, states: int) -> Runs:
    """Return what is remembered where nothing came before."""
    return Runs(np.full(states, step), np.full(states, NEVER))


def see(
    blocks: Iterable[tuple[int, np.ndarray]], begin: int, end: int, states: int, edges: np.ndarray, criterion: Criterion
) -> Seen:
    """Go through a block of steps.

    Parameters
    ----------
    blocks
        Its parts one after another: of each the first step, and which states are on, uint64, dimensions (step, word).
    begin, end
        Its first step, and the end (exclusive).
    states
        How many states there are.
    edges
        Where documents start, and the end; at least those after ``begin``, up to one after ``end``.
    criterion
        Whose limits decide how much there is to remember.
    """
    runs, begins_on = new_runs(states), np.zeros(states, np.bool_)
    runs[FIRST], runs[OFF] = begin, NEVER
    for at, bits in blocks:
        if at == begin:
            begins_on = np.unpackbits(bits[0].view(np.uint8), count=states, bitorder="little").astype(np.bool_)
        walk_on(bits, at, edges, criterion, runs)
    has_border = bool(((edges > begin) & (edges <= end)).any())
    return Seen(begin, Runs(runs[FIRST, :states].copy(), runs[OFF, :states].copy()), begins_on, has_border)


def carried(before: Runs | None, seen: Seen) -> Runs:
    """Return what is remembered at the end of a block, by what is at its beginning (if anything) and what it does."""
    if before is None or seen.has_border:
        return seen.runs
    goes_through = seen.runs.first == seen.begin
    ends_there = ~seen.begins_on & (before.first < seen.begin)
    off = np.where(ends_there, seen.begin, before.off)
    return Runs(
        np.where(goes_through, before.first, seen.runs.first), np.where(seen.runs.off == NEVER, off, seen.runs.off)
    )


def pass_with(
    runs: Runs,
    begin: int,
    edges: np.ndarray,
    barred: np.ndarray,
    left: int,
    bits: np.ndarray,
    ranges: int,
    longest: int,
) -> Pass:
    """Return a pass over the states as it is when it has come to a step.

    Parameters
    ----------
    runs
        What is remembered of the states there; it may go back beyond the bits.
    begin
        The step.
    edges
        Where documents start, that of the step before it among them, and the end.
    barred
        bool, of each state: whether no range may start with its run.
    left
        Steps just before a range in which its states are off.
    bits, ranges, longest
        As for `new_pass`.
    """
    next_edge = int(np.searchsorted(edges, begin))
    is_grouped = runs.first < begin
    if left:
        is_grouped &= runs.off <= runs.first - left
    grouped = np.flatnonzero(is_grouped)
    firsts, one_of_each, group = np.unique(runs.first[grouped], return_index=True, return_inverse=True)
    depth, steps = len(firsts), len(bits) - int(runs.first.min())
    found = new_pass(len(runs.first), bits, 0, longest)
    # Those that began before the bits have their places besides.
    most = depth + found.groups.shape[1]
    groups, members = np.zeros((3, most), np.int64), np.zeros((most + 1, bits.shape[1]), np.uint64)
    groups[PLACE] = np.arange(most)
    groups[FIRST_OF_GROUP, :depth] = np.where(barred[grouped[one_of_each]], NOWHERE, firsts)
    groups[SIZE, :depth] = np.bincount(group, minlength=depth)
    word, bit = grouped // WORD_BITS, np.uint64(1) << (grouped % WORD_BITS).astype(np.uint64)
    np.bitwise_or.at(members, (group, word), bit)
    np.bitwise_or.at(members[-1], word, bit)
    cursor = found.cursor
    cursor[DEPTH], cursor[GROUPED] = depth, len(grouped)
    cursor[NEXT_EDGE], cursor[DOCUMENT] = next_edge, edges[max(0, next_edge - 1)]
    return found._replace(groups=groups, members=members, ranges=np.empty((3, ranges), number_type(steps)))
