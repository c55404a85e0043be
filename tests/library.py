"""A small library: three documents of words, with states and annotations whose places are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.recordings import recording_of, texts

if TYPE_CHECKING:
    import xarray as xr

VERSE = ("The", "great", "whale", "swam", "and", "the", "small", "whaler", "sank", ".")
TAGS = ("DET", "ADJ", "NOUN", "VERB", "CONJ", "DET", "ADJ", "NOUN", "VERB", "PUNCT")
NAMES = ("Loomings", "The Carpet-Bag", "The Spouter-Inn")
VERSES = 20
STEPS = len(VERSE) * VERSES * len(NAMES)
RARELY = 7
"""Verses from one in which both states are on at "great whale" to the next."""


def library() -> xr.Dataset:
    """Return 600 steps: 20 verses in each of three documents.

    State 0 is on at "great whale", state 1 as well in every seventh verse, state 2 nowhere.
    """
    step = np.arange(STEPS)
    verse, place = step // len(VERSE), step % len(VERSE)
    whale = (place == 1) | (place == 2)
    on = np.stack([whale, whale & (verse % RARELY == 0), np.zeros(STEPS, bool)], axis=1)
    words = [VERSE[at] for at in place]
    recording = recording_of(np.where(on, 0.9, -0.9), words=words, documents=step // (STEPS // len(NAMES)))
    labels = list(dict.fromkeys(TAGS))
    codes = np.array([labels.index(TAGS[at]) for at in place], np.int8)
    recording = recording.assign(
        pos=("step", codes, {"kind": "categorical", "labels": "pos_label"}),
        pos_label=("pos_label", texts(*labels), {"kind": "labels"}),
        document_label=("document_label", texts(*NAMES), {"kind": "labels"}),
    )
    recording["document"].attrs["labels"] = "document_label"
    return recording.assign_attrs(title="Library")


def many(documents: int) -> xr.Dataset:
    """Return a recording of so many documents of three steps each, without names."""
    step = np.arange(3 * documents)
    return recording_of(np.zeros((len(step), 1)), words=["word"] * len(step), documents=step // 3)
