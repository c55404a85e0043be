"""Selecting and matching by the words of the definitions: every range is tried, with sets, one step at a time."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Match(NamedTuple):
    """A range and what ranks it."""

    start: int
    length: int
    overlap: int
    union: int


def stored_limit(threshold: float, transform: str) -> float:
    """Return what stored values are compared with."""
    limit = float(threshold)
    if transform == "tanh" and abs(limit) <= 1:
        with np.errstate(divide="ignore"):
            limit = float(np.arctanh(limit))
    elif transform == "tanh":
        # No tanh is above 1, and every one is above what is below -1.
        limit = -math.inf if limit < 0 else math.nan
    return limit


def is_on(value: float, limit: float, rule: str) -> bool:
    """Tell whether a value is on the side of the limit that the rule names."""
    return {"above": value >= limit, "below": value <= -limit, "beyond": abs(value) >= limit}[rule]


def on_states(
    stored: np.ndarray, threshold: float | Sequence[float], transform: str, rule: str = "above"
) -> list[set[int]]:
    """Return the states that are on at each step, by one threshold or by one for each state."""
    limits = [stored_limit(each, transform) for each in np.broadcast_to(threshold, stored.shape[1]).tolist()]
    return [{state for state, value in enumerate(row) if is_on(float(value), limits[state], rule)} for row in stored]


def quantile(stored: np.ndarray, share: Fraction, rule: str) -> float:
    """Return the smallest of what the rule compares such that at least that share of it, without NaN, is no greater."""
    signed = {"above": lambda value: value, "below": lambda value: -value, "beyond": abs}[rule]
    values = sorted(signed(float(value)) for value in stored if not math.isnan(value))
    return next((value for count, value in enumerate(values, 1) if Fraction(count, len(values)) >= share), math.nan)


class Passing(NamedTuple):
    """What a range has to be to count: its least length, bounds of the length (inclusive), and where it may start."""

    min_length: int
    lengths: tuple[int, int] | None = None
    where: Sequence[bool] | None = None

    def counts(self, match: Match) -> bool:
        """Tell whether a range is among those whose lengths are counted."""
        return match.length >= self.min_length and (self.where is None or bool(self.where[match.start]))

    def passes(self, match: Match) -> bool:
        """Tell whether a range is a candidate for the list."""
        low, high = self.lengths or (1, math.inf)
        return self.counts(match) and low <= match.length <= high


class Oracle:
    """All that can be asked about states that are on in documents.

    Parameters
    ----------
    on
        The states that are on at each step.
    edges
        Where documents start, and the end.
    """

    def __init__(self, on: list[set[int]], edges: Sequence[int], left: int, right: int) -> None:
        self.on, self.left, self.right = on, left, right
        self.documents = [range(*pair) for pair in pairwise(edges)]

    def states(self, start: int, stop: int) -> set[int]:
        """Return the states on in all steps, and off in the steps beside them; outside the document all are off."""
        document = next(document for document in self.documents if start in document)
        assert stop - 1 in document
        has = set.intersection(*(self.on[step] for step in range(start, stop)))
        for step in [*range(start - self.left, start), *range(stop, stop + self.right)]:
            if step in document:
                has -= self.on[step]
        return has

    def ranges(self) -> Iterable[tuple[int, int]]:
        """Return all ranges that lie in a document."""
        for document in self.documents:
            yield from combinations(range(document.start, document.stop + 1), 2)

    def is_closed(self, start: int, stop: int, selected: set[int]) -> bool:
        """Tell whether one step more on either side would lose some of the overlap, which is not empty."""
        overlap = self.states(start, stop) & selected
        document = next(document for document in self.documents if start in document)
        longer = [(start - 1, stop)] if start - 1 in document else []
        longer += [(start, stop + 1)] if stop in document else []
        return bool(overlap) and not any(overlap <= self.states(*pair) for pair in longer)

    def match(self, start: int, stop: int, selected: set[int]) -> Match:
        """Return what ranks a range."""
        has = self.states(start, stop)
        return Match(start, stop - start, len(has & selected), len(has | selected))

    def closed(self, selected: set[int]) -> list[Match]:
        """Return all closed ranges, best first."""
        closed = [self.match(*pair, selected) for pair in self.ranges() if self.is_closed(*pair, selected)]
        return sorted(closed, key=lambda match: (-match.overlap, match.union, -match.length, match.start))

    def matches(self, candidates: list[Match], top: int, *, distinct: bool) -> list[Match]:
        """Return the best ranges; where distinct, those are passed over that share a step with one kept."""
        kept: list[Match] = []
        taken: set[int] = set()
        for match in candidates:
            steps = set(range(match.start, match.start + match.length))
            if len(kept) < top and not (distinct and steps & taken):
                kept.append(match)
                taken |= steps
        return kept

    def own(self, start: int, stop: int, selected: set[int]) -> list[Match]:
        """Return the longest range around this one that has the same overlap."""
        overlap = self.states(start, stop) & selected
        around = [
            pair
            for pair in self.ranges()
            if pair[0] <= start and stop <= pair[1] and self.states(*pair) & selected == overlap
        ]
        best = max(around, key=lambda pair: pair[1] - pair[0])
        return [self.match(*best, selected)] if overlap else []
