"""Titles and legends above the heatmaps, which say what is shown and in which order."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet


class HeatmapHeads(GestureComponent):
    """A title a heatmap, with its legend; dragged aside, or moved by the arrow keys, it changes places, × removes it.

    Gesture: ``{"order": [name, ...]}``, all that are to be shown, from the left.
    """

    heads: list[dict[str, Any]] = param.List(
        default=[], doc="For each: name, title, legend (colour and text each), gradual (colours run into each other)."
    )
    each: int = param.Integer(default=0, doc="Width in px of a heatmap.")
    gap: int = param.Integer(default=0, doc="Blank px between two.")

    _esm: ClassVar[str] = script("heatmap_heads", "legend", "gesture")
    _stylesheets: ClassVar[list[str]] = [stylesheet("legend"), stylesheet("heatmap_heads")]
