"""Numbers beside the value axis: round, no denser than they can be read, told apart by their texts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.axis import ROOM, ticks
from lstmvis_panel.style import STACKED_HEIGHTS

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("low", "high", "extent", "texts"),
    [
        (-1.02, 1.02, 220, [f"{MINUS}1.0", f"{MINUS}0.5", "0.0", "0.5", "1.0"]),
        (-0.796, 0.796, 220, [f"{MINUS}0.5", "0.0", "0.5"]),
        (-0.02, 1.02, 118, ["0.0", "0.5", "1.0"]),
        (-0.02, 1.02, 220, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-8.16, 8.16, 150, [f"{MINUS}5", "0", "5"]),
        (-1.656, 1.656, 118, [f"{MINUS}1", "0", "1"]),
        (-0.00051, 0.00051, 220, [f"{MINUS}0.0004", f"{MINUS}0.0002", "0.0000", "0.0002", "0.0004"]),
        (-2.6e-7, 2.6e-7, 220, [f"{MINUS}2e{MINUS}7", f"{MINUS}1e{MINUS}7", "0", f"1e{MINUS}7", f"2e{MINUS}7"]),
        (-3.06e5, 3.06e5, 220, [f"{MINUS}200000", "0", "200000"]),
    ],
)
def test_numbers_are_round(low: float, high: float, extent: int, texts: list[str]) -> None:
    assert [tick.text for tick in ticks(low, high, extent)] == texts


@given(st.floats(1e-12, 1e12), st.booleans(), st.sampled_from(STACKED_HEIGHTS))
def test_numbers_lie_on_the_axis_apart_from_one_another(reach: float, signed: bool, extent: int) -> None:  # noqa: FBT001
    low, high = (-1.02 * reach if signed else -0.02 * reach), 1.02 * reach
    found = ticks(low, high, extent)
    assert len(found) >= 2
    assert low <= found[0].value < found[-1].value <= high
    assert len({tick.text for tick in found}) == len(found)
    for one, other in pairwise(found):
        px = (other.value - one.value) / (high - low) * extent
        assert px >= ROOM * 0.6
