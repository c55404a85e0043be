"""The numbers of the selected states, to be lit, shown alone, pinned, removed and added."""

from __future__ import annotations

from typing import ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet


class StateList(GestureComponent):
    """A box a state; the one under the pointer is ``highlighted``, in both directions.

    Gestures: ``{"alone": state}``, ``{"pin": state}``, ``{"remove": state}``, ``{"add": state}``.
    """

    states: list[int] = param.List(default=[], doc="State numbers, in the order of the list.")
    remarks: list[str] = param.List(default=[], doc="What each says on hover.")
    alone: int | None = param.Integer(default=None, allow_None=True, doc="The one that is shown alone.")
    kept: list[int] = param.List(default=[], doc="Those that are pinned one by one.")
    count: int = param.Integer(default=0, doc="How many states the source has.")
    advice: str = param.String(doc="What is said where the list is empty.")
    action: str = param.String(default="to states", doc="Action of the key that puts the focus here.")
    highlighted: int | None = param.Integer(default=None, allow_None=True, doc="State under the pointer.")

    _esm: ClassVar[str] = script("state_list", "gesture", "actions")
    _stylesheets: ClassVar[list[str]] = [stylesheet("state_list")]
