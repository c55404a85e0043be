"""A menu of what can be taken away as a file."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import Component, script, stylesheet


class Downloads(Component):
    """A menu; an item that is chosen is ``wanted``, and the ``file`` that answers it is saved by the browser."""

    items: list[list[Any]] = param.List(
        default=[], doc="Of each item its key, name, description, and if it can be had."
    )
    file: dict[str, Any] = param.Dict(
        default={},
        doc="name, type and content (bytes, or text); dots: whether to paint the content, an SVG; asked, as it was "
        "wanted. Or failure, and asked. Empty once the browser has it.",
    )
    action: str = param.String(default="export", doc="Action of the key that opens the menu.")
    wanted: dict[str, Any] = param.Dict(default={}, doc="wanted: an item's key; asked: a number. Watch this.")

    _esm: ClassVar[str] = script("downloads", "actions")
    _stylesheets: ClassVar[list[str]] = [stylesheet("downloads")]
    _rename: ClassVar[dict[str, str | None]] = {"wanted": None}

    def _handle_msg(self, data: dict[str, Any]) -> None:
        self.wanted = dict(data)
