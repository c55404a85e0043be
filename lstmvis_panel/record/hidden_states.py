"""The hidden states that a model of the transformers library returns, named and ready to be stored."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from lstmvis_panel.record.layout import Layout
from lstmvis_panel.record.reading import MASK
from lstmvis_panel.record.steps import Steps, Track
from lstmvis_panel.record.torch_tracks import stored
from lstmvis_panel.schema import STEP, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from lstmvis_panel.record.batch import Rows
    from lstmvis_panel.record.options import Options
    from lstmvis_panel.record.reading import Reading
    from lstmvis_panel.record.state_space import State
    from lstmvis_panel.record.watching import Trace, Watch

HIDDEN = "hidden"
NORMED = "norm"


def run(watch: Watch, reading: Reading, options: Options) -> tuple[list[dict[str, Tensor]], Trace]:
    """Run a model over a batch.

    Parameters
    ----------
    watch
        Runs the model.
    reading
        What it reads.
    options
        What was asked for.

    Returns
    -------
    tuple of list and Trace
        For each side its hidden states by name, (row, step, state) each; and what else the model did.

    Raises
    ------
    RecordingError
        If the model returns no hidden states.
    """
    model = watch.model
    inputs = {name: value for name, value in reading.inputs.items() if name != MASK or takes(model, MASK)}
    wanted = {"output_hidden_states": True, "return_dict": True} | (
        {"use_cache": False} if takes(model, "use_cache") else {}
    )
    with _first_block(model) as block:
        trace = watch.run(
            lambda: model(**inputs, **wanted) if options.call is None else options.call(model, **inputs, **wanted)
        )
    names = ("encoder_hidden_states", "decoder_hidden_states") if len(reading.sides) > 1 else ("hidden_states",)
    found = [getattr(trace.output, name, None) for name in names]
    layered = [layers for layers in found if layers is not None]
    if len(layered) < len(names):
        what = f"{type(model).__name__} returned no {names[0]}; a tensor for each layer was expected"
        remedy = (
            "call= must return the model's own output; or name modules, hooks=, and give codes as a PyTorch model's"
        )
        raise RecordingError(Problem("model", what, remedy))
    return [_named(layers, block if len(names) == 1 else {}) for layers in layered], trace


def takes(model: nn.Module, argument: str) -> bool:
    """Tell whether a model's forward has an argument of its own of that name."""
    return argument in inspect.signature(model.forward).parameters


def tracks(layers: Mapping[str, Tensor], dtype: str | None) -> dict[str, Track]:
    """Return hidden states as what is written of them."""
    found = {}
    for number, (name, values) in enumerate(layers.items()):
        is_norm = name.endswith(NORMED)
        about = "The final layer's hidden states, normalised." if is_norm else f"Hidden states of layer {number}."
        about = "What the first layer reads: embeddings." if number == 0 else about
        found[name] = _track(name, values, dtype, layer=number - is_norm, role=HIDDEN, description=about)
    return found


def activations(trace: Trace, rows: Rows, dtype: str | None) -> dict[str, Track]:
    """Return what hooked modules gave out.

    Raises
    ------
    RecordingError
        If it is no value for each token.
    """
    found = {}
    layout = Layout(*rows.shape, int(rows.stops.max(initial=0)))
    for name, calls in trace.activations.items():
        values = layout.joined(calls) if calls else []
        if len(values) != 1:
            shapes = ", ".join(str(tuple(call.shape)) for call in calls[:3]) or "nothing: it was not called"
            what = f"gave out {shapes}; ({layout.rows}, {layout.steps}, ...) was expected, once"
            raise RecordingError(Problem(f"hooks, {name!r}", what, "name another module"))
        about = f"What the module {name} gave out."
        found[name] = _track(name, values[0], dtype, role="output", description=about)
    return found


def with_states(steps: Steps, states: Mapping[State, Tensor], dtype: str | None) -> Steps:
    """Return steps of one row with the states of a state-space model, (step, state) each."""
    found = dict(steps.tracks)
    for state, values in states.items():
        name = f"layer{state.layer:02d}/{state.name}"
        about = f"Recurrent state of layer {state.layer}, flattened."
        found[name] = _track(name, values[None], dtype, layer=state.layer, role="state", description=about)
    return replace(steps, tracks=found)


def bytes_of(model: nn.Module, dtype: str | None) -> int:
    """Return how many bytes a value takes in memory while it is recorded."""
    own = next(model.parameters()).dtype
    return max(own.itemsize, getattr(torch, dtype).itemsize if dtype else 0, 4)


def _track(
    name: str, values: Tensor, dtype: str | None, *, role: str, description: str, layer: int | None = None
) -> Track:
    attrs: dict[str, Any] = {"kind": Kind.STATES.value, "role": role, "transform": "none", "unsigned": 0}
    attrs |= {"description": description} | ({} if layer is None else {"layer": int(layer)})
    array, encoding = stored(values, dtype)
    return Track(array, (STEP, f"{name}_state"), attrs, encoding)


def _named(layers: Sequence[Tensor], block: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return hidden states by name; most models return what the first layer reads, some what it gives out, first."""
    first = layers[0]
    starts_late = bool(block) and not torch.equal(block["read"], first) and torch.equal(block["gave"], first)
    if not starts_late:
        return {f"layer{number:02d}": values for number, values in enumerate(layers)}
    found = {f"layer{number:02d}": values for number, values in enumerate([block["read"], *layers[:-1]])}
    return found | {f"layer{len(layers) - 1:02d}_{NORMED}": layers[-1]}


@contextmanager
def _first_block(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """While entered, keep what the first of the model's layers reads and gives out; nothing if there are none."""
    count = getattr(model.config.get_text_config(), "num_hidden_layers", None)  # type: ignore[union-attr, operator]
    stacks = [each for each in model.modules() if isinstance(each, nn.ModuleList) and len(each) == count]
    kept: dict[str, Tensor] = {}

    def keep(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        read = args[0] if args else kwargs.get("hidden_states")
        gave = output[0] if isinstance(output, tuple | list) else output
        if isinstance(read, torch.Tensor) and isinstance(gave, torch.Tensor):
            kept.update(read=read, gave=gave)

    if not stacks or not count:
        yield kept
        return
    handle = stacks[0][0].register_forward_hook(keep, with_kwargs=True)
    try:
        yield kept
    finally:
        handle.remove()
