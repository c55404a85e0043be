"""What a plot of one source shows: its values at the steps shown, and the axis that fits them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel import schema
from lstmvis_panel.alignment import displayed, state_window

if TYPE_CHECKING:
    import xarray as xr

AXIS_AIR = 0.02
"""Share of the axis beyond the largest value, so that a line that reaches it is seen whole."""


class Window:
    """The steps of a source that are shown, read once and kept until others are asked for.

    Parameters
    ----------
    states
        The source, lazy, dimensions ``("step", state)``.
    """

    def __init__(self, states: xr.DataArray) -> None:
        self.states = states
        self._steps: tuple[int, int] | None = None
        self._stored: xr.DataArray | None = None
        self._shown: xr.DataArray | None = None
        self._extent: tuple[float, float] | None = None

    def stored(self, first: int, shown: int) -> xr.DataArray:
        """Stored values of the steps shown and one more on each side, in memory."""
        if self._stored is None or self._steps != (first, shown):
            self._steps, self._shown, self._extent = (first, shown), None, None
            self._stored = state_window(self.states, first - 1, first + shown + 1)
        return self._stored

    def displayed(self, first: int, shown: int) -> xr.DataArray:
        """Return the same values as they are drawn."""
        stored = self.stored(first, shown)
        if self._shown is None:
            self._shown = displayed(stored)
        return self._shown

    def extent(self, first: int, shown: int) -> tuple[float, float]:
        """The value axis (low, high): fits the steps shown with some air, symmetric about 0 if a value is negative."""
        values = self.displayed(first, shown)
        if self._extent is None:
            self._extent = _axis(values.values)
        return self._extent

    def inside(self, first: int, shown: int) -> np.ndarray:
        """Stored values of just the steps shown, dimensions (step, state)."""
        stored = self.stored(first, shown)
        values: np.ndarray = stored.sel({schema.STEP: slice(first, first + shown - 1)}).values
        return values


def _axis(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    reach = _round_up(float(np.abs(finite).max())) or 1.0
    air = AXIS_AIR * reach
    return (-reach - air if finite.min() < 0 else -air, reach + air)


def _round_up(value: float) -> float:
    """The next value with two digits, so that the axis rests while the window moves a little."""
    if value <= 0:
        return 0.0
    unit = 10.0 ** np.floor(np.log10(value)) / 5
    return float(np.ceil(round(value / unit, 9)) * unit)
