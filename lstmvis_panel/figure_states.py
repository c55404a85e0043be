"""The list of the selected states in a figure (section 4.2 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel import svg
from lstmvis_panel.captions import listed, over_list
from lstmvis_panel.figure_layout import SMALL, Block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme

SIDE = 148
"""Width in px of the list."""

HEAD = 44
"""Height in px of what stands over it."""

TALL, LEAST, AIR, APART = 17, 20, 5, 4
"""Size in px of a number's box, at least; what is free on its either side, and between two."""

AFTER = 18
"""Height in px of how many more there are."""


def states_of(session: Session, room: float, theme: Theme) -> Block:
    """Draw the numbers of the listed states in boxes, in the order of the list.

    Parameters
    ----------
    session
        What is shown.
    room
        Height in px. States that have no room are counted.
    theme
        Colours to take.
    """
    if not len(session.listed):
        return Block([], 0, 0)
    head = [
        svg.text(over_list(session), 0, 12, SIDE, fill=theme.muted),
        svg.text(f"by {session.order}", 0, 28, SIDE, SMALL, fill=theme.muted),
    ]
    shapes, left_out = [], 0
    states, bottom = [state for state, _ in listed(session)], room - HEAD - AFTER
    for state, x, y in _places(states):
        if y + TALL > bottom:
            left_out += 1
        else:
            shapes += _box(session, state, x, y, theme)
    if left_out:
        shapes.append(svg.text(f"and {left_out:,} more", 0, bottom + AFTER - APART, size=SMALL, fill=theme.muted))
    return Block([*head, svg.group(shapes, 0, HEAD)], SIDE, room)


def _places(states: list[int]) -> Iterator[tuple[int, float, float]]:
    """Where each box lies: side by side, in as many rows as they take."""
    x, y = 0.0, 0.0
    for state in states:
        wide = _width(state)
        if x and x + wide > SIDE:
            x, y = 0.0, y + TALL + APART
        yield state, x, y
        x += wide + APART


def _width(state: int) -> float:
    return max(LEAST, svg.width_of(str(state)) + 2 * AIR)


def _box(session: Session, state: int, x: float, y: float, theme: Theme) -> list[str]:
    """A number in its box, bold where it is pinned; those that are left out, since one is shown alone, are pale."""
    matched, kept = state in session.selected, state in session.kept
    edge = {"stroke": theme.ink if kept else theme.line} | ({} if matched else {"stroke_dasharray": "2 2"})
    fill, weight = theme.ink if matched else theme.muted, "bold" if kept else "normal"
    wide = _width(state)
    return [
        svg.rectangle(x + 0.5, y + 0.5, wide - 1, TALL - 1, rx=5, fill="none", **edge),
        svg.text(str(state), x + wide / 2, y + 13, text_anchor="middle", fill=fill, font_weight=weight),
    ]
