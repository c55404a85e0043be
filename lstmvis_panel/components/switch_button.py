"""A button that says whether something is on."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import Component, script, stylesheet


class SwitchButton(Component):
    """A button that stays pressed; Bokeh's toggles and checkboxes don't say so to those who don't see them."""

    label: str = param.String(doc="What is switched.")
    about: str = param.String(doc="What it does, said on hover.")
    action: str = param.String(doc="Action of the key that does the same.")
    pressed: bool = param.Boolean(default=False, doc="Whether it is on.")
    clicks: int = param.Integer(default=0, doc="How often it was clicked. Watch this.")

    _esm: ClassVar[str] = script("switch_button")
    _stylesheets: ClassVar[list[str]] = [stylesheet("quiet"), stylesheet("switch_button")]
    _rename: ClassVar[dict[str, str | None]] = {"clicks": None, "action": None}

    def _handle_msg(self, data: Any) -> None:  # noqa: ARG002 - there is but one message
        self.clicks += 1
