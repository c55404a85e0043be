"""The start page: a card for each project, and for each one that can't be opened the reason."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

import panel as pn

from lstmvis_panel.views.controls import TEXT, bar, name, small_button, text

if TYPE_CHECKING:
    from collections.abc import Iterable

STYLE = (Path(__file__).parent / "start.css").read_text(encoding="utf-8")

CLAIM = "What has a sequence model learned? Choose a recording."


class Source(Protocol):
    """What the page says of a source; ``str`` gives it in words."""

    @property
    def name(self) -> str:
        """Its name in the address."""


class Project(Protocol):
    """What the page shows of a project of a catalogue."""

    @property
    def id(self) -> str:
        """Its name in the address."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def description(self) -> str:
        """A sentence or two on it."""

    @property
    def error(self) -> str | None:
        """Why it can't be opened."""

    @property
    def steps(self) -> int:
        """Its length."""

    @property
    def sources(self) -> Iterable[Source]:
        """Its sources of hidden states."""

    @property
    def annotations(self) -> Iterable[str]:
        """Names of its annotations."""


def start_page(
    projects: Iterable[Project], place: str, theme: str, notices: Iterable[str] = ()
) -> pn.viewable.Viewable:
    """All projects as cards, each source a link into the app.

    Parameters
    ----------
    projects
        What a folder holds.
    place
        Where they lie, to say so where there are none.
    theme
        Colours that the links keep.
    notices
        Sentences to say first.
    """
    other = {"light": "dark", "dark": "light"}[theme]
    button = small_button("◐", "Light or dark", lambda: None)
    button.js_on_click(code=f"window.location.search = 'theme={other}'")
    head = bar(
        name(),
        text(f'<span class="lv-muted">{CLAIM}</span>', margin=(6, 0, 0, 8)),
        pn.Spacer(sizing_mode="stretch_width"),
        button,
    )
    cards = [_broken(p) if p.error else _card(p, theme) for p in projects] or [_nothing(place)]
    said = "".join(f'<p class="notice" role="status">{escape(notice)}</p>' for notice in notices)
    body = f'{said}<main class="cards">{"".join(cards)}</main>'
    return pn.Column(
        head,
        pn.pane.HTML(body, stylesheets=[TEXT, STYLE], sizing_mode="stretch_width", margin=(0, 14)),
        sizing_mode="stretch_width", margin=0,
    )  # fmt: skip


def _card(project: Project, theme: str) -> str:
    def link(label: str, **query: str) -> str:
        address = urlencode({"project": project.id, **query, "theme": theme})
        return f'<a href="?{escape(address)}">{escape(label)}</a>'

    sources = "".join(f"<li>{link(str(source), source=source.name)}</li>" for source in project.sources)
    tracks = ", ".join(name.replace("_", " ") for name in project.annotations) or "none"
    about = "" if project.description == project.title else f"<p>{escape(project.description)}</p>"
    return (
        f'<article class="card"><h2>{link(project.title)}</h2>{about}'
        f'<p class="lv-muted">{project.steps:,} steps<br>annotations: {escape(tracks)}</p><ul>{sources}</ul></article>'
    )


def _broken(project: Project) -> str:
    reasons = "".join(f"<li>{escape(line)}</li>" for line in str(project.error).splitlines() if line.strip())
    return (
        f'<article class="card broken"><h2>{escape(project.title)}</h2>'
        f"<p>This project can't be opened:</p><ul>{reasons}</ul></article>"
    )


def _nothing(place: str) -> str:
    return (
        f'<article class="card"><h2>No recording here</h2><p>Neither <b>{escape(place)}</b> nor a folder below it '
        "holds a project (a folder with lstm.yml) or a recording (.h5, .nc, .zarr).</p>"
        '<p class="lv-muted">Name another folder: <code>lstmvis serve FOLDER</code></p></article>'
    )
