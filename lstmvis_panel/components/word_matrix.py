"""The words around each match, one row a match, aligned at its start."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet
from lstmvis_panel.style import GUTTER, ROW_HEIGHT

HEAD = 40
"""Height in px above the first row."""

NARROWEST = 26
"""Least width in px of a cell unless another is asked for; below it the matrix scrolls in its box."""


class WordMatrix(GestureComponent):
    """Rows of words, squeezed into their cells; the words of the match are bold (section 4.3 of the paper).

    Gestures: ``{"hovered": [row, column] | None, "first": row}``; of many rows, those from the first on can be seen.
    The one gesture that opens a row has ``"opened": row`` besides, the one that asks for other context
    ``"context": {"before": steps, "after": steps}``, and the one that asks for wider words ``"cell": px``, 0 for what
    there is room for.
    """

    rows: dict[str, Any] = param.Dict(
        default={},
        doc="texts and codes of the words, starts, lengths, own (row or -1), before, columns; as from `rows_of`.",
    )
    tokens: dict[str, Any] = param.Dict(
        default={}, doc="What stands in the cells instead of words, row by row; see `tokens.js`."
    )
    remarks: list[dict[str, Any]] = param.List(
        default=[], doc="What is said of each cell: texts, and codes (bytes) into them row by row, -1 for nothing."
    )
    fills: dict[str, Any] = param.Dict(
        default={"ink": "#000000"},
        doc="Colours: ink of text; behind it places (bytes) in colours row by row, -1 for none, with inks on each.",
    )
    legend: dict[str, Any] = param.Dict(
        default={}, doc="What these colours mean: title, legend (colour and text each), gradual, about; empty for none."
    )
    hovered: dict[str, Any] = param.Dict(
        default={"cell": None, "beside": "cell"},
        doc="Cell [row, column] to frame, or None; its words stand beside the 'cell' or the 'pointer'.",
    )
    context: dict[str, Any] = param.Dict(
        default={name: {"value": 1, "low": 0, "high": 1} for name in ("before", "after")},
        doc="Steps before a match's start, and after: value that is asked for, low and high end.",
    )
    linked: bool = param.Boolean(default=False, doc="Whether the address of the page can show each row's place.")
    beside: int = param.Integer(default=1, doc="Rows that are drawn beside the words at once.")
    stale: bool = param.Boolean(default=False, doc="Whether the rows answer an old question; they fade.")
    opened: int = param.Integer(default=-1, doc="Row whose place is shown, -1 for none.")
    action: str = param.String(default="to matches", doc="Action of the key that puts the focus here.")
    gutter: int = param.Integer(default=GUTTER, doc="Width in px of the row labels.")
    row_height: int = param.Integer(default=ROW_HEIGHT, doc="Height in px of a row.")
    head: int = param.Integer(default=HEAD, doc="Height in px above the first row.")
    cell: int = param.Integer(default=0, doc="Width in px of a cell; 0 for what there is room for.")
    slimmest: int = param.Integer(default=5, doc="Least width in px that can be asked for.")
    widest: int = param.Integer(default=80, doc="Greatest width in px that can be asked for.")
    narrowest: int = param.Integer(default=NARROWEST, doc="Least width in px of a cell that is not asked for.")

    _esm: ClassVar[str] = script(
        "word_matrix", "squeeze", "legend", "matrix_zoom", "wheel", "tokens", "gesture", "actions"
    )
    _stylesheets: ClassVar[list[str]] = [stylesheet("legend"), stylesheet("word_matrix")]
