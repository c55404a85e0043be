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
    from collections.abc import Iterable, Sequence

    import xarray as xr
    from numpy.typing import NDArray

SOURCE, THRESHOLD, LEFT = "cell2", 0.1, 1
"""The states to look at, and from which value on; the states must be off before the phrase, as in figure 7."""

NOUN_PHRASE = ("DET", "ADJ", "NOUN")
VERB_PHRASE = ("AUX", "VERB")
BEGIN, INSIDE, OUTSIDE = "begin", "inside", "outside"
APART = 100
"""About how many ranges that are no phrases are selected, to compare with."""


@dataclass(frozen=True)
class Shares:
    """How often the matches of selected phrases begin a chunk.

    Attributes
    ----------
    by_selection
        Share of a selection's matches that begin a chunk, by the first step of the selection; the selection's own match
        does not count.
    base
        Share of all steps that begin a chunk.
    alike
        Share of the matches of all selections that start with the part of speech with which the selection does.
    alike_base
        Share of the words of this part of speech that begin a chunk.
    unlike
        Share, of the matches that start with another part of speech, that begins a chunk: what the first word alone
        does not explain.
    unlike_base
        Share of the words of all other parts of speech that begin a chunk.
    apart
        Mean share of the matches that begin a chunk where what is selected lies outside of all chunks.
    """

    by_selection: dict[int, float]
    base: float
    alike: float
    alike_base: float
    unlike: float
    unlike_base: float
    apart: float

    @property
    def selections(self) -> int:
        """How many phrases were selected, one after the other."""
        return len(self.by_selection)

    @property
    def share(self) -> float:
        """Mean share of a selection's matches that begin a chunk."""
        return average(self.by_selection.values())

    @property
    def median(self) -> float:
        """The share of the selection in the middle."""
        return float(np.median(list(self.by_selection.values())))

    @property
    def worst(self) -> list[int]:
        """First steps of the selections, those that do worst first."""
        return sorted(self.by_selection, key=lambda start: self.by_selection[start])

    def __str__(self) -> str:
        """Return all of it as a sentence."""
        return (
            f"Of the matches of {self.selections} selections {self.share:.1%} begin a chunk (median {self.median:.1%}, "
            f"at worst {min(self.by_selection.values()):.1%}), of all words {self.base:.1%}; {self.alike:.1%} start "
            f"with the selection's first part of speech, of whose words {self.alike_base:.1%} begin a chunk; of the "
            f"others {self.unlike:.1%} do, against {self.unlike_base:.1%} of such words; where no phrase is selected "
            f"{self.apart:.1%}"
        )


def phrases(recording: xr.Dataset, parts: Sequence[str]) -> NDArray[np.int64]:
    """Return where words of these parts of speech follow one another within a document."""
    spoken = texts(recording, "pos")
    begins = starts(recording, len(parts))
    return begins[np.all([spoken[begins + place] == part for place, part in enumerate(parts)], axis=0)]


def no_phrases(recording: xr.Dataset, chunk: str, length: int) -> NDArray[np.int64]:
    """Return where so many words lie outside of all chunks: some `APART` places all over the recording."""
    place = texts(recording, chunk)
    begins = starts(recording, length)
    begins = begins[np.all([place[begins + word] == OUTSIDE for word in range(length)], axis=0)]
    return begins[:: max(1, len(begins) // APART)]


def starts(recording: xr.Dataset, length: int) -> NDArray[np.int64]:
    """Return where ranges of a length start that lie within a document."""
    document = recording["document"].to_numpy()
    begins = np.arange(len(document) - length + 1)
    return begins[document[begins] == document[begins + length - 1]]


def texts(recording: xr.Dataset, name: str) -> NDArray[np.object_]:
    """Return what an annotation says of each word."""
    return labels(recording, name)[recording[name].to_numpy()]


def chunks(recording: xr.Dataset, name: str) -> NDArray[np.int64]:
    """Return first step and end (exclusive) of every chunk of an annotation, shape (chunk, 2)."""
    place = texts(recording, name)
    begins = np.flatnonzero(place == BEGIN)
    goes_on = np.append(place == INSIDE, [False])
    goes_on[document_edges(recording)] = False
    ends = np.flatnonzero(~goes_on)
    return np.stack([begins, ends[np.searchsorted(ends, begins, side="right")]], axis=1)


def matches(recording: xr.Dataset, begins: Iterable[int], length: int) -> dict[int, NDArray[np.int64]]:
    """Select so many words from each of these steps on; return where its matches start, its own left out.

    Selections without another match are left out.
    """
    states = recording[SOURCE].load()
    found = {}
    for start in map(int, begins):
        selected = select_states(states, start, start + length, THRESHOLD, LEFT)
        matched = find_matches(states, selected, THRESHOLD, LEFT)["start"].to_numpy()
        if (matched != start).any():
            found[start] = matched[matched != start]
    return found


def shares(recording: xr.Dataset, parts: Sequence[str], chunk: str) -> Shares:
    """Select every phrase of these parts of speech in turn; see which share of its matches begin a chunk."""
    begins = texts(recording, chunk) == BEGIN
    alike = texts(recording, "pos") == parts[0]
    found = matches(recording, phrases(recording, parts), len(parts))
    apart = matches(recording, no_phrases(recording, chunk, len(parts)), len(parts))
    matched = np.concatenate(list(found.values()))
    return Shares(
        by_selection={start: float(begins[some].mean()) for start, some in found.items()},
        base=float(begins.mean()),
        alike=float(alike[matched].mean()),
        alike_base=float(begins[alike].mean()),
        unlike=average(begins[matched[~alike[matched]]]),
        unlike_base=float(begins[~alike].mean()),
        apart=average(begins[some].mean() for some in apart.values()),
    )


def average(values: Iterable[float]) -> float:
    """Return the mean; NaN of nothing, as where a model in its tiny form has no other matches to compare with."""
    found = np.array(list(values), dtype=float)
    return float(found.mean()) if found.size else float("nan")


def patterns(recording: xr.Dataset, spans: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return S1 of every span, as figure 8 has it: which states are on through all of it, shape (span, state)."""
    is_on = on(recording[SOURCE], THRESHOLD)
    return np.array([is_on[start:stop].all(axis=0) for start, stop in spans])


def longer(spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the spans of two words or more: a figure of single words would show parts of speech."""
    return spans[spans[:, 1] - spans[:, 0] > 1]
