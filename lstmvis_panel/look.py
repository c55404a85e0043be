"""What a visitor looks at, and how. No widget, no plot: a script can drive it alone.

A gesture and a line of code set the same parameter.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import param

from lstmvis_panel import schema
from lstmvis_panel.hits import Hits
from lstmvis_panel.questions import CONTEXT_AFTER, CONTEXT_BEFORE, MATCH_COUNT, QUANTILE, TOP
from lstmvis_panel.selection import Rule
from lstmvis_panel.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

LEFT_OF_MARK = 3
"""Steps shown left of the step that was asked for."""

NO_MAPPING = "none"
"""What is no heatmap's name: words keep the colour of the page."""

FIRST_TRACKS = 2
"""Labels or numbers that are shown before a visitor has chosen any."""

BY_HAND = ("pinned", "kept")
"""States that a hand has chosen."""

AHEAD = ("previewing", "brushing")
"""What tells that the browser draws by itself."""

FILTERS = ("lengths", "document", "starting")
"""What leaves out matches."""


class WholeNumbers(param.Tuple):
    """Two whole numbers, or None."""

    expected = "two whole numbers"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(default=None, length=2, allow_None=True, **arguments)

    def _validate_value(self, val: Any, allow_None: bool) -> None:  # noqa: FBT001, N803 - param's names
        super()._validate_value(val, allow_None)
        if val is not None and not all(isinstance(number, int | np.integer) for number in val):
            message = f"{self.name} is {val!r}; {self.expected} were expected."
            raise ValueError(message)


class Steps(WholeNumbers):
    """A range of steps (start, stop), stop exclusive, or None."""

    expected = "two whole step numbers (start, stop)"


