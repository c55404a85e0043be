"""Thresholds as quantiles of each state's own values, for states that no common axis holds.

A rule is `Rule.ABOVE` for what it compares with the threshold: v, -v or abs(v). Quantiles are taken of that, so at the
quantile q a state is on in a share of 1 - q of its steps, and at least in that, whatever the rule. They are values
that the state has, kept as they are stored: the comparison stays exact, and the quantile itself is on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.identity import identity_of
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.schema import Problem, RecordingError, transform_of
from lstmvis_panel.selection import QuantileThresholds, Rule, criterion_of
from lstmvis_panel.steps import steps_of
from lstmvis_panel.tiles import budget

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    import xarray as xr
    from numpy.typing import ArrayLike

    from lstmvis_panel.blocks import Steps

PER_MILLE = 1000
"""Quantiles have three decimals: all there are make one table, and a dragged threshold is a row of it."""

BLOCK_BYTES = 64 << 20
SHARE_OF_BUDGET = 1 / 8
MOST_TABLES = 16
SECONDS_BETWEEN_POLLS = 0.05


@dataclass(frozen=True, eq=False)
class Quantiles:
    """All quantiles of three decimals of a source's states, as from `quantiles_of`.

    Attributes
    ----------
    rule
        Quantiles are of v, -v or abs(v), as the rule compares them.
    table
        float32 or float64, dimensions (quantile, state): stored values, ascending along the quantiles 0.000, 0.001 to
        1.000. NaN for a state without a number.
    """

    rule: Rule
    table: np.ndarray

    def thresholds(self, quantile: float) -> QuantileThresholds:
        """Return a quantile, rounded to three decimals, as thresholds."""
        row = int(row_of(quantile))
        return QuantileThresholds(row / PER_MILLE, self.rule, self.table[row].astype(np.float64))


def quantile_thresholds(
    states: xr.DataArray,
    quantile: float,
    *,
    rule: str = Rule.ABOVE,
    cancelled: Callable[[], bool] | None = None,
) -> QuantileThresholds:
    """Return a quantile of each state's own values as its threshold, for `select_states` and `find_matches`.

    Parameters
    ----------
    states
        A source, dimensions ``("step", state)``. Read in full, once for all quantiles if it lies in a file; what is in
        memory may change, and is looked at anew each time.
    quantile
        Between 0 and 1, rounded to three decimals.
    rule
        The rule that the thresholds are for. ``"above"``: quantiles of the values v; ``"below"``: of -v;
        ``"beyond"``: of abs(v).
    cancelled
        Asked now and then, from this thread; once it says yes, reading ends.

    Returns
    -------
    QuantileThresholds
        Of each state, the smallest value such that at least that share of its values, NaN left out, is no greater
        (``inverted_cdf`` in numpy). So a state is on in at least a share 1 - q of its values.

    Raises
    ------
    RecordingError
        If these are no states, the quantile is not between 0 and 1, or the rule is not known.
    Cancelled
        If ``cancelled`` said so.
    """
    row_of(quantile)
    return quantiles_of(states, rule, cancelled).thresholds(quantile)


def state_quantiles(
    states: xr.DataArray,
    quantile: float,
    *,
    rule: str = Rule.ABOVE,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Return a quantile of each state's own values in the units after the transform, to be drawn or said.

    Parameters
    ----------
    states, quantile, rule, cancelled
        As for `quantile_thresholds`, whose result is what decides: a transform there and back would round.

    Returns
    -------
    numpy.ndarray
        float64, shape (state,).

    Raises
    ------
    RecordingError
        As `quantile_thresholds`.
    Cancelled
        If ``cancelled`` said so.
    """
    stored = quantile_thresholds(states, quantile, rule=rule, cancelled=cancelled).stored
    return np.tanh(stored) if transform_of(states) == "tanh" else stored


