"""Annotations under the words, a row or several each."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet
from lstmvis_panel.style import GUTTER


class TrackRows(GestureComponent):
    """Tracks, one cell a step, and what is done to them: add, remove, put in another order, fade.

    Gestures: ``{"tracks": [name, ...], "mask": bool}``, all of the tracks from the top.
    """

    tracks: list[dict[str, Any]] = param.List(default=[], item_type=dict, doc="From the top, as from `track_of`.")
    addable: list[list[Any]] = param.List(
        default=[], item_type=list, doc="What is not among them: groups [name, [[name, title], ...]]."
    )
    mask: bool = param.Boolean(default=True, doc="Whether colours fade where few selected states are on.")
    words: list[str] = param.List(default=[], item_type=str, doc="Words of the steps shown.")
    heat: list[int] = param.List(default=[], item_type=int, doc="Number of selected states on, per step shown.")
    total: int = param.Integer(default=0, doc="Number of selected states.")
    first: int = param.Integer(default=0, doc="Number of the first step shown.")
    edges: list[int] = param.List(default=[], doc="Steps that begin a document.")
    cell: int = param.Integer(default=30, doc="Width of a step in px.")
    above: int = param.Integer(default=0, doc="Height in px from the upper edge of the words to the first track.")
    action: str = param.String(default="to tracks", doc="Action of the key that puts the focus here.")
    gutter: int = param.Integer(default=GUTTER, doc="Space left of the first step in px.")

    _esm: ClassVar[str] = script(
        "track_rows", "squeeze", "legend", "track_painter", "track_labels", "preview", "gesture", "actions"
    )
    _stylesheets: ClassVar[list[str]] = [stylesheet("legend"), stylesheet("track_rows")]
