"""What a visitor asks of a recording, and the answer: matches with what stands around them.

Nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from lstmvis_panel.alignment import align_matches
from lstmvis_panel.matching import find_matches, own_match

if TYPE_CHECKING:
    from collections.abc import Callable

CONTEXT_BEFORE, CONTEXT_AFTER = 3, 20
"""Steps of context in the match view: left of a match's start, and from the start on."""

TOP = 50
"""Rows of the match view."""


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
    """

    query: Query
    table: xr.Dataset
    aligned: xr.Dataset
    own: int | None
    own_ranks: bool

    @property
    def candidates(self) -> int:
        """Number of closed ranges among which the rows are the best."""
        return int(self.table.attrs["candidates"])


def answer(recording: xr.Dataset, query: Query, cancelled: Callable[[], bool] | None = None) -> Matches:
    """Answer a query: the best matches, with what stands around them.

    Parameters
    ----------
    recording
        The recording.
    query
        What to match.
    cancelled
        Asked now and then; once true, the search ends with `matching.Cancelled`.
    """
    states = recording[query.source]
    selected, limits = np.array(query.selected, np.int64), (query.left, query.right)
    table = find_matches(
        states, selected, query.threshold, *limits,
        top=query.top, min_length=query.min_length, distinct=query.distinct, cancelled=cancelled,
    )  # fmt: skip
    own, ranks = None, True
    if len(selected) and query.steps is not None:
        mine = own_match(states, selected, query.threshold, *query.steps, *limits, cancelled=cancelled)
        own = _row_of(table, mine)
        if own is None and mine.sizes["match"]:
            own, ranks = 0, False
            table = xr.concat([mine, table], "match", combine_attrs="override").assign_attrs(table.attrs)
    aligned = align_matches(recording, states, selected, query.threshold, table, query.before, query.after)
    return Matches(query, table, aligned, own, ranks)


def _row_of(table: xr.Dataset, mine: xr.Dataset) -> int | None:
    """Row of the table that is the one range in ``mine``."""
    if not mine.sizes["match"]:
        return None
    same = (table.start == mine.start.item(0)) & (table.length == mine.length.item(0))
    rows = np.flatnonzero(same.values)
    return int(rows[0]) if len(rows) else None
