"""What each threshold will select at the steps shown: enough for a browser to draw a drag of the threshold by itself.

A state is selected at the thresholds of one interval, and on at a step up to one threshold (see `thresholds`). Those
are computed once, before the drag; then a threshold is only compared with them, which gives in a browser what
`select_states` gives on the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.quantiles import compared
from lstmvis_panel.schema import transform_of
from lstmvis_panel.selection import Rule
from lstmvis_panel.thresholds import greatest_thresholds, intervals_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from lstmvis_panel.layers import Asked
    from lstmvis_panel.windows import Window

MOST_VALUES = 1 << 20
"""Values that are sent at most: 12 MB, with what is drawn."""


@dataclass(frozen=True, eq=False)
class Preview:
    """What thresholds select in a source.

    Attributes
    ----------
    states
        int32, ascending: numbers of the states that some threshold selects.
    above, upto
        float64, one for each of them: thresholds above the one, up to the other and with it, select it.
    reaches
        float64, dimensions (state, step): up to which threshold it is on at each step shown; NaN for never.
    drawn
        float32, dimensions (state, step): its values as they are drawn, at those steps and one more on each side.
    """

    states: np.ndarray
    above: np.ndarray
    upto: np.ndarray
    reaches: np.ndarray
    drawn: np.ndarray

    @property
    def sent(self) -> dict[str, Any]:
        """The same as bytes, for a component."""
        return {name: np.ascontiguousarray(values).tobytes() for name, values in vars(self).items()}


def preview_of(
    window: Window,
    first: int,
    shown: int,
    asked: Asked,
    chosen: np.ndarray | None = None,
    kept: Sequence[int] = (),
) -> Preview | None:
    """Return what thresholds select at the steps shown, as values say it.

    Parameters
    ----------
    window
        Of the source.
    first, shown
        Which steps, and how many.
    asked
        The selection, its limits and the rule.
    chosen
        States that are selected whatever the threshold is, as those that are pinned; if None those of the selection.
    kept
        States that are selected besides those of the selection, whatever the threshold is.

    Returns
    -------
    Preview or None
        None if there are too many values to send.

    Raises
    ------
    RecordingError
        As `select_states`.
    """
    if chosen is None:
        start, stop = asked.selection or (0, 0)
        above, upto = intervals_of(window.states, start, stop, asked.left, asked.right, rule=asked.rule)
        above[list(kept)], upto[list(kept)] = -np.inf, np.inf
        chosen = np.flatnonzero(~np.isnan(upto))
        above, upto = above[chosen], upto[chosen]
    else:
        above, upto = np.full(len(chosen), -np.inf), np.full(len(chosen), np.inf)
    if len(chosen) * shown > MOST_VALUES:
        return None
    inside = compared(window.inside(first, shown)[:, chosen], Rule(asked.rule))
    drawn = _around(window.displayed(first, shown), first, shown)[:, chosen]
    reaches = greatest_thresholds(inside.T, transform_of(window.states))
    return Preview(chosen.astype(np.int32), above, upto, reaches, drawn.T)


def _around(values: xr.DataArray, first: int, shown: int) -> np.ndarray:
    """The steps shown and one more on each side; past the recording's ends there is nothing to draw."""
    steps = values.step.values
    before, after = int(first - steps[0]), int(steps[-1] - (first + shown - 1))
    padding = ((1 - before, 1 - after), (0, 0))
    padded: np.ndarray = np.pad(values.values.astype(np.float32), padding, constant_values=np.nan)
    return padded
