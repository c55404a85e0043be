"""The value axis of a lines plot, the threshold that is dragged on it, and how many states each threshold selects."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet
from lstmvis_panel.style import GUTTER, PLOT_HEIGHT


class ThresholdAxis(GestureComponent):
    """A strip of counts and ticks left of the plot, and a dashed line across it (section 4.2 of the paper).

    Under the rule "below" the line of a threshold l lies at -l, under "beyond" there is one at l and one at -l. A
    quantile is no place on the axis: then it is the strip, from 0 to 1, that holds the handle.

    Gestures: ``{"threshold": number, "done": bool, "previewed": bool}``, the last of them whether the lines of the drag
    are drawn in the browser; ``{"asked": "preview"}`` and ``{"asked": "brush_preview"}`` ask for what that takes. The
    brush is dragged on the words, `WordStrip`; what it selects is drawn here, over the plot.
    """

    low: float = param.Number(default=-1.0, doc="Value at the lower edge.")
    high: float = param.Number(default=1.0, doc="Value at the upper edge.")
    ticks: list[list[Any]] = param.List(default=[], doc="Numbers beside the axis: a value and its text each.")
    threshold: float = param.Number(default=0.3, doc="The present one.")
    rule: str = param.Selector(objects=["above", "below", "beyond"], default="above", doc="Where its line lies.")
    unit: str = param.Selector(objects=["value", "quantile"], default="value", doc="What the threshold is given in.")
    step: float = param.Number(default=0.01, doc="By how much a key moves the threshold.")
    action: str = param.String(default="to threshold", doc="Action of the key that puts the focus here.")
    label: str = param.String(default="Threshold", doc="What the handle is called.")
    stairs: dict[str, Any] = param.Dict(
        default={},
        doc="How many states thresholds select: ``edges`` of stretches, ascending, a count between each two in "
        "``counts``, the ``widest`` of them (low, high); empty for no strip.",
    )
    preview: dict[str, Any] = param.Dict(
        default={}, doc="What each threshold will select, as `ThresholdPreview.sent`; empty where that is not known."
    )
    brush_preview: dict[str, Any] = param.Dict(
        default={}, doc="What each selection will select, as `BrushPreview.sent`; empty where that is not known."
    )
    matched: bool = param.Boolean(default=True, doc="Whether words and keys of the page mean these states.")
    gutter: int = param.Integer(default=GUTTER, doc="Width of strip and axis in px.")
    across: int = param.Integer(default=0, doc="Width of the plot in px.")
    extent: int = param.Integer(default=PLOT_HEIGHT, doc="Height of the plot in px.")

    _esm: ClassVar[str] = script("threshold_axis", "preview", "gesture", "actions")
    _stylesheets: ClassVar[list[str]] = [stylesheet("threshold_axis")]
