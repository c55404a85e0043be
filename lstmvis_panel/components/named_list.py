"""Selections under names, kept by the visitor's browser."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script, stylesheet


class NamedList(GestureComponent):
    """A button, and the key of its action, that open the list; the browser keeps the file under ``key``.

    Gestures: ``{"opened": true}``, ``{"stored": text}`` with what the browser has kept, ``{"save": name}``,
    ``{"go": row}``, ``{"rename": [row, name]}``, ``{"delete": row}``, ``{"import": text}``.
    """

    key: str = param.String(doc="What the browser keeps the file under; empty until the recording is known.")
    file: str = param.String(doc="The selections as JSON; kept as it is, and exported.")
    file_name: str = param.String(default="selections.json", doc="What an exported file is called.")
    entries: list[dict[str, str]] = param.List(default=[], doc="name and about of each selection.")
    note: dict[str, Any] = param.Dict(default={}, doc="text, and whether it is wrong.")
    action: str = param.String(default="named", doc="Action of the key that opens the list.")

    _esm: ClassVar[str] = script("named_list", "actions", "beneath")
    _stylesheets: ClassVar[list[str]] = [stylesheet("quiet"), stylesheet("named_list")]
