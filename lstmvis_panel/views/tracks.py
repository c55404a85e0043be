"""The tracks under the words: annotations of the steps shown (section 4.2 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import param

from lstmvis_panel import schema
from lstmvis_panel.components.track_rows import TrackRows
from lstmvis_panel.components.word_strip import PATTERN
from lstmvis_panel.look import AHEAD
from lstmvis_panel.session import Session
from lstmvis_panel.style import THEMES
from lstmvis_panel.track_rows import addable, track_of

if TYPE_CHECKING:
    from lstmvis_panel.views.words import WordsView

BELOW = 4
"""px between the pattern plot and the first track."""

WINDOW = ["position", "width", "word_width", "theme"]


class TracksView(pn.viewable.Viewer):
    """Annotations in the columns of the words; the list of others to add.

    Parameters
    ----------
    session
        The visitor's session.
    words
        The words that the tracks lie under, which say what is hovered.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, words: WordsView) -> None:
        super().__init__(session=session)
        self.words = words
        self._kept: tuple[Any, dict[str, dict[str, Any]]] = (None, {})
        above = words.strip.tall + PATTERN + BELOW
        self.rows = TrackRows(above=above, sizing_mode="stretch_width", margin=(BELOW, 0, 0, 0))
        self.rows.on_gesture(self._changed)
        self._show_tracks()
        self._show_heat()

    def __panel__(self) -> pn.viewable.Viewable:
        return self.rows

    @property
    def tracks(self) -> list[dict[str, Any]]:
        """The tracks from the top, each read once per window."""
        session = self.session
        window = (session.first, session.shown, THEMES[session.theme])
        if self._kept[0] != window:
            self._kept = (window, {})
        kept = self._kept[1]
        for name in session.tracks:
            if name not in kept:
                kept[name] = track_of(session.recording, name, *window)
        return [kept[name] for name in session.tracks]

    @param.depends(*[f"session.{name}" for name in [*WINDOW, "tracks", "mask"]], watch=True)
    def _show_tracks(self) -> None:
        session = self.session
        first, stop = session.first, session.first + session.shown
        edges = schema.document_edges(session.recording)
        inside = edges[(edges > first) & (edges < stop)]
        self.rows.param.update(
            tracks=self.tracks, addable=addable(session.recording, session.tracks), mask=session.mask, first=first,
            words=self.words.tokens["words"], edges=inside.tolist(), cell=session.word_width,
            heat=session.heat.tolist(), total=len(session.selected),
        )  # fmt: skip

    @param.depends("session.selected", *[f"session.{name}" for name in AHEAD], watch=True)
    def _show_heat(self) -> None:
        if self.session.drawn_ahead(self.session.source):
            return
        self.rows.param.update(heat=self.session.heat.tolist(), total=len(self.session.selected))

    def _changed(self, gesture: dict[str, Any]) -> None:
        self.session.param.update(tracks=list(gesture["tracks"]), mask=bool(gesture["mask"]))
