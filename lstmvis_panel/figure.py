"""What is on the screen as one picture: an SVG with text that stays text (sections 4.1 to 4.3 of the paper).

The lines of all states are pixels, as on the screen; everything else is drawn as shapes. Colours, windows and rows are
those of the session, so that the picture shows what the visitor sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel import plots, schema, svg
from lstmvis_panel.captions import found, heatmap_scale, limits, name_of, of_layer, states, threshold
from lstmvis_panel.colours import ink_on, title
from lstmvis_panel.figure_tokens import painter_of
from lstmvis_panel.matrix import BANDS, FAINTEST, fills_of, phrase_of, strip_height, strip_of, texts_of, tokens_of
from lstmvis_panel.questions import QUANTILE
from lstmvis_panel.selection import Rule
from lstmvis_panel.session import NO_MAPPING
from lstmvis_panel.style import FONT, GUTTER, HEAT_CELL, ROW_HEIGHT, THEMES, Theme, mix, plot_height
from lstmvis_panel.track_rows import track_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

    from lstmvis_panel.colours import ColourScale
    from lstmvis_panel.figure_tokens import Paint
    from lstmvis_panel.questions import Matches
    from lstmvis_panel.session import Session

MARGIN, GAP = 16, 14
HEAD = 22
PATTERN, TRACK, FLAG = 22, 20, 10
CELL = 34
"""Width in px of a word in the rows of matches."""

SIDES, LINE = 3, 2
"""px of the colour behind a vector or a picture on its either side there, and of the line below those of a match."""

STRIP_FOOT = 6
"""px of the count of states that are on, below a vector or a picture among the words."""

WRITTEN = (None, "number")
"""Kinds of tokens that are written out: words, and these."""

SMALLEST_WORD = 9
"""Width in px of a cell from which on its word is written."""

SMALL = 10


@dataclass(frozen=True)
class Block:
    """A part of the figure: shapes from its own upper left corner on."""

    parts: list[str]
    width: float
    height: float


def figure_of(session: Session) -> str:
    """Draw what a session shows.

    Parameters
    ----------
    session
        Its window, selection, layers, tracks and matches.

    Returns
    -------
    str
        An SVG document in the colours of the session's theme.
    """
    theme = THEMES[session.theme]
    blocks = [_title(session, theme), *(_lines(session, source, theme) for source in session.layers)]
    blocks += [_words(session, theme), *(_track(session, name, theme) for name in session.tracks)]
    if session.matches is not None:
        blocks += [Block([], 0, GAP), _matches(session, session.matches, theme)]
    width = max(block.width for block in blocks) + 2 * MARGIN
    placed, y = [], float(MARGIN)
    for block in blocks:
        placed.append(svg.group(block.parts, MARGIN, y))
        y += block.height
    ground = svg.rectangle(0, 0, width, y + MARGIN, fill=theme.card)
    return svg.document([ground, *placed], width, y + MARGIN, name_of(session), font_family=FONT, fill=theme.ink)


def _title(session: Session, theme: Theme) -> Block:
    facts = [str(threshold(session, session.source)), limits(session)]
    if session.selection is not None or session.pinned is not None:
        facts.insert(0, str(states(session)))
    if session.selection is not None:
        facts.insert(0, f"“{phrase_of(session.recording, *session.selection)}”")
    said = svg.text(" · ".join(facts), 0, 28, fill=theme.muted)
    return Block([svg.text(name_of(session), 0, 12, font_weight="bold"), said], 0, 28 + GAP)


# -- select view ------------------------------------------------------------------------------------------------------


def _lines(session: Session, source: str, theme: Theme) -> Block:
    values, selected = session.values_of(source), session.selected_in(source)
    low, high = session.extent_of(source)
    width, height = session.shown * session.word_width, plot_height(len(session.layers))
    frame = plots.Frame(session.first, session.first + session.shown, low, high, width, height)
    many = len(selected) > plots.LINES_AT_MOST

    def down(value: float | np.ndarray) -> float | np.ndarray:
        return (high - value) / (high - low) * height

    parts = [svg.picture(plots.pixels_of(values, frame, theme, selected if many else None), 0, 0, width, height)]
    if session.selection is not None:
        start, stop = (_column(session, step) for step in session.selection)
        parts.append(svg.rectangle(start, 0, max(stop - start, 0), height, fill=theme.accent, opacity=0.16))
    x = (values[schema.STEP].values - session.first + 0.5) * session.word_width
    inside = (x >= 0) & (x <= width)
    for state in () if many else selected.tolist():
        heights = np.asarray(down(values.values[inside, state].astype(float)))
        parts.append(svg.polyline(x[inside], heights, stroke=theme.accent, stroke_width=1.2))
    for value in _thresholds(session, source):
        if low <= value <= high:
            at = float(down(value))
            parts.append(svg.line(0, at, width, at, stroke=theme.threshold, stroke_dasharray="5 3"))
    axis = [svg.text(_number(value), -6, float(down(value)) + 4, text_anchor="end", fill=theme.muted, size=SMALL)
            for value in _ticks(low, high)]  # fmt: skip
    if len(session.layers) == 1:
        name = svg.text(title(source), -GUTTER, 10, GUTTER - 30, SMALL, fill=theme.muted)
        return Block([svg.group([*parts, *axis, name], GUTTER)], GUTTER + width, height + 4)
    caption = svg.group(_caption(session, source, theme), GUTTER, 12)
    return Block([caption, svg.group([*parts, *axis], GUTTER, HEAD)], GUTTER + width, HEAD + height + GAP)


def _caption(session: Session, source: str, theme: Theme) -> Iterator[str]:
    """What stands over each of several plots."""
    name = f"{title(source)} · matched" if source == session.source else title(source)
    yield svg.text(name, 0, 0, font_weight="bold", fill=theme.accent if source == session.source else theme.ink)
    said = " · ".join(map(str, of_layer(session, source)))
    yield svg.text(said, svg.width_of(name) + GAP, 0, fill=theme.muted)


def _thresholds(session: Session, source: str) -> list[float]:
    """The values beyond which a state is on; none where each state has its own."""
    value = session.threshold_of(source)
    if session.unit == QUANTILE:
        return []
    return {Rule.ABOVE: [value], Rule.BELOW: [-value], Rule.BEYOND: [value, -value]}[Rule(session.rule)]


def _column(session: Session, step: int) -> float:
    """Left edge of a step in px, within what is shown."""
    return float(np.clip(step - session.first, 0, session.shown) * session.word_width)


def _ticks(low: float, high: float) -> list[float]:
    reach = max(abs(low), abs(high)) / 1.02
    return [-reach, 0.0, reach] if low < -reach / 2 else [0.0, reach]


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _words(session: Session, theme: Theme) -> Block:
    cell, total, tall = session.word_width, len(session.selected), strip_height(session.recording)
    shown = strip_of(session.recording, session.first, session.shown, theme)
    parts, paint = _tokens(shown.get("tokens", {}), cell, tall, theme)
    written = shown.get("tokens", {}).get("kind") in WRITTEN
    for at, (word, on) in enumerate(zip(shown["words"], session.heat.tolist(), strict=True)):
        fill = mix(*theme.ramp, theme.warmest * on / total) if total else theme.card
        parts += _cell(word if written else "", at * cell, 0, cell, tall, fill, theme, paint(at, at * cell, 0))
    if session.selection is not None:
        parts += _pattern(session, tall, theme)
    return Block([svg.group(parts, GUTTER)], GUTTER + session.shown * cell, tall + PATTERN)


def _tokens(tokens: dict[str, Any], cell: float, tall: float, theme: Theme) -> tuple[list[str], Paint]:
    """What stands left of tokens that are no words, with what is held ready for them; and what draws each."""
    if not tokens:
        return [], lambda *_: ""
    foot = 0 if tokens["kind"] == "number" else STRIP_FOOT
    ready, paint = painter_of(tokens, cell - 1, tall - foot - 1, "strip")
    name = svg.text(tokens["title"], -8, tall / 2 + 4, GUTTER - 12, SMALL, text_anchor="end", fill=theme.muted)
    return [ready, name], paint


def _pattern(session: Session, tall: float, theme: Theme) -> Iterator[str]:
    """The brush, and the steps beside it at which a state must be off."""
    assert session.selection is not None  # noqa: S101 - asked by the caller
    start, stop = session.selection
    a, b = _column(session, start), _column(session, stop)
    if a == b:
        return
    before, after = _column(session, start - session.left), _column(session, stop + session.right)
    yield svg.rectangle(a + 1, 1, b - a - 2, tall - 2, fill="none", stroke=theme.ink, stroke_width=2)
    yield svg.path(f"M{before} {tall + 14}H{a}V{tall + 4}H{b}V{tall + 14}H{after}", fill="none", stroke=theme.ink)


def _cell(
    word: str, x: float, y: float, width: float, height: float, fill: str, theme: Theme, token: str = ""
) -> list[str]:
    parts = [svg.rectangle(x, y, width, height - 1, fill=fill), token]
    if width >= SMALLEST_WORD and word.strip():
        middle, base = x + width / 2, y + height / 2 + 4
        parts.append(svg.text(word, middle, base, width - 4, text_anchor="middle", fill=ink_on(fill, theme)))
    return parts


def _track(session: Session, name: str, theme: Theme) -> Block:
    track = track_of(session.recording, name, session.first, session.shown, theme)
    tall = FLAG if track["look"] == "flags" else TRACK
    parts: list[str] = []
    for number, row in enumerate(track["rows"]):
        y = number * tall
        parts.append(
            svg.text(row["label"], -8, y + tall / 2 + 4, GUTTER - 12, SMALL, text_anchor="end", fill=theme.muted)
        )
        parts += _track_row(session, track, row, y, tall, theme)
    height = tall * len(track["rows"]) + 4
    return Block([svg.group(parts, GUTTER)], GUTTER + session.shown * session.word_width, height)


def _track_row(
    session: Session, track: dict[str, Any], row: dict[str, Any], y: float, tall: float, theme: Theme
) -> Iterator[str]:
    cell, total = session.word_width, len(session.selected)
    written = track["look"] in {"labels", "predictions"}
    for at, (place, code, on) in enumerate(zip(row["places"], row["codes"], session.heat.tolist(), strict=True)):
        colour = track["colours"][place] if place >= 0 else theme.card
        share = FAINTEST + (1 - FAINTEST) * on / total if session.mask and total else 1.0
        fill = mix(theme.card, colour, share)
        word = track["texts"][code] if written and code >= 0 else ""
        yield from _cell(word, at * cell, y, cell, tall, fill, theme)
    for at in row.get("true", ()):
        yield svg.rectangle(at * cell + 1, y + 1, cell - 2, tall - 3, fill="none", stroke=theme.ink)


# -- match view -------------------------------------------------------------------------------------------------------


def _matches(session: Session, matches: Matches, theme: Theme) -> Block:
    inside, query = matches.inside.values, matches.query
    rows, columns = inside.shape
    words = GUTTER + columns * CELL
    parts = [svg.text(" · ".join(map(str, found(matches))), 0, 12, font_weight="bold")]
    parts.append(svg.group(_rows(session, matches, inside, theme), 0, HEAD + GAP))
    x = words + GAP
    for name in session.heatmaps:
        scale, values = heatmap_scale(session, name, theme), matches.values_of(name)
        parts.append(svg.group([svg.text(scale.title, 0, HEAD + 8, columns * HEAT_CELL, SMALL)], x))
        parts.append(svg.group(_heatmap(values, inside, scale), x, HEAD + GAP))
        parts.append(_start(x + query.before * HEAT_CELL, rows, theme))
        x += columns * HEAT_CELL + GAP
    parts.append(_start(GUTTER + query.before * CELL, rows, theme))
    return Block(parts, x, HEAD + GAP + rows * ROW_HEIGHT)


def _start(x: float, rows: int, theme: Theme) -> str:
    top = HEAD + GAP
    return svg.line(x, top - 4, x, top + rows * ROW_HEIGHT, stroke=theme.ink, stroke_width=1.5)


def _rows(session: Session, matches: Matches, inside: np.ndarray, theme: Theme) -> Iterator[str]:
    aligned, vocabulary = matches.aligned, schema.labels(session.recording, schema.TOKEN)
    words = texts_of(session.recording, aligned, vocabulary[aligned.token.values])
    tokens, columns = tokens_of(session.recording, aligned, theme, BANDS), inside.shape[1]
    starts, lengths = matches.table.start.values.tolist(), matches.table.length.values.tolist()
    before, fills = matches.query.before, _fills(session, matches, inside, theme)
    ready, paint = "", None
    if tokens.get("kind") not in WRITTEN:
        ready, paint = painter_of(tokens, CELL - 1 - 2 * SIDES, ROW_HEIGHT - 1 - LINE, "rows")
    yield ready
    for row, start in enumerate(starts):
        y = row * ROW_HEIGHT
        label = "selection" if row == matches.own else f"{start:,}"
        yield svg.text(label, GUTTER - 8, y + 13, size=SMALL, text_anchor="end", fill=theme.muted)
        for column in np.flatnonzero(inside[row]).tolist():
            x, matched = GUTTER + column * CELL, before <= column < before + lengths[row]
            word = words[row, column] if paint is None else ""
            shapes = _cell(word, x, y, CELL - 1, ROW_HEIGHT, fills[row][column], theme)
            if paint is not None:
                shapes.append(paint(row * columns + column, x + SIDES, y))
                if matched:
                    shapes.append(svg.rectangle(x, y + ROW_HEIGHT - 1 - LINE, CELL - 1, LINE, fill=theme.ink))
            yield svg.group(shapes, font_weight="bold") if matched else "".join(shapes)


def _fills(session: Session, matches: Matches, inside: np.ndarray, theme: Theme) -> list[list[str]]:
    """Colours behind the words, those of the page."""
    if session.mapping == NO_MAPPING:
        return [[theme.card] * inside.shape[1] for _ in inside]
    share = matches.aligned.on_count / len(matches.query.selected) if session.match_mask else None
    values, scale = matches.values_of(session.mapping), heatmap_scale(session, session.mapping, theme)
    fills = fills_of(values, matches.inside, scale, theme, share)
    places = np.frombuffer(fills["places"], "<i4").reshape(inside.shape)
    return [[fills["colours"][place] if place >= 0 else theme.card for place in row] for row in places.tolist()]


def _heatmap(values: xr.DataArray, inside: np.ndarray, scale: ColourScale) -> Iterator[str]:
    places = np.where(inside, scale.places(values.values), -1)
    for row, column in np.argwhere(places >= 0).tolist():
        fill = scale.colours[places[row, column]]
        yield svg.rectangle(column * HEAT_CELL, row * ROW_HEIGHT, HEAT_CELL, ROW_HEIGHT, fill=fill)
