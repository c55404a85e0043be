"""Tokens that are no words, as shapes in a figure: what `tokens.js` paints on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel import svg

if TYPE_CHECKING:
    from collections.abc import Callable

    Paint = Callable[[int, float, float], str]
    """Draws the token at a place, counted row by row, into a box from its upper left corner on."""

BAR, LYING = 0.2, 0.6
"""Opacity of a number's bar: its text stands over it, or beside it where the bar lies."""


def painter_of(
    tokens: dict[str, Any], width: float, height: float, name: str, *, lies: bool = False
) -> tuple[str, Paint]:
    """Return shapes to be held ready in a figure, and what draws tokens.

    Parameters
    ----------
    tokens
        As from `matrix.tokens_of`, of tokens that are no words.
    width, height
        Size in px of each token's box.
    name
        What tells these pictures from others in the same figure.
    lies
        Whether the bar of a number lies from the left edge on, as high as the box; it stands else.
    """
    if tokens["kind"] == "image":
        return _pictures(tokens, width, height, name), _pictured(tokens, name)
    if tokens["kind"] == "vector":
        return "", _colours(tokens, width, height)
    return "", (_lying_bar if lies else _bar)(tokens, width, height)


def _shares(tokens: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """Where values lie in the range of their scale, 0 to 1; NaN stays."""
    low, high = tokens["low"], tokens["high"]
    shares: np.ndarray = np.clip((values - low) / (high - low), 0, 1) if high > low else values * 0
    return shares


def _bar(tokens: dict[str, Any], width: float, height: float) -> Paint:
    """A bar from 0 on, up or down."""
    shares = _shares(tokens, np.frombuffer(tokens["values"], "<f8")).tolist()
    zero = float(_shares(tokens, np.zeros(1))[0])

    def paint(place: int, x: float, y: float) -> str:
        share = shares[place]
        if share != share:  # noqa: PLR0124 - NaN
            return ""
        tall = max(1.0, abs(share - zero) * height)
        top = min((1 - max(share, zero)) * height, height - tall)
        return svg.rectangle(x, y + top, width, tall, fill=tokens["ink"], opacity=BAR)

    return paint


def _lying_bar(tokens: dict[str, Any], width: float, height: float) -> Paint:
    """A bar from the lowest number on, to the right."""
    shares = _shares(tokens, np.frombuffer(tokens["values"], "<f8")).tolist()

    def paint(place: int, x: float, y: float) -> str:
        share = shares[place]
        if share != share:  # noqa: PLR0124 - NaN
            return ""
        return svg.rectangle(x, y, max(1.0, share * width), height, fill=tokens["ink"], opacity=LYING)

    return paint


def _colours(tokens: dict[str, Any], width: float, height: float) -> Paint:
    """A column of colours, the first component on top; clear where a component is blank."""
    shades = np.array([[*bytes.fromhex(colour[1:]), 255] for colour in tokens["colours"]], np.uint8)
    shares = _shares(tokens, np.frombuffer(tokens["values"], "<f4").reshape(-1, tokens["components"]))
    known = np.isfinite(shares)
    places = np.minimum((np.where(known, shares, 0) * len(shades)).astype(np.int64), len(shades) - 1)
    pixels = np.where(known[..., None], shades[places], 0).astype(np.uint8)
    # Colours of neighbours must not run into one another, unless there are more of them than px.
    look = {"image_rendering": "pixelated"} if tokens["components"] <= height else {}

    def paint(place: int, x: float, y: float) -> str:
        return svg.picture(pixels[place][:, None], x, y, width, height, **look) if known[place].any() else ""

    return paint


def _pictures(tokens: dict[str, Any], width: float, height: float, name: str) -> str:
    """Each picture once, as large as its box allows, in the box's middle."""
    rows, columns = tokens["rows"], tokens["columns"]
    colours = np.frombuffer(tokens["pixels"], np.uint8).reshape(-1, rows, columns, 3)
    scale = min(width / columns, height / rows)
    wide, tall = columns * scale, rows * scale
    x, y = (width - wide) / 2, (height - tall) / 2
    opaque = np.pad(colours, [(0, 0)] * 3 + [(0, 1)], constant_values=255)
    shapes = (svg.picture(image, x, y, wide, tall, id=f"{name}-{at}") for at, image in enumerate(opaque))
    return f"<defs>{''.join(shapes)}</defs>"


def _pictured(tokens: dict[str, Any], name: str) -> Paint:
    places = tokens["places"]

    def paint(place: int, x: float, y: float) -> str:
        return svg.copy_of(f"{name}-{places[place]}", x, y) if places[place] >= 0 else ""

    return paint
