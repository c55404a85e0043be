"""The select view (section 4.2 of the paper): states over words, a brush, a threshold, the states that are on."""

from __future__ import annotations

from html import escape

import panel as pn
import param

from lstmvis_panel.components.word_strip import PATTERN
from lstmvis_panel.matrix import phrase_of
from lstmvis_panel.session import Session
from lstmvis_panel.style import PLOT_HEIGHT
from lstmvis_panel.views.controls import card, chips, number_input, small_button, text
from lstmvis_panel.views.lines import LinesView
from lstmvis_panel.views.states import StatesView
from lstmvis_panel.views.tracks import TracksView
from lstmvis_panel.views.words import WordsView


class SelectView(pn.viewable.Viewer):
    """Lines, words, tracks, threshold and the list of selected states of a session.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self.lines = [LinesView(session, slot) for slot in range(len(session.layers))]
        self.words = WordsView(session)
        self.tracks = TracksView(session, self.words)
        self.states = StatesView(session, PLOT_HEIGHT + self.words.strip.tall + PATTERN)
        self.states.list.param.watch(lambda event: self.lines[0].light(event.new, "list"), "highlighted")
        self.plots = pn.Column(*self.lines, sizing_mode="stretch_width", margin=0, styles={"min-width": "0"})
        self._panel = self._layout()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    def _layout(self) -> pn.viewable.Viewable:
        board = pn.Column(
            self.plots, self.words, self.tracks, sizing_mode="stretch_width", margin=0, styles={"min-width": "0"}
        )
        body = pn.Row(board, self.states, sizing_mode="stretch_width", margin=0)
        return card("Select", self._chips(), self._controls(), body)

    @param.depends("session.stack", watch=True)
    def _show_layers(self) -> None:
        shown = len(self.session.layers)
        self.lines += [LinesView(self.session, slot) for slot in range(len(self.lines), shown)]
        self.plots[:] = self.lines[:shown]

    def _chips(self) -> pn.viewable.Viewable:
        session = self.session
        changing = [session.param[name] for name in ("source", "selection", "selected", "left", "right", "refusal")]
        return text(pn.bind(lambda *_: self._summary(), *changing), sizing_mode="stretch_width")

    def _summary(self) -> str:
        session = self.session
        if session.selection is None:
            return chips(quiet="Drag over words, or over the lines, to select them.")
        phrase = phrase_of(session.recording, *session.selection)
        if session.refusal:
            return chips(quiet=escape(phrase), warning=session.refusal)
        on = f"<b>{len(session.selected):,}</b> of {session.states.shape[1]:,} states on"
        limits = f"off: {session.left} before, {session.right} after"
        return chips(on, limits, quiet=escape(phrase))

    def _controls(self) -> list[pn.viewable.Viewable]:
        session = self.session
        threshold = number_input(session.param.threshold, "threshold", step=0.01, width=84)
        clear = small_button("clear", "Clear the selection", lambda: session.param.update(selection=None))
        clear.disabled = pn.bind(lambda chosen: chosen is None, session.param.selection)
        narrower = small_button("−", "Narrower words", lambda: session.zoom(-5))
        wider = small_button("+", "Wider words", lambda: session.zoom(5))
        caption = pn.bind(lambda px: f'<span class="lv-muted">word width</span> {px} px', session.param.word_width)
        width = text(caption, margin=(5, 0, 0, 8))
        return [threshold, clear, width, narrower, wider]
