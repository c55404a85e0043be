"""The matches in a figure (section 4.3 of the paper): rows of words, heatmaps beside them, how long the matches are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel import schema, svg
from lstmvis_panel.captions import FADED, filters_in_words, found, heatmap_scale
from lstmvis_panel.colours import ink_on
from lstmvis_panel.documents import documents_of
from lstmvis_panel.figure_layout import BESIDE, GAP, SMALL, Block, below_one_another, on_their_feet, side_by_side
from lstmvis_panel.figure_legend import LINE, flowed, said, scale_legend
from lstmvis_panel.figure_tokens import painter_of
from lstmvis_panel.figure_words import AIR, BASE, WRITTEN
from lstmvis_panel.length_bars import histograms, length_bars
from lstmvis_panel.look import NO_MAPPING
from lstmvis_panel.matrix import BANDS, fills_of, texts_of, tokens_of
from lstmvis_panel.style import GUTTER, HEAT_CELL, ROW_HEIGHT, mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.figure_tokens import Paint
    from lstmvis_panel.length_bars import Histogram
    from lstmvis_panel.questions import Matches
    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme

CELL, HIGH = 34, ROW_HEIGHT - 1
"""Size in px of a word's colour in its row, the line between two words included in the width, unless that is chosen."""

LEGIBLE = 9
"""Least width in px in which a word is written."""

SIDES, UNDERLINE = 3, 2
"""px of the colour behind a vector or a picture on its either side there, and of the line below those of a match."""

BOLD = 1.1
"""Width of bold letters beside that of others."""

ABOVE = 8
"""px by which the line at the start of the matches stands out above the rows."""

SLOT, BAR, TALLEST, LEAST = 6, 5, 26, 2
"""px of a bar of a histogram: from one to the next, across, and down where it is the highest or the least."""

STRENGTH = 0.45
"""How far a bar's colour is from the card's to the ink's."""

FOOT, TINY = 12, 9
"""Height in px of what stands under a histogram, and size of its letters."""


def matches_of(session: Session, matches: Matches, theme: Theme) -> Block:
    """Draw what was found as it stands on the page.

    Parameters
    ----------
    session
        What is shown.
    matches
        What was found.
    theme
        Colours to take.
    """
    columns = matches.inside.shape[1]
    scales = [heatmap_scale(session, name, theme) for name in session.heatmaps]
    heads = on_their_feet([_words_head(session, matches, theme), *(_head(scale, columns, theme) for scale in scales)])
    bodies = [_words(session, matches, theme)]
    bodies += [_heatmap(matches, name, scale, theme) for name, scale in zip(session.heatmaps, scales, strict=True)]
    under_heads = (below_one_another(pair) for pair in zip(heads, bodies, strict=True))
    return below_one_another([_facts(session, matches, theme), side_by_side(under_heads, GAP)], GAP / 2)


# -- over the rows ----------------------------------------------------------------------------------------------------


def _facts(session: Session, matches: Matches, theme: Theme) -> Block:
    """What was found and what was left out, with the lengths of all beside."""
    query = matches.query
    filters = filters_in_words(query.lengths, query.document, query.starting, documents_of(session.recording))
    chosen = [*filters.values(), "distinct" if query.distinct else "not distinct"]
    lines = " · ".join(map(str, found(matches))), " · ".join(chosen)
    parts = [svg.text(lines[0], 0, 14, font_weight="bold"), svg.text(lines[1], 0, 14 + LINE, fill=theme.muted)]
    text = Block(parts, max(svg.width_of(line) for line in lines) * BOLD, 14 + LINE + GAP)
    bars = length_bars(matches.lengths)
    drawn = histograms(bars, len(query.selected)) if bars.bounds else []
    return side_by_side([text, *(_histogram(each, bars.bounds, query.lengths, theme) for each in drawn)], 2 * GAP)


