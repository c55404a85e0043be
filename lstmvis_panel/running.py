"""Where words are in running text, whose tokens are characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import regex

from lstmvis_panel.expressions import spans_in
from lstmvis_panel.schema import Problem, RecordingError
from lstmvis_panel.wanted import WHERE, Pattern, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lstmvis_panel.expressions import Poll
    from lstmvis_panel.tokentext import RunningText, Tokens


def find_in_text(tokens: Tokens, words: Sequence[Word | Pattern], poll: Poll) -> tuple[np.ndarray, np.ndarray]:
    """Find a phrase, or a regular expression, in the running text.

    Parameters
    ----------
    tokens
        Characters.
    words
        What is wanted; a regular expression stands alone.
    poll
        Called now and then; what it raises ends the search.

    Returns
    -------
    tuple of numpy.ndarray
        The steps at which hits start and stop: ascending, one for each hit.

    Raises
    ------
    RecordingError
        If a regular expression stands beside other words, or takes too long.
    """
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
    return tokens.within_documents(*running.steps(starts, starts + wanted.size))


def _expression(tokens: Tokens, running: RunningText, pattern: Pattern, poll: Poll) -> tuple[np.ndarray, np.ndarray]:
    """Find a regular expression in the running text of each document."""
    spans = spans_in(pattern, running.text, running.offsets[tokens.edges].tolist(), poll)
    return running.steps(spans[:, 0], spans[:, 1])
