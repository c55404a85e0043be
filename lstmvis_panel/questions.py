"""What a visitor asks of a recording, and the answer: matches with what stands around them.

Nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from lstmvis_panel.alignment import align_matches, annotation_key
from lstmvis_panel.matching import find_matches_and_lengths, own_match
from lstmvis_panel.pools import scheduler_for
from lstmvis_panel.quantiles import quantile_thresholds
from lstmvis_panel.selection import Rule
from lstmvis_panel.starts import last_starts

if TYPE_CHECKING:
    from collections.abc import Callable

    from lstmvis_panel.quantiles import Quantiles
    from lstmvis_panel.selection import QuantileThresholds

VALUE, QUANTILE = "value", "quantile"
"""What a threshold is given in: the units of the drawn values, or a quantile of each state's own values."""

CONTEXT_BEFORE, CONTEXT_AFTER = 3, 20
"""Steps of context in the match view: left of a match's start, and from the start on."""

TOP = 50
"""Rows of the match view."""

MATCH_COUNT = "match count"
"""The heatmap that is no annotation's: how many selected states are on."""


@dataclass(frozen=True)
class Query:
    """What is matched: a selection with all that decides its states, and which of its matches are wanted.

    Attributes
    ----------
    source
        The source.
    steps
        The selected steps (start, stop), stop exclusive. None where states were pinned and no step is selected.
    threshold, left, right
        As for `find_matches`.
    selected
        The states that are matched.
    distinct, top
        As for `find_matches`.
    before, after
        Steps shown left of a match's start, and from the start on.
    lengths
        As for `find_matches`.
    document, starting
        Where a match starts, as for `starts_in`.
    rule
        As for `find_matches`.
    unit
        `VALUE`, or `QUANTILE`: then the threshold is one.
    """

    source: str
    steps: tuple[int, int] | None
    threshold: float
    left: int
    right: int
    selected: tuple[int, ...]
    distinct: bool = True
    top: int = TOP
    before: int = CONTEXT_BEFORE
    after: int = CONTEXT_AFTER
    lengths: tuple[int, int] | None = None
    document: int | None = None
    starting: str = ""
    rule: str = Rule.ABOVE
    unit: str = VALUE

    @property
    def is_filtered(self) -> bool:
        """Whether some matches are left out."""
        return self.lengths is not None or self.document is not None or bool(self.starting)

    @property
    def min_length(self) -> int:
        """Shortest match worth a row: two steps, or one where one step is selected."""
        return 1 if self.length == 1 else 2

    @property
    def length(self) -> int:
        """Number of selected steps."""
        return 0 if self.steps is None else self.steps[1] - self.steps[0]


@dataclass(frozen=True, eq=False)
class Matches:
    """The answer to a query.

    Attributes
    ----------
    query
        The question.
    table
        Rows as from `find_matches`, best first; the selection's own row comes first where it ranks past the others.
    aligned
        What stands around each row's start, as from `align_matches`.
    own
        Row of the selection itself.
    own_ranks
        Whether that row is among the best, or was put in front of them.
    own_passes
        Whether the filters let it pass.
    lengths
        How many ranges there are of each length, as in `matching.Found`: those that start where they may.
    searched
        Number of closed ranges there are, those that the filters leave out among them.
    """

    query: Query
    table: xr.Dataset
    aligned: xr.Dataset
    own: int | None
    own_ranks: bool
    own_passes: bool
    lengths: xr.Dataset
    searched: int

    @property
    def candidates(self) -> int:
        """Number of closed ranges among which the rows are the best."""
        return int(self.table.attrs["candidates"])

    @property
    def inside(self) -> xr.DataArray:
        """Where rows have a step at all, bool, dimensions ``("match", "offset")``."""
        inside: xr.DataArray = self.aligned.aligned_step >= 0
        return inside

    def values_of(self, heatmap: str) -> xr.DataArray:
        """What a heatmap shows, shaped as `inside`: an annotation's values, or how many selected states are on."""
        return self.aligned["on_count" if heatmap == MATCH_COUNT else annotation_key(heatmap)]

    @property
    def shown(self) -> int:
        """Number of rows that are the best; the selection's own is none where it was put in front of them."""
        return self.table.sizes["match"] - (not self.own_ranks)


def answer(
    recording: xr.Dataset,
    query: Query,
    cancelled: Callable[[], bool] | None = None,
    quantiles: Quantiles | None = None,
) -> Matches:
    """Answer a query: the best matches, with what stands around them.

    Parameters
    ----------
    recording
        The recording.
    query
        What to match.
    cancelled
        Asked now and then; once true, the search ends with `matching.Cancelled`.
    quantiles
        Of the query's source under its rule, where they are known; else they are computed if they are needed.
    """
    states = recording[query.source]
    threshold = _threshold(states, query, cancelled, quantiles)
    selected, limits = np.array(query.selected, np.int64), (query.left, query.right)
    where = last_starts(recording, query.document, query.starting, cancelled)
    found = find_matches_and_lengths(
        states, selected, threshold, *limits, rule=query.rule, top=query.top, min_length=query.min_length,
        distinct=query.distinct, lengths=query.lengths, where=where, cancelled=cancelled,
        scheduler=scheduler_for(states),
    )  # fmt: skip
    table = found.matches
    own, ranks, passes = None, True, True
    if len(selected) and query.steps is not None:
        mine = own_match(states, selected, threshold, *query.steps, *limits, rule=query.rule, cancelled=cancelled)
        own = _row_of(table, mine)
        if own is None and mine.sizes["match"]:
            own, ranks, passes = 0, False, _passes(mine, query.lengths, where)
            table = xr.concat([mine, table], "match", combine_attrs="override").assign_attrs(table.attrs)
    aligned = align_matches(recording, states, selected, threshold, table, query.before, query.after, rule=query.rule)
    return Matches(query, table, aligned, own, ranks, passes, found.lengths, found.searched)


def _threshold(
    states: xr.DataArray, query: Query, cancelled: Callable[[], bool] | None, quantiles: Quantiles | None
) -> float | QuantileThresholds:
    if query.unit == VALUE:
        return query.threshold
    if quantiles is not None:
        return quantiles.thresholds(query.threshold)
    return quantile_thresholds(states, query.threshold, rule=query.rule, cancelled=cancelled)


def _row_of(table: xr.Dataset, mine: xr.Dataset) -> int | None:
    """Row of the table that is the one range in ``mine``."""
    if not mine.sizes["match"]:
        return None
    same = (table.start == mine.start.item(0)) & (table.length == mine.length.item(0))
    rows = np.flatnonzero(same.values)
    return int(rows[0]) if len(rows) else None


def _passes(mine: xr.Dataset, lengths: tuple[int, int] | None, where: np.ndarray | None) -> bool:
    """Whether the one range in ``mine`` passes the filters."""
    start, length = mine.start.item(0), mine.length.item(0)
    return (lengths is None or lengths[0] <= length <= lengths[1]) and (where is None or bool(where[start]))
