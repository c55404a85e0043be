"""The tracks under the words in a figure (section 4.2 of the paper): what `track_painter.js` paints on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lstmvis_panel import svg
from lstmvis_panel.colours import ink_on
from lstmvis_panel.figure_layout import BESIDE, SMALL, Block
from lstmvis_panel.figure_words import AIR, APART_FROM, BASE, READABLE, edges_of
from lstmvis_panel.matrix import FAINTEST
from lstmvis_panel.style import GUTTER, mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme

GAP, FLAGS_APART = 4, 2
"""px between tracks; flags go close together, so that many are seen at once."""

SLIM = 9.5
"""Size in px of the letters of a flag's name, and of the ends of a range."""

WRITTEN = ("labels", "predictions")
"""Looks of tracks whose cells are written out."""


def tracks_of(session: Session, tracks: list[dict[str, Any]], theme: Theme) -> Block:
    """Draw annotations in the columns of the words.

    Parameters
    ----------
    session
        What is shown.
    tracks
        As from `track_of`, from the top.
    theme
        Colours of the page.
    """
    shapes, y, looks = [], 0.0, [track["look"] for track in tracks]
    for at, track in enumerate(tracks):
        shapes.append(svg.group(_track(session, track, theme), GUTTER, y))
        y += track["tall"] * len(track["rows"]) + (FLAGS_APART if looks[at : at + 2] == ["flags"] * 2 else GAP)
    height = max(y - GAP, 0)
    shapes.append(svg.group(edges_of(session, height, theme), GUTTER))
    return Block(shapes, GUTTER + session.shown * session.word_width, height)


def _track(session: Session, track: dict[str, Any], theme: Theme) -> Iterator[str]:
    yield from _names(track, theme)
    fades = _fades(session)
    for number, row in enumerate(track["rows"]):
        shapes = [*_ground(session, track, theme), *_cells(session, track, row, fades, theme)]
        yield svg.group(shapes, 0, number * track["tall"])


def _fades(session: Session) -> list[float]:
    """How strong colours are at each step shown."""
    total = len(session.selected)
    if not session.mask or not total:
        return [1.0] * session.shown
    return [FAINTEST + (1 - FAINTEST) * on / total for on in session.heat.tolist()]


def _names(track: dict[str, Any], theme: Theme) -> Iterator[str]:
    """The name of each row; below that of numbers the ends of their range."""
    tall = track["tall"]
    look: dict[str, Any] = {"text_anchor": "end", "fill": theme.muted}
    size = SLIM if track["look"] == "flags" else SMALL
    raised = SMALL / 2 if track["look"] == "numbers" else 0
    for number, row in enumerate(track["rows"]):
        y = (number + 0.5) * tall + BASE - raised
        yield svg.text(row["label"], -BESIDE, y, GUTTER - 2 * BESIDE, size, **look)
    if track["look"] == "numbers":
        yield svg.text(" – ".join(track["ends"]), -BESIDE, tall - 2, GUTTER - 2 * BESIDE, SLIM, **look)


def _ground(session: Session, track: dict[str, Any], theme: Theme) -> Iterator[str]:
    """What bars stand on, and flags too."""
    tall, look = track["tall"], track["look"]
    if look in {"flags", "numbers"}:
        y = tall if look == "flags" else round((1 - track["base"]) * (tall - 1))
        yield svg.rectangle(0, y, session.shown * session.word_width, 1, fill=theme.line)


def _cells(
    session: Session, track: dict[str, Any], row: dict[str, Any], fades: list[float], theme: Theme
) -> Iterator[str]:
    width, tall, written = session.word_width, track["tall"], track["look"] in WRITTEN
    apart = 0 if width < APART_FROM or track["look"] == "flags" else 1
    for at, (place, code, fade) in enumerate(zip(row["places"], row["codes"], fades, strict=True)):
        fill = theme.card if place < 0 else mix(theme.card, track["colours"][place], fade)
        if place >= 0:
            y, height = _extent(track, row, at, tall - apart)
            yield svg.rectangle(at * width, y, width - apart, height, fill=fill)
        if written and code >= 0 and width >= READABLE:
            middle = at * width + (width - apart) / 2, tall / 2 + BASE
            ink = ink_on(fill, theme)
            yield svg.text(track["texts"][code], *middle, width - AIR, SMALL, text_anchor="middle", fill=ink)
    for at in row.get("true", ()):
        box = at * width + 0.5, 0.5, max(width - apart - 1, 1), tall - apart - 1
        yield svg.rectangle(*box, fill="none", stroke=theme.ink)


def _extent(track: dict[str, Any], row: dict[str, Any], at: int, tall: float) -> tuple[float, float]:
    """Top and height in px of what is filled in a cell: all of it, or a bar from 0 on."""
    if track["look"] != "numbers":
        return 0, tall
    room = track["tall"] - 1
    low, high = sorted((row["bars"][at], track["base"]))
    height = max(1, (high - low) * room)
    return min((1 - high) * room, room - height), height
