"""What can be foreseen by counting: the simple models that the LSTM has to beat."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DISCOUNT = 0.75
"""What interpolated Kneser-Ney smoothing takes from each count."""


class KneserNey:
    """Foresees a code from the few before it, by interpolated Kneser-Ney smoothing.

    Of order 1 it foresees by frequency alone, smoothed in the same way.

    Parameters
    ----------
    texts
        Sequences of codes to count in.
    order
        How many codes belong together: 1 for a unigram model, 2 for a bigram model ...
    words
        How many codes there are.
    """

    def __init__(self, texts: Iterable[Iterable[int]], order: int, words: int) -> None:
        self.order, self.words = order, words
        self.counts: list[defaultdict[tuple[int, ...], Counter[int]]] = [defaultdict(Counter) for _ in range(order)]
        for text in texts:
            codes = [int(code) for code in text]
            for at, code in enumerate(codes):
                longest = min(order - 1, at)
                self.counts[longest][tuple(codes[at - longest : at])][code] += 1
        # A shorter context counts the different ones that continue it, not how often they do; the start of a text,
        # which has no longer one, counts as it is.
        for length in reversed(range(order - 1)):
            for context, following in self.counts[length + 1].items():
                for code in following:
                    self.counts[length][context[1:]][code] += 1

    def chance(self, before: Sequence[int], code: int) -> float:
        """Return the chance of a code after others."""
        chance = 1 / self.words
        for length in range(min(self.order - 1, len(before)) + 1):
            following = self.counts[length].get(tuple(before[len(before) - length :]))
            if following is None:
                break
            total = following.total()
            chance = (max(following[code] - DISCOUNT, 0) + DISCOUNT * len(following) * chance) / total
        return chance

    def perplexity(self, texts: Iterable[Iterable[int]]) -> float:
        """Return exp of the mean of -log of the chance of all codes but the first of each text."""
        losses = [
            -math.log(self.chance(text[max(at - self.order + 1, 0) : at], text[at]))
            for text in ([int(code) for code in each] for each in texts)
            for at in range(1, len(text))
        ]
        return math.exp(sum(losses) / len(losses))
