"""The select view (section 4.2 of the paper): states over words, a brush, a threshold, the states that are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn
import param

from lstmvis_panel.captions import rules
from lstmvis_panel.colours import titled
from lstmvis_panel.components.browser import at_once
from lstmvis_panel.components.word_strip import PATTERN
from lstmvis_panel.documents import documents_of
from lstmvis_panel.look import BY_HAND
from lstmvis_panel.questions import QUANTILE, VALUE
from lstmvis_panel.session import Session
from lstmvis_panel.style import GUTTER
from lstmvis_panel.views.controls import CONTROLS, DIGITS, LABELLED, card, number_input, small_button, text, turn
from lstmvis_panel.views.lines import LinesView, board_height
from lstmvis_panel.views.measuring import Measuring
from lstmvis_panel.views.select_text import circumstances, edited, summary
from lstmvis_panel.views.states import StatesView
from lstmvis_panel.views.tracks import TracksView
from lstmvis_panel.views.words import WordsView

if TYPE_CHECKING:
    from collections.abc import Callable

STRIDE = 5
"""px that keys and buttons widen words by."""

SOURCE = "+ source"
"""What stands in the list of sources that can be stacked, before one is taken."""


class SelectView(pn.viewable.Viewer):
    """Lines, words, tracks, threshold and the list of selected states of a session.

    Parameters
    ----------
    session
        The visitor's session.
    say
        Takes a sentence to show for a moment.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        super().__init__(session=session)
        self._say = say
        self.measuring = Measuring(session)
        self.lines = [LinesView(session, slot) for slot in range(len(session.layers))]
        self.words = WordsView(session)
        self.tracks = TracksView(session, self.words)
        self.states = StatesView(session, self._height, say)
        self.plots = pn.Column(*self.lines, sizing_mode="stretch_width", margin=0, styles={"min-width": "0"})
        self._panel = self._layout()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    @property
    def _height(self) -> int:
        """Height in px of plots and words."""
        return board_height(len(self.session.layers)) + int(self.words.strip.tall) + PATTERN

    @property
    def actions(self) -> dict[str, Callable[[int], None]]:
        """What keys do to the selection and what is shown of it, as those of the header."""
        session = self.session
        return {
            "wider": lambda times: session.zoom(STRIDE * times),
            "narrower": lambda times: session.zoom(-STRIDE * times),
            "mask": lambda times: turn(session.param.mask, times),
            "stack": self._stack_next,
            "unstack": self._unstack_last,
            "left more": lambda times: self._limit("left", times),
            "left fewer": lambda times: self._limit("left", -times),
            "right more": lambda times: self._limit("right", times),
            "right fewer": lambda times: self._limit("right", -times),
            "threshold up": self._shift_threshold,
            "threshold down": lambda times: self._shift_threshold(-times),
            "propose": lambda _times: self._say(session.propose()),
            "next rule": lambda times: turn(session.param.rule, times),
            "previous rule": lambda times: turn(session.param.rule, -times),
            "unit": lambda times: turn(session.param.unit, times),
            "pin state": self._pin_lit,
            "pin list": self._pin_list,
            "order": lambda times: turn(session.param.order, times),
            "clear": lambda _times: session.param.update(selection=None),
            "to tracks": lambda _times: self._say("This recording has no annotations."),
        }

    def _layout(self) -> pn.viewable.Viewable:
        board = pn.Column(
            self.plots, self.words, self.tracks, sizing_mode="stretch_width", margin=0, styles={"min-width": "0"},
            css_classes=["lv-columns"],
        )  # fmt: skip
        body = pn.Row(board, self.states, sizing_mode="stretch_width", margin=0)
        return card("Select", self._chips(), self._width(), self._controls(), body, self._circumstances())

    def _circumstances(self) -> pn.viewable.Viewable:
        session, documents = self.session, documents_of(self.session.recording)
        changing = [session.param[name] for name in ("source", "position", "selection")]
        return text(pn.bind(lambda *_: circumstances(session, documents), *changing), margin=(0, 0, 0, GUTTER))

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _limit(self, side: str, by: int) -> None:
        low, high = self.session.param[side].bounds
        self.session.param.update(**{side: max(low, min(getattr(self.session, side) + by, high))})

    def _shift_threshold(self, by: int) -> None:
        session = self.session
        low, high = session.range_of(session.source)
        shifted = round(session.threshold + by * session.step_of(session.source), DIGITS)
        session.threshold = max(low, min(shifted, high))

    def _pin_lit(self, times: int) -> None:
        state = self.session.highlighted
        if state is None:
            self._say("Point at a state: at its line, or at its number in the list.")
        elif times % 2:
            self.session.keep(state)

    def _pin_list(self, times: int) -> None:
        if times % 2:
            self.states.pin()

    # -- layout -------------------------------------------------------------------------------------------------------

    @param.depends("session.stack", "session.source", watch=True)
    def _show_layers(self) -> None:
        shown = len(self.session.layers)
        if shown == len(self.plots):
            return
        self.lines += [LinesView(self.session, slot) for slot in range(len(self.lines), shown)]
        with at_once():
            self.plots[:] = self.lines[:shown]
            self.states.fit(self._height)

    def _chips(self) -> pn.viewable.Viewable:
        session = self.session
        names = (
            "source", "selection", "selected", "threshold", "left", "right", "refusal", "alone", "rule", "unit",
            "lacking", *BY_HAND,
        )  # fmt: skip
        changing = [session.param[name] for name in names]
        said = text(pn.bind(lambda *_: summary(session), *changing))
        by_hand = text(pn.bind(lambda *_: edited(session), *changing))
        back = small_button("undo to selection", "Match the states of the selection, no others", session.follow)
        back.visible = pn.bind(lambda *_: session.by_hand, *(session.param[name] for name in BY_HAND))
        styles = {"flex-wrap": "wrap", "gap": "8px", "min-width": "0", "align-items": "center"}
        return pn.Row(said, by_hand, back, sizing_mode="stretch_width", margin=0, styles=styles)

    def _controls(self) -> pn.viewable.Viewable:
        session = self.session
        clear = small_button(
            "clear selection", "Clear the selection", lambda: session.param.update(selection=None), "clear"
        )
        clear.disabled = pn.bind(lambda chosen: chosen is None, session.param.selection)
        propose = small_button(
            "propose", "Put the threshold in the middle of the widest stretch that selects the same states",
            lambda: self._say(session.propose()), "propose",
        )  # fmt: skip
        propose.disabled = pn.bind(
            lambda chosen, refusal: chosen is None or bool(refusal), session.param.selection, session.param.refusal
        )
        return pn.Row(
            self._threshold(), self._rule(), self._unit(), propose, clear, pn.Spacer(sizing_mode="stretch_width"),
            self._stack(), sizing_mode="stretch_width", margin=(0, 0, 10, 0), styles={"gap": "8px"},
        )  # fmt: skip

    def _threshold(self) -> pn.viewable.Viewable:
        session = self.session
        field = number_input(session.param.threshold, "threshold l", step=0.01, width=84)
        changing = session.param.source, session.param.unit
        field.step = pn.bind(lambda *_: session.step_of(session.source), *changing)
        return field

    def _rule(self) -> pn.viewable.Viewable:
        session = self.session
        picker = pn.widgets.Select(
            label="on",
            options=_by_sign(session.unit),
            value=session.rule,
            width=108,
            margin=0,
            stylesheets=[CONTROLS],
            css_classes=[LABELLED],
        )
        picker.param.watch(lambda event: session.param.update(rule=event.new), "value")
        session.param.watch(lambda event: picker.param.update(value=event.new), "rule")
        session.param.watch(lambda event: picker.param.update(options=_by_sign(event.new), value=session.rule), "unit")
        return picker

    def _unit(self) -> pn.viewable.Viewable:
        session = self.session
        units = {"a value": VALUE, "a quantile": QUANTILE}
        picker = pn.widgets.Select(
            label="l is",
            options=units,
            value=session.unit,
            width=136,
            margin=0,
            stylesheets=[CONTROLS],
            css_classes=[LABELLED],
        )
        picker.param.watch(lambda event: session.param.update(unit=event.new), "value")
        session.param.watch(lambda event: picker.param.update(value=event.new), "unit")
        return picker

    def _stack(self) -> pn.viewable.Viewable:
        """A list of the sources that can be shown besides; nothing where there is no other."""
        session = self.session
        picker = pn.widgets.Select(label="stack", width=140, margin=0, stylesheets=[CONTROLS], css_classes=[LABELLED])

        def offer(*_: object) -> None:
            others = self._others()
            picker.param.update(options={SOURCE: "", **titled(others)}, value="")
            picker.visible = bool(others)

        def add(event: param.parameterized.Event) -> None:
            if event.new:
                self._restack([*session.stack, event.new])

        offer()
        picker.param.watch(add, "value")
        session.param.watch(offer, ["source", "stack"])
        return picker

    def _others(self) -> list[str]:
        """The sources that are not shown."""
        session = self.session
        return [name for name in session.param.source.objects if name not in session.layers]

    def _stack_next(self, times: int) -> None:
        others = self._others()
        self._restack([*self.session.stack, *others[:times]])
        if not others:
            self._say("There is no other source to stack.")

    def _unstack_last(self, times: int) -> None:
        stacked = [name for name in self.session.stack if name != self.session.source]
        self._restack(stacked[:-times])
        if not stacked:
            self._say("No other source is stacked.")

    def _restack(self, stack: list[str]) -> None:
        with at_once():  # the page changes as a whole
            self.session.stack = stack

    def _width(self) -> list[pn.viewable.Viewable]:
        session = self.session
        narrower = small_button("−", "Narrower words", lambda: session.zoom(-STRIDE), "narrower")
        wider = small_button("+", "Wider words", lambda: session.zoom(STRIDE), "wider")
        caption = pn.bind(lambda px: f'<span class="lv-muted">word width</span> {px} px', session.param.word_width)
        return [text(caption, margin=(5, 0, 0, 8)), narrower, wider]


def _by_sign(unit: str) -> dict[str, str]:
    return {sign: rule for rule, sign in rules(unit).items()}
