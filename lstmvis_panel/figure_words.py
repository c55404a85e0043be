"""The words under the lines in a figure (section 4.2 of the paper): with brush, limits, documents, what is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel import schema, svg
from lstmvis_panel.colours import ink_on
from lstmvis_panel.figure_layout import BESIDE, SMALL, Block
from lstmvis_panel.figure_tokens import painter_of
from lstmvis_panel.matrix import strip_height, strip_of
from lstmvis_panel.style import GUTTER, mix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lstmvis_panel.figure_tokens import Paint
    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme

PATTERN = 26
"""Height in px of the limits below the words."""

FOOT = 6
"""px of the count of states that are on, below a vector or a picture among the words."""

WRITTEN = (None, "number")
"""Kinds of tokens that are written out: words, and these."""

READABLE, APART_FROM = 9, 10
"""Width in px of a cell from which on its word is written, and from which on it stands apart from the next."""

AIR, BASE = 4, 4
"""px that a word leaves free on its either side together, and from the middle of its cell to its base line."""

EDGE = 1.5
"""Width in px of the line between two documents."""

LIMITS_HIGH, LIMITS_LOW = 5, 17
"""px below the words at which the limits are drawn: inside the selection, and beside it."""

RAMP = 5
"""Width in px of the colours of vectors, left of the first."""


def words_of(session: Session, theme: Theme) -> Block:
    """Draw the words of the steps shown, warmer where more of the selected states are on.

    Parameters
    ----------
    session
        What is shown.
    theme
        Colours to take.
    """
    wide, tall = session.shown * session.word_width, strip_height(session.recording)
    shapes = [*_cells(session, tall, theme), *_hits(session, tall, theme)]
    if session.selection is not None:
        shapes += _selection(session, tall, theme)
    shapes += [*_mark(session, tall, theme), *edges_of(session, tall + PATTERN, theme)]
    return Block([svg.group(shapes, GUTTER)], GUTTER + wide, tall + PATTERN)


def edges_of(session: Session, height: float, theme: Theme) -> Iterator[str]:
    """A line where a document begins, as high as what it goes through."""
    edges = schema.document_edges(session.recording)
    for step in edges[(edges > session.first) & (edges < session.first + session.shown)].tolist():
        x = (step - session.first) * session.word_width
        yield svg.line(x, 0, x, height, stroke=theme.ink, stroke_width=EDGE)


def _cells(session: Session, tall: float, theme: Theme) -> Iterator[str]:
    width, total = session.word_width, len(session.selected)
    shown = strip_of(session.recording, session.first, session.shown, theme)
    tokens = shown.get("tokens", {})
    left, paint = _tokens(tokens, width, tall, theme)
    yield from left
    dense = width < READABLE
    edge = {} if dense else {"stroke": theme.line, "stroke_width": 0.5}
    for at, (word, on) in enumerate(zip(shown["words"], session.heat.tolist(), strict=True)):
        fill = mix(*theme.ramp, theme.warmest * on / total) if total else theme.card
        x = at * width
        yield svg.rectangle(x, 0, width, tall, fill=fill, **edge)
        yield paint(at, x, 0)
        if not dense and tokens.get("kind") in WRITTEN and word.strip():
            yield svg.text(
                word, x + width / 2, tall / 2 + BASE, width - AIR, text_anchor="middle", fill=ink_on(fill, theme)
            )
    if dense:
        yield svg.rectangle(0, 0.5, session.shown * width, tall - 1, fill="none", stroke=theme.line)


def _tokens(tokens: dict[str, Any], width: float, tall: float, theme: Theme) -> tuple[list[str], Paint]:
    """What stands left of tokens that are no words, with what is held ready for them; and what draws each."""
    if not tokens:
        return [], lambda *_: ""
    foot = 0 if tokens["kind"] == "number" else FOOT
    ready, paint = painter_of(tokens, width - 1, tall - foot - 1, "strip")
    return [ready, *_names(tokens, tall - foot, theme)], paint


def _names(tokens: dict[str, Any], tall: float, theme: Theme) -> Iterator[str]:
    """What is shown, between the ends of its range, with the colours of vectors from the lowest value up."""
    colours = tokens.get("colours", [])
    right = -2 * RAMP - BASE if colours else -BESIDE
    low, high = tokens.get("ends", ("", ""))
    for text, y in ((high, 10), (tokens["title"], tall / 2 + BASE), (low, tall - 2)):
        yield svg.text(text, right, y, GUTTER + right - BASE, SMALL, text_anchor="end", fill=theme.muted)
    shade = tall / max(len(colours), 1)
    for at, colour in enumerate(colours):
        yield svg.rectangle(-2 * RAMP, tall - (at + 1) * shade, RAMP, shade + 0.5, fill=colour)


def _column(session: Session, step: int) -> float:
    """Left edge of a step in px, within what is shown."""
    return float(np.clip(step - session.first, 0, session.shown) * session.word_width)


def _hits(session: Session, tall: float, theme: Theme) -> Iterator[str]:
    """What a search has found, underlined."""
    if session.found is None:
        return
    for start, stop in session.found.within(session.first, session.first + session.shown).tolist():
        a, b = _column(session, start), _column(session, stop)
        yield svg.rectangle(a + 1, tall - 3, max(b - a - 2, 1), 3, fill=theme.scale[1])


def _mark(session: Session, tall: float, theme: Theme) -> Iterator[str]:
    """The step that was asked for."""
    if session.first <= session.position < session.first + session.shown:
        x = _column(session, session.position) + session.word_width / 2
        yield svg.path(f"M{x - 5:g} {tall + 7}l5 -6l5 6z", fill=theme.threshold)


def _selection(session: Session, tall: float, theme: Theme) -> Iterator[str]:
    """The brush, and the steps beside it at which a state must be off."""
    assert session.selection is not None  # noqa: S101 - asked by the caller
    start, stop = session.selection
    a, b = _column(session, start), _column(session, stop)
    if a == b:
        return
    before, after = _column(session, start - session.left), _column(session, stop + session.right)
    low, high = tall + LIMITS_LOW, tall + LIMITS_HIGH
    yield svg.rectangle(a + 1, 1, max(b - a - 2, 1), tall - 2, fill="none", stroke=theme.ink, stroke_width=2)
    path = f"M{before:g} {low}H{a:g}V{high}H{b:g}V{low}H{after:g}"
    yield svg.path(path, fill="none", stroke=theme.ink, stroke_width=1.5)
    yield from _limit(before, low, session.left, "end", theme)
    yield from _limit(after, low, session.right, "start", theme)


def _limit(x: float, y: float, steps: int, anchor: str, theme: Theme) -> Iterable[str]:
    """How far a limit reaches, in words beside its handle."""
    yield svg.rectangle(x - 3.5, y - 6, 7, 12, rx=1.5, fill=theme.ink)
    aside = -BESIDE if anchor == "end" else BESIDE
    said = f"off {steps}" if steps else "off"
    yield svg.text(said, x + aside, y + BASE, size=SMALL, text_anchor=anchor, fill=theme.muted)
