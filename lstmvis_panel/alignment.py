"""Windows of a recording around positions: what stands at, before and after a step.

Everything here reads the steps that it returns and little more, and leaves blank what lies outside the position's
document.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from lstmvis_panel.schema import (
    BLOCK_BYTES,
    STEP,
    TOKEN,
    Kind,
    document_edges,
    kind_of,
    names_of,
    token_look,
    transform_of,
)
from lstmvis_panel.selection import Criterion, QuantileThresholds, Rule, criterion_of
from lstmvis_panel.steps import steps_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MATCH = "match"
OFFSET = "offset"

TOKEN_VALUE, TOKEN_PICTURE, PICTURES = "token_value", "token_picture", "pictures"
"""Names of what tokens are where they are no words: numbers or vectors; numbers of pictures, and the pictures."""

READ_ALONG = 1 << 15
"""Bytes that a file gives away in the time that it takes to ask for others."""

AT_A_TIME = 64
"""Pictures read at a time."""

SMALL = 24
"""Most rows and columns in px of a picture in a match's row: the height of one, and some for fine screens."""


def state_window(states: xr.DataArray, first: int, stop: int) -> xr.DataArray:
    """Load the stored values of the steps ``first:stop``, clipped to the recording.

    Parameters
    ----------
    states
        A source, dimensions ``("step", state)``.
    first, stop
        The steps wanted; parts beyond either end are left out.

    Returns
    -------
    xr.DataArray
        The values in memory with an integer coordinate ``step``, half floats widened to float32 (lossless).
    """
    first, stop = max(first, 0), min(stop, states.sizes[STEP])
    window = states.isel({STEP: slice(first, stop)}).load()
    if window.dtype == np.float16:
        window = window.astype(np.float32)
    return window.assign_coords({STEP: np.arange(first, max(stop, first))})


def displayed(states: xr.DataArray) -> xr.DataArray:
    """The values to draw: ``tanh`` applied where the source asks for it. Never compared with a threshold."""
    return xr.apply_ufunc(np.tanh, states) if transform_of(states) == "tanh" else states


def steps_around(recording: xr.Dataset, starts: np.ndarray, before: int, after: int) -> xr.DataArray:
    """Step numbers of a window around each start, -1 where a step lies outside the start's document.

    Parameters
    ----------
    recording
        The recording whose documents bound the windows.
    starts
        First step of each match, shape ``(match,)``.
    before, after
        Steps shown left of a start, and from the start on.

    Returns
    -------
    xr.DataArray
        int64, dimensions ``("match", "offset")``; offset 0 is the start.
    """
    offsets = np.arange(-before, after)
    starts = np.asarray(starts, dtype=np.int64)
    steps = starts[:, None] + offsets[None, :]
    edges = document_edges(recording)
    document = np.searchsorted(edges, starts, side="right") - 1
    low, high = edges[document], edges[np.minimum(document + 1, len(edges) - 1)]
    inside = (steps >= low[:, None]) & (steps < high[:, None])
    return xr.DataArray(
        np.where(inside, steps, -1), dims=(MATCH, OFFSET), coords={OFFSET: offsets}, name="aligned_step"
    )


def take_steps(variable: xr.DataArray, steps: xr.DataArray) -> xr.DataArray:
    """Values of a variable at an array of step numbers, read window by window, neighbours together.

    Parameters
    ----------
    variable
        Any variable over ``step``; further dimensions are kept behind those of ``steps``.
    steps
        Step numbers, -1 for none, dimensions ``("match", "offset")``, each row contiguous where not -1.

    Returns
    -------
    xr.DataArray
        In memory; zeros stand where the step is -1, so mask with ``steps >= 0``.
    """
    rest = variable.shape[1:]
    values = np.zeros(steps.shape + rest, dtype=variable.dtype)
    inside = steps.values >= 0
    rows = np.flatnonzero(inside.any(axis=1))
    firsts = np.where(inside, steps.values, np.iinfo(np.int64).max).min(axis=1)[rows]
    rows, firsts = rows[np.argsort(firsts)], np.sort(firsts)
    stops = firsts + inside[rows].sum(axis=1)
    apart = np.flatnonzero(firsts[1:] - np.maximum.accumulate(stops)[:-1] > _worth_reading(variable)) + 1
    for group in np.split(np.arange(len(rows)), apart) if len(rows) else []:
        begin = int(firsts[group[0]])
        read = variable.variable[begin : int(stops[group].max())].to_numpy()
        for row, first, stop in zip(rows[group], firsts[group] - begin, stops[group] - begin, strict=True):
            values[row, inside[row]] = read[first:stop]
    return xr.DataArray(values, dims=(*steps.dims, *variable.dims[1:]), coords=steps.coords, attrs=variable.attrs)


def _worth_reading(variable: xr.DataArray) -> int:
    """How many steps between two windows are read along, since that takes no longer than to read anew."""
    return READ_ALONG // max(1, math.prod(variable.shape[1:]) * variable.dtype.itemsize)


