"""A word model of two LSTM layers (section 5.2 of the paper), and its training. Needs PyTorch."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

LAYERS = 2
STREAMS, WINDOW = 32, 35
LEARNING_RATE, WEIGHT_DECAY, LARGEST_GRADIENT = 0.002, 0.01, 1.0
SIZE_PENALTY = 0.005
"""Weight of the mean square of cell states. It keeps tanh from saturating: a saturated state is on, or off, for good.

It is taken where a window ends. PyTorch hands out the cell states of that step alone, and windows end anywhere in the
text, so that on average this is the mean over all steps at no cost.
"""

LSTMState = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Size:
    """Numbers of words, of states per layer, and of dimensions of a word's vector."""

    words: int
    states: int = 650
    embedding: int = 256
    dropout: float = 0.3


class WordModel(nn.Module):
    """The language model: codes to the logits of the next word, ``(batch, step)`` to ``(batch, step, word)``.

    The matrix that reads words in is the one that reads them out, behind a narrow layer: most of a word model's
    weights sit there, and there is too little text to learn them twice.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(size.words, size.embedding)
        self.lstm = nn.LSTM(size.embedding, size.states, LAYERS, batch_first=True, dropout=size.dropout)
        self.narrow = nn.Linear(size.states, size.embedding)
        self.readout = nn.Linear(size.embedding, size.words)
        self.readout.weight = self.embedding.weight
        self.dropout = nn.Dropout(size.dropout)
        nn.init.normal_(self.embedding.weight, std=0.05)
        nn.init.zeros_(self.readout.bias)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Return the logits of each next word; every row starts with nothing read."""
        return self.step(words, None)[0]

    def step(self, words: torch.Tensor, state: LSTMState | None) -> tuple[torch.Tensor, LSTMState]:
        """Return the logits, and where to go on from; ``state`` is None where nothing has been read."""
        outputs, state = self.lstm(self.dropout(self.embedding(words)), state)
        return self.readout(self.dropout(self.narrow(self.dropout(outputs)))), state


def save(model: WordModel, path: Path, facts: dict[str, float | str]) -> None:
    """Write the weights in half precision, which changes no perplexity to four digits, and what is known of them."""
    weights = {name: value.detach().half().contiguous() for name, value in model.state_dict().items()}
    del weights["readout.weight"]  # is the embedding's
    save_file(weights, path, metadata={"size": json.dumps(asdict(model.size)), "facts": json.dumps(facts)})


def load(path: Path) -> tuple[WordModel, dict[str, float | str]]:
    """Read what `save` wrote."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - it is no dict
    model = WordModel(Size(**json.loads(metadata["size"])))
    model.load_state_dict(weights | {"readout.weight": weights["embedding.weight"]})
    return model.eval(), json.loads(metadata["facts"])


def streams_of(codes: NDArray[np.int64], count: int) -> torch.Tensor:
    """Return a text cut into so many streams of one length, shape (stream, step)."""
    length = len(codes) // count
    return torch.from_numpy(codes[: count * length]).view(count, length)


def windows(streams: torch.Tensor, first: int = WINDOW) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield what is read and what comes next, window by window; the first has ``first`` steps."""
    last = streams.shape[1] - 1
    edges = [0, *range(first, last, WINDOW), last]
    for start, stop in pairwise(edges):
        yield streams[:, start:stop], streams[:, start + 1 : stop + 1]


def train_epoch(
    model: WordModel,
    streams: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> Iterator[float]:
    """Train on the whole text once, and yield the loss of each window, in nats per word."""
    model.train()
    state: LSTMState | None = None
    # Windows of each epoch end elsewhere.
    first = int(torch.randint(WINDOW // 2, WINDOW, ()))
    for words, following in windows(streams, first):
        logits, (outputs, cells) = model.step(words, state)
        state = outputs.detach(), cells.detach()
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), following.flatten())
        optimizer.zero_grad()
        (loss + SIZE_PENALTY * LAYERS * cells.square().mean()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        yield loss.item()


def optimizer_for(
    model: WordModel, steps: int, rate: Callable[[float], float]
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return what changes the weights: AdamW, whose rate depends on the share of the steps that is done."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step / max(steps, 1)))


def learning(done: float) -> float:
    """Return the rate of most epochs: it rises quickly, then falls to half along a cosine."""
    return min(done / 0.1, 0.02 + 0.49 * (1 + math.cos(math.pi * min(done, 1) / 2)))


def settling(done: float) -> float:
    """Return the rate of the last epoch: from half to nothing, after a short rise since Adam starts anew."""
    return max(min(done / 0.02, 0.5 * (1 - done)), 0.0)


@torch.no_grad()
def perplexity(model: WordModel, texts: list[NDArray[np.int64]]) -> float:
    """Return exp of the mean loss over all words but the first of each text; every text is read from its start."""
    model.eval()
    loss, words = 0.0, 0
    for codes in texts:
        text = torch.from_numpy(codes)[None]
        logits = model(text[:, :-1])
        loss += float(nn.functional.cross_entropy(logits[0], text[0, 1:], reduction="sum"))
        words += len(codes) - 1
    return math.exp(loss / words)
