"""What figure 10 of the paper shows in a chord model: cadences selected, and what their matches lead to.

Works on the recording alone; needs neither PyTorch nor music21.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np

from data.chords.findings import ANY, HELD_OUT, Watched, arrivals, cadences
from lstmvis_panel.matching import find_matches
from lstmvis_panel.selection import select_states

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

RIGHT, SHORTEST = 1, 3
"""States are off at the resolution; so many steps lead to it at least, or the selection tells little."""

MOST_STATES, LEAST_SHARE = 12, 0.8
"""Of the scene to show: few states are selected, and the matches are mostly right."""


@dataclass(frozen=True)
class Scene:
    """One cadence selected, and what its matches lead to.

    Attributes
    ----------
    root
        Root of the chord that is reached.
    watched
        The state that stays on through cadences; the source and the threshold are those of the search.
    start, resolution
        The selection is from the first step to the one before the resolution.
    states
        How many states the selection has; the one watched is among them.
    share
        Share of the matches, the selection's own aside, right after which a chord on the root in question comes.
    lengths
        Lengths of these matches, the shortest first.
    base
        Share of all steps at which a chord on this root is reached.
    """

    root: str
    watched: Watched
    start: int
    resolution: int
    states: int
    share: float
    lengths: tuple[int, ...]
    base: float

    def __str__(self) -> str:
        """Return all of it as a sentence."""
        return (
            f"Steps {self.start} to {self.resolution - 1} of {self.watched.source} at {self.watched.threshold}, right "
            f"limit {RIGHT}: {self.states} states are on; {self.share:.1%} of the matches end where a chord on "
            f"{self.root} is reached, as {self.base:.1%} of all steps do; they have lengths {self.lengths}"
        )

    @property
    def view(self) -> dict[str, str | int | float]:
        """How to open the recording so that the scene can be played."""
        state = self.watched
        return {
            "source": state.source,
            "position": self.start,
            "threshold": state.threshold,
            "left": 0,
            "right": RIGHT,
            "mapping": "cadence",
        }


@dataclass(frozen=True)
class Scenes:
    """All cadences selected in turn.

    Attributes
    ----------
    tried
        How many cadences were selected.
    found
        Those that the watched state is on through.
    """

    tried: int
    found: tuple[Scene, ...]

    @property
    def share(self) -> float:
        """Mean share of a scene's matches that lead to the chord the selection leads to; NaN without a scene."""
        return mean(each.share for each in self.found) if self.found else float("nan")

    @property
    def base(self) -> float:
        """Mean share of all steps at which that chord is reached; NaN without a scene."""
        return mean(each.base for each in self.found) if self.found else float("nan")

    @property
    def best(self) -> Scene | None:
        """The scene to show: the one whose matches have the most lengths, then the largest share.

        It is picked, not typical: passed over are selections of more than `MOST_STATES` states, and those of which less
        than `LEAST_SHARE` of the matches lead to the chord in question.
        """
        good = [each for each in self.found if each.states <= MOST_STATES and each.share >= LEAST_SHARE]
        return max(good, key=lambda each: (len(each.lengths), each.share), default=None)

    def __str__(self) -> str:
        """Return all of it as a sentence."""
        return (
            f"Of {self.tried} cadences selected, {len(self.found)} with the state watched among those on: "
            f"{self.share:.1%} of the matches end where the same chord is reached, as {self.base:.1%} of all steps do"
        )


def scenes(recording: xr.Dataset, chosen: Mapping[str, Watched]) -> Scenes:
    """Select what leads to each cadence into a common root, in the pieces held out, in turn.

    It must be `SHORTEST` steps at least; source and threshold are those of the state chosen for the root.
    """
    found = cadences(recording, HELD_OUT)
    tried = [
        scene(recording, root, watched, int(start), int(resolution))
        for root, watched in chosen.items()
        if root != ANY
        for start, resolution in found.to(root)
        if resolution - start >= SHORTEST
    ]
    return Scenes(len(tried), tuple(each for each in tried if each))


def scene(recording: xr.Dataset, root: str, watched: Watched, start: int, resolution: int) -> Scene | None:
    """Select what leads to a resolution, and see what the matches lead to; None if the state is not among those on."""
    states = recording[watched.source]
    selected = select_states(states, start, resolution, watched.threshold, right=RIGHT)
    if watched.state not in selected:
        return None
    matches = find_matches(states, selected, watched.threshold, right=RIGHT)
    matches = matches.isel(match=matches["start"].to_numpy() != start)
    after = matches["start"].to_numpy() + matches["length"].to_numpy()
    arrives = arrivals(recording, root)
    there = np.append(arrives, [False])[after]
    lengths = tuple(np.unique(matches["length"].to_numpy()[there]).tolist())
    return Scene(root, watched, start, resolution, len(selected), float(there.mean()), lengths, float(arrives.mean()))


def report(found: Scenes) -> list[str]:
    """Return what was found, and the scene to show, a sentence each."""
    return [str(found), *([f"The best: {found.best}"] if found.best else [])]
