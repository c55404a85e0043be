"""What colours mean, as lines of boxes, ramps and words in a figure. On the page it is said beside, or on hover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lstmvis_panel import svg
from lstmvis_panel.figure_layout import SMALL, Block, below_one_another
from lstmvis_panel.figure_lines import COUNTS
from lstmvis_panel.style import GUTTER, mix, ramp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme

LINE, APART = 16, 10
"""Height in px of a line, and what is free between two things in it."""

BOX, NEAR = 10, 4
"""Size in px of a box of colour, and how far its word stands from it."""

RAMP, SHADES = 56, 28
"""Width in px of colours that run into each other, and how many of them are drawn."""


LEAST_ROOM = 400
"""Width in px that a line may always have."""


@dataclass(frozen=True)
class Piece:
    """Something that stays in one line: shapes around its base line, from the left edge on."""

    parts: list[str]
    width: float


def flowed(pieces: Iterable[Piece], room: float) -> Block:
    """Write pieces one after the other, in as many lines as they take."""
    parts, x, y, width = [], 0.0, 0.0, 0.0
    for piece in pieces:
        if x and x + piece.width > room:
            x, y = 0.0, y + LINE
        parts.append(svg.group(piece.parts, x, y + LINE - NEAR))
        width, x = max(width, x + piece.width), x + piece.width + APART
    return Block(parts, width, y + LINE if parts else 0)


def said(text: str, colour: str) -> Piece:
    """Words."""
    return Piece([svg.text(text, 0, 0, size=SMALL, fill=colour)], svg.width_of(text, SMALL))


def scale_pieces(
    colours: Sequence[str], legend: Iterable[Sequence[str]], theme: Theme, *, gradual: bool
) -> list[Piece]:
    """A scale's colours with what they mean, as `ColourScale.legend` says it: a ramp between both ends, or boxes."""
    pairs = list(legend)
    if not gradual:
        return [_key(colour, text, theme) for colour, text in pairs]
    return [_ramp(colours, pairs[0][1], pairs[-1][1], theme)] if pairs else []


def scale_legend(scale: ColourScale, theme: Theme) -> list[Piece]:
    """The same of a heatmap's colours."""
    return scale_pieces(scale.colours, scale.legend, theme, gradual=scale.gradual)


def _key(colour: str, text: str, theme: Theme) -> Piece:
    return _beside(_box(colour, theme.line), text, theme)


def _box(colour: str, edge: str) -> str:
    return svg.rectangle(0.5, 1.5 - BOX, BOX - 1, BOX - 1, fill=colour, stroke=edge)


def _beside(box: str, text: str, theme: Theme) -> Piece:
    word = svg.text(text, BOX + NEAR, 0, size=SMALL, fill=theme.ink)
    return Piece([box, word], BOX + NEAR + svg.width_of(text, SMALL))


def _ramp(colours: Sequence[str], low: str, high: str, theme: Theme) -> Piece:
    """Both ends in words, between them the colours in their order."""
    left = svg.width_of(low, SMALL) + NEAR
    shades = min(SHADES, len(colours))
    wide = RAMP / shades
    drawn = [colours[round(at * (len(colours) - 1) / max(shades - 1, 1))] for at in range(shades)]
    parts = [svg.rectangle(left + at * wide, -BOX + 1, wide, BOX, fill=colour) for at, colour in enumerate(drawn)]
    frame = svg.rectangle(left, -BOX + 1, RAMP, BOX, fill="none", stroke=theme.line)
    ends = [svg.text(low, 0, 0, size=SMALL), svg.text(high, left + RAMP + NEAR, 0, size=SMALL)]
    crisp = svg.group(parts, shape_rendering="crispEdges")
    return Piece([crisp, frame, *ends], left + RAMP + NEAR + svg.width_of(high, SMALL))


# -- of the select view -----------------------------------------------------------------------------------------------


def legend_of(session: Session, tracks: list[dict[str, Any]], theme: Theme) -> Block:
    """What the colours in the select view mean, in lines under the tracks.

    Parameters
    ----------
    session
        What is shown.
    tracks
        As from `track_of`, from the top.
    theme
        Colours of the page.
    """
    room = max(session.shown * session.word_width, LEAST_ROOM)
    told = [*_of_states(session, theme), *_of_tracks(tracks, theme)]
    if tracks and session.mask and len(session.selected):
        told.append([said("tracks fade where few selected states are on", theme.muted)])
    lines = below_one_another(flowed(pieces, room) for pieces in told)
    return Block([svg.group(lines.parts, GUTTER, NEAR)], GUTTER + lines.width, lines.height + NEAR if told else 0)


def _of_states(session: Session, theme: Theme) -> Iterator[list[Piece]]:
    """What stands for numbers of states: colours behind the words, and the strip beside the axis."""
    if total := len(session.selected):
        shades = ramp(theme.ramp[0], mix(*theme.ramp, theme.warmest), SHADES)
        ends = (shades[0], "0"), (shades[-1], f"{total:,}")
        yield [said("selected states on", theme.muted), *scale_pieces(shades, ends, theme, gradual=True)]
    profiles = [session.profile_of(source) for source in session.layers]
    if any(profile is not None and len(profile.lowest) for profile in profiles):
        counts = mix(theme.card, theme.accent, COUNTS)
        keys = (counts, "states that each threshold selects"), (theme.accent, "widest stretch of the same states")
        yield [said("left of the axis", theme.muted), *scale_pieces((), keys, theme, gradual=False)]


def _of_tracks(tracks: list[dict[str, Any]], theme: Theme) -> Iterator[list[Piece]]:
    """The scales of the tracks; one that several have is told once."""
    alike: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for track in tracks:
        key = (track["look"] == "predictions", *map(tuple, track["legend"]))
        alike.setdefault(key, []).append(track)
    for (predicted, *_), same in alike.items():
        titles = ", ".join(track["title"] for track in same)
        keys = scale_pieces(same[0]["colours"], same[0]["legend"], theme, gradual=same[0]["gradual"])
        if predicted:
            keys.append(_beside(_box("none", theme.ink), "the word that comes next", theme))
        if keys:
            yield [said(titles, theme.muted), *keys]
