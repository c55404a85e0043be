"""The parenthesis counting language of section 5.1 of the LSTMVis paper, and what it lets a model know.

Parentheses match and nest at most four deep; a digit says how many are open where it stands. What comes next, a
parenthesis or a digit, is drawn at random from what is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEEPEST = 4
VOCABULARY = ("(", ")", *(str(level) for level in range(DEEPEST + 1)))
OPEN, CLOSE, FIRST_DIGIT = 0, 1, 2

OPEN_WEIGHT, CLOSE_WEIGHT, DIGIT_WEIGHT = 1.0, 1.0, 2.0
"""How likely each is against the others; one that nesting forbids leaves its share to the rest."""


def next_token_chances() -> NDArray[np.float64]:
    """Return the chance of each next token where so many parentheses are open, shape (level, word)."""
    chances = np.zeros((DEEPEST + 1, len(VOCABULARY)))
    for level in range(DEEPEST + 1):
        chances[level, FIRST_DIGIT + level] = DIGIT_WEIGHT
        chances[level, OPEN] = OPEN_WEIGHT if level < DEEPEST else 0.0
        chances[level, CLOSE] = CLOSE_WEIGHT if level > 0 else 0.0
    return chances / chances.sum(axis=1, keepdims=True)


def level_shares() -> NDArray[np.float64]:
    """Return in which share of all steps so many parentheses are open in the long run, shape (level,)."""
    chances = next_token_chances()
    # A level is left upwards as often as it is come back to from above.
    shares = np.concatenate([[1.0], np.cumprod(chances[:-1, OPEN] / chances[1:, CLOSE])])
    return shares / shares.sum()


def entropy() -> float:
    """Return the entropy of the next token given all before it, in nats: no loss can stay below it."""
    chances = next_token_chances()
    logs = np.log(chances, where=chances > 0, out=np.zeros_like(chances))
    return float(-(level_shares() @ (chances * logs).sum(axis=1)))


def generate(rng: np.random.Generator, streams: int, steps: int) -> NDArray[np.int64]:
    """Draw token codes, shape (streams, steps); each stream starts with no parenthesis open."""
    cumulative = next_token_chances().cumsum(axis=1)
    draws = rng.random((steps, streams, 1))
    tokens = np.empty((streams, steps), dtype=np.int64)
    level = np.zeros(streams, dtype=np.int64)
    for step in range(steps):
        # Without the last sum, which rounding may leave below a draw: the last word takes what is left.
        tokens[:, step] = (draws[step] >= cumulative[level, :-1]).sum(axis=1)
        level += opened_by(tokens[:, step])
    return tokens


def opened_by(tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return by how much each token changes the number of open parentheses."""
    return (tokens == OPEN).astype(np.int64) - (tokens == CLOSE)


def nesting_levels(tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the level each token of a stream lies on, shape (steps,).

    A parenthesis lies on the level that it opens or closes, so that ``( 4 )`` lies on level 4 as a whole.
    """
    return np.cumsum(opened_by(tokens)) + (tokens == CLOSE)


def true_surprisal(tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how surprising each token of a stream is to one who knows the language, in nats, shape (steps,)."""
    before = np.cumsum(opened_by(tokens)) - opened_by(tokens)
    return -np.log(next_token_chances()[before, tokens])
