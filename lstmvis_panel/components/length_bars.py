"""How many matches there are of each length, as small bars."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet


class LengthBars(GestureComponent):
    """Histograms of the lengths of matches; a click on a bar, or a drag over several, asks for those lengths.

    Gesture: ``{"lengths": [least, greatest] | None}``, both inclusive.
    """

    histograms: list[dict[str, Any]] = param.List(
        default=[], doc="For each: title, unit, and counts, one a bar; the same bars in all."
    )
    bars: list[list[int]] = param.List(default=[], doc="Least and greatest length of each bar.")
    chosen: list[int] | None = param.List(default=None, allow_None=True, doc="Least and greatest length that pass.")
    action: str = param.String(default="to lengths", doc="Action of the key that puts the focus here.")

    _esm: ClassVar[str] = script("length_bars", "gesture", "actions")
    _stylesheets: ClassVar[list[str]] = [stylesheet("length_bars")]