def quantiles_of(
    states: xr.DataArray, rule: str = Rule.ABOVE, cancelled: Callable[[], bool] | None = None
) -> Quantiles:
    """Return all quantiles of a source's states, computed once for all visitors if it lies in a file.

    Parameters
    ----------
    states, rule, cancelled
        As for `quantile_thresholds`.

    Raises
    ------
    RecordingError
        If these are no states, or the rule is not known.
    Cancelled
        If ``cancelled`` said so.
    """
    rule = criterion_of(states, 0.0, 0, 0, rule).rule

    def poll() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled

    identity = identity_of(states.variable)
    if identity is None:
        return Quantiles(rule, _table(steps_of(states), states.dtype, rule, poll))
    key = (identity[0], rule)
    known = _known(key)
    if known is None:
        with _turn(poll):
            known = _known(key)
            if known is None:
                known = Quantiles(rule, _table(steps_of(states), states.dtype, rule, poll))
                # The owner stays alive with its entry, so that its id is nobody else's.
                _keep(key, known, identity[1])
    return known


def compared(values: np.ndarray, rule: Rule) -> np.ndarray:
    """Return what a rule compares with the threshold, v, -v or abs(v), in a precision that holds all values."""
    precision = np.float32 if values.dtype in (np.float16, np.float32) else np.float64
    wide: np.ndarray = values.astype(precision, copy=False)
    if rule == Rule.ABOVE:
        return wide
    signed: np.ndarray = np.negative(wide) if rule == Rule.BELOW else np.abs(wide)
    return signed


def row_of(quantile: ArrayLike) -> np.ndarray:
    """Return the rows of the table that hold quantiles.

    Raises
    ------
    RecordingError
        If one is not between 0 and 1.
    """
    given = np.asarray(quantile)
    if given.dtype.kind not in "fiu" or not ((given >= 0) & (given <= 1)).all():
        raise RecordingError(Problem("quantile", f"is {quantile!r}; a number between 0 and 1 was expected"))
    rows: np.ndarray = np.rint(given * PER_MILLE).astype(np.int64)
    return rows


_tables: OrderedDict[Hashable, tuple[Quantiles, Any]] = OrderedDict()
_changing, _computing = threading.Lock(), threading.Lock()


def _known(key: Hashable) -> Quantiles | None:
    with _changing:
        if key not in _tables:
            return None
        _tables.move_to_end(key)
        return _tables[key][0]


def _keep(key: Hashable, quantiles: Quantiles, owner: Any) -> None:
    with _changing:
        _tables[key] = quantiles, owner
        while len(_tables) > MOST_TABLES:
            _tables.popitem(last=False)


@contextmanager
def _turn(poll: Callable[[], None]) -> Iterator[None]:
    """Wait until nobody else reads a source for its quantiles: most wait for just those."""
    while not _computing.acquire(timeout=SECONDS_BETWEEN_POLLS):
        poll()
    try:
        yield
    finally:
        _computing.release()


def _table(steps: Steps, dtype: np.dtype[Any], rule: Rule, poll: Callable[[], None]) -> np.ndarray:
    """Sort the states' values, as many states at a time as there is room for."""
    total, states = steps.shape
    kind = compared(np.empty(0, dtype), rule).dtype
    table = np.empty((PER_MILLE + 1, states), kind)
    room = max(BLOCK_BYTES, int(budget() * SHARE_OF_BUDGET))
    count = max(1, min(states, room // max(1, total * kind.itemsize)))
    sorting = np.empty((count, total), kind)
    for first in range(0, states, count):
        part = slice(first, min(first + count, states))
        rows = sorting[: part.stop - first]
        steps.fetch_states(np.arange(part.start, part.stop), poll)
        for at, values in steps.blocks(0, total):
            poll()
            rows[:, at : at + len(values)] = compared(values[:, part], rule).T
        for state, row in enumerate(rows, first):
            poll()
            table[:, state] = _quantiles(row)
    return table


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Sort a state's values in place, and return all its quantiles."""
    values.sort()
    # NaN come last.
    numbers = len(values) - int(np.isnan(values).sum())
    if not numbers:
        return np.full(PER_MILLE + 1, np.nan, values.dtype)
    # In whole numbers: the least count that is no less than the share.
    counts = -(-np.arange(PER_MILLE + 1) * numbers // PER_MILLE)
    return values[np.maximum(counts - 1, 0)]
