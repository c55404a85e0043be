"""Recordings that are drawn: a letter a word, below it a row a state, ``#`` where the state is on."""

from __future__ import annotations

import numpy as np
import xarray as xr

ON, OFF = 0.9, -0.9


def values_of(*rows: str) -> np.ndarray:
    """Return states (step, state): `ON` at ``#``, `OFF` elsewhere."""
    return np.array([[ON if sign == "#" else OFF for sign in row] for row in rows], np.float32).T


def recording_of(words: str, *rows: str, documents: str = "", **attrs: str) -> xr.Dataset:
    """Return a recording of one source, ``cell``.

    Parameters
    ----------
    words
        A letter for each step.
    *rows
        A row for each state, as long as the words.
    documents
        A digit for each step, if there are documents.
    **attrs
        Further attributes of the recording.
    """
    vocabulary = sorted(set(words))
    recording = xr.Dataset(
        {
            "token": ("step", [vocabulary.index(word) for word in words], {"kind": "token", "labels": "vocabulary"}),
            "vocabulary": ("word", np.array(vocabulary), {"kind": "labels"}),
            "cell": (("step", "cell_state"), values_of(*rows), {"kind": "states", "transform": "none"}),
            "capital": (
                "step",
                [int(word.isupper()) for word in words],
                {"kind": "categorical", "labels": "capital_label"},
            ),
            "capital_label": ("capital_label", np.array(["small", "capital"]), {"kind": "labels"}),
            "place": ("step", np.arange(len(words), dtype=float), {"kind": "scalar"}),
        },
        attrs={"title": "Drawn", **attrs},
    )
    if documents:
        recording = recording.assign_coords(document=("step", [int(digit) for digit in documents]))
    return recording
