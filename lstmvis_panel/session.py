"""All that a visitor can change, and what follows from it. No widget, no plot: a script can drive it alone.

A gesture and a line of code set the same parameter. What derives from parameters is derived here: the selected states
(S1 of section 4.3 of the paper) at once, the question to search for only when a gesture has ended.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import param
import xarray as xr

from lstmvis_panel import schema
from lstmvis_panel.alignment import align_matches, displayed, state_window
from lstmvis_panel.matching import find_matches, own_match
from lstmvis_panel.selection import on, select_states

if TYPE_CHECKING:
    from collections.abc import Callable

LEFT_OF_MARK = 3
"""Steps shown left of the step that was asked for."""

CONTEXT_BEFORE, CONTEXT_AFTER = 3, 20
"""Steps of context in the match view: left of a match's start, and from the start on."""

AXIS_AIR = 0.02
"""Share of the axis beyond the largest value, so that a line that reaches it is seen whole."""

TOP = 50
"""Rows of the match view."""


@dataclass(frozen=True)
class Query:
    """What is matched: a selection with all that decides its states."""

    source: str
    start: int
    stop: int
    threshold: float
    left: int
    right: int
    selected: tuple[int, ...]

    @property
    def min_length(self) -> int:
        """Shortest match worth a row: two steps, or one where one step is selected."""
        return 1 if self.stop - self.start == 1 else 2


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


