"""States and activations of a PyTorch model's modules, named and ready to be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from lstmvis_panel.record.equations import CELL, SIGNED
from lstmvis_panel.record.steps import Track
from lstmvis_panel.schema import DOCUMENT, EMBEDDING, STEP, TOKEN, VOCABULARY, WORD, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from lstmvis_panel.record.axes import Axes
    from lstmvis_panel.record.layout import Layout
    from lstmvis_panel.record.recurrent import Run, Source
    from lstmvis_panel.record.watching import Trace

WIDER = {"bfloat16": "float32"}
RESERVED = {TOKEN, VOCABULARY, DOCUMENT, EMBEDDING, STEP, WORD, "embedding"}
SHOWN = 3


def stored(values: Tensor, dtype: str | None) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return values as they are stored, and a variable's ``encoding``.

    Parameters
    ----------
    values
        Any tensor.
    dtype
        What to store; None for their own, or float32 where they are no floating-point numbers.

    Returns
    -------
    tuple of numpy.ndarray and dict
        numpy has no bfloat16: float32 holds all of it, and the encoding says what it was.
    """
    own = str(values.dtype).removeprefix("torch.") if values.is_floating_point() else "float32"
    wanted = dtype or own
    rounded = values.detach().to(getattr(torch, wanted))
    array = rounded.to(getattr(torch, WIDER.get(wanted, wanted))).cpu().numpy()
    return array, {"recorded_dtype": wanted} if wanted in WIDER else {}


def state_tracks(
    recurrent: Mapping[str, nn.Module], trace: Trace, layout: Layout, dtype: str | None
) -> dict[str, Track]:
    """Return the states of all recurrent modules that were called.

    Parameters
    ----------
    recurrent
        The modules by path, in the model's order: their layers are counted through.
    trace
        What they computed.
    layout
        The size of the batch.
    dtype
        What to store.

    Returns
    -------
    dict of str to Track
        ``hidden1``, ``cell1_backward``; with the module's path before it where there are several, and the number of
        the reading where a module went through all steps more than once.

    Raises
    ------
    RecordingError
        If a module has not read the batch's steps.
    """
    readings: dict[str, tuple[int, Mapping[Source, Tensor]]] = {}
    below = 0
    for path, module in recurrent.items():
        runs = trace.runs[path]
        found = layout.runs(runs) if runs else []
        if runs and not found:
            raise RecordingError(_misfit(path or type(module).__name__, runs, layout))
        for call, values in enumerate(found, 1):
            readings[_numbered(path or "model", call, len(found))] = below, values
        below += getattr(module, "num_layers", 1)
    tracks = {}
    for label, (first, read) in readings.items():
        prefix = f"{label}/" if len(readings) > 1 else ""
        for source, states in read.items():
            name = prefix + _name(source)
            tracks[name] = _state_track(name, states, source, first + source.layer + 1, dtype)
    return tracks


def activation_tracks(
    hooked: Mapping[str, nn.Module], trace: Trace, layout: Layout, dtype: str | None, axes: Axes
) -> dict[str, Track]:
    """Return what hooked modules gave out; ``axes`` tell rows from steps.

    Raises
    ------
    RecordingError
        If it is no value for each token.
    """
    tracks = {}
    for path, module in hooked.items():
        calls = trace.activations[path]
        found = axes.of(f"hooks, {path!r}", calls, layout).joined(calls) if calls else []
        if not found:
            shapes = ", ".join(str(tuple(call.shape)) for call in calls[:SHOWN]) or "nothing: it was not called"
            what = f"gave out {shapes}; ({layout.rows}, {layout.steps}, ...) was expected, a value for each token"
            raise RecordingError(Problem(f"hooks, {path!r}", what, "name another module"))
        for call, values in enumerate(found, 1):
            name = _numbered(path or "model", call, len(found))
            name = f"module {name}" if name in RESERVED else name
            about = f"What the module {path or 'itself'} ({type(module).__name__}) gave out."
            attrs = {"kind": Kind.STATES.value, "role": "output", "transform": "none", "unsigned": 0}
            array, encoding = stored(values, dtype)
            tracks[name] = Track(array, (STEP, f"{name}_state"), attrs | {"description": about}, encoding)
    return tracks


def _state_track(name: str, states: Tensor, source: Source, layer: int, dtype: str | None) -> Track:
    what = source.role if source.role in SIGNED - {"hidden", CELL} or "gate" in source.role else f"{source.role} state"
    direction = f", read {source.direction}" if source.direction else ""
    attrs = {
        "kind": Kind.STATES.value,
        "layer": layer,
        "role": source.role,
        "transform": "tanh" if source.role == CELL else "none",
        "unsigned": int(source.role not in SIGNED),
        "description": f"{what.capitalize()} of layer {layer}{direction}.",
    }
    array, encoding = stored(states, dtype)
    return Track(array, (STEP, f"{name}_state"), attrs, encoding)


def _name(source: Source) -> str:
    direction = f"_{source.direction}" if source.direction else ""
    return f"{source.role.replace(' ', '_')}{source.layer + 1}{direction}"


def _numbered(label: str, call: int, calls: int) -> str:
    return label if calls == 1 else f"{label} (call {call})"


def _misfit(name: str, runs: Sequence[Run], layout: Layout) -> Problem:
    shapes = [tuple(next(iter(run.values.values())).shape[:2]) for run in runs if run.values]
    read = f"{sum(steps for steps, _ in shapes)} steps of {shapes[0][1]} rows, in {len(runs)} calls"
    what = f"read {read}; the tokens have {layout.steps} steps of {layout.rows} rows"
    remedy = "give the tokens that it reads, Batch(inputs, tokens=...), or record other modules, modules=[...]"
    if shapes == [(layout.rows, layout.steps)]:
        remedy = "rows and steps are the wrong way round: check the module's batch_first, and the tokens (batch, step)"
    return Problem(f"module {name!r}", what, remedy)
