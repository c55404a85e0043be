"""Recordings whose tokens are no words, drawn so that each pixel is known: numbers, vectors, images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.drawn import recording_of
from tests.recordings import texts

if TYPE_CHECKING:
    import xarray as xr

STEPS = 400
NUMBERS = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""A number for each step, again and again; step `BLANK` has none."""

BLANK = 7
IMAGES = {"red.png": (220, 30, 30), "green.png": (30, 160, 60), "blue.png": (40, 60, 200), "sand.png": (210, 190, 120)}
"""File name and colour of a picture of one colour for each step, again and again."""


def drawn() -> xr.Dataset:
    """Return words with two states: one on in every second and third of ten steps, one in the second alone."""
    recording = recording_of("n" * STEPS, ".##......." * (STEPS // 10), ".#........" * (STEPS // 10))
    labels = {name: recording[name].astype(object) for name in ("vocabulary", "capital_label")}
    return recording.assign(labels)


def numbers() -> xr.Dataset:
    """Return `NUMBERS` as tokens, in the range -2 to 2."""
    values = np.resize(np.array(NUMBERS, np.float32), STEPS)
    values[BLANK] = np.nan
    recording = drawn().assign(value=("step", values, {"kind": "scalar", "range": [-2.0, 2.0]}))
    recording["token"].attrs["value"] = "value"
    return recording


def vectors(components: int = 3) -> xr.Dataset:
    """Return vectors of -1, 0 and 1, by the step and the component in turn; step `BLANK` has none."""
    values = (np.add.outer(np.arange(STEPS), np.arange(components)) % 3 - 1).astype(np.float32)
    values[BLANK] = np.nan
    recording = drawn().assign(value=(("step", "value_component"), values, {"kind": "vector"}))
    recording["token"].attrs["value"] = "value"
    return recording


def images(rows: int = 16, columns: int = 24) -> xr.Dataset:
    """Return the pictures of `IMAGES` in turn."""
    pictures = np.array(list(IMAGES.values()), np.uint8)[:, None, None].repeat(rows, 1).repeat(columns, 2)
    dims = ("word", "thumbnail_row", "thumbnail_column", "thumbnail_channel")
    recording = drawn().drop_vars("vocabulary")
    recording = recording.assign(
        vocabulary=("word", texts(*IMAGES), {"kind": "labels"}), thumbnail=(dims, pictures, {"kind": "image"})
    )
    recording["token"].values[:] = np.arange(STEPS) % len(IMAGES)
    recording["token"].attrs["image"] = "thumbnail"
    return recording
