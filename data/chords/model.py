"""A model of two LSTM layers that foresees the next chord (section 5.4 of the paper), and its training.

Needs PyTorch.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from data.chords.harmony import root_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from data.chords.corpus import Corpus

LAYERS = 2
BATCH = 32
LEARNING_RATE, WEIGHT_DECAY, LARGEST_GRADIENT = 0.006, 0.02, 1.0
SPREAD = 0.1
WARM_UP = 0.05
"""Share of the steps in which the learning rate rises."""

SIZE_PENALTY = 0.005
"""Weight of the cell states' mean square. It keeps tanh from saturating: a saturated state is on, or off, for good."""

CHANGE_PENALTY = 0.01
"""Weight of the cell states' mean absolute change from step to step: a state stays until there is reason to change."""

PADDING = -100
"""What cross entropy passes over."""


@dataclass(frozen=True)
class Size:
    """Numbers of states per layer and of dimensions of a symbol's vector, and how much training drops of both."""

    states: int = 128
    embedding: int = 64
    dropout: float = 0.25


class Symbols(nn.Module):
    """Vectors of chord symbols: each is the sum of its root's, its kind's and one of its own.

    What is learnt of one chord is learnt of its root and of its kind; rare symbols live on that.
    """

    def __init__(self, vocabulary: Sequence[str], dimensions: int) -> None:
        super().__init__()
        roots, kinds = zip(*(parts_of(symbol) for symbol in vocabulary), strict=True)
        self.root_of_symbol = positions(roots)
        self.kind_of_symbol = positions(kinds)
        self.root = nn.Parameter(SPREAD * torch.randn(len(set(roots)), dimensions))
        self.kind = nn.Parameter(SPREAD * torch.randn(len(set(kinds)), dimensions))
        self.symbol = nn.Parameter(torch.zeros(len(vocabulary), dimensions))

    def forward(self) -> torch.Tensor:
        """Return the vectors of all symbols, shape (word, dimension)."""
        return self.root[self.root_of_symbol] + self.kind[self.kind_of_symbol] + self.symbol