class Look(Sources):
    """What one visitor looks at in one recording.

    Parameters
    ----------
    recording
        The recording, shared with others and never changed.
    **constants
        ``project``, its name in the address, and ``path``, where it lies.
    """

    project: str = param.String(constant=True, doc="The recording's name in the address.")
    path: str = param.String(constant=True, doc="Where the recording lies; empty where that is in no file.")

    position: int = param.Integer(default=0, bounds=(0, None), doc="The step that was asked for; it is marked.")
    word_width: int = param.Integer(default=30, bounds=(5, 80), doc="Width of a step in px.")
    width: int = param.Integer(default=1140, bounds=(80, None), doc="Room in px for the steps shown.")
    selection: tuple[int, int] | None = Steps(doc="Selected steps (start, stop), stop exclusive.")
    left: int = param.Integer(default=1, bounds=(0, 99), doc="Steps before the selection at which a state must be off.")
    right: int = param.Integer(default=0, bounds=(0, 99), doc="Steps after the selection at which a state must be off.")
    pinned: list[int] | None = param.List(
        default=None, item_type=int, allow_None=True, doc="States chosen by hand, ascending; matched instead of S1."
    )
    kept: list[int] = param.List(
        default=[], item_type=int, doc="States pinned one by one, ascending; listed besides S1, whatever that is."
    )
    alone: int | None = param.Integer(
        default=None, allow_None=True, doc="The one state that is shown alone, while it is listed."
    )
    order: str = param.Selector(objects=["number", "mean"], default="number", doc="What sorts the list of states.")
    tracks: list[str] = param.ListSelector(
        default=[], objects=[], check_on_set=True, doc="Annotations under the words, from the top."
    )
    mask: bool = param.Boolean(default=True, doc="Tracks fade where few selected states are on.")
    heatmaps: list[str] = param.ListSelector(default=[MATCH_COUNT], objects=[MATCH_COUNT], doc="Match heatmaps.")
    mapping: str = param.Selector(
        objects=[NO_MAPPING, MATCH_COUNT], default=MATCH_COUNT, doc="Heatmap behind the match view's words."
    )
    match_mask: bool = param.Boolean(default=False, doc="Colours behind the words fade where few states are on.")
    distinct: bool = param.Boolean(default=True, doc="Ranges that share a step with a better match are passed over.")
    top: int = param.Integer(default=TOP, bounds=(10, 500), doc="Most matches shown.")
    before: int = param.Integer(default=CONTEXT_BEFORE, bounds=(0, 30), doc="Steps shown left of a match's start.")
    after: int = param.Integer(default=CONTEXT_AFTER, bounds=(1, 60), doc="Steps shown from a match's start on.")
    match_width: int | None = param.Integer(
        default=None,
        bounds=(5, 120),
        allow_None=True,
        doc="Width in px of a match's word; if None, what there is room for.",
    )
    lengths: tuple[int, int] | None = WholeNumbers(doc="Least and greatest number of steps of a match, inclusive.")
    document: int | None = param.Integer(
        default=None, bounds=(0, None), allow_None=True, doc="The document in which matches start; any if None."
    )
    starting: str = param.String(doc="What stands where matches start, as a search says it; anything if empty.")
    sought: str = param.String(doc="What the search box asks for.")
    theme: str = param.Selector(objects=["light", "dark"], default="light", doc="Colours of the page.")

    previewing: str = param.String(
        doc="The source whose threshold is dragged while the browser draws that by itself; lines and words wait."
    )
    brushing: bool = param.Boolean(default=False, doc="The brush is dragged while the browser draws that by itself.")
    gesturing: bool = param.Boolean(default=False, doc="A mouse button is held; matching waits for its release.")
    highlighted: int | None = param.Integer(default=None, allow_None=True, doc="State under the pointer.")
    hovered: tuple[int, int] | None = param.Tuple(
        default=None, length=2, allow_None=True, doc="Cell (row, column) of the match view under the pointer."
    )
    found: Hits | None = param.ClassSelector(class_=Hits, default=None, allow_None=True, doc="Where that is.")

    def __init__(self, recording: xr.Dataset, **constants: Any) -> None:
        self._lit_from = ""
        self._held: set[str] = set()
        super().__init__(recording, **constants)
        self._offer()

    def _offer(self) -> None:
        """Let the parameters take what this recording has."""
        coloured = schema.names_of(self.recording, schema.Kind.CATEGORICAL, schema.Kind.SCALAR)
        heatmaps = list(dict.fromkeys([MATCH_COUNT, *coloured]))
        self.param.tracks.objects = schema.annotations(self.recording)
        self.param.heatmaps.objects = heatmaps
        self.param.mapping.objects = list(dict.fromkeys([NO_MAPPING, *heatmaps]))
        self.param.position.bounds = (0, self.steps - 1)
        seen = schema.token_look(self.recording)
        first = [name for name in coloured if name != seen][:FIRST_TRACKS]
        with param.parameterized.discard_events(self):
            self.param.update(tracks=first, heatmaps=list(dict.fromkeys([MATCH_COUNT, *first])))

    # -- what is shown ------------------------------------------------------------------------------------------------

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

    def values_of(self, source: str) -> xr.DataArray:
        """Values of a source as they are drawn: the steps shown and one more on each side, in memory."""
        return self._layers[source].window.displayed(self.first, self.shown)

    def extent_of(self, source: str) -> tuple[float, float]:
        """The value axis of a source (low, high)."""
        return self._layers[source].window.extent(self.first, self.shown)

    def range_of(self, source: str) -> tuple[float, float]:
        """The thresholds of a source (lowest, highest) that its axis has room for."""
        low, high = self.extent_of(source)
        ranges = {Rule.ABOVE: (low, high), Rule.BELOW: (-high, -low), Rule.BEYOND: (0.0, max(-low, high))}
        return (0.0, 1.0) if self.unit == QUANTILE else ranges[Rule(self.rule)]

    @property
    def words(self) -> list[str]:
        """The words of the steps shown."""
        return schema.words(self.recording, self.first, self.first + self.shown)

    @property
    def by_hand(self) -> bool:
        """Whether a hand has pinned a state, or all that are listed."""
        return self.pinned is not None or bool(self.kept)

    def drawn_ahead(self, source: str) -> bool:
        """Tell whether the browser draws the states of a source by itself now."""
        return self.brushing or self.previewing == source

    # -- gestures -----------------------------------------------------------------------------------------------------

    def go_to(self, step: int) -> None:
        """Show a step, the nearest there is, and mark it."""
        self.position = max(0, min(int(step), self.steps - 1))

    def move(self, by: int) -> None:
        """Shift what is shown by a number of steps, negative for back. The selection stays on its words."""
        self.go_to(self.first + LEFT_OF_MARK + by)

    def zoom(self, by: int, anchor: float | None = None) -> None:
        """Widen (or narrow) the words by px, within what the screen can show.

        Parameters
        ----------
        by
            px.
        anchor
            Place that stays where it is, in words from the left edge; if not given, the step that is marked stays so.
        """
        low, high = self.param.word_width.bounds
        width = max(low, min(self.word_width + by, high))
        position = self.position
        if anchor is not None:
            first = self.first + anchor * (1 - self.word_width / width)
            position = max(0, min(round(first) + LEFT_OF_MARK, self.steps - 1))
        self.param.update(word_width=width, position=position)

    @contextmanager
    def gesture(self, hold: str, *, done: bool, **ahead: Any) -> Iterator[None]:
        """Change what something that is held on the page changes; a gesture goes on until all of it is let go.

        Parameters
        ----------
        hold
            What is held.
        done
            Whether it is let go now.
        **ahead
            What the browser draws by itself meanwhile: ``brushing`` or ``previewing``. When it is let go, the search
            begins first, and then all that waited is drawn.
        """
        self._held |= {hold}
        self.param.update(gesturing=True, **ahead)
        try:
            yield
        except BaseException:
            self.let_go(hold)
            raise
        if done:
            self.let_go(hold, *ahead)

    def let_go(self, hold: str, *ahead: str) -> None:
        """End a gesture, if there is one; also where what was held has left the page.

        Parameters
        ----------
        hold
            What is held no longer.
        *ahead
            What waited for that alone; all of it if nothing is named.
        """
        if hold in self._held:
            self._held -= {hold}
            self.gesturing = bool(self._held)
            self.param.update(**{name: self.param[name].default for name in ahead or AHEAD})

    def show_alone(self, state: int | None) -> None:
        """Show and match one of the listed states alone; the same one again, or None: all of them."""
        self.alone = None if state == self.alone else state

    def clear_filters(self) -> None:
        """Let every match pass."""
        self.param.update(**{name: self.param[name].default for name in FILTERS})

    def light(self, state: int | None, where: str) -> None:
        """Light a state, or put out the one that was lit from there.

        The pointer may be in the list before anyone hears that it left the plot.
        """
        if state == self.highlighted:
            return  # the list repeats what the plot has lit
        if state is not None or self._lit_from == where:
            self._lit_from = where
            self.highlighted = state
