"""The words of the steps shown, or what tokens are instead, with the brush and the limits of the selection."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet
from lstmvis_panel.style import GUTTER

PATTERN = 26
"""Height in px of the pattern plot below the words."""

WORDS = 24
"""Height in px of the words."""


class WordStrip(GestureComponent):
    """Words, one cell a step; a brush on them; the pattern plot below (section 4.2 of the paper).

    Gestures: ``{"range": [start, stop] | None, "done": bool}``, ``{"left": n, "right": n, "done": bool}``;
    ``{"zoom": px of a word, "at": px from the first step, "done": bool}`` and ``{"first": step, "done": bool}``, by the
    wheel wherever it is turned in what the strip stands in, plots and tracks included.
    """

    words: list[str] = param.List(default=[], item_type=str, doc="Words of the steps shown.")
    tokens: dict[str, Any] = param.Dict(default={}, doc="What stands in the cells instead of words; see `tokens.js`.")
    tall: int = param.Integer(default=WORDS, doc="Height in px of the cells where tokens are no words.")
    heat: list[int] = param.List(default=[], doc="Number of selected states that are on, per step shown.")
    warmest: float = param.Number(default=0.8, doc="Share of the ramp's colour where all selected states are on.")
    total: int = param.Integer(default=0, doc="Number of selected states.")
    first: int = param.Integer(default=0, doc="Number of the first step shown.")
    mark: int = param.Integer(default=-1, doc="Step that is marked.")
    edges: list[int] = param.List(default=[], doc="Steps that begin a document.")
    cell: int = param.Integer(default=30, doc="Width of a step in px.")
    gutter: int = param.Integer(default=GUTTER, doc="Space left of the first step in px.")
    hits: list[list[int]] = param.List(default=[], doc="Steps [start, stop) shown that a search has found.")
    steps: int = param.Integer(default=0, doc="Number of steps of the recording.")
    narrowest: int = param.Integer(default=5, doc="Least width of a step in px.")
    widest: int = param.Integer(default=80, doc="Greatest width of a step in px.")
    selection: list[int] = param.List(default=[], doc="Selected steps [start, stop), or empty.")
    left: int = param.Integer(default=0, doc="Steps before the selection at which states must be off.")
    right: int = param.Integer(default=0, doc="Steps after the selection at which states must be off.")
    action: str = param.String(default="to words", doc="Action of the key that puts the focus here.")
    room: int = param.Integer(default=0, doc="Width in px that the page has for steps; set by the browser.")

    _esm: ClassVar[str] = script(
        "word_strip", "squeeze", "tokens", "token_track", "preview", "gesture", "actions", "wheel", "notebook"
    )
    _stylesheets: ClassVar[list[str]] = [stylesheet("word_strip")]