class ChordModel(nn.Module):
    """The language model: codes to the logits of the next chord, ``(batch, step)`` to ``(batch, step, word)``."""

    def __init__(self, vocabulary: Sequence[str], size: Size) -> None:
        super().__init__()
        self.vocabulary, self.size = list(vocabulary), size
        self.entry = Symbols(vocabulary, size.embedding)
        self.lstm = nn.LSTM(size.embedding, size.states, LAYERS, batch_first=True)
        self.exit = Symbols(vocabulary, size.states)
        self.bias = nn.Parameter(torch.zeros(len(vocabulary)))
        self.dropout = nn.Dropout(size.dropout)

    def forward(self, chords: torch.Tensor) -> torch.Tensor:
        """Return the logits of each next chord; every row starts with nothing read."""
        outputs = self.lstm(nn.functional.embedding(chords, self.entry()))[0]
        return nn.functional.linear(outputs, self.exit(), self.bias)

    def trace(self, chords: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return the logits and each layer's cell states at every step, ``(batch, step, state)``, for training.

        PyTorch's LSTM hands out the cell states of the last step only; the penalties need all of them.
        """
        values = self.dropout(nn.functional.embedding(chords, self.entry()))
        cells = []
        for weights in self.lstm.all_weights:
            output = cell = values.new_zeros(len(values), self.size.states)
            outputs, layer = [], []
            for value in values.unbind(1):
                output, cell = torch.lstm_cell(value, (output, cell), *weights)
                outputs.append(output)
                layer.append(cell)
            values = self.dropout(torch.stack(outputs, dim=1))
            cells.append(torch.stack(layer, dim=1))
        return nn.functional.linear(values, self.exit(), self.bias), cells


def parts_of(symbol: str) -> tuple[str, str]:
    """Return a symbol's root and its kind: the quality, and by how many letters the bass is above the root."""
    root = root_of(symbol)
    quality, _, bass = symbol.removeprefix(root).partition("/")
    return root, f"{quality}/{(ord(bass[0]) - ord(root[0])) % 7}" if bass else quality


def positions(parts: Sequence[str]) -> torch.Tensor:
    """Return the position of each part among the different ones, in the order of the alphabet."""
    different = {part: position for position, part in enumerate(sorted(set(parts)))}
    return torch.tensor([different[part] for part in parts])


def save(model: ChordModel, facts: dict[str, float | int | str], path: Path) -> None:
    """Write the weights in half precision, the vocabulary, and what is known of the model."""
    weights = {name: value.detach().half().contiguous() for name, value in model.state_dict().items()}
    about = {"size": asdict(model.size), "vocabulary": model.vocabulary, "facts": facts}
    save_file(weights, path, metadata={name: json.dumps(value) for name, value in about.items()})


def load(path: Path) -> tuple[ChordModel, dict[str, float | int | str]]:
    """Read what `save` wrote."""
    with safe_open(path, framework="pt") as file:
        about = {name: json.loads(value) for name, value in file.metadata().items()}
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - it is no dict
    model = ChordModel(about["vocabulary"], Size(**about["size"]))
    model.load_state_dict(weights)
    return model.eval(), about["facts"]


def texts(corpus: Corpus) -> list[NDArray[np.int64]]:
    """Return the codes of all songs to train on, each in the twelve keys."""
    return [corpus.codes(song, fifths) for song in corpus.read for fifths in song.transpositions()]


def batches(songs: Sequence[NDArray[np.int64]], rng: np.random.Generator) -> Iterator[torch.Tensor]:
    """Yield all songs in batches of much the same length, padded, in random order."""
    lengths = np.array([len(song) for song in songs])
    order = np.lexsort((rng.random(len(songs)), lengths + rng.integers(0, 8, len(songs))))
    parts = [order[first : first + BATCH] for first in range(0, len(order), BATCH)]
    for number in rng.permutation(len(parts)):
        rows = [torch.from_numpy(songs[at]) for at in parts[number]]
        yield nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PADDING)


def train(
    model: ChordModel, songs: Sequence[NDArray[np.int64]], rng: np.random.Generator, epochs: int
) -> Iterator[float]:
    """Train the model, and yield the loss of each batch, in nats per chord."""
    steps = epochs * math.ceil(len(songs) / BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)

    def share_of_rate(step: int) -> float:
        done = step / steps
        return min((step + 1) / (WARM_UP * steps), 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))

    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, share_of_rate)
    for _ in range(epochs):
        model.train()
        for rows in batches(songs, rng):
            logits, cells = model.trace(rows[:, :-1].clamp(min=0))
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=PADDING)
            optimizer.zero_grad()
            (loss + penalty(cells, rows[:, :-1] != PADDING)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
            optimizer.step()
            rate.step()
            yield loss.item()


def penalty(cells: Sequence[torch.Tensor], there: torch.Tensor) -> torch.Tensor:
    """Return what large and what restless cell states cost, summed over layers; padding costs nothing."""
    pairs = there[:, 1:]
    size = torch.stack([cell.square().mean(dim=2)[there].mean() for cell in cells]).sum()
    change = torch.stack([cell.diff(dim=1).abs().mean(dim=2)[pairs].mean() for cell in cells]).sum()
    return SIZE_PENALTY * size + CHANGE_PENALTY * change


@torch.no_grad()
def perplexity(model: ChordModel, songs: Sequence[NDArray[np.int64]]) -> float:
    """Return exp of the mean loss over all chords but the first of each song."""
    model.eval()
    loss, chords = 0.0, 0
    for codes in songs:
        row = torch.from_numpy(codes)[None]
        logits = model(row[:, :-1])
        loss += float(nn.functional.cross_entropy(logits[0], row[0, 1:], reduction="sum"))
        chords += len(codes) - 1
    return math.exp(loss / chords)
