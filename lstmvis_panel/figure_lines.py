"""The lines of one source in a figure (section 4.1 of the paper), with its axis and its threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel import plots, schema, svg
from lstmvis_panel.axis import ticks
from lstmvis_panel.captions import of_layer
from lstmvis_panel.colours import title
from lstmvis_panel.figure_layout import GAP, SMALL, Block
from lstmvis_panel.questions import QUANTILE
from lstmvis_panel.selection import Rule
from lstmvis_panel.style import GUTTER, plot_height

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme
    from lstmvis_panel.thresholds import ThresholdProfile

STRIP, WIDEST = 30, 27
"""Width in px of the strip of counts left of the axis, and of its highest count."""

COUNTS, STRETCH = 0.32, 0.14
"""Opacity of the counts, and of the stretch of thresholds that select the same states."""

FLAG = 11, 6.5
"""Length in px of the threshold's flag, and half its height."""

OUTSIDE = 0.35
"""Opacity of a threshold that lies beyond the axis, at whose end it is drawn."""

HEAD = 24
"""Height in px of what is said over each of several plots."""


def lines_of(session: Session, source: str, theme: Theme) -> Block:
    """Draw one source as it stands on the page.

    Parameters
    ----------
    session
        What is shown.
    source
        One of its layers.
    theme
        Colours to take.
    """
    frame = _frame(session, source)
    shapes = [
        svg.window(_inside(session, source, frame, theme), GUTTER, 0, frame.width, frame.height),
        *_axis(frame, theme), *_strip(session, source, frame, theme), *_threshold(session, source, frame, theme),
    ]  # fmt: skip
    if len(session.layers) == 1:
        return Block(shapes, GUTTER + frame.width, frame.height)
    caption, wide = _caption(session, source, theme)
    width = GUTTER + max(frame.width, wide)
    return Block([svg.group(caption, GUTTER, 14), svg.group(shapes, 0, HEAD)], width, HEAD + frame.height + GAP)


def _frame(session: Session, source: str) -> plots.Frame:
    first, stop = session.first, session.first + session.shown
    width, height = session.shown * session.word_width, plot_height(len(session.layers))
    return plots.Frame(first, stop, *session.extent_of(source), width, height)


def _caption(session: Session, source: str, theme: Theme) -> tuple[list[str], float]:
    """What stands over each of several plots, and how wide it is."""
    matched = source == session.source
    name, said = title(source) + " · matched" * matched, " · ".join(map(str, of_layer(session, source)))
    after = svg.width_of(name) + GAP
    parts = [
        svg.text(name, 0, 0, font_weight="bold", fill=theme.accent if matched else theme.ink),
        svg.text(said, after, 0, fill=theme.muted),
    ]
    return parts, after + svg.width_of(said)


def _inside(session: Session, source: str, frame: plots.Frame, theme: Theme) -> Iterator[str]:
    """All states as pixels, the selection as a column, selected states as lines unless they are too many."""
    values, selected = session.values_of(source), session.selected_in(source)
    many = len(selected) > plots.LINES_AT_MOST
    crowd = selected if many else selected[:0]
    pixels = plots.crowded(plots.pixels_of(values, frame, theme), values, crowd, frame, theme)
    yield svg.picture(pixels, 0, 0, frame.width, frame.height)
    if session.selection is not None:
        start, stop = ((step - frame.first) * session.word_width for step in session.selection)
        yield svg.rectangle(start, 0, stop - start, frame.height, fill=theme.accent, opacity=0.16)
    x = (values[schema.STEP].values - frame.first + 0.5) * session.word_width
    for state in () if many else selected.tolist():
        yield svg.polyline(x, _down(values.values[:, state], frame), stroke=theme.accent, stroke_width=1.2)


def _down(values: np.ndarray | float, frame: plots.Frame) -> np.ndarray:
    """How far below the upper edge values lie, in px."""
    return (frame.high - np.asarray(values, np.float64)) / (frame.high - frame.low) * frame.height


def _axis(frame: plots.Frame, theme: Theme) -> Iterator[str]:
    for value, text in ticks(frame.low, frame.high, frame.height):
        y = float(np.clip(_down(value, frame), SMALL / 2, frame.height - SMALL / 2))
        yield svg.text(text, GUTTER - GAP, y + 4, size=SMALL, text_anchor="end", fill=theme.muted)
    if frame.low < 0 < frame.high:
        y = float(_down(0.0, frame))
        yield svg.line(GUTTER, y, GUTTER + frame.width, y, stroke=theme.muted, opacity=0.6)


