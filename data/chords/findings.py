"""What section 5.4 of the paper finds in a chord model, as figures: a single state that stays on through a cadence.

Works on the recording alone; needs neither PyTorch nor music21.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.chords.harmony import root_of
from lstmvis_panel.schema import document_edges, labels, sources
from lstmvis_panel.selection import on

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

KIND = "authentic"
READ, HELD_OUT = "read", "held out"
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
FEWEST = 12
"""Cadences into a chord in the pieces held out that it takes to make a share of them."""

ANY = "any"


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
    reached
        The same share of all ranges of these lengths that end where a chord on this root is reached, but not by such a
        cadence: what tells cadences from other ways to the same chord. NaN for `ANY`.
    other
        The same share of the cadences that resolve to other chords; NaN for `ANY`.
    begun
        Share of those in ``share`` with whose first chord the state goes on: just before it is off, or nothing is.
    """

    into: str
    watched: Watched
    cadences: int
    share: float
    elsewhere: float
    reached: float
    other: float
    begun: float

    def __str__(self) -> str:
        """Return all of it as a sentence."""
        state = self.watched
        others = f", {self.reached:.1%} where it is reached otherwise, {self.other:.1%} of other cadences"
        return (
            f"Into {self.into}: state {state.state} of {state.source} at {state.threshold} is on through "
            f"{self.share:.1%} of {self.cadences} cadences ({self.begun:.1%} of these from the first chord on); "
            f"{self.elsewhere:.1%} elsewhere{'' if self.into == ANY else others}"
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


def elsewhere(
    is_on: NDArray[np.bool_],
    spans: NDArray[np.int64],
    within: NDArray[np.int64],
    at: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
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
    at
        At which steps these ranges may resolve, shape (step,); at any if it is left out.

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
        ends = ends if at is None else ends[at[ends]]
        on_before = last_off[ends - 1] < ends[:, None] - length
        total += count * (on_before & ~is_on[ends]).mean(axis=0)
    return total / len(spans)


def choose(recording: xr.Dataset) -> dict[str, Watched]:
    """Return the state that tells cadences into each common root best, in the pieces read; one more for `ANY`.

    Of all states of all sources and all `THRESHOLDS`, it is the one for which `through` exceeds `elsewhere` most.
    """
    roots = [*common_roots(recording), ANY]
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
    reached = other = float("nan")
    if root != ANY:
        otherwise = arrivals(recording, root)
        otherwise[spans[:, 1]] = False
        reached = float(elsewhere(is_on, spans, within, otherwise)[0])
        other = float(through(is_on, others)[0])
    share, chance = float(through(is_on, spans)[0]), float(elsewhere(is_on, spans, within)[0])
    return Shares(root, watched, len(spans), share, chance, reached, other, begun(recording, is_on[:, 0], spans))


def begun(recording: xr.Dataset, is_on: NDArray[np.bool_], spans: NDArray[np.int64]) -> float:
    """Return with which share of the spans it is on through a state goes on; NaN if it is on through none."""
    off_before = np.append(~is_on, [True])
    off_before[document_edges(recording) - 1] = True
    held = [start for start, stop in spans if is_on[start:stop].all() and not is_on[stop]]
    return float(off_before[np.array(held) - 1].mean()) if held else float("nan")


def on_steps(recording: xr.Dataset, watched: Watched) -> NDArray[np.bool_]:
    """Tell at which steps a state is on, shape (step,)."""
    states = recording[watched.source]
    return on(states.to_numpy()[:, watched.state], watched.threshold, states.attrs["transform"])


def common_roots(recording: xr.Dataset) -> list[str]:
    """Return the roots that at least `FEWEST` cadences of the pieces held out resolve to, most first."""
    both = [Counter(cadences(recording, split).into.tolist()) for split in (HELD_OUT, READ)]
    return [root for root, count in both[0].most_common() if count >= FEWEST and both[1][root] >= FEWEST]


def all_shares(recording: xr.Dataset, chosen: Mapping[str, Watched]) -> list[Shares]:
    """Return what the states chosen on the pieces read do in those held out."""
    return [shares(recording, root, watched) for root, watched in chosen.items()]


def arrivals(recording: xr.Dataset, root: str) -> NDArray[np.bool_]:
    """Tell of each step whether a chord on this root is reached: there is another one before it in the piece."""
    roots = np.array([root_of(symbol) for symbol in texts(recording, "token")], dtype=object)
    arrives = (roots == root) & (np.roll(roots, 1) != root)
    arrives[document_edges(recording)[:-1]] = False
    return arrives


def report(recording: xr.Dataset, chosen: Mapping[str, Watched]) -> list[str]:
    """Return what the states chosen do, a sentence each."""
    return [str(found) for found in all_shares(recording, chosen)]
