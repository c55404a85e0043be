"""Where words are: every place in the recording, found at once and without an index.

A word, a part of one or a regular expression is looked up in the vocabulary, which says of each code whether it is
wanted; the codes of all steps are then looked up in that table. `wanted` says what can be searched for.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import regex

from lstmvis_panel.matching import Cancelled
from lstmvis_panel.schema import TOKEN, Problem, RecordingError, blocks, document_edges, labels
from lstmvis_panel.tokentext import tokens_of
from lstmvis_panel.wanted import COMPARISONS, WHERE, Label, Number, Pattern, Word, folded, parse_search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import xarray as xr

    from lstmvis_panel.tokentext import RunningText, Tokens

    Poll = Callable[[], None]

SECONDS = 2.0
"""What a regular expression may take. Some would take years: the server gives up on them."""

SHORT = 32
"""Most characters of a word that no simple regular expression takes a hundredth of a second for."""

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
        starts, stops = (_characters if tokens.are_characters else _phrase)(tokens, wanted.words, poll)
        for each in holds:
            starts, stops = starts[each[starts]], stops[each[starts]]
    else:
        starts, stops = _stretches(np.logical_and.reduce(holds), document_edges(recording))
    return Hits(text, starts.astype(np.int64), stops.astype(np.int64))


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


def _phrase(tokens: Tokens, words: Sequence[Word | Pattern], poll: Poll) -> tuple[np.ndarray, np.ndarray]:
    """Find words that follow one another: first all places of the first, then which of them go on."""
    starts = np.flatnonzero(_is_wanted(tokens, words[0], poll)[tokens.codes])
    starts = starts[: np.searchsorted(starts, len(tokens.codes) - len(words), side="right")]
    for place, word in enumerate(words[1:], 1):
        starts = starts[_is_wanted(tokens, word, poll)[tokens.codes[starts + place]]]
    return _in_one_document(tokens, starts, starts + len(words))


def _is_wanted(tokens: Tokens, word: Word | Pattern, poll: Poll) -> np.ndarray:
    """Tell which words of the vocabulary are meant: bool."""
    poll()
    if isinstance(word, Word):
        return word.among(tokens.folded)
    return np.fromiter(_found(word, tokens.words, poll), bool, len(tokens.words))


def _found(pattern: Pattern, words: Sequence[str], poll: Poll) -> Iterator[bool]:
    search = pattern.compiled.search
    # To watch the time of each word takes longer than to search most of them.
    unwatched = SHORT if pattern.is_quick else -1
    with _in_time(pattern, poll) as check:
        for word in words:
            check()
            yield search(word, timeout=None if len(word) <= unwatched else SECONDS) is not None


def _characters(tokens: Tokens, words: Sequence[Word | Pattern], poll: Poll) -> tuple[np.ndarray, np.ndarray]:
    """Find what is wanted in the running text."""
    phrase = []
    for word in words:
        if not isinstance(word, Pattern):
            phrase.append(word if tokens.has_blanks else _unbroken(word))
        elif len(words) == 1:
            return _expression(tokens, tokens.running, word, poll)
        else:
            what = f"/{word.source}/ stands beside other words, but this recording's tokens are characters"
            raise RecordingError(Problem(WHERE, what, "write all in one expression, with its blanks: /the w.*/"))
    blanks = tokens.has_blanks
    blank = " " if blanks else ""
    if all(word.is_whole for word in phrase):
        return _letters(tokens, blank.join(word.parts[0] for word in phrase))
    open_phrase = Pattern(blank.join(_open_word(word, blanks=blanks) for word in phrase))
    return _expression(tokens, tokens.running_folded, open_phrase, poll)


def _unbroken(word: Word) -> Word:
    """Return a word for text without blanks, where an open end could only mean all the rest."""
    parts = ["".join(part.split()) for part in word.parts]
    return Word(tuple(filter(None, parts))) if any(parts) else word


def _open_word(word: Word, *, blanks: bool) -> str:
    """Return a word as a regular expression for running text."""
    if not any(word.parts):
        return r"(?<!\S)\S+" if blanks else r"\S"
    # What is open at its beginning can only begin where a word does: to try at each letter would find no more.
    before = "" if word.parts[0] else r"(?<!\S)\S*"
    after = "" if word.parts[-1] else r"\S*"
    return before + r"\S*?".join(regex.escape(part) for part in word.parts if part) + after


def _letters(tokens: Tokens, text: str) -> tuple[np.ndarray, np.ndarray]:
    """Find a text wherever it begins in the running text without case."""
    running = tokens.running_folded
    wanted = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if not wanted.size or wanted.size > running.letters.size:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    starts = np.flatnonzero(running.letters[: running.letters.size - wanted.size + 1] == wanted[0])
    for place, letter in enumerate(wanted[1:], 1):
        starts = starts[running.letters[starts + place] == letter]
    return _in_one_document(tokens, *running.steps(starts, starts + wanted.size))


def _expression(tokens: Tokens, running: RunningText, pattern: Pattern, poll: Poll) -> tuple[np.ndarray, np.ndarray]:
    """Find a regular expression in the running text of each document; what is empty is nothing found."""
    found = _spans(pattern, running.text, running.offsets[tokens.edges].tolist(), poll)
    spans = np.fromiter(found, np.dtype((np.int64, 2)))
    return running.steps(spans[:, 0], spans[:, 1])


def _spans(pattern: Pattern, text: str, edges: Sequence[int], poll: Poll) -> Iterator[tuple[int, int]]:
    search = pattern.compiled.finditer
    with _in_time(pattern, poll) as check:
        for edge, end in pairwise(edges):
            check()
            for match in search(text[edge:end], timeout=SECONDS):
                poll()
                start, stop = match.span()
                if stop > start:
                    yield edge + start, edge + stop


@contextmanager
def _in_time(pattern: Pattern, poll: Poll) -> Iterator[Callable[[], None]]:
    """Give a function that ends what takes too long or nobody waits for; in the end, say what took too long."""
    clock = time.perf_counter
    end = clock() + SECONDS

    def check() -> None:
        poll()
        if clock() > end:
            raise TimeoutError

    try:
        yield check
    except TimeoutError:
        what = f"/{pattern.source}/ takes longer than {SECONDS:g} s"
        remedy = "a repetition within a repetition, as in (a+)+, has too many ways to match: write it with fewer"
        raise RecordingError(Problem(WHERE, what, remedy)) from None


def _in_one_document(tokens: Tokens, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(tokens.edges) > 2:  # noqa: PLR2004 - more than one document
        inside = tokens.document[starts] == tokens.document[stops - 1]
        starts, stops = starts[inside], stops[inside]
    return starts, stops


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
