"""The words that a model's codes stand for, however they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lstmvis_panel.schema import Problem, RecordingError

UNKNOWN = "<unk>"
# A dict with greater gaps is no vocabulary but something else.
LARGEST = 50_000_000


@dataclass(frozen=True)
class Vocabulary:
    """The words in the order of their codes; None where no vocabulary was given."""

    words: tuple[str, ...] | None = None
    codes: dict[str, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, given: Any, where: str = "vocabulary") -> Vocabulary:
        """Take a list of words in the order of their codes, or a mapping of words to codes.

        Raises
        ------
        RecordingError
            If it is neither, or two words have one code.
        """
        if given is None or isinstance(given, Vocabulary):
            return given or cls()
        if hasattr(given, "get_itos"):
            given = given.get_itos()
        if isinstance(given, Mapping):
            words = _by_code(given, where)
        elif isinstance(given, str) or not hasattr(given, "__iter__"):
            what = f"is {type(given).__name__}; a list of words or a dict of words and codes was expected"
            raise RecordingError(Problem(where, what))
        else:
            words = [str(word) for word in given]
        if not words:
            raise RecordingError(Problem(where, "has no words", "leave it out to show codes instead of words"))
        codes: dict[str, int] = {}
        for code, word in enumerate(words):
            codes.setdefault(word, code)
        return cls(tuple(words), codes)

    @classmethod
    def numbered(cls, size: int) -> Vocabulary:
        """Return a vocabulary in which each word is its code."""
        return cls.of([str(code) for code in range(size)])

    def __len__(self) -> int:
        return len(self.words or ())

    def code(self, word: str) -> int | None:
        """Return the code of a word, that of ``<unk>`` for one that is unknown, None if there is no such word."""
        return self.codes.get(word, self.codes.get(UNKNOWN))


def _by_code(given: Mapping[Any, Any], where: str) -> list[str]:
    """Return the words of a mapping in the order of their codes; codes without a word are left empty."""
    try:
        codes = {str(word): int(code) for word, code in given.items()}
    except (TypeError, ValueError):
        what = "maps words to something else than numbers; a dict of words and codes was expected"
        raise RecordingError(Problem(where, what, "turn a dict of codes and words around")) from None
    if codes and not 0 <= min(codes.values()) <= max(codes.values()) < LARGEST:
        what = f"has codes {min(codes.values())} to {max(codes.values())}; 0 and above were expected"
        raise RecordingError(Problem(where, what))
    words = [""] * (max(codes.values(), default=-1) + 1)
    taken: dict[int, str] = {}
    for word, code in codes.items():
        if code in taken:
            what = f"gives the code {code} to both {taken[code]!r} and {word!r}"
            raise RecordingError(Problem(where, what, "give each word a code of its own"))
        words[code] = taken[code] = word
    return words
