"""What a visitor takes away: tables, pictures, a page, code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import panel as pn
import param

from lstmvis_panel.captions import file_name, listed, name_of, over_list
from lstmvis_panel.code_cell import code_cell
from lstmvis_panel.components.downloads import Downloads
from lstmvis_panel.figure import figure_of
from lstmvis_panel.history import UNDONE
from lstmvis_panel.session import Session
from lstmvis_panel.snapshot import code_section, snapshot_of, states_section, table_section
from lstmvis_panel.style import FONT, THEMES
from lstmvis_panel.tables import csv_of, matches_table, parquet_of
from lstmvis_panel.views.background import Newest

if TYPE_CHECKING:
    from collections.abc import Callable


class Item(NamedTuple):
    """Something to take away."""

    label: str
    about: str
    ending: str
    mime: str
    make: Callable[[Session], bytes | str]
    of_matches: bool = False
    dots: bool = False


class ExportView(pn.viewable.Viewer):
    """A menu of all that can be taken away of what a session shows.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._newest = Newest("The making of a file")
        self.menu = Downloads(margin=0)
        self.menu.param.watch(self._asked, "wanted", onlychanged=False)
        self._offer()

    def __panel__(self) -> pn.viewable.Viewable:
        return self.menu

    @param.depends("session.matches", watch=True)
    def _offer(self) -> None:
        there = self.session.matches is not None
        self.menu.items = [[key, item.label, item.about, there or not item.of_matches] for key, item in ITEMS.items()]

    def _asked(self, event: param.parameterized.Event) -> None:
        item, asked = ITEMS.get(str(event.new.get("wanted"))), event.new.get("asked")
        if item is None:
            return
        copy = copied(self.session)

        def take(file: dict[str, Any]) -> None:
            self.menu.file = {"asked": asked, **file}

        def fail(why: str) -> None:
            self.menu.file = {"asked": asked, "failure": f"It could not be made: {why}"}

        self._newest.ask(lambda cancelled: _file(item, copy, cancelled), take, fail)


def copied(session: Session) -> Session:
    """Return a session that shows the same and that no gesture changes: for a thread."""
    look = {name: getattr(session, name) for name in [*UNDONE, "theme", "width"]}
    copy = Session(session.recording, session.project, session.path, **look)
    copy.param.update(matches=session.matches, found=session.found)
    return copy


def _file(item: Item, session: Session, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Make a file. A copy has measured no quantiles yet; without them a figure would show no state as selected."""
    if not item.of_matches:
        session.measure(cancelled)
        if session.lacks_means:
            session.averaging()(cancelled)
    name = f"{file_name(name_of(session))}{item.ending}"
    return {"name": name, "type": item.mime, "content": item.make(session), "dots": item.dots}


def _table(session: Session, write: Callable[[Any], bytes]) -> bytes:
    if session.matches is None:
        message = "there are no matches."
        raise ValueError(message)
    return write(matches_table(session.recording, session.matches))


def _code(session: Session) -> str:
    query = session.matches.query if session.matches is not None else session.query
    if query is None:
        message = "nothing is selected."
        raise ValueError(message)
    return code_cell(session.recording, query, session.path)


def _snapshot(session: Session) -> str:
    matches = session.matches
    sections = [states_section(over_list(session), listed(session), set(session.selected.tolist()))]
    if matches is not None:
        sections.append(table_section(matches_table(session.recording, matches)))
    if matches is not None or session.query is not None:
        sections.append(code_section(_code(session)))
    return snapshot_of(name_of(session), figure_of(session), sections, THEMES[session.theme], FONT)


PARQUET, SVG = "application/vnd.apache.parquet", "image/svg+xml"

ITEMS = {
    "csv": Item("Matches, CSV", "a row a match, with words and annotations", ".csv", "text/csv",
                partial(_table, write=csv_of), of_matches=True),
    "parquet": Item("Matches, Parquet", "the same, with types", ".parquet", PARQUET,
                    partial(_table, write=parquet_of), of_matches=True),
    "svg": Item("Figure, SVG", "what is on the screen, for papers", ".svg", SVG, figure_of),
    "png": Item("Figure, PNG", "the same in pixels, twice as fine", ".png", "image/png", figure_of, dots=True),
    "html": Item("Snapshot, HTML", "figure, table and code in one file", ".html", "text/html", _snapshot),
    "code": Item("Code cell, Python", "the same states and matches without the app", ".py", "text/x-python",
                 _code, of_matches=True),
}  # fmt: skip
