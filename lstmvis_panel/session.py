"""All that a visitor can change, and what follows from it. No widget, no plot: a script can drive it alone.

A gesture and a line of code set the same parameter. What derives from parameters is derived here: the selected states
(S1 of section 4.3 of the paper) at once, the question to search for only when a gesture has ended.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import param

from lstmvis_panel import schema
from lstmvis_panel.hits import Hits
from lstmvis_panel.layers import Asked
from lstmvis_panel.preview import preview_of
from lstmvis_panel.questions import CONTEXT_AFTER, CONTEXT_BEFORE, MATCH_COUNT, QUANTILE, TOP, Matches, Query, answer
from lstmvis_panel.selection import Rule
from lstmvis_panel.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import xarray as xr

    from lstmvis_panel.preview import Preview
    from lstmvis_panel.thresholds import ThresholdProfile

LEFT_OF_MARK = 3
"""Steps shown left of the step that was asked for."""

NO_MAPPING = "none"
"""What is no heatmap's name: words keep the colour of the page."""

FIRST_TRACKS = 2
"""Labels or numbers that are shown before a visitor has chosen any."""

CRITERION = ("source", "selection", "threshold", "left", "right", "rule", "unit")
"""What S1 follows from."""

BY_HAND = ("pinned", "kept")
"""States that a hand has chosen."""

FILTERS = ("lengths", "document", "starting")
"""What leaves out matches."""

ASKED = ("selected", "gesturing", "distinct", "top", "before", "after", *FILTERS)
"""What a question follows from, besides what `selected` follows from."""


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


