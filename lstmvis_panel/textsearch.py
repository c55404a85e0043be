"""Where words are: every place in the recording, found at once and without an index.

A word, a part of one or a regular expression is looked up in the vocabulary, which says of each code whether it is
wanted; the codes of all steps are then looked up in that table. `wanted` says what can be searched for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.expressions import are_found
from lstmvis_panel.hits import Hits
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.running import find_in_text
from lstmvis_panel.schema import blocks, document_edges, labels
from lstmvis_panel.tokentext import tokens_of
from lstmvis_panel.wanted import COMPARISONS, Label, Number, Pattern, Word, folded, parse_search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr

    from lstmvis_panel.expressions import Poll
    from lstmvis_panel.tokentext import Tokens


def search_text(recording: xr.Dataset, text: str, cancelled: Callable[[], bool] | None = None) -> Hits:
    """Find every place where words, or values of annotations, are.

    Parameters
    ----------
    recording
        The recording. Its tokens are read once and kept in memory; annotations are read when they are asked for.
    text
        What to find, in the language of `wanted`: ``moby dick``, ``whal*``, ``/^un/``, ``the pos:NOUN``.
    cancelled
        Asked now and then, from this thread; once it says yes, the search ends.

    Returns
    -------
    Hits
        All there are, in one document each. Phrases are found wherever they begin, overlapping ones too; in the running
        text of characters, those with ``*`` and regular expressions one after the other. Values of annotations alone
        are found as stretches, as long as they hold.

    Raises
    ------
    RecordingError
        If the text can't be read, as `parse_search` says, or a regular expression takes too long.
    Cancelled
        If ``cancelled`` said so.
    """

    def poll() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled

    wanted = parse_search(text, recording)
    holds = [_holds(recording, condition, poll) for condition in wanted.conditions]
    if wanted.words:
        tokens = tokens_of(recording)
        poll()
        starts, stops = (find_in_text if tokens.are_characters else _phrase)(tokens, wanted.words, poll)
        for each in holds:
            starts, stops = starts[each[starts]], stops[each[starts]]
    else:
        starts, stops = _stretches(np.logical_and.reduce(holds), document_edges(recording))
    return Hits(text, starts.astype(np.int64), stops.astype(np.int64))


def _phrase(tokens: Tokens, words: Sequence[Word | Pattern], poll: Poll) -> tuple[np.ndarray, np.ndarray]:
    """Find words that follow one another: first all places of the first, then which of them go on."""
    starts = np.flatnonzero(_is_wanted(tokens, words[0], poll)[tokens.codes])
    starts = starts[: np.searchsorted(starts, len(tokens.codes) - len(words), side="right")]
    for place, word in enumerate(words[1:], 1):
        starts = starts[_is_wanted(tokens, word, poll)[tokens.codes[starts + place]]]
    return tokens.within_documents(starts, starts + len(words))


def _is_wanted(tokens: Tokens, word: Word | Pattern, poll: Poll) -> np.ndarray:
    """Tell which words of the vocabulary are meant: bool."""
    poll()
    if isinstance(word, Word):
        return word.among(tokens.folded)
    return np.fromiter(are_found(word, tokens.words, poll), bool, len(tokens.words))


def _holds(recording: xr.Dataset, condition: Label | Number, poll: Poll) -> np.ndarray:
    """Tell at which steps an annotation is as wanted: bool."""
    variable = recording.variables[condition.name]
    holds = np.empty(variable.shape[0], bool)
    if isinstance(condition, Label):
        is_wanted = condition.word.among([folded(label) for label in labels(recording, condition.name)])
        # A step without a label has the code -1, and finds this last place of the table.
        is_wanted = np.append(is_wanted, False)
        for part, codes in blocks(variable):
            poll()
            holds[part] = is_wanted[codes].reshape(len(codes), -1).any(axis=1)
        return holds
    for part, values in blocks(variable):
        poll()
        compared = (COMPARISONS[sign](values, _like(values, number)) for sign, number in condition.comparisons)
        holds[part] = np.logical_and.reduce([*compared])
    return holds


def _like(values: np.ndarray, number: float) -> np.floating:
    """Return a number in the precision of the values: what is shown as 0.3 is found as 0.3."""
    with np.errstate(over="ignore"):
        return values.dtype.type(number) if values.dtype.kind == "f" else np.float64(number)


def _stretches(holds: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return from where to where something holds without a break; documents break it."""
    goes_on = holds[1:] & holds[:-1]
    goes_on[edges[1:-1] - 1] = False
    begins, ends = holds.copy(), holds.copy()
    begins[1:] &= ~goes_on
    ends[:-1] &= ~goes_on
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1
