from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.record.carrying import Ranges, carry

LENGTH = 24


@st.composite
def ranges(draw, *, apart: bool) -> list[tuple[int, int]]:
    """Draw ranges of a text: apart and in order, or any."""
    if apart:
        cuts = sorted(draw(st.lists(st.integers(0, LENGTH), max_size=12)))
        return list(zip(cuts[::2], cuts[1::2], strict=False))
    pairs = draw(st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)), max_size=8))
    return [(min(pair), max(pair)) for pair in pairs]


def of(pairs: list[tuple[int, int]]) -> Ranges:
    return Ranges.of([start for start, _ in pairs], [stop for _, stop in pairs])


def by_hand(units: list[tuple[int, int]], start: int, stop: int) -> int:
    """Look at each character of a token."""
    in_order = sorted(range(len(units)), key=lambda unit: (units[unit][0], -units[unit][1], unit))

    def owner(at: int) -> int:
        return next((unit for unit in in_order if units[unit][0] <= at < units[unit][1]), -1)

    if start == stop:
        enclosing = owner(start - 1)
        return enclosing if enclosing == owner(start) else -1
    counts = Counter(owner(at) for at in range(start, stop))
    counts.pop(-1, None)
    return max(counts, key=lambda unit: (counts[unit], -in_order.index(unit)), default=-1)


@given(ranges(apart=True) | ranges(apart=False), ranges(apart=False))
def test_each_token_belongs_to_what_holds_most_of_it(
    units: list[tuple[int, int]], tokens: list[tuple[int, int]]
) -> None:
    found = carry(of(units), of(tokens))
    assert found.tolist() == [by_hand(units, *token) for token in tokens]


def test_the_rule() -> None:
    #      0123456789
    #      do n't  York
    units = of([(0, 2), (2, 5), (8, 12)])
    tokens = of([(0, 5), (0, 4), (4, 10), (5, 8), (1, 1), (2, 2), (9, 9)])
    assert carry(units, tokens).tolist() == [1, 0, 2, -1, 0, -1, 2]


def test_nothing_is_annotated() -> None:
    assert carry(of([]), of([(0, 3), (3, 3)])).tolist() == [-1, -1]
    assert carry(of([(2, 2)]), of([(0, 3)])).tolist() == [-1]
    assert carry(of([(0, 3)]), of([])).tolist() == []


def test_many_long_ranges_within_each_other_take_little_memory() -> None:
    count = 200_000
    nested = Ranges.of(np.arange(count), 2 * count - np.arange(count))
    tokens = Ranges.of(np.arange(2 * count), np.arange(2 * count) + 1)
    found = carry(nested, tokens)
    assert (found == 0).all()
