"""What follows from what a visitor looks at: the selected states (S1 of section 4.3 of the paper), and the matches.

The states follow at once, the question to search for only when a gesture has ended.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import param

from lstmvis_panel import schema
from lstmvis_panel.layers import Asked
from lstmvis_panel.look import BY_HAND, FILTERS, Look
from lstmvis_panel.preview import NO_HAND, ByHand, brush_preview, threshold_preview
from lstmvis_panel.questions import QUANTILE, Matches, Query, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import xarray as xr

    from lstmvis_panel.preview import BrushPreview, ThresholdPreview
    from lstmvis_panel.thresholds import ThresholdProfile

CRITERION = ("source", "selection", "threshold", "left", "right", "rule", "unit")
"""What S1 follows from."""

ASKED = ("selected", "gesturing", "distinct", "top", "before", "after", *FILTERS)
"""What a question follows from, besides what `selected` follows from."""


class Session(Look):
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

    listed: np.ndarray = param.Array(default=np.zeros(0, np.int64), doc="S1 with what is kept, or what is pinned.")
    selected: np.ndarray = param.Array(default=np.zeros(0, np.int64), doc="What is matched: all listed, or one alone.")
    lacking: tuple[str, str] | None = param.Tuple(
        default=None, length=2, allow_None=True, doc="Source and rule whose quantiles have to be measured first."
    )
    refusal: str = param.String(doc="Why the selection yields no states, where it is not allowed.")
    query: Query | None = param.ClassSelector(class_=Query, default=None, allow_None=True, doc="What is to be matched.")
    matches: Matches | None = param.ClassSelector(class_=Matches, default=None, allow_None=True, doc="Its answer.")
    searching: bool = param.Boolean(default=False, doc="An answer is being computed.")
    indexing: str = param.String(doc="How far the index of what is matched is, or why it has none.")
    failure: str = param.String(doc="Why the last search gave no answer.")

    def __init__(self, recording: xr.Dataset, project: str = "", path: str = "", **values: Any) -> None:
        self._selected_for: tuple[Any, ...] = ()
        super().__init__(recording, project=project, path=path or str(recording.encoding.get("source", "")))
        self.source = values.get("source", schema.sources(recording)[0])
        if "threshold" not in values:
            self.threshold = self._layers[self.source].first_threshold(self.unit)
        self.param.watch(self._derive, [*CRITERION, *BY_HAND, "alone", "stack", "thresholds"])
        self.param.watch(self._ask, list(ASKED))
        self.param.update(**values)
        self.param.update(**values)  # once more what another unit has put right

    # -- what is selected ----------------------------------------------------------------------------------------------

    def profile_of(self, source: str) -> ThresholdProfile | None:
        """How many states of a source the selection has at every threshold; None where there is none to count."""
        return self._layers[source].profile(self._asked(source))

    def threshold_preview(self, source: str) -> ThresholdPreview | None:
        """What each threshold of a source will select at the steps shown; None where that can't be told beforehand."""
        if self.unit == QUANTILE:
            return None
        asked, refusal = self._asked(source), self._states_of(source)[1]
        if refusal:
            asked = replace(asked, selection=None)
        return threshold_preview(self._layers[source].window, self.first, self.shown, asked, self.hand_in(source))

    def brush_preview(self, source: str) -> BrushPreview | None:
        """What each selection will select in a source at the steps shown; None where that can't be told beforehand."""
        layer, asked = self._layers[source], self._asked(source)
        if not layer.decides(asked.rule, asked.unit):
            return None
        return brush_preview(layer.window, self.first, self.shown, layer.criterion(asked), self.hand_in(source))

    def hand_in(self, source: str) -> ByHand:
        """Return which states of a source a hand has chosen: some of the one that is matched, of others none."""
        if source != self.source:
            return NO_HAND
        return ByHand(None if self.pinned is None else tuple(self.pinned), tuple(self.kept), self.alone)

    def selected_in(self, source: str) -> np.ndarray:
        """Selected states of a source that is shown: what is matched, or its own S1 at its own threshold.

        None while another source is about to be matched.
        """
        if source != self.source:
            return self._states_of(source)[0]
        return self.selected if self._is_selected else self.selected[:0]

    @property
    def edited(self) -> bool:
        """Whether the listed states were chosen by hand, and are others than those of the selection."""
        return self.by_hand and not np.array_equal(self.listed, self._states_of(self.source)[0])

    @property
    def heat(self) -> np.ndarray:
        """How many selected states are on at each step shown, shape ``(shown,)``."""
        selected = self.selected_in(self.source)
        return self._layers[self.source].counts(self.first, self.shown, selected, self._asked(self.source))

    @property
    def means(self) -> np.ndarray:
        """Mean of each listed state over the selection, in drawn values.

        NaN without a selection, and for a long one until `averaging` has read it.
        """
        layer = self._layers[self.source]
        if (
            not self._is_selected
            or self.selection is None
            or self.refusal
            or not layer.has_means(self.selection, self.listed)
        ):
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
        by_hand = self.hand_in(self.source).listed
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

    @property
    def _is_selected(self) -> bool:
        """Whether the states that are selected are of the source that is to be matched by now."""
        return not self._selected_for or self._selected_for[0] == self.source

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
