"""What section 5.4 of the paper finds in a chord model, as figures: a single state that stays on through a cadence.

Works on the recording alone; needs neither PyTorch nor music21.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.chords.harmony import root_of
from lstmvis_panel.matching import find_matches
from lstmvis_panel.schema import document_edges, labels, sources
from lstmvis_panel.selection import on, select_states

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

KIND = "authentic"
READ, HELD_OUT = "read", "held out"
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
FEWEST = 12
"""Cadences into a chord in the pieces held out that it takes to make a share of them."""

ANY = "any"
RIGHT, SHORTEST, MOST_STATES, LEAST_SHARE = 1, 3, 12, 0.8
"""Of the scene: states are off at the resolution; the selection is long, its states few, its matches mostly right."""


@dataclass(frozen=True)
class Cadences:
    """Cadences of a recording.

    Attributes
    ----------
    spans
        First step and resolution of each, shape (cadence, 2).
    into
        Root of the chord that each resolves to.
    """

    spans: NDArray[np.int64]
    into: NDArray[np.object_]

    def to(self, root: str) -> NDArray[np.int64]:
        """Return the spans of those that resolve to a chord on this root; of all if it is `ANY`."""
        return self.spans if root == ANY else self.spans[self.into == root]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many chords lead to each resolution."""
        return self.spans[:, 1] - self.spans[:, 0]


@dataclass(frozen=True)
class Watched:
    """One state, and from which value on it is on."""

    source: str
    state: int
    threshold: float


@dataclass(frozen=True)
class Shares:
    """How often a state is on through a cadence and off at its resolution.

    Attributes
    ----------
    into
        Root of the chord that the cadences resolve to, or `ANY`.
    watched
        The state.
    cadences
        How many cadences were looked at.
    share
        Share of them through which the state is on, from the first chord to the last one before the resolution, and off
        at the resolution.
    elsewhere
        The same share of all other ranges of the same lengths in the same pieces.
    other
        The same share of the cadences that resolve to other chords; NaN if there are none.
    begun
        Share of those in ``share`` with whose first chord the state goes on: just before it is off, or nothing is.
    """

    into: str
    watched: Watched
    cadences: int
    share: float
    elsewhere: float
    other: float
    begun: float

    def __str__(self) -> str:
        """Return all of it as a sentence."""
        state = self.watched
        others = "" if self.into == ANY else f", {self.other:.1%} of other cadences"
        return (
            f"Into {self.into}: state {state.state} of {state.source} at {state.threshold} is on through "
            f"{self.share:.1%} of {self.cadences} cadences ({self.begun:.1%} of these from the first chord on); "
            f"{self.elsewhere:.1%} elsewhere{others}"
        )


def cadences(recording: xr.Dataset, split: str, kind: str = KIND) -> Cadences:
    """Return the cadences of a kind in the pieces that were held out, or read."""
    named = texts(recording, "cadence")
    ends = (recording["fermata"].to_numpy() >= 0) & (texts(recording, "split") == split) & (named == kind)
    # No cadence begins before the phrase does.
    begins = np.zeros(len(named) + 1, dtype=np.int64)
    begins[document_edges(recording)] = document_edges(recording)
    after = np.flatnonzero(recording["fermata"].to_numpy() >= 0) + 1
    begins[after] = after
    begins = np.maximum.accumulate(begins)
    spans = []
    for resolution in np.flatnonzero(ends):
        start = resolution
        while start > begins[resolution] and named[start - 1] == kind:
            start -= 1
        spans.append((start, resolution))
    symbols = texts(recording, "token")
    roots = np.array([root_of(symbols[stop]) for _, stop in spans], dtype=object)
    return Cadences(np.array(spans, dtype=np.int64).reshape(-1, 2), roots)


def texts(recording: xr.Dataset, name: str) -> NDArray[np.object_]:
    """Return what an annotation says at each step, an empty text where it says nothing."""
    return np.append(labels(recording, name), [""])[recording[name].to_numpy()]


def pieces(recording: xr.Dataset, split: str) -> NDArray[np.int64]:
    """Return first steps and ends of the pieces that were held out, or read, shape (piece, 2)."""
    edges = document_edges(recording)
    found = np.stack([edges[:-1], edges[1:]], axis=1)
    return found[texts(recording, "split")[found[:, 0]] == split]


