"""A language model of two LSTM layers, its training, and its states at every step. Needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from torch import nn

from data.parens.language import VOCABULARY, generate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

LAYERS, WIDTH, EMBEDDING = 2, 300, 16
STREAMS, WINDOW, WINDOWS_PER_EPOCH = 32, 40, 100
LEARNING_RATE, LARGEST_GRADIENT = 0.003, 1.0

SIZE_PENALTY = 0.003
"""Weight of the cell states' mean square. It keeps tanh from saturating: a saturated state is on, or off, for good."""

CHANGE_PENALTY = 0.05
"""Weight of the cell states' mean absolute change from step to step.

It keeps a state at one value until there is a reason to change it. Without it some states drift across a threshold
while digits go by, above all in layer 1, and matches end there instead of at the next parenthesis. Being absolute, it
leaves the jumps be.
"""

State = tuple[torch.Tensor, torch.Tensor]
"""Output and cell state of a layer after some step, each of shape (streams, WIDTH)."""


@dataclass(frozen=True)
class Model:
    """The language model: tokens go through embedding, LSTM and readout to the logits of the next token."""

    embedding: nn.Embedding
    lstm: nn.LSTM
    readout: nn.Linear

    def parts(self) -> dict[str, nn.Module]:
        """Return what it is made of, by name."""
        return {"embedding": self.embedding, "lstm": self.lstm, "readout": self.readout}

    def parameters(self) -> list[nn.Parameter]:
        """Return all that training changes."""
        return [parameter for part in self.parts().values() for parameter in part.parameters()]


@dataclass(frozen=True)
class Trace:
    """What the model computed: outputs and cells per layer (streams, steps, WIDTH), logits (streams, steps, word)."""

    outputs: list[torch.Tensor]
    cells: list[torch.Tensor]
    logits: torch.Tensor

    def last(self) -> list[State]:
        """Return where to go on from, cut off from the gradient."""
        pairs = zip(self.outputs, self.cells, strict=True)
        return [(output[:, -1].detach(), cell[:, -1].detach()) for output, cell in pairs]


def new_model() -> Model:
    """Return an untrained model."""
    embedding = nn.Embedding(len(VOCABULARY), EMBEDDING)
    lstm = nn.LSTM(EMBEDDING, WIDTH, num_layers=LAYERS, batch_first=True)
    return Model(embedding, lstm, nn.Linear(WIDTH, len(VOCABULARY)))


def save(model: Model, path: Path) -> None:
    """Write the weights, named as PyTorch names them within the model."""
    parts = model.parts().items()
    weights = {f"{name}.{key}": value for name, part in parts for key, value in part.state_dict().items()}
    save_file({name: value.contiguous() for name, value in weights.items()}, path)


def start(streams: int) -> list[State]:
    """Return the state of each layer before the first step."""
    return [(torch.zeros(streams, WIDTH), torch.zeros(streams, WIDTH)) for _ in range(LAYERS)]


def trace(model: Model, tokens: torch.Tensor, states: list[State]) -> Trace:
    """Run the model over tokens (streams, steps), going on from ``states``."""
    values: torch.Tensor = model.embedding(tokens)
    outputs, cells = [], []
    for layer, state in enumerate(states):
        values, cell = trace_layer(model.lstm, layer, values, state)
        outputs.append(values)
        cells.append(cell)
    return Trace(outputs, cells, model.readout(values))


def trace_layer(lstm: nn.LSTM, layer: int, inputs: torch.Tensor, state: State) -> tuple[torch.Tensor, torch.Tensor]:
    """Return outputs and cell states of one layer at every step, by the layer's own equations.

    PyTorch's LSTM hands out the cell state of the last step only; the penalties and the recording need all of them.
    """
    from_input, from_output = (getattr(lstm, f"weight_{kind}_l{layer}") for kind in ("ih", "hh"))
    bias = getattr(lstm, f"bias_ih_l{layer}") + getattr(lstm, f"bias_hh_l{layer}")
    driven = nn.functional.linear(inputs, from_input, bias)
    output, cell = state
    outputs, cells = [], []
    for step in range(inputs.shape[1]):
        entry, keep, candidate, release = (driven[:, step] + output @ from_output.T).chunk(4, dim=1)
        cell = keep.sigmoid() * cell + entry.sigmoid() * candidate.tanh()
        output = release.sigmoid() * cell.tanh()
        outputs.append(output)
        cells.append(cell)
    return torch.stack(outputs, dim=1), torch.stack(cells, dim=1)


def largest_difference(model: Model, tokens: torch.Tensor, traced: Trace) -> float:
    """Return how far ``traced`` is from PyTorch's own LSTM, fed step by step so that it shows each cell state.

    Parameters
    ----------
    model
        The model.
    tokens
        One stream, shape (1, steps), from its start on.
    traced
        What `trace` gave for it.
    """
    state = (torch.zeros(LAYERS, 1, WIDTH), torch.zeros(LAYERS, 1, WIDTH))
    worst = 0.0
    for step in range(tokens.shape[1]):
        _, state = model.lstm(model.embedding(tokens[:, step : step + 1]), state)
        for theirs, ours in zip(state, (traced.outputs, traced.cells), strict=True):
            apart = theirs[:, 0] - torch.stack([layer[0, step] for layer in ours])
            worst = max(worst, float(apart.abs().max()))
    return worst


def train(model: Model, rng: np.random.Generator, epochs: int) -> Iterator[float]:
    """Train the model on text drawn anew for each epoch, and yield the loss of each window, in nats per token."""
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    windows = epochs * WINDOWS_PER_EPOCH
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, windows, eta_min=LEARNING_RATE / 20)
    for _ in range(epochs):
        tokens = torch.from_numpy(generate(rng, STREAMS, WINDOWS_PER_EPOCH * WINDOW + 1))
        states = start(STREAMS)
        for first in range(0, tokens.shape[1] - 1, WINDOW):
            window = tokens[:, first : first + WINDOW + 1]
            traced = trace(model, window[:, :-1], states)
            states = traced.last()
            loss = nn.functional.cross_entropy(traced.logits.flatten(0, 1), window[:, 1:].flatten())
            optimizer.zero_grad()
            (loss + penalty(traced)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
            optimizer.step()
            schedule.step()
            yield loss.item()


def penalty(traced: Trace) -> torch.Tensor:
    """Return what large and what restless cell states cost, summed over layers."""
    size = torch.stack([cell.square().mean() for cell in traced.cells]).sum()
    change = torch.stack([cell.diff(dim=1).abs().mean() for cell in traced.cells]).sum()
    return SIZE_PENALTY * size + CHANGE_PENALTY * change
