"""A recording's tokens in memory, shared by all who look at it: their codes, and the running text of characters."""

from __future__ import annotations

import threading
import unicodedata
import weakref
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import regex

from lstmvis_panel.schema import TOKEN, blocks, document_edges, labels
from lstmvis_panel.wanted import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

UNREADABLE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""What a regular expression sees in place of <unk> and the like: one character, and no letter."""

_SPECIAL = regex.compile(r"<.+>|\[.+\]|", regex.DOTALL)
_CHARACTER = regex.compile(r"\X", regex.DOTALL)


@dataclass(frozen=True, eq=False)
class RunningText:
    """Tokens written one after the other.

    Attributes
    ----------
    text
        All of them.
    offsets
        int64, where in the text each step begins, and the end.
    """

    text: str
    offsets: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray, words: Sequence[str]) -> RunningText:
        """Write the words of codes one after the other."""
        lengths = np.array([len(word) for word in words], np.int64)[codes]
        return cls("".join(np.array(words, object)[codes].tolist()), np.append(0, lengths.cumsum()))

    @cached_property
    def letters(self) -> np.ndarray:
        """The text as numbers: uint32."""
        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def _begins(self) -> np.ndarray:
        """The step that begins at each place of the text, -1 where none does: int32."""
        return self._placed(0)

    @cached_property
    def _ends(self) -> np.ndarray:
        """The end of the step that ends at each place of the text, -1 where none does: int32."""
        return self._placed(1)

    def _placed(self, side: int) -> np.ndarray:
        # Tokens without text begin where the next one does: a stretch neither begins nor ends with them.
        steps = np.flatnonzero(np.diff(self.offsets)) + side
        placed = np.full(len(self.text) + 1, -1, np.int32)
        placed[self.offsets[steps]] = steps
        return placed

    def steps(self, start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return from which to which step stretches of the text go, leaving out those that cut a token in two."""
        first, end = self._begins[start], self._ends[stop]
        is_whole = (first >= 0) & (end >= 0)
        return first[is_whole], end[is_whole]


class Tokens:
    """The tokens of a recording.

    Attributes
    ----------
    codes
        int32, one a step: positions in ``words``.
    words
        The vocabulary, in Unicode's form NFC.
    edges
        Where documents start, and the end.
    """

    def __init__(self, recording: xr.Dataset) -> None:
        token = recording.variables[TOKEN]
        self.codes = np.empty(token.shape[0], np.int32)
        for part, codes in blocks(token):
            self.codes[part] = codes
        self.words = [unicodedata.normalize("NFC", word) for word in labels(recording, TOKEN)]
        self.edges = document_edges(recording)

    @cached_property
    def folded(self) -> list[str]:
        """The vocabulary without case."""
        return [folded(word) for word in self.words]

    @cached_property
    def document(self) -> np.ndarray:
        """The number of each step's document: int32."""
        return np.repeat(np.arange(len(self.edges) - 1, dtype=np.int32), np.diff(self.edges))

    def within_documents(self, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the stretches of steps that don't cross from one document into the next."""
        if len(self.edges) > 2:  # noqa: PLR2004 - more than one document
            inside = self.document[starts] == self.document[stops - 1]
            starts, stops = starts[inside], stops[inside]
        return starts, stops

    @cached_property
    def are_characters(self) -> bool:
        """Whether every word is one character as readers see it, words such as <unk> aside."""
        words = [word for word in self.words if not _SPECIAL.fullmatch(word)]
        return bool(words) and all(_CHARACTER.fullmatch(word) for word in words)

    @cached_property
    def has_blanks(self) -> bool:
        """Whether a word of the vocabulary is a blank."""
        return any(word.isspace() for word in self.words)

    @cached_property
    def running(self) -> RunningText:
        """The text as it is, with `UNREADABLE` for words such as <unk>."""
        return RunningText.of(self.codes, [UNREADABLE if _SPECIAL.fullmatch(word) else word for word in self.words])

    @cached_property
    def running_folded(self) -> RunningText:
        """The text without case, a line's end like any other blank."""
        return RunningText.of(self.codes, [" " if word.isspace() else word for word in self.folded])


_tokens: dict[int, Tokens] = {}
_reading = threading.Lock()


def tokens_of(recording: xr.Dataset) -> Tokens:
    """Return a recording's tokens, read once and kept as long as the recording is."""
    key = id(recording)
    with _reading:
        if key not in _tokens:
            _tokens[key] = Tokens(recording)
            weakref.finalize(recording, _tokens.pop, key, None)
        return _tokens[key]