def _histogram(drawn: Histogram, bounds: list[list[int]], chosen: tuple[int, int] | None, theme: Theme) -> Block:
    """Bars by length, pale where a filter leaves them out, between the shortest and the longest in words."""
    left, width = svg.width_of(drawn.title, SMALL) + GAP / 2, max(len(bounds) * SLOT, 2 * GAP)
    bars = [*_bars(drawn.counts, bounds, chosen, theme), svg.rectangle(0, TALLEST, width, 1, fill=theme.line)]
    shortest, longest = bounds[0][0], bounds[-1][1]
    ends = [(shortest, 0.0, "start"), (longest, width, "end")]
    for length, x, anchor in ends[: 1 + (shortest < longest)]:
        bars.append(svg.text(f"{length:,}", x, TALLEST + FOOT - 2, size=TINY, text_anchor=anchor, fill=theme.muted))
    name = svg.text(drawn.title, 0, TALLEST - BASE, size=SMALL, fill=theme.muted)
    return Block([name, svg.group(bars, left)], left + width, TALLEST + FOOT)


def _bars(counts: list[int], bounds: list[list[int]], chosen: tuple[int, int] | None, theme: Theme) -> Iterator[str]:
    most, plain = max(1, *counts), mix(theme.card, theme.ink, STRENGTH)
    for at, (count, (low, high)) in enumerate(zip(counts, bounds, strict=True)):
        passes = chosen is None or (low <= chosen[1] and high >= chosen[0])
        if count:
            tall = max(LEAST, round(count / most * TALLEST))
            yield svg.rectangle(at * SLOT, TALLEST - tall, BAR, tall, fill=plain if passes else theme.line)


def _words_head(session: Session, matches: Matches, theme: Theme) -> Block:
    """What the colours of the words mean, and how many steps lie before and after the start."""
    query, wide = matches.query, matches.inside.shape[1] * _cell_width(session)
    scale = None if session.mapping == NO_MAPPING else heatmap_scale(session, session.mapping, theme)
    pieces = []
    if scale is not None:
        faded = f", {FADED}" if session.match_mask else ""
        pieces = [said(f"words coloured by {scale.title}{faded}", theme.muted), *scale_legend(scale, theme)]
    legend, start = flowed(pieces, wide), GUTTER + query.before * _cell_width(session)
    y = legend.height + LINE
    before, after = f"◂ {query.before} before", f"match and what follows, {query.after} ▸"
    context = [
        svg.text(before, start - BESIDE, y, size=SMALL, fill=theme.muted, text_anchor="end"),
        svg.text(after, start + BESIDE, y, size=SMALL, fill=theme.muted),
    ]
    return Block([svg.group(legend.parts, GUTTER), *context], GUTTER + wide, y + BESIDE)


def _head(scale: ColourScale, columns: int, theme: Theme) -> Block:
    """The name of a heatmap and what its colours mean."""
    room = columns * HEAT_CELL
    name = svg.text(scale.title, 0, LINE - BASE, room, SMALL, font_weight="bold")
    legend = flowed(scale_legend(scale, theme), room)
    return Block([name, svg.group(legend.parts, 0, LINE)], room, LINE + legend.height + BESIDE)


# -- the rows ---------------------------------------------------------------------------------------------------------


def _words(session: Session, matches: Matches, theme: Theme) -> Block:
    rows, columns = matches.inside.shape
    wide = _cell_width(session)
    shapes = [*_rows(session, matches, theme), _start(GUTTER + matches.query.before * wide, rows, theme)]
    return Block(shapes, GUTTER + columns * wide, rows * ROW_HEIGHT)


def _cell_width(session: Session) -> int:
    """Width of a word in px: the one that was asked for, if any was."""
    return session.match_width or CELL


def _start(x: float, rows: int, theme: Theme) -> str:
    """The line at the start of all matches."""
    return svg.line(x, -ABOVE, x, rows * ROW_HEIGHT, stroke=theme.ink, stroke_width=1.5)


def _rows(session: Session, matches: Matches, theme: Theme) -> Iterator[str]:
    aligned, vocabulary = matches.aligned, schema.labels(session.recording, schema.TOKEN)
    words = texts_of(session.recording, aligned, vocabulary[aligned.token.values])
    tokens, inside = tokens_of(session.recording, aligned, theme, BANDS), matches.inside.values
    written, lengths, before = tokens.get("kind") in WRITTEN, matches.table.length.values, matches.query.before
    fills, wide = _fills(session, matches, theme), _cell_width(session)
    ready, paint = _painter(tokens, wide)
    legible = written and wide >= LEGIBLE
    yield ready
    for row, start in enumerate(matches.table.start.values.tolist()):
        y = row * ROW_HEIGHT
        yield _label(session, start, y, theme, own=row == matches.own)
        for column in np.flatnonzero(inside[row]).tolist():
            x, matched = GUTTER + column * wide, before <= column < before + lengths[row]
            shapes = [*_cell(words[row, column] if legible else "", x, y, wide, fills[row][column], theme)]
            shapes.append(paint(row * inside.shape[1] + column, x, y))
            if matched and not written:
                shapes.append(svg.rectangle(x, y + HIGH - UNDERLINE, wide - 1, UNDERLINE, fill=theme.ink))
            yield svg.group(shapes, font_weight="bold") if matched else "".join(shapes)