# -- the threshold ----------------------------------------------------------------------------------------------------


def _heights(session: Session, source: str, frame: plots.Frame) -> np.ndarray:
    """Where the threshold lies, px below the upper edge: on the axis, once or twice; a quantile in the strip."""
    value = session.threshold_of(source)
    if session.unit == QUANTILE:
        return np.array([1 - value]) * frame.height
    sides = {Rule.ABOVE: [value], Rule.BELOW: [-value], Rule.BEYOND: [value, -value]}
    return _down(np.array(sides[Rule(session.rule)]), frame)


def _threshold(session: Session, source: str, frame: plots.Frame, theme: Theme) -> Iterator[str]:
    """A dashed line across the plot; a quantile, which is no value, as a bar across the strip. Each with its flag."""
    heights, (long, half) = _heights(session, source, frame), FLAG
    stroke: dict[str, Any] = {"stroke": theme.threshold, "stroke_width": 1.5, "stroke_dasharray": "4 3"}
    for height, y in zip(heights.tolist(), np.clip(heights, 0, frame.height).tolist(), strict=True):
        if session.unit == QUANTILE:
            yield svg.line(0, y, STRIP, y, stroke=theme.threshold, stroke_width=2)
            yield svg.path(f"M{STRIP + long} {y - half:g}v{2 * half:g}L{STRIP} {y:g}z", fill=theme.threshold)
        else:
            shown = {} if height == y else {"opacity": OUTSIDE}
            yield svg.line(GUTTER, y, GUTTER + frame.width, y, **stroke, **shown)
            yield svg.path(f"M{GUTTER - long - 1} {y - half:g}v{2 * half:g}L{GUTTER - 1} {y:g}z", fill=theme.threshold)


def _strip(session: Session, source: str, frame: plots.Frame, theme: Theme) -> Iterator[str]:
    """How many states each threshold selects, a bar a px, with the present one and the widest stretch of the same."""
    profile, ends = session.profile_of(source), session.range_of(source)
    if session.unit == QUANTILE:
        for text, y in (("1", 8), ("0", frame.height - 2)):
            yield svg.text(text, STRIP - 1, y, size=9, text_anchor="end", fill=theme.muted)
    if profile is None:
        return
    widths, flat = _counted(profile, ends, _thresholds(session, frame))
    yield svg.line(0.5, 0, 0.5, frame.height, stroke=theme.line)
    yield svg.path(_bars(np.where(flat, STRIP, 0)), fill=theme.accent, fill_opacity=STRETCH)
    yield svg.path(_bars(np.where(flat, 0, widths)), fill=theme.accent, fill_opacity=COUNTS)
    yield svg.path(_bars(np.where(flat, widths, 0)), fill=theme.accent)
    if session.unit != QUANTILE:
        for y in np.clip(_heights(session, source, frame), 0, frame.height).tolist():
            yield svg.line(0, y, STRIP, y, stroke=theme.threshold, stroke_width=2)


def _thresholds(session: Session, frame: plots.Frame) -> np.ndarray:
    """What the strip shows in each row of px: a threshold, or a quantile."""
    down = (np.arange(frame.height) + 0.5) / frame.height
    if session.unit == QUANTILE:
        return 1 - down
    values = frame.high - down * (frame.high - frame.low)
    turned = {Rule.ABOVE: values, Rule.BELOW: -values, Rule.BEYOND: np.abs(values)}
    return turned[Rule(session.rule)]


def _counted(
    profile: ThresholdProfile, ends: tuple[float, float], thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How wide the strip is at thresholds, in px, and which of them lie in the widest stretch of the same states."""
    (edges, counts), widest = profile.steps(*ends), profile.widest(*ends)
    # At an edge itself, what lies left of it still holds.
    there = counts[np.clip(np.searchsorted(edges, thresholds, side="left") - 1, 0, len(counts) - 1)]
    flat = np.zeros(len(there), bool) if widest is None else (thresholds > widest[0]) & (thresholds <= widest[1])
    # The root of the count, so that a handful of states is seen beside hundreds.
    return np.sqrt(there / max(1, counts.max())) * WIDEST, flat


def _bars(widths: np.ndarray) -> str:
    """Bars of so many px, one a row, as few shapes as they take."""
    starts = np.flatnonzero(np.diff(widths, prepend=np.nan) != 0)
    runs = zip(starts.tolist(), np.diff(starts, append=len(widths)).tolist(), widths[starts].tolist(), strict=True)
    return "".join(f"M0 {y}h{wide:.1f}v{tall}H0z" for y, tall, wide in runs if wide > 0)
