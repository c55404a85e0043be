"""The scene of docs/examples/parens.md: a parenthesis to level 4 selected, phrases on level 4 found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lstmvis_panel.store import open_recording
from tests.tools.serving import EXAMPLES
from tests.ui.screen import SETTLED

if TYPE_CHECKING:
    from tests.ui.screen import Screen

AFTER = 3
"""Steps from where the recording opens to the second ``( 4`` in view."""


def replay(screen: Screen, theme: str = "light") -> None:
    """Open the recording where it wants to be opened, and brush the second ``( 4`` there."""
    view = json.loads(open_recording(EXAMPLES / "parens" / "parens.h5").attrs["view"])
    screen.open(project="parens", mapping="nesting_level", theme=theme)
    start = view["position"] + AFTER
    screen.brush(start, start + 2)
    screen.wait_for_address(selection=f"{start}-{start + 2}")
    screen.page.locator(".matrix .row:not([hidden])").nth(10).wait_for(timeout=SETTLED)
    screen.page.wait_for_timeout(1000)
