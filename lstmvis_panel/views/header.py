"""The line on top: where you are, and the ways to go elsewhere."""

from __future__ import annotations

from collections import Counter
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import panel as pn
import param

from lstmvis_panel.history import History
from lstmvis_panel.session import Session
from lstmvis_panel.views.controls import CONTROLS, bar, choice, name, number_input, small_button, text
from lstmvis_panel.views.export import ExportView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPEN_PROJECT = """
const theme = new URLSearchParams(window.location.search).get("theme") ?? "light"
window.location.search = new URLSearchParams({ project: cb_obj.value, theme })
"""

STRIDE = 5
"""Steps that the buttons move by."""


class Header(pn.viewable.Viewer):
    """Project, source, position and theme of a session.

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

    def __init__(self, session: Session, projects: Mapping[str, str], history: History) -> None:
        super().__init__(session=session, history=history)
        home = "?theme={}" if projects else ""
        self._panel = bar(
            pn.bind(lambda theme: name(home.format(theme)), session.param.theme),
            self._project(projects),
            choice(session.param.source, "Source"),
            *self._navigation(),
            pn.Spacer(sizing_mode="stretch_width"),
            *self._back_and_forth(),
            ExportView(session),
            self._theme_button(),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    def _project(self, projects: Mapping[str, str]) -> pn.viewable.Viewable:
        session = self.session
        if not projects:
            title = escape(str(session.recording.attrs.get("title", "")))
            return text(f'<span class="lv-title">{title}</span>', margin=(5, 4, 0, 0))
        titles = Counter(projects.values())
        options = {title if titles[title] == 1 else f"{title} ({id_})": id_ for id_, title in projects.items()}
        picker = pn.widgets.Select(
            label="Recording", options=options, value=session.project, margin=0, width=180, stylesheets=[CONTROLS]
        )
        picker.jscallback(value=OPEN_PROJECT)
        return picker

    def _navigation(self) -> list[pn.viewable.Viewable]:
        session = self.session
        total = text(f'<span class="lv-muted">of {session.steps:,}</span>', margin=(5, 0, 0, 0))
        return [
            number_input(session.param.position, "step", step=1, width=96),
            total,
            small_button("‹", f"Back {STRIDE} steps", lambda: session.move(-STRIDE)),
            small_button("›", f"Forward {STRIDE} steps", lambda: session.move(STRIDE)),
            small_button("to selection", "Show the selection", self._to_selection),
        ]

    def _back_and_forth(self) -> list[pn.viewable.Viewable]:
        history = self.history
        undo, redo = (
            small_button(sign, name, partial(self._at_once, act))
            for sign, name, act in (("↶", "Undo", history.undo), ("↷", "Redo", history.redo))
        )
        undo.disabled = pn.bind(lambda can: not can, history.param.can_undo)
        redo.disabled = pn.bind(lambda can: not can, history.param.can_redo)
        return [undo, redo]

    @staticmethod
    def _at_once(act: Callable[[], None]) -> None:
        with pn.io.hold():  # the page changes as a whole
            act()

    def _to_selection(self) -> None:
        if self.session.selection is not None:
            self.session.go_to(self.session.selection[0])

    def _theme_button(self) -> pn.viewable.Viewable:
        session = self.session
        other = {"light": "dark", "dark": "light"}
        return small_button("◐", "Light or dark", lambda: session.param.update(theme=other[session.theme]))
