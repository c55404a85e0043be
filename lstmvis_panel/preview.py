"""What a drag will select at the steps shown: enough for a browser to draw a drag by itself.

A state is selected at the thresholds of one interval, and on at a step up to one threshold (see `thresholds`). Those
are computed once, before a drag of the threshold; then a threshold is only compared with them, which gives in a browser
what `select_states` gives on the server. For a drag of the brush, it is which states are on at each step, now that the
threshold rests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lstmvis_panel import schema
from lstmvis_panel.alignment import state_window
from lstmvis_panel.quantiles import compared
from lstmvis_panel.selection import Rule
from lstmvis_panel.thresholds import greatest_thresholds, intervals_of

if TYPE_CHECKING:
    import xarray as xr

    from lstmvis_panel.layers import Asked
    from lstmvis_panel.selection import Criterion
    from lstmvis_panel.windows import Window

MOST_VALUES = 1 << 20
"""Values that are sent at most: 12 MB, with what is drawn."""


class ByHand(NamedTuple):
    """States that a hand has chosen.

    Attributes
    ----------
    pinned
        States that are listed instead of those of the selection, if not None.
    kept
        States that are listed besides those of the selection.
    alone
        The one that is shown alone, where it is listed.
    """

    pinned: tuple[int, ...] | None = None
    kept: tuple[int, ...] = ()
    alone: int | None = None

    @property
    def listed(self) -> np.ndarray:
        """States that are listed whatever is selected."""
        return np.array(self.kept if self.pinned is None else self.pinned, np.int64)


NO_HAND = ByHand()


@dataclass(frozen=True, eq=False)
class Preview:
    """What a browser needs of a source to draw a drag.

    Attributes
    ----------
    states
        int32, ascending: numbers of the states that the drag can select.
    drawn
        float32, dimensions (state, step): their values as they are drawn, at the steps shown and one more on each side.
    alone
        The one that is shown alone, where it is selected; -1 for none.
    """

    states: np.ndarray
    drawn: np.ndarray
    alone: int

    @property
    def sent(self) -> dict[str, Any]:
        """The same, arrays as bytes, for a component."""
        return {
            name: np.ascontiguousarray(value).tobytes() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }


@dataclass(frozen=True, eq=False)
class ThresholdPreview(Preview):
    """What each threshold selects.

    Attributes
    ----------
    above, upto
        float64, one for each state: thresholds above the one, up to the other and with it, select it.
    reaches
        float64, dimensions (state, step): up to which threshold it is on at each step shown; NaN for never.
    """

    above: np.ndarray
    upto: np.ndarray
    reaches: np.ndarray


@dataclass(frozen=True, eq=False)
class BrushPreview(Preview):
    """What each selection among the steps shown selects.

    Attributes
    ----------
    always
        uint8, one for each state: 1 if it is listed whatever is selected.
    is_on
        uint8, dimensions (state, step): 1 where it is on, at the steps shown and beside them as far as limits reach.
    begin, first
        The first of those steps, and the first one shown.
    edges
        int32, ascending: where documents start among them, or end with the last of them.
    follows
        Whether states are selected by the selection at all; if not, just those listed anyway.
    """

    always: np.ndarray
    is_on: np.ndarray
    begin: int
    first: int
    edges: np.ndarray
    follows: bool


def threshold_preview(
    window: Window, first: int, shown: int, asked: Asked, by_hand: ByHand = NO_HAND
) -> ThresholdPreview | None:
    """Return what thresholds select at the steps shown, as values say it.

    Parameters
    ----------
    window
        Of the source.
    first, shown
        Which steps, and how many.
    asked
        The selection, its limits and the rule.
    by_hand
        States that are listed anyway.

    Returns
    -------
    ThresholdPreview or None
        None if there are too many values to send.

    Raises
    ------
    RecordingError
        As `select_states`.
    """
    above, upto = (np.full(window.states.shape[1], value) for value in (-np.inf, np.nan))
    if by_hand.pinned is None and asked.selection is not None:
        above, upto = intervals_of(window.states, *asked.selection, asked.left, asked.right, rule=asked.rule)
    above[by_hand.listed], upto[by_hand.listed] = -np.inf, np.inf
    chosen = np.flatnonzero(~np.isnan(upto))
    if len(chosen) * shown > MOST_VALUES:
        return None
    inside = compared(window.inside(first, shown)[:, chosen], Rule(asked.rule))
    reaches = greatest_thresholds(inside.T, schema.transform_of(window.states))
    states, drawn, alone = _drawn(window, first, shown, chosen, by_hand)
    return ThresholdPreview(states, drawn, alone, above[chosen], upto[chosen], reaches)


def brush_preview(
    window: Window, first: int, shown: int, criterion: Criterion, by_hand: ByHand = NO_HAND
) -> BrushPreview | None:
    """Return what selections among the steps shown select.

    Parameters
    ----------
    window
        Of the source.
    first, shown
        Which steps, and how many.
    criterion
        What is on, and the limits of the selection.
    by_hand
        States that are listed anyway.

    Returns
    -------
    BrushPreview or None
        None if there are too many values to send.
    """
    steps = window.states.sizes[schema.STEP]
    begin, stop = max(0, first - criterion.left), min(first + shown + criterion.right, steps)
    is_on = criterion.on(state_window(window.states, begin, stop).values)
    edges = schema.document_edges(window.states)
    always = np.zeros(is_on.shape[1], np.uint8)
    always[by_hand.listed] = 1
    follows = by_hand.pinned is None
    chosen = np.flatnonzero(always | (is_on[first - begin :][:shown].any(axis=0) & follows))
    if len(chosen) * is_on.shape[0] > MOST_VALUES:
        return None
    states, drawn, alone = _drawn(window, first, shown, chosen, by_hand)
    known = edges[(edges >= begin) & (edges <= stop)].astype(np.int32)
    flags = is_on.T[chosen].astype(np.uint8)
    return BrushPreview(states, drawn, alone, always[chosen], flags, begin, first, known, follows)


def _drawn(
    window: Window, first: int, shown: int, chosen: np.ndarray, by_hand: ByHand
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return what any drag takes: the states, their lines, and which one of them is shown alone."""
    lines = _around(window.displayed(first, shown), first, shown)[:, chosen].T
    return chosen.astype(np.int32), lines, -1 if by_hand.alone is None else by_hand.alone


def _around(values: xr.DataArray, first: int, shown: int) -> np.ndarray:
    """The steps shown and one more on each side; past the recording's ends there is nothing to draw."""
    steps = values.step.values
    before, after = int(first - steps[0]), int(steps[-1] - (first + shown - 1))
    padding = ((1 - before, 1 - after), (0, 0))
    padded: np.ndarray = np.pad(values.values.astype(np.float32), padding, constant_values=np.nan)
    return padded
