"""The numbers beside a lines plot (section 4.1 of the paper). Values in, texts out."""

from __future__ import annotations

import math
from typing import NamedTuple

from lstmvis_panel.colours import number_text

ROOM = 40
"""px from one number to the next, about."""

ROUND = (0.5, 1.0, 2.0, 2.5, 5.0, 10.0)
"""Steps that are easy to count by, as multiples of a power of ten."""

POSITIONAL = (1e-4, 1e5)
"""Numbers that go by steps from the one to the other have the same decimals."""

TINY = 1e-6
"""Share of a step by which a number may miss the end of the axis: numbers are no exact decimals."""


class Tick(NamedTuple):
    """A number on the axis."""

    value: float
    text: str


def ticks(low: float, high: float, extent: int) -> list[Tick]:
    """Choose round numbers for an axis.

    Parameters
    ----------
    low, high
        Its ends, low < high.
    extent
        Its length in px.

    Returns
    -------
    list of Tick
        Ascending; two at least on an axis that reaches zero.
    """
    # A little less than what would fit, so that as many numbers as there is room for come of it.
    least = (high - low) / max(2.0, extent / ROOM) * 0.9
    unit = 10.0 ** math.floor(math.log10(least))
    at = next(at for at, multiple in enumerate(ROUND) if multiple * unit >= least * 0.999)
    multiple = ROUND[at] if len(_within(low, high, ROUND[at] * unit)) > 1 else ROUND[at - 1]
    step = multiple * unit
    decimals = max(0, -math.floor(math.log10(step) + TINY) + (multiple == 2.5))  # noqa: PLR2004 - as listed above
    return [Tick(number * step, _text(number * step, step, decimals)) for number in _within(low, high, step)]


def _within(low: float, high: float, step: float) -> range:
    return range(math.ceil(low / step - TINY), math.floor(high / step + TINY) + 1)


def _text(value: float, step: float, decimals: int) -> str:
    smallest, greatest = POSITIONAL
    if smallest <= step < greatest:
        return f"{value:.{min(decimals, 4)}f}".replace("-", "\N{MINUS SIGN}")
    return number_text(value)
