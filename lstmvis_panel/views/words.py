"""The words under the lines, with the brush on them and the pattern plot below (section 4.2 of the paper)."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import panel as pn
import param

from lstmvis_panel import schema
from lstmvis_panel.components.browser import at_once
from lstmvis_panel.components.word_strip import WordStrip
from lstmvis_panel.look import AHEAD, LEFT_OF_MARK
from lstmvis_panel.matrix import strip_height, strip_of
from lstmvis_panel.session import Session
from lstmvis_panel.style import THEMES

WINDOW = ["position", "width", "word_width"]


class WordsView(pn.viewable.Viewer):
    """Words of the steps shown, and the gestures on them.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._strip: tuple[Any, dict[str, Any]] | None = None
        self.strip = WordStrip(tall=strip_height(session.recording), sizing_mode="stretch_width", margin=0)
        self.strip.on_gesture(self._brushed)
        self.strip.param.watch(lambda event: session.param.update(width=max(80, event.new)), "room")
        narrowest, widest = session.param.word_width.bounds
        self.strip.param.update(steps=session.steps, narrowest=narrowest, widest=widest)
        self._show_words()
        self._show_hits()
        self._show_selection()

    def __panel__(self) -> pn.viewable.Viewable:
        return self.strip

    @property
    def tokens(self) -> dict[str, Any]:
        """Words, or what tokens are instead, read once per window."""
        session = self.session
        key = (session.first, session.shown, session.theme)
        if self._strip is None or self._strip[0] != key:
            shown = strip_of(session.recording, session.first, session.shown, THEMES[session.theme])
            self._strip = (key, shown)
        return self._strip[1]

    @param.depends(*[f"session.{name}" for name in [*WINDOW, *AHEAD, "selected", "theme"]], watch=True)
    def _show_words(self) -> None:
        session = self.session
        if session.drawn_ahead(session.source):
            return
        first, stop = session.first, session.first + session.shown
        edges = schema.document_edges(session.recording)
        inside = edges[(edges > first) & (edges < stop)]
        self.strip.param.update(
            **self.tokens, heat=session.heat.tolist(), total=len(session.selected),
            warmest=THEMES[session.theme].warmest, first=first,
            mark=session.position, edges=inside.tolist(), cell=session.word_width,
        )  # fmt: skip

    @param.depends(*[f"session.{name}" for name in [*WINDOW, "found"]], watch=True)
    def _show_hits(self) -> None:
        session = self.session
        hits = None if session.found is None else session.found.within(session.first, session.first + session.shown)
        self.strip.hits = [] if hits is None else hits.tolist()

    @param.depends("session.selection", "session.left", "session.right", watch=True)
    def _show_selection(self) -> None:
        session = self.session
        self.strip.param.update(selection=list(session.selection or ()), left=session.left, right=session.right)

    def _brushed(self, gesture: dict[str, Any]) -> None:
        values: dict[str, Any] = {name: gesture[name] for name in ("left", "right") if name in gesture}
        if "range" in gesture:
            values["selection"] = tuple(gesture["range"]) if gesture["range"] else None
        ahead, done = bool(gesture.get("previewed")), gesture["done"]
        wheeled = "zoom" in gesture or ("first" in gesture and "range" not in gesture)
        brushing = {} if wheeled else {"brushing": ahead}
        held = self.session.gesture("wheel" if wheeled else "words", done=done, **brushing)
        with nullcontext() if ahead and not done else at_once(), held:
            self.session.param.update(**values)
            self._wheeled(gesture)

    def _wheeled(self, gesture: dict[str, Any]) -> None:
        session = self.session
        if "zoom" in gesture:
            session.zoom(gesture["zoom"] - session.word_width, gesture["at"] / session.word_width)
        if "first" in gesture:
            session.go_to(gesture["first"] + LEFT_OF_MARK)
