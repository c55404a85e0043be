"""The views on one page: served to visitors, or shown in a notebook cell."""

from __future__ import annotations

import builtins
import json
import weakref
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import panel as pn
import param
import xarray as xr

from lstmvis_panel import address, matching, store
from lstmvis_panel.components.browser import at_once
from lstmvis_panel.components.history import BrowserHistory
from lstmvis_panel.history import STAYING, UNDONE, History, replay
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.session import Session
from lstmvis_panel.style import THEMES
from lstmvis_panel.views.header import Header
from lstmvis_panel.views.keyboard import keyboard
from lstmvis_panel.views.match import MatchView
from lstmvis_panel.views.notices import Notices
from lstmvis_panel.views.select import SelectView
from lstmvis_panel.views.start import start_page

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

LEAST_WIDTH = 945
"""Width in px below which words and heatmaps would stand on one another."""


TAKEN = (*address.KEYS, "thresholds")
"""Parameters of a session that `explore` takes."""


class Explorer(pn.viewable.Viewer):
    """The app as an object: shows itself in a notebook cell, and can be served.

    What the visitor does is in `session`: brush, then read ``explorer.selected`` in the next cell.

    Parameters
    ----------
    session
        What is looked at, and how.
    projects
        Titles of projects to choose from by their name in the address.
    notices
        Sentences to say first, such as what was put right in the address.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self, session: Session, projects: Mapping[str, str] | None = None, notices: Sequence[str] = ()
    ) -> None:
        super().__init__(session=session)
        self._window = not in_notebook()
        self.history = History(session)
        header = Header(session, projects or {}, self.history)
        self._select, self._match = SelectView(session, header.say), MatchView(session, header.say)
        actions = {**header.actions, **self._select.actions, **self._match.actions}
        keys = keyboard(actions, alone=self._window)
        self.notices = Notices(notices)
        parts = [header, self.notices, self._select, self._match, keys]
        self._panel = page(session.theme, *parts, window=self._window)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    def __repr__(self) -> str:
        looked_at = ", ".join(f"{name}={getattr(self.session, name)!r}" for name in TAKEN)
        return f"Explorer({looked_at})"

    @property
    def selected(self) -> np.ndarray:
        """Numbers of the selected states (S1), ascending.

        Where the quantiles that decide about them are still being computed, this waits for them.
        """
        self._select.measuring.finish()
        return self.session.selected

    @property
    def matches(self) -> xr.Dataset | None:
        """The matches of the selection as from `find_matches`, its own row among them; None without a selection.

        Where the search is still under way, this waits for its end.
        """
        self._select.measuring.finish()
        self._match.following.finish()
        return None if self.session.matches is None else self.session.matches.table

    @param.depends("session.theme", watch=True)
    def _dress(self) -> None:
        self._panel.styles = dressed(self.session.theme, window=self._window)


def explore(recording: xr.Dataset | str | os.PathLike[str], **view_state: Any) -> Explorer:
    """Look at a recording: the app as an object, which displays itself in a notebook cell.

    Parameters
    ----------
    recording
        A recording, or the path of one.
    **view_state
        Where to look and how, as the parameters of `Session`. What is selected: ``source``, ``selection`` as (start,
        stop), ``threshold``, ``unit``, ``rule``, ``left``, ``right``; ``pinned``, ``kept``, ``alone``. What is shown:
        ``position``, ``word_width``, ``stack`` with ``thresholds`` by the names of its sources, ``tracks``, ``mask``,
        ``order``, ``theme``, ``sought`` in the search box. Matches: ``lengths``, ``document``, counted from 0,
        ``starting``, ``distinct``, ``top``; ``before``, ``after``, ``match_width``, ``heatmaps``, ``mapping``,
        ``match_mask``.

    Returns
    -------
    Explorer
        With ``.session``, ``.selected``, ``.matches`` and ``.servable()``.

    Raises
    ------
    RecordingError
        If the path can't be opened.
    ValueError
        If a value is none that the session takes.
    """
    prepare()
    opened = recording if isinstance(recording, xr.Dataset) else store.open_recording(recording)
    unknown = sorted(set(view_state) - set(TAKEN))
    if unknown:
        message = f"explore() takes {', '.join(TAKEN)}; not {', '.join(unknown)}."
        raise ValueError(message)
    return Explorer(Session(opened, **{**_default_view(opened).values, **view_state}))


def create_app(folder: str | os.PathLike[str] | None = None) -> pn.viewable.Viewable:
    """One visitor's page: the start page, or the project that the address names.

    Parameters
    ----------
    folder
        What to serve, the bundled examples by default.
    """
    prepare()
    place = Path(folder) if folder is not None else store.bundled_examples()
    query = _query()
    theme, notices = query.get("theme", "light"), []
    if theme not in THEMES:
        notices = [f"Theme “{theme}” in the address is none of {', '.join(THEMES)}; light is shown."]
        theme = "light"
    try:
        projects = store.open_projects(place)
    except RecordingError as error:
        return page(theme, start_page([], str(place), theme, [str(error)]))
    name = query.get("project")
    if name is None or name not in projects or projects[name].error:
        notices += [] if name in projects or name is None else [f"There is no project “{name}” here."]
        return page(theme, start_page(projects.values(), str(place), theme, notices))
    recording = projects[name].recording
    titles = {key: project.title for key, project in projects.items() if not project.error}
    restored = address.read(recording, query)
    # A link with nothing but a project, and perhaps a source, opens where the recording wants to be opened.
    view = {} if "position" in query else _default_view(recording).values
    if selection := restored.values.get("selection"):
        view["position"] = selection[0]
    session = Session(recording, name, str(projects[name].given), **{**view, **restored.values})
    explorer = Explorer(session, titles, restored.notices)
    browser = BrowserHistory(title=f"{titles[name]} · LSTMVis", width=0, height=0, margin=0)
    _follow(explorer.session, browser)
    _say_failures(explorer.notices)
    served = explorer.__panel__()
    served.append(browser)
    return served


def page(theme: str, *parts: Any, window: bool = True) -> pn.Column:
    """The frame of a page, in its colours; it fills the window, unless it stands in a notebook."""
    styles = dressed(theme, window=window)
    return pn.Column(*parts, margin=0, sizing_mode="stretch_width", styles=styles)


def dressed(theme: str, *, window: bool = True) -> dict[str, str]:
    """Style of the page's frame, which hands its colours to all that is in it."""
    return {
        **THEMES[theme].properties(),
        # Else Panel's colour of text: that of the theme with which the page was loaded, or of JupyterLab's.
        "--design-background-text-color": "var(--lv-ink)",
        "background": "var(--lv-page)",
        "min-height": "100vh" if window else "0",
        "min-width": f"{LEAST_WIDTH}px",  # a narrower window, or cell, scrolls
        "padding-bottom": "1px",
    }


