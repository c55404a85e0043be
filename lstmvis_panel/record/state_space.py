"""States of state-space models (Mamba and its like) at every step.

Such a model hands out the states of the last step only, in its cache. So it reads one token at a time here, going on
from its own cache, whose states after each token are what is recorded: no equation of any model is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from lstmvis_panel.record.watching import evaluating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

CACHES = ("cache", "cache_params", "past_key_values")
"""What models call their cache, in what they take and in what they return; `cache` since transformers 5.24."""

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

    Parameters
    ----------
    model
        A model of the transformers library that can go on from a cache.
    codes
        Shape (1, step), of which the first is read.
    """
    for step in running(model, codes[:, :1]):
        return {state: values[0].numel() for state, values in step.items()}
    return {}


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
        with evaluating(model), torch.inference_mode():
            output = model(codes[:, step : step + 1], use_cache=True, return_dict=True, **cache)
        name = next((name for name in CACHES if output.get(name) is not None), None)
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


def _states(cache: Any) -> dict[State, Tensor]:
    """Return copies of the states in a cache; attention has keys and values there instead."""
    found = {}
    for layer, held in enumerate(getattr(cache, "layers", ()), start=1):
        states = getattr(held, "recurrent_states", None) or {}
        for number, values in enumerate((each for each in states.values() if each is not None), start=1):
            found[State(layer, number)] = values.detach().clone()
    return found