class Session(Sources):
    """One visitor's look at one recording.

    Parameters
    ----------
    recording
        The recording, shared with others and never changed.
    project
        Its name in the address, empty outside a catalogue.
    path
        Where it lies, as whoever opened it wrote it; where it was opened from if not given.
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
    gesturing: bool = param.Boolean(default=False, doc="A mouse button is held; matching waits for its release.")
    highlighted: int | None = param.Integer(default=None, allow_None=True, doc="State under the pointer.")
    hovered: tuple[int, int] | None = param.Tuple(
        default=None, length=2, allow_None=True, doc="Cell (row, column) of the match view under the pointer."
    )
    found: Hits | None = param.ClassSelector(class_=Hits, default=None, allow_None=True, doc="Where that is.")

    listed: np.ndarray = param.Array(default=np.zeros(0, np.int64), doc="S1 with what is kept, or what is pinned.")
    selected: np.ndarray = param.Array(default=np.zeros(0, np.int64), doc="What is matched: all listed, or one alone.")
    lacking: tuple[str, str] | None = param.Tuple(
        default=None, length=2, allow_None=True, doc="Source and rule whose quantiles have to be measured first."
    )
    refusal: str = param.String(doc="Why the selection yields no states, where it is not allowed.")
    query: Query | None = param.ClassSelector(class_=Query, default=None, allow_None=True, doc="What is to be matched.")
    matches: Matches | None = param.ClassSelector(class_=Matches, default=None, allow_None=True, doc="Its answer.")
    searching: bool = param.Boolean(default=False, doc="An answer is being computed.")
    failure: str = param.String(doc="Why the last search gave no answer.")

    def __init__(self, recording: xr.Dataset, project: str = "", path: str = "", **values: Any) -> None:
        self._selected_for: tuple[Any, ...] = ()
        self._lit_from = ""
        super().__init__(recording, project=project, path=path or str(recording.encoding.get("source", "")))
        self._offer()
        self.source = values.get("source", schema.sources(recording)[0])
        if "threshold" not in values:
            self.threshold = self._layers[self.source].first_threshold(self.unit)
        self.param.watch(self._derive, [*CRITERION, *BY_HAND, "alone", "stack", "thresholds"])
        self.param.watch(self._ask, list(ASKED))
        self.param.update(**values)
        self.param.update(**values)  # once more what another unit has put right

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

    def profile_of(self, source: str) -> ThresholdProfile | None:
        """How many states of a source the selection has at every threshold; None where there is none to count."""
        return self._layers[source].profile(self._asked(source))

    def preview_of(self, source: str) -> Preview | None:
        """What each threshold of a source will select at the steps shown; None where that can't be told beforehand."""
        asked, chosen, is_matched = self._asked(source), None, source == self.source
        if asked.unit == QUANTILE:
            return None
        if is_matched and self.pinned is None and self.alone is not None and self.alone not in self.kept:
            return None  # without it among the selected, all of them are shown
        refused = asked.selection is None or bool(self._states_of(source)[1])
        if is_matched and (self.pinned is not None or self.alone is not None or (refused and self.kept)):
            chosen = self.selected
        elif refused:
            return None
        kept = self.kept if is_matched else ()
        return preview_of(self._layers[source].window, self.first, self.shown, asked, chosen, kept)

    def selected_in(self, source: str) -> np.ndarray:
        """Selected states of a source that is shown: what is matched, or its own S1 at its own threshold."""
        return self.selected if source == self.source else self._states_of(source)[0]

    @property
    def by_hand(self) -> bool:
        """Whether a hand has pinned a state, or all that are listed."""
        return self.pinned is not None or bool(self.kept)

    @property
    def edited(self) -> bool:
        """Whether the listed states were chosen by hand, and are others than those of the selection."""
        return self.by_hand and not np.array_equal(self.listed, self._states_of(self.source)[0])

    @property
    def words(self) -> list[str]:
        """The words of the steps shown."""
        return schema.words(self.recording, self.first, self.first + self.shown)

    @property
    def heat(self) -> np.ndarray:
        """How many selected states are on at each step shown, shape ``(shown,)``."""
        return self._layers[self.source].counts(self.first, self.shown, self.selected, self._asked(self.source))

    @property
    def means(self) -> np.ndarray:
        """Mean of each listed state over the selection, in drawn values.

        NaN without a selection, and for a long one until `averaging` has read it.
        """
        layer = self._layers[self.source]
        if self.selection is None or self.refusal or not layer.has_means(self.selection, self.listed):
            return np.full(len(self.listed), np.nan)
        return layer.means(self.selection, self.listed)

    @property
    def lacks_means(self) -> bool:
        """Whether the list is to be sorted by means that have still to be read."""
        if self.order != "mean" or self.selection is None or self.refusal:
            return False
        return not self._layers[self.source].has_means(self.selection, self.listed)

    def averaging(self) -> Callable[[Callable[[], bool]], np.ndarray]:
        """Return what reads the means of what is listed now, whatever is changed meanwhile: to be called in a thread.

        It takes a function that says whether nobody waits any more.
        """
        return partial(self._layers[self.source].means, self.selection or (0, 0), self.listed)

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

    def pin(self, states: Iterable[int] | None) -> None:
        """Match these states whatever is selected, or with None those of the selection again and what is kept."""
        self.param.update(pinned=None if states is None else sorted({int(state) for state in states}), alone=None)

    def keep(self, state: int) -> None:
        """List a state whatever is selected, while the others follow the selection; again: it follows, too."""
        self.kept = sorted({*self.kept} ^ {int(state)})

    def take_out(self, state: int) -> None:
        """Take a state out of the list. Where the selection would bring it back, what is left is pinned."""
        follows = self.pinned is None and state not in self._states_of(self.source)[0]
        rest = None if follows else [other for other in self.listed.tolist() if other != state]
        self.param.update(kept=[other for other in self.kept if other != state], pinned=rest, alone=None)

    def follow(self) -> None:
        """Match the states of the selection, and no others."""
        self.param.update(pinned=None, kept=[], alone=None)

    def show_alone(self, state: int | None) -> None:
        """Show and match one of the listed states alone; the same one again, or None: all of them."""
        self.alone = None if state == self.alone else state

    def clear_filters(self) -> None:
        """Let every match pass."""
        self.param.update(**{name: self.param[name].default for name in FILTERS})

    def propose(self) -> str:
        """Put the threshold in the middle of the widest stretch of the axis that selects the same states.

        Returns
        -------
        str
            Why it stays where it is; empty if there is such a stretch.
        """
        if self.selection is None:
            return "Nothing is selected, so there is no threshold to propose."
        profile = self.profile_of(self.source)
        if profile is None:
            return self.refusal or "The quantiles are still being read."
        widest = profile.widest(*self.range_of(self.source))
        if widest is None:
            return "No threshold on the axis selects a state here."
        self.threshold = _between(*widest[:2])
        return ""

    def light(self, state: int | None, where: str) -> None:
        """Light a state, or put out the one that was lit from there.

        The pointer may be in the list before anyone hears that it left the plot.
        """
        if state == self.highlighted:
            return  # the list repeats what the plot has lit
        if state is not None or self._lit_from == where:
            self._lit_from = where
            self.highlighted = state

    def measure(self, cancelled: Callable[[], bool] | None = None) -> None:
        """Compute the quantiles that are lacking; a page does so off its loop, in the two halves of this.

        Raises
        ------
        Cancelled
            If ``cancelled`` said so.
        """
        while self.lacking is not None:
            self.read_quantiles(*self.lacking, cancelled)
            self.take_quantiles()

    def read_quantiles(self, source: str, rule: str, cancelled: Callable[[], bool] | None = None) -> None:
        """Compute all quantiles of a source, for `take_quantiles`. Changes nothing that is shown."""
        self._layers[source].measure(rule, cancelled)

    def take_quantiles(self) -> None:
        """Select by quantiles that have been computed."""
        self._select()

    # -- what derives -------------------------------------------------------------------------------------------------

    def _derive(self, *events: param.parameterized.Event) -> None:
        changed = {event.name: event for event in events}
        if {"unit", "rule"} & set(changed):
            for layer in self._layers.values():
                layer.forgive()  # who chooses quantiles anew wants them
        if "unit" in changed:
            self._convert(changed["unit"].old, changed)
        if "source" in changed:
            self._leave(changed["source"].old, changed)
        self._complete()
        if set(changed) & {*CRITERION, *BY_HAND, "alone"} or self._lacking() != self.lacking:
            self._select()

    def _leave(self, old: str, changed: dict[str, param.parameterized.Event]) -> None:
        """Keep what belongs to the source that was matched until now; what the same gesture has set stays."""
        before = changed["threshold"].old if "threshold" in changed else self.threshold
        values = {
            "threshold": self.thresholds.get(self.source, self._carried(self.source, old, before)),
            "thresholds": {**self.thresholds, old: before},
            "stack": [old if name == self.source else name for name in self.stack],
            "pinned": None,
            "kept": [],
            "alone": None,
        }
        if "unit" in changed:
            del values["threshold"], values["thresholds"]
        self.param.update(**{name: value for name, value in values.items() if name not in changed})

    def _lacking(self) -> tuple[str, str] | None:
        """The first source shown, the matched one before others, whose quantiles are not there."""
        shown = [self.source, *self.layers]
        return next(((name, self.rule) for name in shown if self._layers[name].lacks(self.rule, self.unit)), None)

    def _select(self) -> None:
        lacking = self._lacking()
        states, refusal = self._states_of(self.source)
        by_hand = np.array(self.kept if self.pinned is None else self.pinned, np.int64)
        listed = np.union1d(states, by_hand) if self.pinned is None else by_hand
        selected = listed[listed == self.alone] if self.alone in listed else listed
        self._selected_for = self._criterion
        self.param.update(listed=listed, selected=selected, refusal=refusal, lacking=lacking)

    def _asked(self, source: str) -> Asked:
        return Asked(self.selection, self.left, self.right, self.threshold_of(source), self.rule, self.unit)

    def _states_of(self, source: str) -> tuple[np.ndarray, str]:
        """S1 in a source, and why there is none where it is not allowed; nothing before it can be told."""
        if self._layers[source].lacks(self.rule, self.unit):
            return np.zeros(0, np.int64), ""
        return self._layers[source].select(self._asked(source))

    @property
    def _criterion(self) -> tuple[Any, ...]:
        """All that `selected` follows from."""
        return tuple(getattr(self, name) for name in CRITERION)

    def _ask(self, *_events: param.parameterized.Event) -> None:
        # The end of a gesture may come together with its last change, and be heard first.
        if self.gesturing or self._selected_for != self._criterion:
            return
        if self._layers[self.source].lacks(self.rule, self.unit):
            return  # the last answer stays until it is known what is on
        query, steps = None, None if self.refusal else self.selection
        # What is listed without a selection, or where it is refused, is pinned.
        if steps is not None or (len(self.listed) and self._layers[self.source].decides(self.rule, self.unit)):
            query = Query(
                self.source, steps, self.threshold, self.left, self.right, tuple(self.selected.tolist()),
                self.distinct, self.top, self.before, self.after, self.lengths, self.document, self.starting,
                self.rule, self.unit,
            )  # fmt: skip
        if query != self.query:
            self.query = query

    def search(self, query: Query, cancelled: Callable[[], bool] | None = None) -> Matches:
        """Answer a query, as `questions.answer` does. Reads, and changes nothing."""
        return answer(self.recording, query, cancelled, self._layers[query.source].quantiles(query.rule))

    def next_on(self, *, forward: bool = True) -> int | None:
        """Return the next step, or the one before, where all that is matched is on, as `Layer.next_on` does."""
        return self.looking_on(forward=forward)(lambda: False)

    def looking_on(self, *, forward: bool = True) -> Callable[[Callable[[], bool]], int | None]:
        """Return what finds that step for what is asked now, whatever is changed meanwhile: to be called in a thread.

        It takes a function that says whether nobody waits any more.
        """
        look = partial(self._layers[self.source].next_on, self._asked(self.source), self.selected, self.position)
        return lambda cancelled: look(forward=forward, cancelled=cancelled)


def _between(low: float, high: float) -> float:
    """The middle of a stretch, with as few decimals, and no less than three, as keep it inside."""
    middle = (low + high) / 2
    rounded = (round(middle, decimals) for decimals in range(3, 20))
    return next((value for value in rounded if low < value < high), middle)