class Steps(param.Tuple):
    """A range of steps (start, stop), stop exclusive, or None."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(default=None, length=2, allow_None=True, **arguments)

    def _validate_value(self, val: Any, allow_None: bool) -> None:  # noqa: FBT001, N803 - param's names
        super()._validate_value(val, allow_None)
        if val is not None and not all(isinstance(step, int | np.integer) for step in val):
            message = f"{self.name} is {val!r}; two whole step numbers (start, stop) were expected."
            raise ValueError(message)


class Session(param.Parameterized):
    """One visitor's look at one recording.

    Parameters
    ----------
    recording
        The recording, shared with others and never changed.
    project
        Its name in the address, empty outside a catalogue.
    """

    recording: xr.Dataset = param.ClassSelector(class_=xr.Dataset, constant=True, doc="What is looked at; read-only.")
    project: str = param.String(constant=True, doc="The recording's name in the address.")

    source: str = param.Selector(objects=[], check_on_set=True, doc="Source of states that is shown and matched.")
    position: int = param.Integer(default=0, bounds=(0, None), doc="The step that was asked for; it is marked.")
    word_width: int = param.Integer(default=30, bounds=(5, 80), doc="Width of a step in px.")
    width: int = param.Integer(default=1140, bounds=(80, None), doc="Room in px for the steps shown.")
    selection: tuple[int, int] | None = Steps(doc="Selected steps (start, stop), stop exclusive.")
    threshold: float = param.Number(
        default=0.3, bounds=(-sys.float_info.max, sys.float_info.max), doc="A state is on from this value."
    )
    left: int = param.Integer(default=1, bounds=(0, 99), doc="Steps before the selection at which a state must be off.")
    right: int = param.Integer(default=0, bounds=(0, 99), doc="Steps after the selection at which a state must be off.")
    mapping: str = param.Selector(
        objects=["none", "match count"], default="match count", doc="Heatmap behind the match view's words."
    )
    theme: str = param.Selector(objects=["light", "dark"], default="light", doc="Colours of the page.")

    gesturing: bool = param.Boolean(default=False, doc="A mouse button is held; matching waits for its release.")
    highlighted: int | None = param.Integer(default=None, allow_None=True, doc="State under the pointer.")
    hovered: tuple[int, int] | None = param.Tuple(
        default=None, length=2, allow_None=True, doc="Cell (row, column) of the match view under the pointer."
    )

    selected: np.ndarray = param.Array(default=np.zeros(0, np.int64), doc="S1, ascending state numbers.")
    refusal: str = param.String(doc="Why the selection yields no states, where it is not allowed.")
    query: Query | None = param.ClassSelector(class_=Query, default=None, allow_None=True, doc="What is to be matched.")
    matches: Matches | None = param.ClassSelector(class_=Matches, default=None, allow_None=True, doc="Its answer.")
    searching: bool = param.Boolean(default=False, doc="An answer is being computed.")
    failure: str = param.String(doc="Why the last search gave no answer.")

    def __init__(self, recording: xr.Dataset, project: str = "", **values: Any) -> None:
        sources = schema.sources(recording)
        if not sources:
            what = "has no source of hidden states"
            remedy = "give at least one variable attrs['kind'] = 'states'"
            raise schema.RecordingError(schema.Problem("recording", what, remedy))
        annotations = schema.names_of(recording, schema.Kind.CATEGORICAL, schema.Kind.SCALAR)
        heatmaps = list(dict.fromkeys(["none", "match count", *annotations]))
        self._windows: tuple[Any, xr.DataArray] | None = None
        self._extent: tuple[xr.DataArray, tuple[float, float]] | None = None
        self._selected_for: tuple[Any, ...] = ()
        super().__init__(recording=recording, project=project)
        self.param.source.objects = sources
        self.param.mapping.objects = heatmaps
        self.param.position.bounds = (0, self.steps - 1)
        self.param.update(source=sources[0])
        self.param.update(**values)

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def states(self) -> xr.DataArray:
        """The source's values as stored, lazy, dimensions ``("step", state)``."""
        return self.recording[self.source]

    @property
    def steps(self) -> int:
        """Number of steps of the recording."""
        return int(self.recording.sizes[schema.STEP])

    @property
    def shown(self) -> int:
        """Number of steps that have room on the page."""
        return max(1, min(self.width // self.word_width, self.steps))

    @property
    def first(self) -> int:
        """First step shown: a few before the position, never past either end."""
        return max(0, min(self.position - LEFT_OF_MARK, self.steps - self.shown))

    @property
    def window(self) -> xr.DataArray:
        """Stored values of the steps shown and one more on each side, in memory."""
        key = (self.source, self.first, self.shown)
        if self._windows is None or self._windows[0] != key:
            self._windows = (key, state_window(self.states, self.first - 1, self.first + self.shown + 1))
        return self._windows[1]

    @property
    def extent(self) -> tuple[float, float]:
        """The value axis (low, high): fits the steps shown with some air, symmetric about 0 if a value is negative."""
        window = self.window
        if self._extent is None or self._extent[0] is not window:
            self._extent = (window, _axis(displayed(window).values))
        return self._extent[1]

    @property
    def words(self) -> list[str]:
        """The words of the steps shown."""
        return schema.words(self.recording, self.first, self.first + self.shown)

    @property
    def heat(self) -> np.ndarray:
        """How many selected states are on at each step shown, shape ``(shown,)``."""
        if not len(self.selected):
            return np.zeros(self.shown, np.int64)
        window = self.window.sel({schema.STEP: slice(self.first, self.first + self.shown - 1)})
        chosen = window.values[:, self.selected]
        counts: np.ndarray = on(chosen, self.threshold, schema.transform_of(self.states)).sum(axis=1)
        return counts

    # -- gestures -----------------------------------------------------------------------------------------------------

    def go_to(self, step: int) -> None:
        """Show a step, the nearest there is, and mark it."""
        self.position = max(0, min(int(step), self.steps - 1))

    def move(self, by: int) -> None:
        """Shift what is shown by a number of steps, negative for back. The selection stays on its words."""
        self.go_to(self.first + LEFT_OF_MARK + by)

    def zoom(self, by: int) -> None:
        """Widen (or narrow) the words by px, within what the screen can show."""
        low, high = self.param.word_width.bounds
        self.word_width = max(low, min(self.word_width + by, high))

    # -- what derives -------------------------------------------------------------------------------------------------

    @param.depends("source", "selection", "threshold", "left", "right", watch=True)
    def _select(self) -> None:
        selected, refusal = np.zeros(0, np.int64), ""
        if self.selection is not None:
            try:
                selected = select_states(self.states, *self.selection, self.threshold, self.left, self.right)
            except ValueError as error:
                refusal = str(error)
        self._selected_for = self._criterion
        self.param.update(selected=selected, refusal=refusal)

    @property
    def _criterion(self) -> tuple[Any, ...]:
        """All that `selected` follows from."""
        return self.source, self.selection, self.threshold, self.left, self.right

    @param.depends("selected", "gesturing", watch=True)
    def _ask(self) -> None:
        # The end of a gesture may come together with its last change, and be heard first.
        if self.gesturing or self._selected_for != self._criterion:
            return
        query = None
        if self.selection is not None and not self.refusal:
            start, stop = self.selection
            query = Query(
                self.source, start, stop, self.threshold, self.left, self.right, tuple(self.selected.tolist())
            )
        if query != self.query:
            self.query = query

    def search(self, query: Query, cancelled: Callable[[], bool] | None = None) -> Matches:
        """Answer a query: the best matches, with what stands around them. Reads, and changes nothing.

        Parameters
        ----------
        query
            What to match.
        cancelled
            Asked now and then; once true, the search ends with `matching.Cancelled`.
        """
        states = self.recording[query.source]
        selected, limits = np.array(query.selected, np.int64), (query.left, query.right)
        table = find_matches(
            states, selected, query.threshold, *limits, top=TOP, min_length=query.min_length, cancelled=cancelled
        )
        own, ranks = None, True
        if len(selected):
            mine = own_match(states, selected, query.threshold, query.start, query.stop, *limits, cancelled=cancelled)
            own = _row_of(table, mine)
            if own is None and mine.sizes["match"]:
                own, ranks = 0, False
                table = xr.concat([mine, table], "match", combine_attrs="override").assign_attrs(table.attrs)
        aligned = align_matches(self.recording, states, selected, query.threshold, table, CONTEXT_BEFORE, CONTEXT_AFTER)
        return Matches(query, table, aligned, own, ranks)


def _row_of(table: xr.Dataset, mine: xr.Dataset) -> int | None:
    """Row of the table that is the one range in ``mine``."""
    if not mine.sizes["match"]:
        return None
    same = (table.start == mine.start.item(0)) & (table.length == mine.length.item(0))
    rows = np.flatnonzero(same.values)
    return int(rows[0]) if len(rows) else None


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
