"""Small PyTorch models, and what their states must be: the modules run by themselves, one step at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator

# Models this small gain nothing by a second thread, which waits for the first where processors are busy.
torch.set_num_threads(1)

WORDS = [f"w{code}" for code in range(12)]


@contextmanager
def fixed_numbers(seed: int = 0) -> Iterator[None]:
    """Draw the same numbers every time, and leave those of others alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def seeded(build: Any, *arguments: Any, **options: Any) -> Any:
    """Return what is built with numbers that are the same every time."""
    with fixed_numbers():
        return build(*arguments, **options)


def codes(*shape: int, seed: int = 1, lowest: int = 1) -> torch.Tensor:
    """Return codes of words; 0 is left for padding."""
    return torch.from_numpy(np.random.default_rng(seed).integers(lowest, len(WORDS), shape))


class LanguageModel(nn.Module):
    """Codes (row, step) to logits (row, step, word)."""

    def __init__(self, kind: str = "LSTM", *, width: int = 6, layers: int = 2, **options: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 5)
        self.rnn = getattr(nn, kind)(5, width, layers, batch_first=True, **options)
        self.dropout = nn.Dropout(0.5)
        self.readout = nn.Linear(width * (1 + self.rnn.bidirectional), len(WORDS))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.rnn(self.dropout(self.embedding(tokens)))
        return self.readout(self.dropout(outputs))


class Classifier(nn.Module):
    """Codes (row, step) and lengths to logits (row, class), by what was read last."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 5, padding_idx=0)
        self.rnn = nn.GRU(5, 6, batch_first=True)
        self.readout = nn.Linear(6, classes)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        return self.readout(self.rnn(packed)[1][-1])


class Translator(nn.Module):
    """An encoder and a decoder that goes on from its last state, a step at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.source = nn.Embedding(len(WORDS), 5)
        self.target = nn.Embedding(7, 4)
        self.encoder = nn.GRU(5, 6, batch_first=True, bidirectional=False)
        self.decoder = nn.GRUCell(4, 6)
        self.readout = nn.Linear(6, 7)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        _, last = self.encoder(self.source(source))
        state, scores = last[0], []
        for step in range(target.shape[1]):
            state = self.decoder(self.target(target[:, step]), state)
            scores.append(self.readout(state))
        return torch.stack(scores, dim=1)


def stepped(rnn: nn.Module, inputs: torch.Tensor, state: Any = None) -> dict[str, np.ndarray]:
    """Return hidden and cell states of each layer, (step, state), of one row (step, input) read step by step."""
    found: dict[str, list[np.ndarray]] = {}
    with torch.no_grad():
        for value in inputs:
            _, state = rnn(value[None, None], state)
            parts = state if isinstance(state, tuple) else (state,)
            for role, part in zip(("hidden", "cell"), parts, strict=False):
                for layer, values in enumerate(part[:, 0], 1):
                    found.setdefault(f"{role}{layer}", []).append(values.numpy())
    return {name: np.stack(steps) for name, steps in found.items()}


def alone(model: Any, row: torch.Tensor) -> dict[str, np.ndarray]:
    """Return the states of a model with an embedding and an ``rnn`` that reads one row of codes by itself."""
    with torch.no_grad():
        return stepped(model.rnn, model.embedding(row))
