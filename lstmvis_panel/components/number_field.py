"""A number that is typed or stepped."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import Component, script, stylesheet


class NumberField(Component):
    """A named field for a number; what is done in it is an ``entry``, and ``shown`` says what holds."""

    label: str = param.String(doc="What the number is.")
    shown: str = param.String(doc="The number as it is written in the field.")
    step: float = param.Number(default=1, doc="What an arrow key adds.")
    wide: int = param.Integer(default=84, doc="Width of the field in px.")
    action: str = param.String(doc="Action of the key that puts the focus here; empty for none.")
    entry: dict[str, Any] = param.Dict(default={}, doc="typed: a text; or by: how many steps up. Watch this.")

    _esm: ClassVar[str] = script("number_field", "actions")
    _stylesheets: ClassVar[list[str]] = [stylesheet("number_field")]
    _rename: ClassVar[dict[str, str | None]] = {"entry": None}

    def _handle_msg(self, data: dict[str, Any]) -> None:
        self.entry = dict(data)