def tokens_at(recording: xr.Dataset, steps: xr.DataArray, most: int = SMALL) -> xr.Dataset:
    """What tokens are at an array of step numbers, where they are no words.

    Parameters
    ----------
    recording
        The recording.
    steps
        Step numbers, -1 for none, dimensions ``("match", "offset")``, each row contiguous where not -1.
    most
        Most rows and columns in px of a picture; larger ones are shrunk.

    Returns
    -------
    xr.Dataset
        In memory. ``token_value`` with the dimensions of ``steps``, those of vectors with one more: float64 numbers or
        float32 vectors, NaN where the step is -1. Or ``token_picture`` (int64, as ``steps``, -1 where the step is -1),
        positions in ``pictures`` (uint8; picture, row, column, channel), which holds each only once. Nothing where
        tokens are words.
    """
    look = token_look(recording)
    if look is None:
        return xr.Dataset()
    inside = steps >= 0
    if kind_of(recording[look]) is Kind.IMAGE:
        shown = take_steps(recording[TOKEN], steps).values[inside.values]
        codes, places = np.unique(shown, return_inverse=True)
        numbers = np.full(steps.shape, -1, np.int64)
        numbers[inside.values] = places
        pictures = _pictures(recording.variables[look], codes, most)
        dims = (PICTURES, *(f"{PICTURES}_{name}" for name in ("row", "column", "channel")))
        return xr.Dataset({TOKEN_PICTURE: (steps.dims, numbers), PICTURES: (dims, pictures)})
    values = take_steps(recording[look], steps)
    # What a float32 can't hold lies beyond any range, and is drawn at its end all the same.
    with np.errstate(over="ignore"):
        wide = values.values.astype(np.float64 if values.ndim == steps.ndim else np.float32)
    wide[~inside.values] = np.nan
    return xr.Dataset({TOKEN_VALUE: (values.dims, wide)})


def _pictures(images: xr.Variable, codes: np.ndarray, most: int) -> np.ndarray:
    """The pictures of ascending codes, shrunk to at most so many px a side: uint8, (code, row, column, channel)."""
    rows, columns = images.shape[1:3]
    ends = [max(1, round(size * min(1, most / max(rows, columns)))) for size in (rows, columns)]
    shrunk = np.empty((len(codes), *ends, images.shape[3]), np.uint8)
    # Few at a time, so that large pictures are never all in memory.
    for first in range(0, len(codes), AT_A_TIME):
        part = slice(first, first + AT_A_TIME)
        shrunk[part] = _shrunk(_shrunk(_read(images, codes[part]), 1, ends[0]), 2, ends[1])
    return shrunk


def _read(images: xr.Variable, codes: np.ndarray) -> np.ndarray:
    """Read the images of ascending codes. HDF5 is quicker to read all between two than to find its way to each."""
    first, stop = int(codes[0]), int(codes[-1]) + 1
    if (stop - first) * math.prod(images.shape[1:]) > BLOCK_BYTES:
        return images[codes].to_numpy()
    read: np.ndarray = images[first:stop].to_numpy()[codes - first]
    return read


def _shrunk(pictures: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Average neighbours along an axis so that ``size`` are left; uint8."""
    length = pictures.shape[axis]
    if size == length:
        return pictures
    starts = np.arange(size) * length // size
    counts = np.diff([*starts, length]).reshape([-1 if each == axis else 1 for each in range(pictures.ndim)])
    sums = np.add.reduceat(pictures, starts, axis=axis, dtype=np.int64)
    return np.rint(sums / counts).astype(np.uint8)


def annotation_key(name: str) -> str:
    """The name of an annotation among what stands around matches, where no name of ours can hide it."""
    return f"annotation {name}"


def align_matches(
    recording: xr.Dataset,
    states: xr.DataArray,
    selected: np.ndarray,
    threshold: ArrayLike | QuantileThresholds,
    table: xr.Dataset,
    before: int,
    after: int,
    *,
    rule: str = Rule.ABOVE,
) -> xr.Dataset:
    """What stands around the start of each match: words, selected states that are on, annotations (section 4.3).

    Parameters
    ----------
    recording
        The recording the matches lie in.
    states
        The source that was matched.
    selected
        State numbers of S1.
    threshold, rule
        Those of the match, as for `find_matches`.
    table
        Matches as from `find_matches`; ``start`` is used.
    before, after
        Steps shown left of the start, and from the start on.

    Returns
    -------
    xr.Dataset
        Dimensions ``("match", "offset")``: ``aligned_step`` (int64, -1 outside the document), ``token`` codes,
        ``on_count`` (int64), and each categorical or scalar annotation as `annotation_key` names it. Mask all of them
        with ``aligned_step >= 0``. Tokens that are no words are there as `tokens_at` gives them.
    """
    steps = steps_around(recording, table.start.values, before, after)
    criterion = criterion_of(states, threshold, 0, 0, rule)
    annotations = names_of(recording, Kind.CATEGORICAL, Kind.SCALAR)
    return tokens_at(recording, steps).assign(
        {
            "aligned_step": steps,
            "on_count": (steps.dims, _counts(states, selected, criterion, steps.values)),
            "token": take_steps(recording[TOKEN], steps),
            **{annotation_key(name): take_steps(recording[name], steps) for name in annotations},
        }
    )


def _counts(states: xr.DataArray, selected: np.ndarray, criterion: Criterion, steps: np.ndarray) -> np.ndarray:
    """How many selected states are on at each step, 0 where the step is -1; the shape of ``steps``."""
    counts = np.zeros(steps.shape, np.int64)
    source = steps_of(states)
    for row, wanted in enumerate(steps):
        inside = np.flatnonzero(wanted >= 0)
        if not len(inside):
            continue
        first, column = int(wanted[inside[0]]), int(inside[0])
        for at, values in source.blocks(first, first + len(inside)):
            begin = column + at - first
            counts[row, begin : begin + len(values)] = criterion.on(values[:, selected], selected).sum(axis=1)
    return counts
