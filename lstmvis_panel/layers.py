"""One source as a session sees it: what its plot shows, and what a threshold makes of its states.

What is asked again and again while the mouse moves is kept until something else is asked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel import schema
from lstmvis_panel.alignment import displayed, state_window
from lstmvis_panel.compiled import columns
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.places import next_on
from lstmvis_panel.quantiles import quantiles_of
from lstmvis_panel.questions import QUANTILE, VALUE
from lstmvis_panel.selection import Rule, blocks_of, criterion_of, select_states
from lstmvis_panel.thresholds import ThresholdProfile, profile_of
from lstmvis_panel.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from lstmvis_panel.quantiles import Quantiles
    from lstmvis_panel.selection import Criterion, QuantileThresholds

FIRST_THRESHOLD = 0.3
"""Before a visitor has chosen one: a value of states that stay within -1 and 1, a share of the reach of others."""

FIRST_QUANTILE = 0.9
"""As a quantile: a state is on in a tenth of all steps."""

LONGEST_MEAN = 10_000
"""Selected steps up to which the values that a mean takes are read at once."""

NEAR_VALUES = 1 << 20
"""Values at and beside a selection that are kept in memory at most: 4 MB."""

FIRST_STEPS = 40
"""Steps from the start on that tell how far the values of a source reach."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What a selection asks of a source: steps (start, stop) or None, limits, and what "on" means."""

    selection: tuple[int, int] | None
    left: int
    right: int
    threshold: float
    rule: str = Rule.ABOVE
    unit: str = VALUE


