"""The list of all keys."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import Component, script, stylesheet


class HelpPanel(Component):
    """A button, and the key of its action, that show what keys do."""

    groups: list[dict[str, Any]] = param.List(
        default=[], doc="title, and rows: keys (texts) and what each does. In a group all rows have keys, or none has."
    )
    action: str = param.String(default="help", doc="Action of the key that opens it.")

    _esm: ClassVar[str] = script("help_panel", "actions", "beneath")
    _stylesheets: ClassVar[list[str]] = [stylesheet("quiet"), stylesheet("help_panel")]
