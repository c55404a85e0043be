"""Pictures as SVG text: the few shapes that a figure is made of. Knows nothing of what is drawn."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

SIZE = 12
"""Height in px of the letters, where nothing else is said."""

NARROW, WIDE, CAPITAL, OTHER = 0.3, 0.87, 0.7, 0.56
"""Width of letters beside their height, of the fonts that are likely to be there."""

NARROW_LETTERS, WIDE_LETTERS = frozenset("fijlrtI.,;:'!|()[]/ "), frozenset("mwMW@%—…")

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write: most control characters, and halves of characters."""


def rectangle(x: float, y: float, width: float, height: float, **look: object) -> str:
    """A box; ``fill``, ``stroke`` and so on as SVG has them, with ``_`` for ``-``."""
    return f"<rect {_place(x=x, y=y, width=width, height=height)}{_attributes(look)}/>"


def line(x1: float, y1: float, x2: float, y2: float, **look: object) -> str:
    """A straight line."""
    return f"<line {_place(x1=x1, y1=y1, x2=x2, y2=y2)}{_attributes(look)}/>"


def path(data: str, **look: object) -> str:
    """Any line, by SVG's own commands."""
    return f'<path d="{data}"{_attributes(look)}/>'


def polyline(x: np.ndarray, y: np.ndarray, **look: object) -> str:
    """A line through points; where one is NaN it begins anew."""
    pen, commands = "M", []
    for across, down in zip(x.tolist(), y.tolist(), strict=True):
        if down != down:  # noqa: PLR0124 - NaN
            pen = "M"
            continue
        commands.append(f"{pen}{across:.1f} {down:.1f}")
        pen = "L"
    return path("".join(commands), fill="none", **look)


def text(said: str, x: float, y: float, room: float | None = None, size: float = SIZE, **look: object) -> str:
    """Words on a base line, squeezed where they are wider than the room in px."""
    letters = f' font-size="{size:g}"' if size != SIZE else ""
    place = _place(x=x, y=y)
    if room is not None and (share := max(room, 1) / max(width_of(said, size), 1)) < 1:
        # Not by textLength, which would stretch words that are narrower than they seemed.
        place = f'transform="translate({x:.2f} {y:.2f}) scale({share:.3f} 1)"'
    return f"<text {place}{letters}{_attributes(look)}>{_escaped(said)}</text>"


def legal(said: str) -> str:
    """Return words with the replacement character for each that can't stand in XML."""
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", said)


def _escaped(said: object) -> str:
    return escape(legal(str(said)))


def width_of(said: str, size: float = SIZE) -> float:
    """Width of words in px, about."""
    return size * sum(_width(letter) for letter in said)


def _width(letter: str) -> float:
    if letter in NARROW_LETTERS:
        return NARROW
    if letter in WIDE_LETTERS or unicodedata.east_asian_width(letter) in "WF":
        return WIDE if letter in WIDE_LETTERS else 1.0
    return CAPITAL if letter.isupper() else OTHER


def png(pixels: np.ndarray, effort: int = 9) -> bytes:
    """Pixels, uint8 (y, x, RGBA), as a file; less effort (9 to 1) makes it quicker and larger."""
    held = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(held, "PNG", compress_level=effort)
    return held.getvalue()


def picture(pixels: np.ndarray, x: float, y: float, width: float, height: float, **look: object) -> str:
    """Pixels, uint8 (y, x, RGBA), stretched over a box."""
    data = base64.b64encode(png(pixels)).decode()
    place = _place(x=x, y=y, width=width, height=height)
    return f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"{_attributes(look)}/>'


def copy_of(name: str, x: float, y: float) -> str:
    """A shape once more whose ``id`` is that name, moved."""
    return f'<use href="#{name}" {_place(x=x, y=y)}/>'


def window(parts: Iterable[str], x: float, y: float, width: float, height: float) -> str:
    """Shapes of which a box shows a part; they are placed from its upper left corner on."""
    return f'<svg {_place(x=x, y=y, width=width, height=height)} overflow="hidden">{"".join(parts)}</svg>'


def group(parts: Iterable[str], x: float = 0, y: float = 0, **look: object) -> str:
    """Shapes that are moved and look alike."""
    moved = f' transform="translate({x:g} {y:g})"' if x or y else ""
    return f"<g{moved}{_attributes(look)}>{''.join(parts)}</g>"


def document(parts: Iterable[str], width: float, height: float, title: str, **look: object) -> str:
    """A whole picture, which any program that reads SVG shows."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    opened = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-size="{SIZE}"{_attributes(look)}>'
    return f"{opened}<title>{_escaped(title)}</title>{''.join(parts)}</svg>"


def _place(**numbers: float) -> str:
    return " ".join(f'{name}="{value:.2f}"'.replace(".00", "") for name, value in numbers.items())


def _attributes(look: dict[str, object]) -> str:
    return "".join(f' {name.replace("_", "-")}="{_escaped(value)}"' for name, value in look.items())
