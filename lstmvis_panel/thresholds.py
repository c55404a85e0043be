"""Which threshold? How many states a selection has at every one there is (sections 4.2 and 4.3 of the paper).

A state is on throughout the selection up to the lowest value that it has there, and off beside it above the highest
value that it has there. So it is selected at the thresholds of one interval, and sorting the ends of all states'
intervals tells the count at any threshold: exactly, from the values of the selection's steps alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lstmvis_panel.arguments import selected_document
from lstmvis_panel.quantiles import PER_MILLE, Quantiles, compared, row_of
from lstmvis_panel.schema import Problem, RecordingError, transform_of
from lstmvis_panel.selection import Rule, blocks_of, criterion_of, stored_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import xarray as xr
    from numpy.typing import ArrayLike


class Unit(NamedTuple):
    """What thresholds are given in.

    Attributes
    ----------
    limits
        Maps thresholds to the numbers that decide; never descending.
    thresholds
        Maps such numbers to the greatest thresholds they decide, to be drawn.
    """

    limits: Callable[[ArrayLike], ArrayLike]
    thresholds: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class ThresholdProfile:
    """Number of selected states against the threshold; made by `profile_of`.

    Attributes
    ----------
    lowest
        float64, ascending: up to which limit a state is on throughout the selection. Only states that some threshold
        selects are here.
    highest
        float64, ascending: up to which limit such a state is on somewhere beside it; none for a state that never is.
    unit
        What thresholds are given in.
    """

    lowest: np.ndarray
    highest: np.ndarray
    unit: Unit

    def counts(self, thresholds: ArrayLike) -> np.ndarray:
        """Return how many states each threshold selects.

        Parameters
        ----------
        thresholds
            Of any shape; numbers, or quantiles.

        Returns
        -------
        numpy.ndarray
            int64, the shape of ``thresholds``: the length of what `select_states` returns.

        Raises
        ------
        RecordingError
            If one is not finite, or no quantile.
        """
        limits = self.unit.limits(thresholds)
        counts = _reaching(self.lowest, limits) - _reaching(self.highest, limits)
        return np.asarray(counts, np.int64)

    def steps(self, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the profile as stairs.

        Parameters
        ----------
        low, high
            Ends of the axis, low < high.

        Returns
        -------
        breakpoints : numpy.ndarray
            float64, ascending: both ends of the axis, and the thresholds between them where the set of selected states
            changes. At a breakpoint itself, what lies left of it still holds.
        counts : numpy.ndarray
            int64, one less: how many states are selected between one breakpoint and the next.

        Raises
        ------
        RecordingError
            If the axis has no length.
        """
        if not low < high:
            raise RecordingError(Problem("axis", f"goes from {low!r} to {high!r}; low < high was expected"))
        breakpoints = self.unit.thresholds(np.concatenate([self.lowest, self.highest]))
        inner = breakpoints[(breakpoints > low) & (breakpoints < high)]
        edges = np.unique([low, *inner, high])
        return edges, self.counts(_middles(edges))

    def widest(self, low: float, high: float) -> tuple[float, float, int] | None:
        """Return the widest stretch of the axis on which the same states are selected, and at least one.

        Parameters
        ----------
        low, high
            Ends of the axis, low < high.

        Returns
        -------
        tuple of float, float and int, or None
            Where it begins and ends, and how many states; the count is that of its middle. The first of equally wide
            ones, None if no threshold on the axis selects a state.
        """
        edges, counts = self.steps(low, high)
        widths = np.where(counts > 0, np.diff(edges), 0)
        at = int(widths.argmax())
        return (float(edges[at]), float(edges[at + 1]), int(counts[at])) if counts[at] else None


def profile_of(
    states: xr.DataArray,
    start: int,
    stop: int,
    left: int = 0,
    right: int = 0,
    *,
    rule: str = Rule.ABOVE,
    quantiles: Quantiles | None = None,
) -> ThresholdProfile:
    """Return how many states a selection has at every threshold.

    Parameters
    ----------
    states
        A source, dimensions ``("step", state)``. Only the steps in question are read.
    start, stop, left, right, rule
        As for `select_states`.
    quantiles
        Of this source under this rule, as from `quantiles_of`, if thresholds are to be quantiles.

    Returns
    -------
    ThresholdProfile

    Raises
    ------
    RecordingError
        As `select_states`; also if the quantiles are another rule's.
    """
    threshold = 0.0 if quantiles is None else quantiles.thresholds(0)
    criterion = criterion_of(states, threshold, left, right, rule)
    start, stop, first, last = selected_document(states, start, stop)
    first, last = max(first, start - criterion.left), min(last, stop + criterion.right)
    lowest, highest = _extremes(blocks_of(states, first, last), start, stop, criterion.rule)
    if quantiles is None:
        return _profile(lowest, highest, _values(transform_of(states)))
    return _profile(_last_rows(quantiles, lowest), _last_rows(quantiles, highest), QUANTILES)


