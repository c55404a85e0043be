"""The line on top: where you are, and the ways to go elsewhere."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import param

from lstmvis_panel.components.browser import at_once
from lstmvis_panel.components.copy_link import CopyLink
from lstmvis_panel.components.help_panel import HelpPanel
from lstmvis_panel.history import History
from lstmvis_panel.session import Session
from lstmvis_panel.views import keys
from lstmvis_panel.views.controls import (
    CONTROLS,
    TEXT,
    Markup,
    bar,
    choice,
    name,
    number_input,
    small_button,
    text,
    turn,
)
from lstmvis_panel.views.documents import DocumentsView
from lstmvis_panel.views.export import ExportView
from lstmvis_panel.views.named import NamedView
from lstmvis_panel.views.places import PlacesView
from lstmvis_panel.views.search import SearchView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LOOK = (Path(__file__).parent / "header.css").read_text(encoding="utf-8")

OPEN_PROJECT = """
const theme = new URLSearchParams(window.location.search).get("theme") ?? "light"
window.location.search = new URLSearchParams({ project: cb_obj.value, theme })
"""

LETTER, AROUND_TEXT = 7, 40
"""Width in px of a letter in a list to choose from, and of what stands around the text."""

LEAST_ROOM, MOST_ROOM = 116, 260
"""Width in px of the list of recordings."""

STRIDE = 5
"""Steps that the buttons move by, and px that the keys widen words by."""

SOURCES_AS_BUTTONS = 3
"""Most sources that have a button each."""


class Header(pn.viewable.Viewer):
    """Project, source, position, search and theme of a session, and what keys do.

    Parameters
    ----------
    session
        The visitor's session.
    projects
        Names of the projects to choose from, by their name in the address; none in a notebook.
    history
        What can be undone.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)
    history: History = param.ClassSelector(class_=History, constant=True)
    said: str = param.String(doc="A sentence shown for a moment.")

    def __init__(self, session: Session, projects: Mapping[str, str], history: History) -> None:
        super().__init__(session=session, history=history)
        self.documents = DocumentsView(session, self.say)
        self.search = SearchView(session, self.say)
        self.places = PlacesView(session, self.say)
        self.named = NamedView(session)
        home = "?theme={}" if projects else ""
        self._panel = bar(
            pn.bind(lambda theme: name(home.format(theme)), session.param.theme),
            _group("lv-where", self._project(projects), self._source(), *self._navigation()),
            _group("lv-further", self._find(), _group("lv-acts", *self._acts(projects))),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    @property
    def actions(self) -> dict[str, Callable[[int], None]]:
        """What keys do to the place and the page, by the names of `keys.ACTIONS`; each takes how often it is wanted."""
        session = self.session
        return {
            "back": lambda times: session.move(-STRIDE * times),
            "forward": lambda times: session.move(STRIDE * times),
            "page back": lambda times: session.move(-session.shown * times),
            "page forward": lambda times: session.move(session.shown * times),
            "first step": lambda _times: session.go_to(0),
            "last step": lambda _times: session.go_to(session.steps - 1),
            "to selection": lambda _times: self._to_selection(),
            "next on": lambda _times: self.places.go(forward=True),
            "previous on": lambda _times: self.places.go(forward=False),
            "next source": self._next_source,
            "previous source": lambda times: self._next_source(-times),
            "theme": lambda times: turn(session.param.theme, times),
            "undo": lambda times: self._travel(self.history.undo, times),
            "redo": lambda times: self._travel(self.history.redo, times),
        }

    def say(self, sentence: str) -> None:
        """Show a sentence for a moment, below the line."""
        self.said = ""
        self.said = sentence

    # -- where you are ------------------------------------------------------------------------------------------------

    def _project(self, projects: Mapping[str, str]) -> pn.viewable.Viewable:
        session = self.session
        if not projects:
            title = escape(str(session.recording.attrs.get("title", "")))
            return text(f'<span class="lv-title">{title}</span>', margin=(5, 4, 0, 0))
        titles = Counter(projects.values())
        options = {title if titles[title] == 1 else f"{title} ({id_})": id_ for id_, title in projects.items()}
        picker = pn.widgets.Select(
            label="Recording", options=options, value=session.project, margin=0, width=_room_for(options),
            stylesheets=[CONTROLS],
        )  # fmt: skip
        picker.jscallback(value=OPEN_PROJECT)
        return picker

    def _source(self) -> pn.viewable.Viewable:
        sources = choice(self.session.param.source, "Source", SOURCES_AS_BUTTONS)
        if isinstance(sources, pn.widgets.Select):
            sources.width = 136
        return sources

    def _navigation(self) -> list[pn.viewable.Viewable]:
        session = self.session
        total = text(f'<span class="lv-muted">of {session.steps:,}</span>', margin=(5, 0, 0, 0))
        return [
            number_input(session.param.position, "step", step=1, width=86, action="find step"),
            total,
            small_button("‹", f"Back {STRIDE} steps", lambda: session.move(-STRIDE), "back"),
            small_button("›", f"Forward {STRIDE} steps", lambda: session.move(STRIDE), "forward"),
            small_button("□", "Show the selection", self._to_selection, "to selection"),
            pn.Row(self.places, self._note(), margin=0, styles={"position": "relative"}),
        ]

    def _note(self) -> pn.viewable.Viewable:
        said = pn.bind(lambda sentence: f"<span>{escape(sentence)}</span>" if sentence else "", self.param.said)
        return Markup(
            said, margin=0, width=0, height=0, stylesheets=[TEXT, LOOK], css_classes=["lv-note"],
            styles={"position": "absolute", "top": "34px", "left": "0", "z-index": "9"},
        )  # fmt: skip

    def _to_selection(self) -> None:
        if self.session.selection is None:
            self.say("Nothing is selected.")
        else:
            self.session.go_to(self.session.selection[0])

    def _find(self) -> pn.Row:
        if not self.documents.are_there:
            return _group("lv-find", self.search)
        return _group("lv-find lv-documents", self.documents, self.search)

    def _next_source(self, by: int) -> None:
        sources = self.session.param.source
        if len(sources.objects) == 1:
            self.say("This recording has no other source.")
        with at_once():  # the page changes as a whole
            turn(sources, by)

    # -- what can be done ---------------------------------------------------------------------------------------------

    def _acts(self, projects: Mapping[str, str]) -> list[Any]:
        return [
            *self._back_and_forth(),
            *([CopyLink(margin=0)] if projects else []),  # elsewhere the address says nothing of what is shown
            self.named,
            ExportView(self.session),
            small_button("◐", "Light or dark", lambda: turn(self.session.param.theme), "theme"),
            HelpPanel(groups=keys.table(), margin=0),
        ]

    def _back_and_forth(self) -> list[pn.viewable.Viewable]:
        history = self.history
        undo = small_button("↶", "Undo", lambda: self._travel(history.undo), "undo")
        redo = small_button("↷", "Redo", lambda: self._travel(history.redo), "redo")
        undo.disabled = pn.bind(lambda can: not can, history.param.can_undo)
        redo.disabled = pn.bind(lambda can: not can, history.param.can_redo)
        return [undo, redo]

    @staticmethod
    def _travel(act: Callable[[], None], times: int = 1) -> None:
        with at_once():  # the page changes as a whole
            for _ in range(times):
                act()


def _room_for(names: Iterable[str]) -> int:
    """Return the width in px of a list in which the longest name can be read, within reason."""
    return min(max(LEAST_ROOM, AROUND_TEXT + LETTER * max(map(len, names))), MOST_ROOM)


def _group(kinds: str, *parts: Any) -> pn.Row:
    """Parts of the line that stay together where it has to break."""
    return pn.Row(*parts, margin=0, css_classes=kinds.split(), stylesheets=[LOOK], sizing_mode="stretch_width")