def in_notebook() -> bool:
    """Whether what is shown now stands in a cell of a notebook, and no server serves it."""
    shell = getattr(builtins, "get_ipython", lambda: None)()  # IPython puts it there
    return hasattr(shell, "kernel") and pn.state.curdoc is None


def prepare() -> None:
    """Load what the page needs, from this machine only.

    In a notebook each time: the scripts lie in the output of the cell, where a later page finds them. Run again, the
    cell would lose them.
    """
    if in_notebook():
        _load(inline=True)
    else:
        _load_once()


@cache
def _load_once() -> None:
    _load(inline=False)


def _load(*, inline: bool) -> None:
    hv.extension("bokeh", inline=inline, logo=False)
    pn.extension(inline=inline, notifications=False)
    hv.renderer("bokeh").webgl = False


def warm() -> None:
    """Compile and run once all that a first visitor would wait for."""
    prepare()
    matching.warm()
    values = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
    recording = xr.Dataset(
        {
            "token": ("step", np.zeros(64, np.int32), {"kind": "token", "labels": "vocabulary"}),
            "vocabulary": ("word", np.array(["a"]), {"kind": "labels"}),
            "states": (("step", "state"), values, {"kind": "states", "transform": "tanh"}),
        }
    )
    explorer = Explorer(Session(recording, selection=(30, 32), threshold=-0.9, left=0))
    session = explorer.session
    if session.query is not None:
        session.matches = session.search(session.query)
    explorer.__panel__().get_root()


def _query() -> dict[str, str]:
    location = pn.state.location
    search = location.search if location is not None else ""
    return address.parsed(search)


def _default_view(recording: xr.Dataset) -> address.Restored:
    """Where the recording wants to be opened: ``attrs["view"]``, a JSON object of view state."""
    try:
        wanted = json.loads(recording.attrs.get("view", "{}"))
    except (TypeError, ValueError):
        wanted = {}
    view = wanted if isinstance(wanted, dict) else {}
    return address.read(recording, {key: str(value) for key, value in view.items()})


def _say_failures(notices: Notices) -> None:
    """Say on this visitor's page what a gesture failed of, which Panel would tell the log alone."""
    said = weakref.ref(notices)  # Panel keeps the handler by the visitor's document, which notices lead to

    def fail(error: BaseException) -> None:
        if there := said():
            there.fail(error)

    pn.config.exception_handler = fail


def _follow(session: Session, browser: BrowserHistory) -> None:
    """Keep the address at what the session shows, at the end of each gesture; and the session at where back leads."""

    def write(*events: param.parameterized.Event) -> None:
        if not session.gesturing:
            # No step back for each letter that is typed.
            typed = all(event.name == "sought" for event in events)
            browser.write(address.encoded(address.written(session)), in_place=typed)

    def went(event: param.parameterized.Event) -> None:
        query = address.parsed(event.new)
        with at_once():  # the page changes as a whole
            replay(session, query)
            values = address.read(session.recording, query).values
            session.param.update(theme=values.get("theme", session.theme), sought=values.get("sought", ""))
            browser.answer(address.encoded(address.written(session)))

    session.param.watch(write, [*UNDONE, *STAYING, "gesturing"])
    browser.param.watch(went, "came_to", onlychanged=False)
    # Only once the browser is there: before, it would send its own address back over ours.
    pn.state.onload(write)
