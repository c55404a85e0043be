"""How many matches there are of each length, put together to bars that fit into a line of text."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

GROWTH = 1.25
"""How much longer the longest match of a bar may be than the shortest."""


class LengthBars(NamedTuple):
    """Bars from the shortest match to the longest.

    Attributes
    ----------
    bounds
        Least and greatest length of each bar, both inclusive; they follow one another without a gap.
    candidates, complete
        How many closed ranges have such a length, and on how many of those all selected states are on; one a bar.
    """

    bounds: list[list[int]]
    candidates: list[int]
    complete: list[int]


class Histogram(NamedTuple):
    """How high each bar is.

    Attributes
    ----------
    title
        What is counted, in a word or two.
    unit
        The same behind a number.
    counts
        One a bar.
    """

    title: str
    unit: str
    counts: list[int]


def histograms(bars: LengthBars, states: int) -> list[Histogram]:
    """Return what is drawn of bars: all ranges, and those on which all of several selected states are on.

    Parameters
    ----------
    bars
        As from `length_bars`.
    states
        Number of selected states.
    """
    drawn = [Histogram("length", "ranges", bars.candidates)]
    if states > 1 and any(bars.complete):
        drawn.append(Histogram("all states on", f"with all {states:,} states", bars.complete))
    return drawn


def length_bars(lengths: xr.Dataset) -> LengthBars:
    """Count closed ranges by their length: one by one where they are short, in ever wider bars where they are long.

    Parameters
    ----------
    lengths
        As in `matching.Found`: dimension ``length``, variables ``candidates`` and ``complete``.

    Returns
    -------
    LengthBars
    """
    steps = lengths.length.values
    if not len(steps):
        return LengthBars([], [], [])
    edges = _edges(int(steps[0]), int(steps[-1]))
    bar = np.searchsorted(edges, steps, side="right") - 1
    counts = [
        np.bincount(bar, lengths[name].values, len(edges) - 1).astype(np.int64).tolist()
        for name in ("candidates", "complete")
    ]
    bounds = [[low, stop - 1] for low, stop in pairwise(edges)]
    return LengthBars(bounds, *counts)


def _edges(shortest: int, longest: int) -> list[int]:
    """Return where bars begin, and one past the last."""
    edges = [shortest]
    while edges[-1] <= longest:
        edges.append(max(edges[-1] + 1, math.floor(edges[-1] * GROWTH) + 1))
    edges[-1] = longest + 1
    return edges
