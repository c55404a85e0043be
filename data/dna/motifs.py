"""Seven proteins' motifs, as JASPAR profiles, and where a sequence matches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyjaspar import jaspardb

from data.dna.genome import BASES, other_strand

if TYPE_CHECKING:
    from numpy.typing import NDArray

RELEASE = "JASPAR2026"
PROFILES = {
    "CTCF": "MA0139.2",
    "SP1": "MA0079.5",
    "TP53": "MA0106.3",
    "RELA": "MA0107.1",
    "ESR1": "MA0112.4",
    "GABPA": "MA0062.4",
    "CEBPA": "MA0102.5",
}

FALSE_POSITIVES = 1e-4
"""Chance that a place of random bases, on one strand, reaches a motif's threshold."""

SCORE_UNIT = 0.001
"""Scores are whole numbers of this many bits, so that a sum is exact and the threshold too."""

PSEUDOCOUNT = 0.8
"""How many sites of random bases are added to those that a profile counts, so that no base is impossible."""


UNKNOWN_SCORE = -(10**6)
"""What an N adds to a score: more than all other bases could make up for."""

NEAR = 4000
"""How far, in thousandths of a bit, a word's score may be from the threshold for `near_words` to take it."""

MOST_BLURRED, CANDIDATES = 0.7, 12
"""Largest share of random bases in what these words are drawn from, and how many are drawn for each one taken."""


@dataclass(frozen=True)
class Motif:
    """What a protein binds to.

    Attributes
    ----------
    name, matrix
        The protein, and the profile's ID in JASPAR.
    chances
        Chance of each base at each place of a site, shape (base, place).
    scores
        Log odds of it against the background, in thousandths of a bit, shape (base, place).
    threshold
        A word is a site if its places' scores add up to at least this; in thousandths of a bit too.
    """

    name: str
    matrix: str
    chances: NDArray[np.float64]
    scores: NDArray[np.int64]
    threshold: int

    def __len__(self) -> int:
        """Return how many bases a site has."""
        return self.scores.shape[1]


def load(background: NDArray[np.float64]) -> list[Motif]:
    """Return the seven motifs, their scores taken against the shares of A, C, G and T in ``background``."""
    database = jaspardb(release=RELEASE)
    motifs = []
    for name, matrix in PROFILES.items():
        counts = np.array([database.fetch_motif_by_id(matrix).counts[base] for base in BASES])
        counts = counts + PSEUDOCOUNT * background[:, None]
        chances = counts / counts.sum(axis=0)
        scores = np.round(np.log2(chances / background[:, None]) / SCORE_UNIT).astype(np.int64)
        motifs.append(Motif(name, matrix, chances, scores, threshold_of(scores, background)))
    return motifs


def threshold_of(scores: NDArray[np.int64], background: NDArray[np.float64]) -> int:
    """Return the lowest score that at most a share `FALSE_POSITIVES` of random words reaches.

    The share is exact: places are independent, so that the chances of all sums follow place by place.

    Parameters
    ----------
    scores
        Score of each base at each place, shape (base, place).
    background
        Shares of A, C, G and T among random bases.
    """
    chances = np.ones(1)
    for place in scores.T:
        longer = np.zeros(len(chances) + int(np.ptp(place)))
        for share, more in zip(background, place - place.min(), strict=True):
            longer[more : more + len(chances)] += share * chances
        chances = longer
    reached = chances[::-1].cumsum()[::-1]
    return int(np.argmax(reached <= FALSE_POSITIVES) + scores.min(axis=0).sum())


def hits(motif: Motif, codes: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Tell where a site of the motif starts, on either strand; steps in the last dimension, no site with an N."""
    strands = (motif.scores, motif.scores[::-1, ::-1])
    return np.logical_or(*(_score(scores, codes) >= motif.threshold for scores in strands))


def covered(motif: Motif, codes: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Tell which bases lie in a site of the motif, on either strand; the shape is that of the codes."""
    starts = hits(motif, codes)
    inside = np.zeros(codes.shape, dtype=bool)
    for place in range(len(motif)):
        inside[..., place : place + starts.shape[-1]] |= starts
    return inside


def sites(motifs: list[Motif], codes: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Tell which bases lie in a site of which motif, shape (..., step, motif)."""
    return np.stack([covered(motif, codes) for motif in motifs], axis=-1)


def near_words(motif: Motif, count: int, background: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int8]:
    """Draw words whose score is close to the motif's threshold, half of them sites, half near misses.

    Parameters
    ----------
    motif
        The motif.
    count
        How many words; fewer come where chance gave fewer.
    background
        Shares of A, C, G and T.
    rng
        Where chance comes from.

    Returns
    -------
    numpy.ndarray
        int8 codes, shape (word, place), each word on either strand.
    """
    blur = rng.uniform(0, MOST_BLURRED, (CANDIDATES * count, 1, 1))
    chances = (1 - blur) * motif.chances.T + blur * background
    # Without the last sum, which rounding may leave below a draw: the last base takes what is left.
    words = (rng.random((*chances.shape[:2], 1)) >= chances.cumsum(axis=2)[..., :-1]).sum(axis=2).astype(np.int8)
    above = np.take_along_axis(motif.scores, words, axis=0).sum(axis=1) - motif.threshold
    site, miss = (above >= 0) & (above < NEAR), (above < 0) & (above > -NEAR)
    words = np.concatenate([words[site][: (count + 1) // 2], words[miss][: count // 2]])
    turned = rng.random(len(words)) < 1 / 2
    words[turned] = other_strand(words[turned])
    return words


def _score(scores: NDArray[np.int64], codes: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the score of the word that starts at each step; one with an N in it is far below any threshold."""
    table = np.vstack([scores, np.full(scores.shape[1], UNKNOWN_SCORE)])
    count = codes.shape[-1] - scores.shape[1] + 1
    total = np.zeros((*codes.shape[:-1], count), dtype=np.int64)
    for place in range(scores.shape[1]):
        total += table[:, place][codes[..., place : place + count]]
    return total
