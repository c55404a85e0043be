"""What the recording shows: how well sites are told, and whether matches of a site are sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score

from lstmvis_panel.matching import find_matches
from lstmvis_panel.schema import document_edges
from lstmvis_panel.selection import select_states

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


def average_precisions(chances: NDArray[np.float64], sites: NDArray[np.bool_]) -> list[float]:
    """Return the average precision of each protein, from chances and labels of shape (base, protein)."""
    columns = zip(chances.T, sites.T, strict=True)
    return [float(average_precision_score(site, chance)) if site.any() else float("nan") for chance, site in columns]


def f1_scores(called: NDArray[np.bool_], sites: NDArray[np.bool_]) -> list[float]:
    """Return the F1 of each protein: twice the bases that are rightly called, over all called and all true ones."""
    return (2 * (called & sites).sum(axis=0) / np.maximum(called.sum(axis=0) + sites.sum(axis=0), 1)).tolist()


def runs(inside: NDArray[np.bool_], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return start and stop of all runs of true steps, shape (run, 2); none goes on across an edge of documents."""
    starts = inside & ~np.concatenate([[False], inside[:-1]])
    starts[edges[:-1]] |= inside[edges[:-1]]
    begin = np.flatnonzero(starts)
    changes = np.flatnonzero(np.diff(np.concatenate([inside, [False]]).astype(np.int8)) == -1) + 1
    ends = np.sort(np.concatenate([changes, edges[1:]]))
    return np.stack([begin, ends[np.searchsorted(ends, begin, side="right")]], axis=1)


def middle(start: int, stop: int) -> tuple[int, int]:
    """Return the two bases in the middle of a site, start and stop (exclusive)."""
    centre = (start + stop) // 2
    return centre - 1, centre + 1


@dataclass(frozen=True)
class Scene:
    """The middle of one site selected, and what its best matches are.

    Attributes
    ----------
    states
        How many states are on there.
    right
        Share of the best matches elsewhere that share a base with a site of the protein. As many are looked at as
        there are other sites.
    found
        Share of the other sites that are among the best 50 matches.
    by_chance
        Share of all ranges of two bases that share a base with a site of the protein.
    """

    states: int
    right: float
    found: float
    by_chance: float


def select_each_site(recording: xr.Dataset, protein: str, source: str, threshold: float) -> list[Scene]:
    """Select the middle of each site of a protein in turn, and see whether its best matches are its other sites."""
    inside, states = recording[protein].to_numpy() == 1, recording[source]
    sites = runs(inside, document_edges(recording))
    by_chance = float((inside[:-1] | inside[1:]).mean())
    scenes = []
    for start, stop in sites.tolist():
        selected = select_states(states, *middle(start, stop), threshold)
        if not len(selected):
            scenes.append(Scene(0, 0.0, 0.0, by_chance))
            continue
        matches = find_matches(states, selected, threshold)
        first = matches["start"].to_numpy()
        last = first + matches["length"].to_numpy()
        best = np.flatnonzero((first >= stop) | (last <= start))[: len(sites) - 1]
        right = [bool(inside[first[at] : last[at]].any()) for at in best]
        others = sites[sites[:, 0] != start]
        found = [bool(((first < end) & (last > begin)).any()) for begin, end in others]
        scenes.append(
            Scene(len(selected), float(np.mean(right or [False])), float(np.mean(found or [False])), by_chance)
        )
    return scenes