class Layer:
    """A source, with what has last been asked of it.

    Parameters
    ----------
    states
        The source, lazy, dimensions ``("step", state)``.
    """

    def __init__(self, states: xr.DataArray) -> None:
        self.states = states
        self.window = Window(states)
        self._tables: dict[str, Quantiles] = {}
        self._failures: dict[str, str] = {}
        self._reach: float | None = None
        self._near: tuple[int, int, xr.DataArray] | None = None
        self._selected: tuple[Asked, tuple[np.ndarray, str]] | None = None
        self._profile: tuple[tuple[object, ...], ThresholdProfile | None] | None = None
        self._means: tuple[tuple[object, ...], np.ndarray] | None = None

    # -- quantiles ----------------------------------------------------------------------------------------------------

    def lacks(self, rule: str, unit: str) -> bool:
        """Tell whether the quantiles that thresholds are given in have not been computed yet."""
        return not self.decides(rule, unit) and rule not in self._failures

    def decides(self, rule: str, unit: str) -> bool:
        """Tell whether thresholds say what is on: values do, quantiles once they have been computed."""
        return unit == VALUE or rule in self._tables

    def quantiles(self, rule: str) -> Quantiles | None:
        """All quantiles under a rule, if they have been computed."""
        return self._tables.get(rule)

    def measure(self, rule: str, cancelled: Callable[[], bool] | None = None) -> None:
        """Compute all quantiles under a rule. Reads the whole source; a failure is kept as a reason.

        Raises
        ------
        Cancelled
            If ``cancelled`` said so.
        """
        try:
            self._tables[rule] = quantiles_of(self.states, rule, cancelled)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody is to wait for them any longer
            _log.exception("The quantiles of %s failed", self.states.name)
            why = str(error) or type(error).__name__
            self._failures[rule] = f"The quantiles of {self.states.name} can't be had: {why}"

    def forgive(self) -> None:
        """Let what could not be computed be tried once more."""
        self._failures.clear()

    # -- thresholds ---------------------------------------------------------------------------------------------------

    @property
    def reach(self) -> float:
        """Greatest distance from 0 of a drawn value in the first steps; 1 where all of them stay within -1 and 1."""
        if self._reach is None:
            self._reach = 1.0 if schema.transform_of(self.states) == "tanh" else self._first_reach()
        return self._reach

    def _first_reach(self) -> float:
        values = np.abs(displayed(state_window(self.states, 0, FIRST_STEPS)).values.astype(np.float64))
        return max(1.0, float(values.max(initial=0.0, where=np.isfinite(values))))

    def first_threshold(self, unit: str) -> float:
        """The threshold before one is given, with two digits."""
        return FIRST_QUANTILE if unit == QUANTILE else float(f"{FIRST_THRESHOLD * self.reach:.2g}")

    def threshold(self, asked: Asked) -> float | QuantileThresholds:
        """What decides about states: the threshold itself, or each state's own quantile."""
        return asked.threshold if asked.unit == VALUE else self._tables[asked.rule].thresholds(asked.threshold)

    def criterion(self, asked: Asked) -> Criterion:
        """What makes a state belong to a selection, where thresholds say that."""
        return criterion_of(self.states, self.threshold(asked), asked.left, asked.right, asked.rule)

    # -- states -------------------------------------------------------------------------------------------------------

    def select(self, asked: Asked) -> tuple[np.ndarray, str]:
        """S1, and why there is none where it is not allowed."""
        if self._selected is None or self._selected[0] != asked:
            self._selected = (asked, self._select(asked))
        return self._selected[1]

    def _select(self, asked: Asked) -> tuple[np.ndarray, str]:
        none = np.zeros(0, np.int64)
        if asked.selection is None:
            return none, ""
        if reason := self._missing(asked):
            return none, reason
        first, states = self._around(asked)
        try:
            return self._select_among(states, first, asked), ""
        except ValueError:
            return none, self._refused(asked)

    def _refused(self, asked: Asked) -> str:
        """Why the selection is not allowed, in words about the whole source."""
        try:
            self._select_among(self.states, 0, asked)
        except ValueError as error:
            return str(error)
        return ""

    def _select_among(self, states: xr.DataArray, first: int, asked: Asked) -> np.ndarray:
        start, stop = asked.selection or (0, 0)
        limits = asked.left, asked.right
        return select_states(states, start - first, stop - first, self.threshold(asked), *limits, rule=asked.rule)

    def _around(self, asked: Asked) -> tuple[int, xr.DataArray]:
        """Return the steps that decide about a selection, in memory while thresholds are tried, and which is the first.

        All of the source, lazy, where they are many.
        """
        start, stop = asked.selection or (0, 0)
        first, stop = max(start - asked.left, 0), min(stop + asked.right, self.states.sizes[schema.STEP])
        if stop <= first or (stop - first) * self.states.shape[1] > NEAR_VALUES:
            return 0, self.states
        if self._near is None or not self._near[0] <= first <= stop <= self._near[1]:
            self._near = (first, stop, state_window(self.states, first, stop))
        return self._near[0], self._near[2]

    def _missing(self, asked: Asked) -> str:
        return "" if self.decides(asked.rule, asked.unit) else self._failures.get(asked.rule, "")

    def counts(self, first: int, shown: int, selected: np.ndarray, asked: Asked) -> np.ndarray:
        """How many of the selected states are on at each step shown, shape ``(shown,)``."""
        if not len(selected) or not self.decides(asked.rule, asked.unit):
            return np.zeros(shown, np.int64)
        chosen = self.window.inside(first, shown)[:, selected]
        criterion = self.criterion(asked)
        counts: np.ndarray = criterion.on(chosen, selected).sum(axis=1)
        return counts

    def next_on(
        self,
        asked: Asked,
        selected: np.ndarray,
        step: int,
        *,
        forward: bool = True,
        cancelled: Callable[[], bool] | None = None,
    ) -> int | None:
        """Return the next step, or the one before, where all selected states are on, as `places.next_on` does.

        Past the end of the recording it goes on at the other one.
        """
        if not self.decides(asked.rule, asked.unit):
            return None
        criterion = self.criterion(asked)
        for start in (step, -1 if forward else self.states.sizes[schema.STEP]):
            found = next_on(self.states, selected, criterion, start, forward=forward, cancelled=cancelled)
            if found is not None:
                return found
        return None

    def profile(self, asked: Asked) -> ThresholdProfile | None:
        """How many states the selection has at every threshold; None where it has none to count."""
        decides = self.decides(asked.rule, asked.unit)
        tables = None if asked.unit == VALUE else self._tables.get(asked.rule)
        key = (asked.selection, asked.left, asked.right, asked.rule, asked.unit, decides)
        if self._profile is None or self._profile[0] != key:
            known = asked.selection is not None and decides
            self._profile = (key, self._profiled(asked, tables) if known else None)
        return self._profile[1]

    def _profiled(self, asked: Asked, quantiles: Quantiles | None) -> ThresholdProfile | None:
        start, stop = asked.selection or (0, 0)
        first, states = self._around(asked)
        steps, limits = (start - first, stop - first), (asked.left, asked.right)
        try:
            return profile_of(states, *steps, *limits, rule=asked.rule, quantiles=quantiles)
        except ValueError:
            return None  # selecting says why

    def has_means(self, selection: tuple[int, int], states: np.ndarray) -> bool:
        """Tell whether the means of some states over the selected steps can be had without reading much."""
        start, stop = selection
        asked_last = self._means is not None and self._means[0] == (selection, states.tobytes())
        return asked_last or not len(states) or stop - start <= LONGEST_MEAN

    def means(
        self, selection: tuple[int, int], states: np.ndarray, cancelled: Callable[[], bool] | None = None
    ) -> np.ndarray:
        """Mean of some states over the selected steps, in drawn values: float64, shape ``(len(states),)``.

        Raises
        ------
        Cancelled
            If ``cancelled`` said so.
        """
        key = (selection, states.tobytes())
        kept = self._means
        if kept is None or kept[0] != key:
            kept = self._means = (key, self._averaged(*selection, states, cancelled))
        return kept[1]

    def _averaged(self, start: int, stop: int, states: np.ndarray, cancelled: Callable[[], bool] | None) -> np.ndarray:
        totals = np.zeros(len(states))
        if len(states):
            squeezed = schema.transform_of(self.states) == "tanh"
            first, near = self._around(Asked((start, stop), 0, 0, 0.0))
            for _, values in blocks_of(near, start - first, stop - first):
                if cancelled is not None and cancelled():
                    raise Cancelled
                chosen = columns(values, states)
                totals += (np.tanh(chosen) if squeezed else chosen).sum(axis=0, dtype=np.float64)
        return totals / (stop - start)
