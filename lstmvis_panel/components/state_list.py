"""The numbers of the selected states."""

from __future__ import annotations

from typing import ClassVar

import param
from panel.custom import JSComponent

from lstmvis_panel.components.browser import script, stylesheet


class StateList(JSComponent):
    """A box a state; the one under the pointer is ``highlighted``, in both directions."""

    states: list[int] = param.List(default=[], doc="State numbers.")
    highlighted: int | None = param.Integer(default=None, allow_None=True, doc="State under the pointer.")

    _esm: ClassVar[str] = script("state_list")
    _stylesheets: ClassVar[list[str]] = [stylesheet("state_list")]
