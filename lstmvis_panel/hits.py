"""What a search has found: the steps of all hits, and some of them among their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.schema import TOKEN, document_edges, labels

if TYPE_CHECKING:
    import xarray as xr

LONGEST_SHOWN = 30
"""Most words of a hit in a list."""


@dataclass(frozen=True, eq=False)
class Hits:
    """Where something was found.

    Attributes
    ----------
    text
        What was searched for.
    starts, stops
        int64, ascending: the steps of all hits; a stop is exclusive.
    """

    text: str
    starts: np.ndarray
    stops: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def next_after(self, step: int) -> int | None:
        """Return where the first hit starts that starts after a step, None if there is none."""
        row = np.searchsorted(self.starts, step, side="right")
        return int(self.starts[row]) if row < len(self) else None

    def previous_before(self, step: int) -> int | None:
        """Return where the last hit starts that starts before a step, None if there is none."""
        row = np.searchsorted(self.starts, step, side="left")
        return int(self.starts[row - 1]) if row else None

    def within(self, start: int, stop: int) -> np.ndarray:
        """Return the hits that share a step with ``start:stop``: int64, dimensions (hit, 2), their starts and stops."""
        rows = np.flatnonzero((self.starts < stop) & (self.stops > start))
        return np.stack([self.starts[rows], self.stops[rows]], axis=1)


@dataclass(frozen=True)
class Context:
    """A hit among its neighbours.

    Attributes
    ----------
    start, stop
        Its steps; stop is exclusive.
    before, words, after
        What stands before it in its document, in it and after it. Of a long hit only the beginning, and nothing after.
    """

    start: int
    stop: int
    before: tuple[str, ...]
    words: tuple[str, ...]
    after: tuple[str, ...]


def context_of(recording: xr.Dataset, hits: Hits, first: int, count: int, before: int, after: int) -> list[Context]:
    """Return some of the hits among their neighbours, reading only those steps.

    Parameters
    ----------
    recording
        What was searched.
    hits
        As from `search_text`.
    first, count
        Which of them: so many from the first on, fewer where they end.
    before, after
        Steps shown on either side of each, fewer where its document ends.

    Returns
    -------
    list of Context
    """
    vocabulary, edges = labels(recording, TOKEN), document_edges(recording)
    part = slice(first, first + count)
    found = []
    for start, stop in zip(hits.starts[part].tolist(), hits.stops[part].tolist(), strict=True):
        document = np.searchsorted(edges, start, side="right")
        begin, end = max(start - before, int(edges[document - 1])), min(stop + after, int(edges[document]))
        shown = min(stop, start + LONGEST_SHOWN)
        codes = recording.variables[TOKEN][begin : end if shown == stop else shown].to_numpy()
        words = tuple(map(str, vocabulary[codes]))
        inside, behind = start - begin, shown - begin
        found.append(Context(start, stop, words[:inside], words[inside:behind], words[behind:]))
    return found