def intervals_of(
    states: xr.DataArray, start: int, stop: int, left: int = 0, right: int = 0, *, rule: str = Rule.ABOVE
) -> tuple[np.ndarray, np.ndarray]:
    """Return which thresholds select each state: those above the one number, up to the other and with it.

    Parameters
    ----------
    states, start, stop, left, right, rule
        As for `select_states`.

    Returns
    -------
    above, upto : numpy.ndarray
        float64, one for each state; NaN for ``upto`` where no threshold selects it.

    Raises
    ------
    RecordingError
        As `select_states`.
    """
    criterion = criterion_of(states, 0.0, left, right, rule)
    start, stop, first, last = selected_document(states, start, stop)
    first, last = max(first, start - criterion.left), min(last, stop + criterion.right)
    lowest, highest = _extremes(blocks_of(states, first, last), start, stop, criterion.rule)
    transform = transform_of(states)
    upto = np.where(_selectable(lowest, highest), greatest_thresholds(lowest, transform), np.nan)
    above = greatest_thresholds(highest, transform)
    return np.where(np.isnan(above), -np.inf, above), upto


def greatest_thresholds(values: np.ndarray, transform: str) -> np.ndarray:
    """Return the greatest threshold that each value reaches, under the rule "above".

    Parameters
    ----------
    values
        Stored values, of any shape.
    transform
        The source's: ``"tanh"`` or ``"none"``.

    Returns
    -------
    numpy.ndarray
        float64, the shape of ``values``: `on` says yes up to this threshold, with it, and no above. NaN for NaN.
    """
    values = np.asarray(values, np.float64)
    if transform == "none":
        return values
    # The way there and back is not exact: a unit in the last place more or less.
    greatest: np.ndarray = np.tanh(values)
    while (too_great := _back(greatest) > values).any():
        greatest = np.where(too_great, np.nextafter(greatest, -np.inf), greatest)
    while (greater := _back(np.nextafter(greatest, np.inf)) <= values).any():
        greatest = np.where(greater, np.nextafter(greatest, np.inf), greatest)
    return greatest


def _back(thresholds: np.ndarray) -> np.ndarray:
    """What decides about stored values; infinite past 1, which none reaches."""
    with np.errstate(divide="ignore", invalid="ignore"):
        limits: np.ndarray = np.where(thresholds > 1, np.nan, np.arctanh(np.clip(thresholds, -1, 1)))
    return limits


def _profile(lowest: np.ndarray, highest: np.ndarray, unit: Unit) -> ThresholdProfile:
    is_selected = _selectable(lowest, highest)
    highest = highest[is_selected]
    return ThresholdProfile(np.sort(lowest[is_selected]), np.sort(highest[~np.isnan(highest)]), unit)


def _selectable(lowest: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Tell which states some threshold selects; further steps can only make them fewer."""
    # NaN, in the selection: never on there. Beside it: never on.
    is_selectable: np.ndarray = ~np.isnan(lowest) & ~(highest >= lowest)
    return is_selectable


def _extremes(
    blocks: Iterable[tuple[int, np.ndarray]], start: int, stop: int, rule: Rule
) -> tuple[np.ndarray, np.ndarray]:
    """Return of each state the lowest of what is compared in the selection, NaN if one is; the highest number beside.

    Both float64; NaN where no number is beside. Reading ends once no state can be selected.
    """
    lowest, highest = np.float64(np.inf), np.float64(np.nan)
    for at, stored in blocks:
        values, steps = compared(stored, rule).astype(np.float64), np.arange(at, at + len(stored))
        inside = (steps >= start) & (steps < stop)
        lowest = np.minimum(lowest, values[inside].min(axis=0, initial=np.inf))
        highest = np.fmax(highest, np.fmax.reduce(values[~inside], axis=0, initial=np.nan))
        if not _selectable(lowest, highest).any():
            break
    return np.asarray(lowest), np.asarray(highest)


def _reaching(ends: np.ndarray, limits: ArrayLike) -> np.ndarray:
    """Count the ends that are no less than each limit; none for NaN, which sorts past all of them."""
    counts: np.ndarray = len(ends) - np.searchsorted(ends, limits, side="left")
    return counts


def _middles(edges: np.ndarray) -> np.ndarray:
    middles: np.ndarray = edges[:-1] / 2 + edges[1:] / 2
    return middles


def _last_rows(quantiles: Quantiles, values: np.ndarray) -> np.ndarray:
    """Return the last row of the table in which each state's quantile is no greater than its value; NaN for NaN."""
    rows = (quantiles.table <= values).sum(axis=0) - 1.0
    return np.where(np.isnan(values), np.nan, rows)


def _values(transform: str) -> Unit:
    return Unit(partial(stored_threshold, transform=transform), np.tanh if transform == "tanh" else np.asarray)


def _greatest_quantiles(rows: np.ndarray) -> np.ndarray:
    """Return up to which quantile each row is the nearest."""
    return (rows + 0.5) / PER_MILLE


QUANTILES = Unit(row_of, _greatest_quantiles)
"""Quantiles are decided by their row in the table."""
