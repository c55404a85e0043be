"""What keys do, wherever on the page they are pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lstmvis_panel.components.keyboard import Keyboard
from lstmvis_panel.views import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import panel as pn


def keyboard(actions: Mapping[str, Callable[[int], None]], *, alone: bool) -> pn.viewable.Viewable:
    """Listen to the keys of `keys.GROUPS`.

    Parameters
    ----------
    actions
        What each does, called with how often its key was pressed; what has no action here the page does by itself.
    alone
        Whether the app has the page to itself.
    """
    listener = Keyboard(keys=keys.strokes(), alone=alone, width=0, height=0, margin=0)

    def pressed(gesture: dict[str, Any]) -> None:
        for action, times in gesture.get("actions", []):
            if action in actions:
                actions[action](int(times))

    listener.on_gesture(pressed)
    return listener
