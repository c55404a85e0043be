"""The keys that are pressed anywhere on the page."""

from __future__ import annotations

from typing import ClassVar

import param

from lstmvis_panel.components.browser import GestureComponent, script


class Keyboard(GestureComponent):
    """Nothing to see: tells which actions are asked for by keys, wherever on the page the focus is.

    Fields that are typed in keep their keys, and so does what has keys of its own. In a notebook only keys count that
    are pressed while the focus, or the pointer, is in the app.

    Gestures: ``{"actions": [[name, times], ...]}``.
    """

    keys: dict[str, str] = param.Dict(default={}, doc="Action by key, such as 'ctrl+z', 'N' or 'ArrowLeft'.")
    alone: bool = param.Boolean(default=True, doc="Whether the app has the page to itself.")

    _esm: ClassVar[str] = script("keyboard", "gesture", "actions")
