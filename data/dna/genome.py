"""The sequence: one megabase of human chromosome 22, what the model reads of it and what is held out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from data import sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASES = ("A", "C", "G", "T")
UNKNOWN = len(BASES)
"""The code of N, a base that nobody knows."""

CHROMOSOME, FIRST = "chr22", 20_000_000
"""Where the sequence starts; places are counted from 0 and ends are exclusive, as in a BED file.

The package does not say of which assembly. Its N lie where GRCh37 (hg19) has a gap, so they are places of GRCh37.
"""

PACKAGE, FILE, HEADER = "hisat2", "usr/share/doc/hisat2/examples/reference/22_20-21M.fa", ">22:20000001-21000000"


@dataclass(frozen=True)
class Stretch:
    """A part of the sequence, by places in the sequence: ``start`` to ``stop`` (exclusive)."""

    start: int
    stop: int

    def __str__(self) -> str:
        """Return where it lies, for example ``chr22:20820000-20822000``."""
        return f"{CHROMOSOME}:{FIRST + self.start}-{FIRST + self.stop}"

    def __len__(self) -> int:
        """Return how many bases it has."""
        return self.stop - self.start


TRAINING, APART, HELD_OUT = Stretch(0, 780_000), Stretch(780_000, 820_000), Stretch(820_000, 1_000_000)
"""The end of the sequence is held out: the rest of it holds long copies of itself, this has none of those."""


@cache
def sequence() -> NDArray[np.int8]:
    """Return the codes of all bases, positions in `BASES` or `UNKNOWN`, shape (1,000,000,)."""
    path = sources.from_debian(PACKAGE) / FILE
    header, text = path.read_text(encoding="ascii").split("\n", 1)
    if header != HEADER:
        raise sources.SourceError(f"{path} starts with {header!r}; {HEADER!r} was expected.")
    codes = np.full(256, UNKNOWN, dtype=np.int8)
    codes[list("".join(BASES).encode())] = np.arange(len(BASES))
    return codes[np.frombuffer(text.replace("\n", "").upper().encode(), dtype=np.uint8)]


def composition(codes: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the shares of A, C, G and T over both strands, so that A has T's and C has G's."""
    counts = np.bincount(codes, minlength=len(BASES))[: len(BASES)]
    counts = counts + counts[::-1]
    return np.asarray(counts / counts.sum())


def other_strand(codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return what the other strand reads, in its own direction; the last dimension is that of steps."""
    return (len(BASES) - 1 - codes)[..., ::-1]


def windows(stretch: Stretch, size: int) -> list[Stretch]:
    """Return the stretch cut into windows of one size side by side, those with an unknown base left out."""
    edges = range(stretch.start, stretch.stop - size + 1, size)
    known = sequence() != UNKNOWN
    return [Stretch(start, start + size) for start in edges if known[start : start + size].all()]


def starts(stretch: Stretch, size: int) -> NDArray[np.int64]:
    """Return where windows of one size can start so that they lie in the stretch and no base is unknown."""
    unknown = np.concatenate([[0], np.cumsum(sequence()[stretch.start : stretch.stop] == UNKNOWN)])
    return stretch.start + np.flatnonzero(unknown[size:] == unknown[:-size])
