"""The select view (section 4.2 of the paper): states over words, a brush, a threshold, the states that are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn
import param

from lstmvis_panel.captions import rules
from lstmvis_panel.colours import titled
from lstmvis_panel.components.word_strip import PATTERN
from lstmvis_panel.questions import QUANTILE, VALUE
from lstmvis_panel.session import Session
from lstmvis_panel.views.controls import CONTROLS, LABELLED, card, number_input, small_button, text
from lstmvis_panel.views.lines import LinesView, board_height
from lstmvis_panel.views.measuring import Measuring
from lstmvis_panel.views.select_text import edited, summary
from lstmvis_panel.views.states import StatesView
from lstmvis_panel.views.tracks import TracksView
from lstmvis_panel.views.words import WordsView

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self.states = StatesView(session, self._height)
        self.plots = pn.Column(*self.lines, sizing_mode="stretch_width", margin=0, styles={"min-width": "0"})
        self._panel = self._layout()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    @property
    def _height(self) -> int:
        """Height in px of plots and words."""
        return board_height(len(self.session.layers)) + int(self.words.strip.tall) + PATTERN

    def _layout(self) -> pn.viewable.Viewable:
        board = pn.Column(
            self.plots, self.words, self.tracks, sizing_mode="stretch_width", margin=0, styles={"min-width": "0"}
        )
        body = pn.Row(board, self.states, sizing_mode="stretch_width", margin=0)
        return card("Select", self._chips(), self._width(), self._controls(), body)

    @param.depends("session.stack", "session.source", watch=True)
    def _show_layers(self) -> None:
        shown = len(self.session.layers)
        if shown == len(self.plots):
            return
        self.lines += [LinesView(self.session, slot) for slot in range(len(self.lines), shown)]
        with pn.io.hold():
            self.plots[:] = self.lines[:shown]
            self.states.fit(self._height)

    def _chips(self) -> pn.viewable.Viewable:
        session = self.session
        names = (
            "source", "selection", "selected", "threshold", "left", "right", "refusal", "alone", "pinned", "rule",
            "unit", "lacking",
        )  # fmt: skip
        changing = [session.param[name] for name in names]
        said = text(pn.bind(lambda *_: summary(session), *changing))
        by_hand = text(pn.bind(lambda *_: edited(session), *changing))
        back = small_button("undo to selection", "Match the states of the selection again", lambda: session.pin(None))
        back.visible = pn.bind(lambda pinned: pinned is not None, session.param.pinned)
        styles = {"flex-wrap": "wrap", "gap": "8px", "min-width": "0", "align-items": "center"}
        return pn.Row(said, by_hand, back, sizing_mode="stretch_width", margin=0, styles=styles)

    def _controls(self) -> pn.viewable.Viewable:
        session = self.session
        clear = small_button("clear selection", "Clear the selection", lambda: session.param.update(selection=None))
        clear.disabled = pn.bind(lambda chosen: chosen is None, session.param.selection)
        propose = small_button(
            "propose", "Put the threshold in the middle of the widest stretch that selects the same states",
            lambda: self._say(session.propose()),
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
            others = [name for name in session.param.source.objects if name not in session.layers]
            picker.param.update(options={SOURCE: "", **titled(others)}, value="")
            picker.visible = bool(others)

        def add(event: param.parameterized.Event) -> None:
            if event.new:
                with pn.io.hold():  # the page changes as a whole
                    session.stack = [*session.stack, event.new]

        offer()
        picker.param.watch(add, "value")
        session.param.watch(offer, ["source", "stack"])
        return picker

    def _width(self) -> list[pn.viewable.Viewable]:
        session = self.session
        narrower = small_button("−", "Narrower words", lambda: session.zoom(-5))
        wider = small_button("+", "Wider words", lambda: session.zoom(5))
        caption = pn.bind(lambda px: f'<span class="lv-muted">word width</span> {px} px', session.param.word_width)
        return [text(caption, margin=(5, 0, 0, 8)), narrower, wider]


def _by_sign(unit: str) -> dict[str, str]:
    return {sign: rule for rule, sign in rules(unit).items()}