def through(is_on: NDArray[np.bool_], spans: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of spans through which each state is on, and at whose resolution it is off; shape (state,)."""
    return np.mean([is_on[start:stop].all(axis=0) & ~is_on[stop] for start, stop in spans], axis=0)


def elsewhere(is_on: NDArray[np.bool_], spans: NDArray[np.int64], within: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share that `through` would find by chance: of all ranges in these pieces that are none of the spans.

    Of ranges of each length as much is counted as of spans of that length.

    Parameters
    ----------
    is_on
        Shape (step, state).
    spans
        First steps and resolutions of the cadences.
    within
        First steps and ends of the pieces.

    Returns
    -------
    numpy.ndarray
        float64, shape (state,).
    """
    steps = np.arange(len(is_on))[:, None]
    last_off = np.maximum.accumulate(np.where(is_on, -1, steps), axis=0)
    total = np.zeros(is_on.shape[1])
    lengths = spans[:, 1] - spans[:, 0]
    for length, count in Counter(lengths.tolist()).items():
        ends = np.concatenate([np.arange(first + length, stop) for first, stop in within])
        ends = np.setdiff1d(ends, spans[lengths == length, 1])
        on_before = last_off[ends - 1] < ends[:, None] - length
        total += count * (on_before & ~is_on[ends]).mean(axis=0)
    return total / len(spans)


def choose(recording: xr.Dataset, roots: Sequence[str]) -> dict[str, Watched]:
    """Return the state that tells cadences into a chord on each root best, in the pieces that the model has read.

    Of all states of all sources and all `THRESHOLDS`, it is the one for which `through` exceeds `elsewhere` most.
    """
    found, within = cadences(recording, READ), pieces(recording, READ)
    best = dict.fromkeys(roots, (-1.0, Watched("", 0, 0.0)))
    for source in sources(recording):
        for threshold in THRESHOLDS:
            is_on = on(recording[source].to_numpy(), threshold, recording[source].attrs["transform"])
            for root in roots:
                gains = through(is_on, found.to(root)) - elsewhere(is_on, found.to(root), within)
                if gains.max() > best[root][0]:
                    best[root] = float(gains.max()), Watched(source, int(gains.argmax()), threshold)
    return {root: watched for root, (_, watched) in best.items()}


def shares(recording: xr.Dataset, root: str, watched: Watched, split: str = HELD_OUT) -> Shares:
    """Return how often a state is on through cadences into a chord on this root."""
    is_on = on_steps(recording, watched)[:, None]
    found, within = cadences(recording, split), pieces(recording, split)
    spans, others = found.to(root), found.spans[found.into != root]
    other = float("nan") if root == ANY else float(through(is_on, others)[0])
    share, chance = float(through(is_on, spans)[0]), float(elsewhere(is_on, spans, within)[0])
    off_before = np.append(~is_on[:, 0], [True])
    off_before[document_edges(recording) - 1] = True
    held = [start for start, stop in spans if is_on[start:stop].all() and not is_on[stop]]
    begun = float(off_before[np.array(held) - 1].mean()) if held else float("nan")
    return Shares(root, watched, len(spans), share, chance, other, begun)


def on_steps(recording: xr.Dataset, watched: Watched) -> NDArray[np.bool_]:
    """Tell at which steps a state is on, shape (step,)."""
    states = recording[watched.source]
    return on(states.to_numpy()[:, watched.state], watched.threshold, states.attrs["transform"])


def common_roots(recording: xr.Dataset) -> list[str]:
    """Return the roots that at least `FEWEST` cadences of the pieces held out resolve to, most first."""
    both = [Counter(cadences(recording, split).into.tolist()) for split in (HELD_OUT, READ)]
    return [root for root, count in both[0].most_common() if count >= FEWEST and both[1][root] >= FEWEST]


def all_shares(recording: xr.Dataset) -> list[Shares]:
    """Return what the states chosen on the pieces read do in those held out: one for each common root, one for all."""
    chosen = choose(recording, [*common_roots(recording), ANY])
    return [shares(recording, root, watched) for root, watched in chosen.items()]


@dataclass(frozen=True)
class Scene:
    """What figure 10 of the paper shows: a cadence is selected, and its matches are others, of several lengths.

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


def arrivals(recording: xr.Dataset, root: str) -> NDArray[np.bool_]:
    """Tell of each step whether a chord on this root is reached: there is another one before it in the piece."""
    roots = np.array([root_of(symbol) for symbol in texts(recording, "token")], dtype=object)
    arrives = (roots == root) & (np.roll(roots, 1) != root)
    arrives[document_edges(recording)[:-1]] = False
    return arrives


def best_scene(recording: xr.Dataset) -> Scene | None:
    """Return the scene whose matches have the most lengths, then the largest share.

    Selected is in turn each cadence into a chord on a common root, in the pieces held out, with at least `SHORTEST`
    steps before its resolution; the source and the threshold are those of the root's state. Passed over are selections
    of more than `MOST_STATES` states, and those of which less than `LEAST_SHARE` of the matches lead to the root.
    """
    found, roots = cadences(recording, HELD_OUT), common_roots(recording)
    chosen = choose(recording, roots) if roots else {}
    scenes = [
        scene(recording, root, watched, int(start), int(resolution))
        for root, watched in chosen.items()
        for start, resolution in found.to(root)
        if resolution - start >= SHORTEST
    ]
    good = [each for each in scenes if each and each.states <= MOST_STATES and each.share >= LEAST_SHARE]
    return max(good, key=lambda each: (len(each.lengths), each.share), default=None)


def report(recording: xr.Dataset) -> list[str]:
    """Return the findings, a sentence each."""
    return [str(found) for found in (*all_shares(recording), best_scene(recording)) if found]