def _label(session: Session, start: int, y: float, theme: Theme, *, own: bool) -> str:
    """Where a match starts; the selection's own, and the one that is shown above, stand out."""
    shown, name = start == session.position, "selection" if own else f"{start:,}"
    fill = theme.accent if own else theme.ink if shown else theme.muted
    right, look = GUTTER - BESIDE, {"text_anchor": "end", "font_weight": "bold" if own or shown else "normal"}
    text = svg.text(name, right, y + 13, None, SMALL, fill=fill, **look)
    left = right - svg.width_of(name, SMALL) * BOLD - BASE
    return text + svg.text("▸", left, y + 13, None, SMALL, fill=theme.threshold, **look) * shown


def _cell(word: str, x: float, y: float, wide: int, fill: str, theme: Theme) -> Iterator[str]:
    """A word on its colour, on none where that is the card's."""
    if fill != theme.card:
        yield svg.rectangle(x, y, wide - 1, HIGH, fill=fill)
    if word.strip():
        middle = x + (wide - 1) / 2, y + HIGH / 2 + BASE
        yield svg.text(word, *middle, wide - 1 - AIR, text_anchor="middle", fill=ink_on(fill, theme))


def _painter(tokens: dict[str, Any], wide: int) -> tuple[str, Paint]:
    """What is held ready for tokens that are no words, and what draws each into the cell, so wide, at a corner."""
    if not tokens:
        return "", lambda *_: ""
    if tokens["kind"] == "number":
        ready, bar = painter_of(tokens, wide - 1, UNDERLINE, "rows", lies=True)
        return ready, lambda place, x, y: bar(place, x, y + HIGH - UNDERLINE)
    ready, token = painter_of(tokens, max(wide - 1 - 2 * SIDES, 1), HIGH - UNDERLINE, "rows")
    return ready, lambda place, x, y: token(place, x + SIDES, y)


def _fills(session: Session, matches: Matches, theme: Theme) -> list[list[str]]:
    """Colours behind the words, those of the page."""
    inside = matches.inside
    if session.mapping == NO_MAPPING:
        return [[theme.card] * inside.shape[1] for _ in inside]
    share = matches.aligned.on_count / len(matches.query.selected) if session.match_mask else None
    values, scale = matches.values_of(session.mapping), heatmap_scale(session, session.mapping, theme)
    fills = fills_of(values, inside, scale, theme, share)
    places = np.frombuffer(fills["places"], "<i4").reshape(inside.shape)
    return [[fills["colours"][place] if place >= 0 else theme.card for place in row] for row in places.tolist()]


def _heatmap(matches: Matches, name: str, scale: ColourScale, theme: Theme) -> Block:
    """A heatmap's cells; neighbours of one colour are one shape."""
    inside = matches.inside.values
    places = np.where(inside, scale.places(matches.values_of(name).values), -1)
    shapes = [
        svg.rectangle(start * HEAT_CELL, row * ROW_HEIGHT, length * HEAT_CELL, ROW_HEIGHT, fill=scale.colours[place])
        for row, cells in enumerate(places)
        for start, length, place in _runs(cells)
    ]
    rows, columns = inside.shape
    line = _start(matches.query.before * HEAT_CELL, rows, theme)
    return Block([svg.group(shapes, shape_rendering="crispEdges"), line], columns * HEAT_CELL, rows * ROW_HEIGHT)


def _runs(cells: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Where neighbours of the same kind begin, how many they are, and which; none of those that are blank."""
    starts = np.flatnonzero(np.diff(cells, prepend=-2))
    lengths = np.diff(starts, append=len(cells))
    for start, length, cell in zip(starts.tolist(), lengths.tolist(), cells[starts].tolist(), strict=True):
        if cell >= 0:
            yield start, length, cell
