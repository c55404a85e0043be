"""How long searching for words takes: ``python -m tests.benchmarks.textsearch``.

1,000,000 tokens, the vocabulary 50,000 words as frequent as those of a language are (Zipf); and 1,000,000 characters,
in documents as long as chapters, and as short as names.
"""

from __future__ import annotations

import argparse

import numpy as np
import xarray as xr
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lstmvis_panel.textsearch import search_text
from lstmvis_panel.tokentext import tokens_of
from tests.benchmarks.matching import timed

LETTERS = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
DOCUMENT, NAME = 5_000, 8
WORDS_ASKED = ("{0}", "{0} {1}", "{0} {1} {2}", "* {0} *", "* * *", "{3}*", "*{3}", "*{3}* {0}", "/^{3}.*[aeiou]$/")
WORDS_ASKED += (
    "/^(a|aa)*{3}/ {0}",
    "part_of_speech:noun",
    "{0} part_of_speech:noun",
    "surprisal:>5",
    "{0} surprisal:2..4",
)
CHARACTERS_ASKED = (
    "e",
    "{0} {1}",
    "{3}*",
    "*{3}",
    r"/\b{3}\w*/",
    "/[^ ]+ {0} [^ ]+/",
    "/e/",
    r"/\w+/",
    "/[aeiou]+[^aeiou]/",
)
NAMES_ASKED = ("e", "/e/", r"/\w+/")


def vocabulary_of(size: int) -> np.ndarray:
    """Return different words, short ones first."""
    source, words = np.random.default_rng(0), {}
    while len(words) < size:
        length = 2 + min(9, len(words) * 10 // size + int(source.integers(3)))
        words["".join(source.choice(LETTERS, length, p=_zipf(len(LETTERS))))] = None
    return np.array(list(words), dtype=object)


def _zipf(size: int) -> np.ndarray:
    shares: np.ndarray = 1 / np.arange(1, size + 1)
    return shares / shares.sum()


def recording_of(codes: np.ndarray, vocabulary: np.ndarray, document: int = DOCUMENT) -> xr.Dataset:
    """Return a recording of documents, with a categorical and a scalar annotation."""
    source, steps = np.random.default_rng(1), len(codes)
    return xr.Dataset(
        {
            "token": ("step", codes.astype(np.int32), {"kind": "token", "labels": "vocabulary"}),
            "vocabulary": ("word", vocabulary, {"kind": "labels"}),
            "part of speech": (
                "step",
                source.integers(-1, 12, steps, np.int8),
                {"kind": "categorical", "labels": "tag"},
            ),
            "tag": ("tag", np.array(["noun", *"abcdefghijk"], dtype=object), {"kind": "labels"}),
            "surprisal": ("step", source.gamma(2, 2, steps).astype(np.float32), {"kind": "scalar"}),
        },
        coords={"document": ("step", np.arange(steps) // document)},
    )


def add_rows(table: Table, recording: xr.Dataset, asked: tuple[str, ...], terms: tuple[str, ...], runs: int) -> None:
    """Time each search, after the first has read the tokens, and add what came of it to the table."""
    seconds, _ = timed(lambda: search_text(recording, terms[0]), 1)
    characters = "characters" if tokens_of(recording).are_characters else "words"
    table.add_row(f"{characters}, the first search", "", f"{seconds * 1000:,.0f}")
    for text in asked:
        search = text.format(*terms)
        seconds, hits = timed(lambda search=search: search_text(recording, search), runs)
        table.add_row(escape(search), f"{len(hits):,}", f"{seconds * 1000:,.1f}")
    table.add_section()


def main() -> None:
    """Print a table of all searches."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    size = parser.parse_args()
    vocabulary = vocabulary_of(size.words)
    codes = np.random.default_rng(2).choice(size.words, size.steps, p=_zipf(size.words))
    terms = (*vocabulary[:3], vocabulary[size.words // 2][:3])
    table = Table(title=f"{size.steps:,} tokens, {size.words:,} words: best of {size.runs}")
    for name in ("search", "hits", "ms"):
        table.add_column(name, justify="left" if name == "search" else "right")
    add_rows(table, recording_of(codes, vocabulary), WORDS_ASKED, terms, size.runs)
    text = np.array(list(" ".join(vocabulary[codes[: size.steps]])[: size.steps]))
    letters, letter_codes = np.unique(text, return_inverse=True)
    for asked, document in ((CHARACTERS_ASKED, DOCUMENT), (NAMES_ASKED, NAME)):
        recording = recording_of(letter_codes, letters.astype(object), document)
        add_rows(table, recording, asked, terms, size.runs)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
