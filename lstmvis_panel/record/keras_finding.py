"""Finding layers in a Keras model, and listening in on what they are called with."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from lstmvis_panel.record.vocabulary import Vocabulary
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SHOWN = 20


@dataclass(frozen=True)
class Call:
    """What a recurrent layer was called with.

    Attributes
    ----------
    sequences
        What it reads, (row, step, input).
    mask
        (row, step), which of it counts; None if all does.
    initial
        The states it starts from, by direction, each (row, state).
    given
        What it gave out at every step, (row, step, state) in the order of the tokens, by direction; empty for a layer
        that gives out the last step only, or both directions in one.
    """

    sequences: Any
    mask: Any
    initial: list[list[Any]]
    given: Mapping[str, Any] = field(default_factory=dict)


def recurrent_layers(model: Any) -> dict[str, Any]:
    """Return the model's recurrent layers by name; one that runs within `Bidirectional` belongs to it.

    Parameters
    ----------
    model
        A Keras model or layer.

    Returns
    -------
    dict of str to keras.layers.Layer
        `keras.layers.RNN` (of which LSTM, GRU and SimpleRNN are kinds) and `Bidirectional` of them, in the model's
        order, named by their names, or by their paths where several have one name.
    """
    from keras import layers  # noqa: PLC0415 - an optional extra

    every = layers_of(model)
    both = [
        layer
        for layer in every
        if isinstance(layer, layers.Bidirectional) and isinstance(layer.forward_layer, layers.RNN)
    ]
    within = {id(part) for layer in both for part in (layer.forward_layer, layer.backward_layer)}
    found = [layer for layer in every if layer in both or (isinstance(layer, layers.RNN) and id(layer) not in within)]
    return named(found)


def layers_of(model: Any) -> list[Any]:
    """Return a model's layers and those within them, the model itself first, each once."""
    return list(dict.fromkeys(model._flatten_layers()))  # noqa: SLF001 - `layers` leaves out those of wrappers


def named(layers: list[Any]) -> dict[str, Any]:
    """Return layers by their names, by their paths where several have one name."""
    names = [layer.name for layer in layers]
    return {layer.name if names.count(layer.name) == 1 else layer.path: layer for layer in layers}


def chosen_recurrent(model: Any, wanted: Any) -> dict[str, Any]:
    """Return the recurrent layers that are to be recorded.

    Raises
    ------
    RecordingError
        If there is no such layer, or it is not recurrent.
    """
    found = recurrent_layers(model)
    if wanted is None:
        return found
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    strange = [str(name) for name in names if name not in found]
    if strange:
        what = f"has {', '.join(strange)}; the model's recurrent layers are {', '.join(found) or 'none'}"
        raise RecordingError(Problem("modules", what, "for what another layer gives out say hooks=[...]"))
    return {name: layer for name, layer in found.items() if name in names}


def vocabulary_of(model: Any, given: Any) -> Vocabulary:
    """Return the words that were given, else the codes of the model's embedding if it has one."""
    from keras import layers  # noqa: PLC0415 - an optional extra

    found = Vocabulary.of(given)
    embeddings = [layer for layer in layers_of(model) if isinstance(layer, layers.Embedding)]
    if len(embeddings) != 1:
        return found
    size = int(embeddings[0].input_dim)
    if found.words is None:
        return Vocabulary.numbered(size)
    if len(found) < size:
        what = f"has {len(found)} words; the embedding {embeddings[0].name!r} has {size} rows"
        remedy = "give each row a word, in the order of the codes; '' for those that are not used"
        raise RecordingError(Problem("vocabulary", what, remedy))
    return found


def layer_named(model: Any, name: str, where: str) -> Any:
    """Return a layer by its name.

    Raises
    ------
    RecordingError
        If there is none, with the names that are most like it.
    """
    layers = named(layers_of(model))
    if name in layers:
        return layers[name]
    near = get_close_matches(name, layers, n=5, cutoff=0.4) or list(layers)[:SHOWN]
    raise RecordingError(Problem(where, f"the model has no layer {name!r}", f"perhaps {', '.join(near)}"))


def nothing_found(model: Any) -> Problem:
    """Return the problem that a model has nothing to record."""
    layers = [layer for layer in layers_of(model) if layer is not model]
    counts = Counter(type(layer).__name__ for layer in layers)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common(SHOWN)) or "no layers"
    names = ", ".join(layer.name for layer in layers[:SHOWN]) or "none"
    what = f"has no recurrent layer (LSTM, GRU, SimpleRNN, RNN); it has {kinds}"
    return Problem(type(model).__name__, what, f"name layers whose output to record, hooks=[...], of {names}")


@contextmanager
def intercepted(
    layers: Mapping[str, Any], watch: Callable[[str, Any, tuple[Any, ...], dict[str, Any], Any], None]
) -> Iterator[None]:
    """While entered, have ``watch`` told of each layer's calls: before one (its last argument None) and after it.

    Parameters
    ----------
    layers
        By name.
    watch
        Called with the layer's name, the layer, positional and keyword arguments, and what the layer returned.
    """

    def watched(name: str, layer: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            watch(name, layer, args, kwargs, None)
            result = original(*args, **kwargs)
            watch(name, layer, args, kwargs, result)
            return result

        return call

    before = {name: layer.__dict__.get("call") for name, layer in layers.items()}
    try:
        for name, layer in layers.items():
            # Keras and PyTorch look at what is set on a layer; this is none of their business.
            object.__setattr__(layer, "call", watched(name, layer, layer.call))
        yield
    finally:
        for name, layer in layers.items():
            layer.__dict__.pop("call", None)
            if before[name] is not None:
                object.__setattr__(layer, "call", before[name])


def call_of(layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call:
    """Return what a recurrent layer was called with, the states that it starts from as they are before the call."""
    from keras import ops, tree  # noqa: PLC0415 - an optional extra

    names = ("sequences", "initial_state", "mask")
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    sequences, initial = given["sequences"], given.get("initial_state")
    parts = directions(layer)
    if initial is not None:
        flat = tree.flatten(initial)
        size = len(flat) // len(parts)
        starts = [flat[place * size : (place + 1) * size] for place in range(len(parts))]
    else:
        rows = sequences.shape[0]
        starts = [
            tree.flatten(part.states if part.stateful and part.states is not None else part.get_initial_state(rows))
            for part in parts.values()
        ]
    copies = [[ops.copy(ops.convert_to_tensor(state)) for state in states] for states in starts]
    mask = tree.flatten(given["mask"])[0] if given.get("mask") is not None else None
    return Call(ops.convert_to_tensor(sequences), mask, copies)


def directions(layer: Any) -> dict[str, Any]:
    """Return the layers that read, by direction; the name is empty where there is one."""
    forward = getattr(layer, "forward_layer", None)
    return {"": layer} if forward is None else {"forward": forward, "backward": layer.backward_layer}


def given_by(layer: Any, result: Any) -> dict[str, Any]:
    """Return what a recurrent layer gave out at every step, by direction; empty where that can't be told."""
    from keras import ops, tree  # noqa: PLC0415 - an optional extra

    parts = directions(layer)
    values, *others = tree.flatten(result)
    if not layer.return_sequences:
        return {}
    if len(parts) == 1:
        return {"": ops.flip(values, axis=1) if layer.go_backwards else values}
    if layer.forward_layer.go_backwards or layer.merge_mode not in ("concat", None):
        return {}
    size = layer.forward_layer.cell.output_size
    halves = (values[..., :size], values[..., size:]) if layer.merge_mode == "concat" else (values, others[0])
    return dict(zip(parts, halves, strict=True))
