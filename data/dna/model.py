"""A convolution and a bidirectional LSTM that tag each base, and their training. Needs PyTorch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from data.dna import genome, motifs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FILTERS, WIDTH, STATES = 64, 19, 64
BATCH, WINDOW = 64, 200
LEARNING_RATE, WEIGHT_DECAY, LARGEST_GRADIENT = 0.003, 0.01, 1.0
WARM_UP = 0.05
"""Share of the steps in which the learning rate rises."""

SIZE_PENALTY = 0.002
"""Weight of the mean square of cell states. It keeps tanh from saturating: a saturated state is on, or off, for good.

It is taken where a window ends, for the backward direction where it starts. PyTorch hands out the cell states of these
steps alone, and windows lie anywhere in the sequence, so that on average this is the mean over all steps at no cost.
"""

PLANTED = 4
"""Words planted in each training window: as many sites as near misses."""


class Tagger(nn.Module):
    """Tells of each base which proteins' sites it lies in: codes (batch, step) to logits (batch, step, protein)."""

    def __init__(self, proteins: int) -> None:
        super().__init__()
        self.convolution = nn.Sequential(nn.Conv1d(len(genome.BASES), FILTERS, WIDTH, padding="same"), nn.ReLU())
        self.lstm = nn.LSTM(FILTERS, STATES, batch_first=True, bidirectional=True)
        self.readout = nn.Linear(2 * STATES, proteins)
        # Sites are rare: to begin with, nothing is one.
        nn.init.constant_(self.readout.bias, -4.0)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.step(codes)[0]

    def step(self, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits, and the cell states with which both directions end."""
        bases = nn.functional.one_hot(codes.long(), len(genome.BASES)).float()
        seen = self.convolution(bases.transpose(1, 2)).transpose(1, 2)
        outputs, (_, cells) = self.lstm(seen)
        return self.readout(outputs), cells


def save(model: Tagger, path: Path) -> None:
    """Write the weights in half precision."""
    save_file({name: value.detach().half().contiguous() for name, value in model.state_dict().items()}, path)


def load(path: Path) -> Tagger:
    """Read what `save` wrote."""
    weights = {name: value.float() for name, value in load_file(path).items()}
    model = Tagger(len(weights["readout.bias"]))
    model.load_state_dict(weights)
    return model.eval()


@dataclass(frozen=True)
class Windows:
    """Windows to train on, drawn anew each time: either strand, from anywhere in the stretch, with words planted.

    Attributes
    ----------
    motifs
        What to label, and what to plant.
    stretch
        Where windows come from.
    planted
        Words planted in each window.
    """

    motifs: list[motifs.Motif]
    stretch: genome.Stretch
    planted: int = PLANTED

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield codes (batch, step) and labels (batch, step, protein) without end."""
        sequence, background = genome.sequence(), genome.composition(genome.sequence())
        starts = genome.starts(self.stretch, WINDOW)
        while True:
            codes = sequence[rng.choice(starts, BATCH)[:, None] + np.arange(WINDOW)]
            turned = rng.random(BATCH) < 1 / 2
            codes[turned] = genome.other_strand(codes[turned])
            self._plant(codes, background, rng)
            labels = motifs.sites(self.motifs, codes)
            yield torch.from_numpy(codes), torch.from_numpy(labels.astype(np.float32))

    def _plant(self, codes: NDArray[np.int8], background: NDArray[np.float64], rng: np.random.Generator) -> None:
        each = -(-self.planted * len(codes) // len(self.motifs))
        for motif in self.motifs:
            words = motifs.near_words(motif, each, background, rng)
            rows = rng.integers(len(codes), size=(len(words), 1))
            places = rng.integers(codes.shape[1] - len(motif) + 1, size=(len(words), 1))
            codes[rows, places + np.arange(len(motif))] = words


def train(model: Tagger, windows: Windows, rng: np.random.Generator, steps: int) -> Iterator[float]:
    """Train the model, and yield the loss of each step, in nats per base and protein."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / max(steps, 1)))
    for _, (codes, labels) in zip(range(steps), windows.batches(rng), strict=False):
        logits, cells = model.step(codes)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, labels)
        optimizer.zero_grad()
        (loss + SIZE_PENALTY * cells.square().mean()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        yield loss.item()
    model.eval()


@torch.inference_mode()
def chances(model: Tagger, windows: list[genome.Stretch]) -> NDArray[np.float64]:
    """Return the chance that each base of the windows lies in a site, shape (window, step, protein)."""
    sequence = genome.sequence()
    parts = [model(torch.from_numpy(sequence[window.start : window.stop])[None]) for window in windows]
    return torch.cat(parts).double().sigmoid().numpy()


def _rate(done: float) -> float:
    return min(done / WARM_UP, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1))))
