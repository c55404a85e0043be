"""Where else the selected states are on together: section 4.3 of the paper, exact at any size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.arguments import name_of, selected_document
from lstmvis_panel.filters import filters_of, whole_number
from lstmvis_panel.pools import pool_of
from lstmvis_panel.ranking import Ranges, by_counting
from lstmvis_panel.schema import STEP, Problem, RecordingError, document_edges
from lstmvis_panel.search import Counts, Search
from lstmvis_panel.selection import Criterion, QuantileThresholds, Rule, criterion_of
from lstmvis_panel.spread import SpreadSearch, spread_search
from lstmvis_panel.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client
    from numpy.typing import ArrayLike

    from lstmvis_panel.pools import Pool


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """Ends a search that nobody waits for any more."""


@dataclass(frozen=True, eq=False)
class Found:
    """What one search finds.

    Attributes
    ----------
    matches
        As from `find_matches`.
    lengths
        How many closed ranges there are of each length, whatever ``lengths`` asked for: those of at least
        ``min_length`` steps that start where they may. Dimension ``length``, its coordinate the numbers of steps that
        occur, ascending; variables ``candidates``, and ``complete``: all selected states are on there; all int64.
        ``attrs`` hold what was asked.
    search
        What found them.
    """

    matches: xr.Dataset
    lengths: xr.Dataset
    search: Search | SpreadSearch

    @cached_property
    def searched(self) -> int:
        """Number of closed ranges of at least ``min_length`` steps, wherever they start.

        If the question said where, this takes one more pass over the bits that the search has packed; `Cancelled` ends
        it as it ends the search.
        """
        if not self.search.filters.where.size:
            return int(self.lengths.candidates.sum())
        return int(self.search.count(anywhere=True).of_length.sum())


def find_matches(  # noqa: PLR0913
    states: xr.DataArray,
    selected: ArrayLike,
    threshold: ArrayLike | QuantileThresholds,
    left: int = 0,
    right: int = 0,
    *,
    rule: str = Rule.ABOVE,
    top: int = 50,
    min_length: int = 2,
    distinct: bool = True,
    lengths: tuple[int, int] | None = None,
    where: ArrayLike | None = None,
    cancelled: Callable[[], bool] | None = None,
    scheduler: str | Client | Pool | None = None,
) -> xr.Dataset:
    r"""Find the ranges of steps that have the most of the selected states (section 4.3 of the paper).

    S2, the states that a range has, are those that are on in every step of it, and off beside it as the limits ask.
    All closed ranges are ranked: those that no step more on either side could lengthen while they keep all of their
    overlap with S1, which is not empty. Those that a filter leaves out count for nothing, as if they weren't there.

    Parameters
    ----------
    states
        A source, dimensions ``("step", state)``, in memory or lazy.
    selected
        Numbers of the selected states, S1, as from `select_states`. None selected, none found.
    threshold
        A state is on where its value, after the source's transform, is at least this: a number, an array of one for
        each state, or what `quantile_thresholds` returns.
    left, right
        Steps just before and after a range in which its states have to be off. Steps outside the document are.
    rule
        ``"above"``: value >= threshold; ``"below"``: value <= -threshold; ``"beyond"``: abs(value) >= threshold.
    top
        Most matches to return.
    min_length
        Least number of steps of a range.
    distinct
        Whether to pass over ranges that share a step with a better one in the list.
    lengths
        Least and greatest number of steps of a range, both inclusive; any from ``min_length`` on if None.
    where
        bool, one for each step: at which a range may start, such as ``recording.pos == code``; at any if None.
    cancelled
        Asked now and then, from this thread; once it says yes, the search ends.
    scheduler
        Address of a Dask scheduler, or a client of one, whose workers do the search; the result is the same. They open
        the source's file by its path themselves. This process does it all if None.

    Returns
    -------
    xarray.Dataset
        Dimension ``match``, best first: greatest ``overlap`` \|S1 & S2\|, least ``union`` \|S1 \| S2\|, greatest
        ``length``, least ``start``; all int64. ``attrs`` hold what was asked (of ``where``, at how many steps it is
        true), the number of ``candidates``, the closed ranges that pass the filters and were ranked, and how many of
        them are ``complete``: all selected states are on there.

    Raises
    ------
    RecordingError
        With all that is wrong with the arguments; also if the scheduler can't be reached, or its workers can't open
        the source.
    Cancelled
        If ``cancelled`` said so.
    """
    found = find_matches_and_lengths(
        states,
        selected,
        threshold,
        left,
        right,
        rule=rule,
        top=top,
        min_length=min_length,
        distinct=distinct,
        lengths=lengths,
        where=where,
        cancelled=cancelled,
        scheduler=scheduler,
    )
    return found.matches


def find_matches_and_lengths(  # noqa: PLR0913
    states: xr.DataArray,
    selected: ArrayLike,
    threshold: ArrayLike | QuantileThresholds,
    left: int = 0,
    right: int = 0,
    *,
    rule: str = Rule.ABOVE,
    top: int = 50,
    min_length: int = 2,
    distinct: bool = True,
    lengths: tuple[int, int] | None = None,
    where: ArrayLike | None = None,
    cancelled: Callable[[], bool] | None = None,
    scheduler: str | Client | Pool | None = None,
) -> Found:
    """Find matches as `find_matches` does, and count the closed ranges of each length in the same pass.

    Parameters
    ----------
    states, selected, threshold, left, right, rule, top, min_length, distinct, lengths, where, cancelled, scheduler
        As for `find_matches`.

    Returns
    -------
    Found
        The matches, and how many ranges there are of each length.

    Raises
    ------
    RecordingError
        As from `find_matches`.
    Cancelled
        If ``cancelled`` said so.
    """
    top = whole_number(0, "top", top)
    criterion, numbers = criterion_of(states, threshold, left, right, rule), state_numbers(states, selected)
    filters = filters_of(states.sizes[STEP], min_length, lengths, where)
    search: Search | SpreadSearch
    if scheduler is None:
        search = replace(_search(states, numbers, criterion, cancelled), filters=filters)
    else:
        search = spread_search(pool_of(scheduler), states, numbers, criterion, filters, _poll(cancelled))
    counts = search.count()
    best = search.distinct(counts, top) if distinct else search.best(counts, top)
    asked = {
        **_asked(threshold, left, right, rule),
        "min_length": int(min_length),
        **({} if where is None else {"where": int(filters.where.sum())}),
    }
    listed = {
        "top": top,
        "distinct": int(distinct),
        **({} if lengths is None else {"lengths": [int(steps) for steps in lengths]}),
        "candidates": int(counts.at_overlap.sum()),
        "complete": int(counts.at_overlap[-1]),
    }
    return Found(_dataset(best, states, {**asked, **listed}), _lengths_dataset(counts, states, asked), search)


def own_match(  # noqa: PLR0913
    states: xr.DataArray,
    selected: ArrayLike,
    threshold: ArrayLike | QuantileThresholds,
    start: int,
    stop: int,
    left: int = 0,
    right: int = 0,
    *,
    rule: str = Rule.ABOVE,
    cancelled: Callable[[], bool] | None = None,
) -> xr.Dataset:
    """Return the selection as a match: the closed range around it that keeps all of its overlap.

    Parameters
    ----------
    states, selected, threshold, left, right, rule, cancelled
        As for `find_matches`.
    start, stop
        The selected steps; ``stop`` is exclusive.

    Returns
    -------
    xarray.Dataset
        As from `find_matches`, one match; none if the selection has none of the selected states.

    Raises
    ------
    RecordingError
        With what is wrong with the arguments; also if the selection crosses from one document into the next.
    Cancelled
        If ``cancelled`` said so.
    """
    start, stop, first, last = selected_document(states, start, stop)
    criterion, numbers = criterion_of(states, threshold, left, right, rule), state_numbers(states, selected)
    search = _search(states, numbers, criterion, cancelled)
    return _dataset(search.around(start, stop, first, last), states, _asked(threshold, left, right, rule))


def warm() -> None:
    """Compile what a search runs, or load what was compiled before: the first search is as quick as the next."""
    # Both memory orders: what lies in memory mostly has the one, what was copied from a file the other.
    ones = [np.ones((3, 3), dtype) for dtype in (np.float32, np.float64, np.int32)]
    for values in (*ones, *map(np.asfortranarray, ones)):
        states = xr.DataArray(values, dims=(STEP, "state"))
        found = find_matches_and_lengths(states, [0], 0.5)
        own_match(states, [0], 0.5, 0, 1)
    # What only long recordings need.
    if isinstance(found.search, Search):
        found.search.count(at_once=1)
    by_counting(Ranges(*np.ones((4, 1), np.int64)), found.search.poll)


def _search(
    states: xr.DataArray, selected: np.ndarray, criterion: Criterion, cancelled: Callable[[], bool] | None
) -> Search:
    return Search(steps_of(states), document_edges(states), selected, criterion, _poll(cancelled))


def _poll(cancelled: Callable[[], bool] | None) -> Callable[[], None]:
    def poll() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled

    return poll


def state_numbers(states: xr.DataArray, selected: ArrayLike) -> np.ndarray:
    """Check numbers of states and return each once, ascending: int64.

    Raises
    ------
    RecordingError
        If they are no whole numbers, or a number is none of a state.
    """
    numbers = np.unique(np.asarray(selected))
    if not numbers.size:
        return np.empty(0, np.int64)
    if numbers.dtype.kind not in "iu":
        what = f"holds {numbers.dtype}; whole numbers of states were expected"
        raise RecordingError(Problem("selected", what, "give positions, as select_states does"))
    width = states.shape[1]
    unknown = numbers[(numbers < 0) | (numbers >= width)]
    if unknown.size:
        what = f"names {', '.join(map(str, unknown[:5]))}{' ...' if unknown.size > 5 else ''}"  # noqa: PLR2004
        raise RecordingError(Problem("selected", what, f"{name_of(states)} has the states 0 to {width - 1}"))
    return numbers.astype(np.int64)


def _asked(threshold: ArrayLike | QuantileThresholds, left: int, right: int, rule: str) -> dict[str, Any]:
    """Return what was asked about states; thresholds that are quantiles are said by the quantile."""
    if isinstance(threshold, QuantileThresholds):
        said: dict[str, Any] = {"quantile": threshold.quantile}
    else:
        said = {"threshold": np.asarray(threshold, np.float64) if np.ndim(threshold) else float(threshold)}  # type: ignore[arg-type]
    return {**said, "rule": str(rule), "left": int(left), "right": int(right)}


def _dataset(ranges: Ranges, states: xr.DataArray, attrs: dict[str, Any]) -> xr.Dataset:
    columns = {
        "start": ranges.start,
        "length": ranges.stop - ranges.start,
        "overlap": ranges.overlap,
        "union": ranges.union,
    }
    variables = {name: ("match", column.astype(np.int64)) for name, column in columns.items()}
    return xr.Dataset(variables, attrs={"source": str(states.name or ""), **attrs})


def _lengths_dataset(counts: Counts, states: xr.DataArray, attrs: dict[str, Any]) -> xr.Dataset:
    variables = {"candidates": ("length", counts.of_length), "complete": ("length", counts.complete)}
    attrs = {"source": str(states.name or ""), **attrs}
    return xr.Dataset(variables, {"length": counts.length}, attrs)
