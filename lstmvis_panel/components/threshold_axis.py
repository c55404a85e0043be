"""The value axis of the lines plot, and the threshold that is dragged on it."""

from __future__ import annotations

from typing import ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet
from lstmvis_panel.style import GUTTER, PLOT_HEIGHT


class ThresholdAxis(GestureComponent):
    """Ticks left of the plot, and a dashed line across it (section 4.2 of the paper).

    Gestures: ``{"threshold": value, "done": bool}``.
    """

    low: float = param.Number(default=-1.0, doc="Value at the lower edge.")
    high: float = param.Number(default=1.0, doc="Value at the upper edge.")
    threshold: float = param.Number(default=0.3, doc="Where the line lies.")
    gutter: int = param.Integer(default=GUTTER, doc="Width of the axis in px.")
    across: int = param.Integer(default=0, doc="Width of the plot in px.")
    extent: int = param.Integer(default=PLOT_HEIGHT, doc="Height of the plot in px.")

    _esm: ClassVar[str] = script("threshold_axis", "gesture")
    _stylesheets: ClassVar[list[str]] = [stylesheet("threshold_axis")]
