"""Where matches may start: in one document, at what a search finds."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.schema import STEP, Problem, RecordingError, document_edges
from lstmvis_panel.textsearch import search_text
from lstmvis_panel.wanted import parse_search

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr


def starts_in(
    recording: xr.Dataset, document: int | None, starting: str, cancelled: Callable[[], bool] | None = None
) -> np.ndarray | None:
    """Tell at which steps a match may start.

    Parameters
    ----------
    recording
        The recording.
    document
        Number of a document, counted from 0 in their order; None for any.
    starting
        What stands there, in the language of `textsearch.search_text`: the first word of ``the whale``, any step of
        ``pos:NOUN``. Empty for anything.
    cancelled
        Asked now and then, from this thread; once it says yes, the search for it ends.

    Returns
    -------
    numpy.ndarray or None
        bool, one for each step; None for all.

    Raises
    ------
    RecordingError
        If there is no such document, or the text can't be read.
    Cancelled
        If ``cancelled`` said so.
    """
    if document is None and not starting:
        return None
    edges = document_edges(recording)
    may = np.ones(edges[-1], bool)
    if document is not None:
        if not 0 <= document < len(edges) - 1:
            what = f"is {document}; the {len(edges) - 1:,} documents have the numbers from 0 on"
            raise RecordingError(Problem("document", what))
        may[: edges[document]] = may[edges[document + 1] :] = False
    return may & _found(recording, starting, cancelled) if starting else may


_last: dict[int, tuple[tuple[int | None, str], np.ndarray | None]] = {}


def last_starts(
    recording: xr.Dataset, document: int | None, starting: str, cancelled: Callable[[], bool] | None = None
) -> np.ndarray | None:
    """Tell the same as `starts_in`, which a visitor who drags a threshold asks again and again.

    The last answer is kept as long as the recording is: what its annotations hold must not change meanwhile, nor must
    the answer be changed.

    Parameters
    ----------
    recording, document, starting, cancelled
        As for `starts_in`.

    Returns
    -------
    numpy.ndarray or None
        As from `starts_in`.

    Raises
    ------
    RecordingError, Cancelled
        As `starts_in` does.
    """
    key, asked = id(recording), (document, starting)
    kept = _last.get(key)
    if kept is None:
        weakref.finalize(recording, _last.pop, key, None)
    if kept is None or kept[0] != asked:
        kept = _last[key] = asked, starts_in(recording, document, starting, cancelled)
    return kept[1]


def _found(recording: xr.Dataset, text: str, cancelled: Callable[[], bool] | None) -> np.ndarray:
    """Tell at which steps something is found: where words begin, all along where values of annotations hold."""
    hits = search_text(recording, text, cancelled)
    found = np.zeros(recording.sizes[STEP], bool)
    if parse_search(text, recording).words:
        found[hits.starts] = True
        return found
    for start, stop in zip(hits.starts.tolist(), hits.stops.tolist(), strict=True):
        found[start:stop] = True
    return found
