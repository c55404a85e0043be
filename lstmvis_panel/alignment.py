"""Windows of a recording around positions: what stands at, before and after a step.

Everything here reads only the steps that it returns, and leaves blank what lies outside the position's document.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from lstmvis_panel.index import steps_of
from lstmvis_panel.schema import STEP, TOKEN, Kind, document_edges, names_of, transform_of
from lstmvis_panel.selection import on

MATCH = "match"
OFFSET = "offset"


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
    """Values of a variable at an array of step numbers, read window by window.

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
    for row, wanted in enumerate(steps.values):
        (inside,) = np.nonzero(wanted >= 0)
        if len(inside):
            span = slice(int(wanted[inside[0]]), int(wanted[inside[-1]]) + 1)
            values[row, inside] = variable.isel({STEP: span}).values
    return xr.DataArray(values, dims=(*steps.dims, *variable.dims[1:]), coords=steps.coords, attrs=variable.attrs)


def annotation_key(name: str) -> str:
    """The name of an annotation among what stands around matches, where no name of ours can hide it."""
    return f"annotation {name}"


def align_matches(
    recording: xr.Dataset,
    states: xr.DataArray,
    selected: np.ndarray,
    threshold: float,
    table: xr.Dataset,
    before: int,
    after: int,
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
    threshold
        Threshold of the match.
    table
        Matches as from `find_matches`; ``start`` is used.
    before, after
        Steps shown left of the start, and from the start on.

    Returns
    -------
    xr.Dataset
        Dimensions ``("match", "offset")``: ``aligned_step`` (int64, -1 outside the document), ``token`` codes,
        ``on_count`` (int64), and each categorical or scalar annotation as `annotation_key` names it. Mask all of them
        with ``aligned_step >= 0``.
    """
    steps = steps_around(recording, table.start.values, before, after)
    annotations = names_of(recording, Kind.CATEGORICAL, Kind.SCALAR)
    return xr.Dataset(
        {
            "aligned_step": steps,
            "on_count": (steps.dims, _counts(states, selected, threshold, steps.values)),
            "token": take_steps(recording[TOKEN], steps),
            **{annotation_key(name): take_steps(recording[name], steps) for name in annotations},
        }
    )


def _counts(states: xr.DataArray, selected: np.ndarray, threshold: float, steps: np.ndarray) -> np.ndarray:
    """How many selected states are on at each step, 0 where the step is -1; the shape of ``steps``."""
    counts = np.zeros(steps.shape, np.int64)
    source, transform = steps_of(states), transform_of(states)
    for row, wanted in enumerate(steps):
        inside = np.flatnonzero(wanted >= 0)
        if not len(inside):
            continue
        first, column = int(wanted[inside[0]]), int(inside[0])
        for at, values in source.blocks(first, first + len(inside)):
            begin = column + at - first
            counts[row, begin : begin + len(values)] = on(values[:, selected], threshold, transform).sum(axis=1)
    return counts
