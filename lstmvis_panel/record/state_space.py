"""States of state-space models and other recurrent ones (Mamba, RWKV, xLSTM) at every step.

Such a model hands out the states of the last step only, in its cache. So it reads one token at a time here, going on
from its own cache, whose states after each token are what is recorded: no equation of any model is repeated.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from lstmvis_panel.record.watching import evaluating
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor, nn

log = logging.getLogger(__name__)
CACHES = ("cache", "cache_params", "past_key_values", "state")
"""What models call their cache, in what they take and in what they return; `cache` since transformers 5.24."""

WITHOUT_STATES = ("keys", "conv_states")
"""What layers of attention and of convolution have in the cache instead of states."""

PART_BYTES = 64 << 20
"""States are handed on in parts of this size: those of a whole text would not fit in memory."""


@dataclass(frozen=True)
class State:
    """Which state of a model: that of which layer (from 1), and which of those that a layer has (from 1)."""

    layer: int
    number: int = 1

    @property
    def name(self) -> str:
        """What it is called after its layer: ``state``, or ``state2`` for a second one."""
        return "state" if self.number == 1 else f"state{self.number}"


def state_sizes(model: nn.Module, codes: Tensor) -> dict[State, int]:
    """Return the states that a model returns, and how many values each has; empty for a model that returns none.

    Says so where a model returns what may be states in a form that is not known here.

    Parameters
    ----------
    model
        A model of the transformers library that can go on from a cache.
    codes
        Shape (1, step), of which the first is read.

    Raises
    ------
    RecordingError
        If the model fails to read a single token.
    """
    try:
        output = _read(model, codes[:, :1], {})
    except Exception as error:
        what = f"fails to read token by token, as its states are recorded: {error}"
        remedy = "say states=['hidden'], which leaves them out"
        raise RecordingError(Problem(type(model).__name__, what, remedy)) from error
    name = _cache_name(output)
    found = _states(output[name]) if name else {}
    if not found and (unknown := _unknown(output, name)):
        message = "%s returns %s, which may hold states, but in a form that is not known: they are not recorded."
        log.warning(message, type(model).__name__, unknown)
    return {state: values[0].numel() for state, values in found.items()}


def running(model: nn.Module, codes: Tensor) -> Iterator[dict[State, Tensor]]:
    """Read codes one by one and yield the states after each.

    Parameters
    ----------
    model
        The model.
    codes
        Shape (row, step), without padding.

    Yields
    ------
    dict of State to torch.Tensor
        Shape (row, ...) each, a copy; empty if the model returns no states.
    """
    cache: dict[str, Any] = {}
    for step in range(codes.shape[1]):
        output = _read(model, codes[:, step : step + 1], cache)
        name = _cache_name(output)
        if name is None:
            return
        cache = {name: output[name]}
        yield _states(output[name])


def in_parts(model: nn.Module, codes: Tensor, bytes_a_step: int) -> Iterator[tuple[slice, dict[State, Tensor]]]:
    """Read codes one by one and yield the states of some steps at a time.

    Parameters
    ----------
    model
        The model.
    codes
        Shape (1, step), without padding.
    bytes_a_step
        How much the states of a step take.

    Yields
    ------
    tuple of slice and dict of State to torch.Tensor
        Which steps, and their states, shape (step, state) each.
    """
    size = max(PART_BYTES // max(bytes_a_step, 1), 1)
    start, part = 0, []
    for step in running(model, codes):
        part.append({state: values.flatten() for state, values in step.items()})
        if len(part) == size or start + len(part) == codes.shape[1]:
            yield (
                slice(start, start + len(part)),
                {state: torch.stack([each[state] for each in part]) for state in step},
            )
            start, part = start + len(part), []


def _read(model: nn.Module, codes: Tensor, cache: dict[str, Any]) -> Any:
    with evaluating(model), torch.no_grad():
        return model(codes, use_cache=True, return_dict=True, **cache)


def _cache_name(output: Any) -> str | None:
    return next((name for name in CACHES if output.get(name) is not None), None)


def _states(cache: Any) -> dict[State, Tensor]:
    """Return copies of the states in a cache; attention has keys and values there instead."""
    return {
        State(layer, number): values.detach().clone()
        for layer, held in enumerate(_layers(cache), start=1)
        for number, values in enumerate((each for each in held if each is not None), start=1)
    }


def _layers(cache: Any) -> Iterable[Iterable[Tensor | None]]:
    """Return the states of each layer, (row, ...) each, in whichever form a cache holds them."""
    if _are_tensors(cache):
        # RWKV: a tensor (row, state, layer) for each of a layer's states.
        return zip(*(values.unbind(-1) for values in cache), strict=True)
    if isinstance(getattr(cache, "rnn_state", None), dict):
        return list(cache.rnn_state.values())
    held = (getattr(layer, "recurrent_states", None) or {} for layer in getattr(cache, "layers", ()))
    return (states.values() for states in held)


def _are_tensors(cache: Any) -> bool:
    return isinstance(cache, list | tuple) and all(isinstance(values, torch.Tensor) for values in cache)


def _unknown(output: Any, cache_name: str | None) -> str:
    """Return the name of what a model returns that may be states; empty if nothing is."""
    if cache_name is None:
        names = (name for name in output if "state" in name and "hidden_state" not in name)
        return next(names, "")
    cache = output[cache_name]
    layers = getattr(cache, "layers", None)
    if layers is None:
        # Keys and values of attention, as tuples of the layers, are older than any cache.
        return "" if isinstance(cache, tuple) else f"{cache_name} ({type(cache).__name__})"
    known = all(any(hasattr(layer, name) for name in WITHOUT_STATES) for layer in layers)
    return "" if known else f"{cache_name} ({type(cache).__name__})"
