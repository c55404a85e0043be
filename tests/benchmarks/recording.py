"""What recording costs over running the model: ``python -m tests.benchmarks.recording``.

Models of two layers of 650 states: a language model of 256-dimensional embeddings and 10,000 words, and its LSTM alone,
which is the worst case. Both run over the same batches in turn: bare (evaluation mode, no gradients), and recorded to a
file. A ratio is taken within each pair of runs, as other programs slow down both; what is printed is the median.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from lstmvis_panel.record.batch import Batch
from lstmvis_panel.record.entry import record

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS, EMBEDDING, STATES, LAYERS = 10_000, 256, 650, 2


class WordModel(nn.Module):
    """Codes (row, step) to logits (row, step, word)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, STATES, LAYERS, batch_first=True)
        self.readout = nn.Linear(STATES, WORDS)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Return the logits of each next word."""
        return self.readout(self.lstm(self.embedding(words))[0])


@dataclass(frozen=True)
class Case:
    """A model, its batches, and what is recorded of it."""

    model: nn.Module
    name: str
    rows: int
    steps: int
    options: dict[str, Any] = field(default_factory=dict)

    def batches(self, count: int) -> list[Batch]:
        """Return so many batches, the same in every run."""
        draw = torch.Generator().manual_seed(0)
        shape = (self.rows, self.steps)
        codes = [torch.randint(WORDS, shape, generator=draw) for _ in range(count)]
        if isinstance(self.model, WordModel):
            return [Batch(each) for each in codes]
        return [Batch(torch.randn(*shape, EMBEDDING, generator=draw), each) for each in codes]


def cases() -> list[Case]:
    """Return what is measured."""
    model = WordModel().eval()
    hidden, both = {"states": ["hidden"]}, {}
    names = {"language model": model, "LSTM alone": model.lstm}
    shapes = ((16, 64), (64, 35), (1, 1024))
    found = [Case(part, name, *shape, hidden) for name, part in names.items() for shape in shapes]
    found += [Case(part, f"{name}, and cell states", 16, 64, both) for name, part in names.items()]
    predicted = {"states": ["hidden"], "top": 5, "surprisal": True}
    return [*found, Case(model, "language model, top 5 and surprisal", 16, 64, predicted)]


def timed(action: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds that an action took: by the clock, and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - processor


def measure(case: Case, folder: Path, count: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Return the bare passes' seconds a batch, and the ratios of recorded to bare by clock and by processor."""
    batches = case.batches(count)
    vocabulary = [str(code) for code in range(WORDS)]

    def bare() -> None:
        with torch.inference_mode():
            for batch in batches:
                case.model(batch.inputs)

    def recorded() -> None:
        options = {"vocabulary": vocabulary, "progress": False} | case.options
        record(case.model, batches, folder / "states.h5", **options)

    bare()
    recorded()
    pairs = []
    for number in range(rounds):
        # The first of two may find the processor warmer or cooler: each goes first half of the time.
        first, second = (bare, recorded) if number % 2 else (recorded, bare)
        times = [timed(first), timed(second)]
        pairs.append(times if number % 2 else times[::-1])
    walls = [after[0] / before[0] for before, after in pairs]
    processors = [after[1] / before[1] for before, after in pairs]
    return [before[0] / count for before, _ in pairs], walls, processors


def machine() -> str:
    """Say what this was measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = f"{names[0]} ({len(names)} processors)" if names else platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} thread(s), PyTorch {torch.__version__}, {platform.system()}"


def main() -> None:
    """Print a table of all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    size = parser.parse_args()
    torch.set_num_threads(size.threads)
    torch.manual_seed(0)
    table = Table(title=f"Recording, {LAYERS} x {STATES}, over the bare forward pass: median of {size.rounds} pairs")
    for name in ("what runs, and is recorded", "batch", "bare, ms", "more time", "more processor time"):
        table.add_column(name, justify="left" if name.startswith("what") else "right")
    with tempfile.TemporaryDirectory() as folder:
        for case in cases():
            bare, walls, processors = measure(case, Path(folder), size.batches, size.rounds)
            shares = [f"{statistics.median(ratios) - 1:+.0%}" for ratios in (walls, processors)]
            table.add_row(case.name, f"{case.rows} x {case.steps}", f"{statistics.median(bare) * 1000:,.0f}", *shares)
    console = Console(width=120)
    console.print(table)
    console.print(machine(), highlight=False)


if __name__ == "__main__":
    main()
