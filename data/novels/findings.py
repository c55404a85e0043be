"""What section 5.2 of the paper finds in a word model, as figures: phrases match phrases of their kind.

Works on the recording alone; needs no PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.matching import find_matches
from lstmvis_panel.schema import document_edges, labels
from lstmvis_panel.selection import on, select_states

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

SOURCE, THRESHOLD, LEFT = "cell2", 0.1, 1
"""The states to look at, and from which value on; the states must be off before the phrase, as in figure 7."""

NOUN_PHRASE = ("DET", "ADJ", "NOUN")
VERB_PHRASE = ("AUX", "VERB")
BEGIN, INSIDE = "begin", "inside"


@dataclass(frozen=True)
class Shares:
    """How often the matches of selected phrases begin a chunk.

    Attributes
    ----------
    selections
        How many phrases were selected, one after the other.
    share
        Mean share of a selection's matches that begin a chunk; the selection's own match does not count.
    least
        The share of the selection that does worst.
    base
        Share of all steps that begin a chunk.
    """

    selections: int
    share: float
    least: float
    base: float


def phrases(recording: xr.Dataset, parts: Sequence[str]) -> NDArray[np.int64]:
    """Return where words of these parts of speech follow one another within a document."""
    spoken = labels(recording, "pos")[recording["pos"].to_numpy()]
    begins = np.arange(len(spoken) - len(parts) + 1)
    fits = np.all([spoken[begins + place] == part for place, part in enumerate(parts)], axis=0)
    document = recording["document"].to_numpy()
    return begins[fits & (document[begins] == document[begins + len(parts) - 1])]


def chunks(recording: xr.Dataset, name: str) -> NDArray[np.int64]:
    """Return first step and end (exclusive) of every chunk of an annotation, shape (chunk, 2)."""
    place = labels(recording, name)[recording[name].to_numpy()]
    starts = np.flatnonzero(place == BEGIN)
    goes_on = np.append(place == INSIDE, [False])
    goes_on[document_edges(recording)] = False
    ends = np.flatnonzero(~goes_on)
    return np.stack([starts, ends[np.searchsorted(ends, starts, side="right")]], axis=1)


def shares(recording: xr.Dataset, parts: Sequence[str], chunk: str) -> Shares:
    """Select every phrase of these parts of speech in turn; see which share of its matches begin a chunk."""
    states = recording[SOURCE].load()
    begins = np.zeros(recording.sizes["step"], dtype=bool)
    begins[chunks(recording, chunk)[:, 0]] = True
    found = []
    for start in map(int, phrases(recording, parts)):
        selected = select_states(states, start, start + len(parts), THRESHOLD, LEFT)
        matches = find_matches(states, selected, THRESHOLD, LEFT)["start"].to_numpy()
        matches = matches[matches != start]
        if matches.size:
            found.append(begins[matches].mean())
    return Shares(len(found), float(np.mean(found)), float(np.min(found)), float(begins.mean()))


def patterns(recording: xr.Dataset, spans: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return S1 of every span, as figure 8 has it: which states are on through all of it, shape (span, state)."""
    is_on = on(recording[SOURCE], THRESHOLD)
    return np.array([is_on[start:stop].all(axis=0) for start, stop in spans])


def longer(spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the spans of two words or more: a figure of single words would show parts of speech."""
    return spans[spans[:, 1] - spans[:, 0] > 1]
