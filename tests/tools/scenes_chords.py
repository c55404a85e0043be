"""The scene of docs/examples/chords.md: what leads to a cadence selected, other cadences into the same chord found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lstmvis_panel.store import open_recording
from tests.tools.serving import EXAMPLES
from tests.ui.screen import SETTLED

if TYPE_CHECKING:
    from tests.ui.screen import Screen

CHORDS = 4
"""Chords that lead to the resolution where the recording opens."""


def replay(screen: Screen, theme: str = "light") -> None:
    """Open the recording where it wants to be opened, and brush what leads to the cadence there."""
    view = json.loads(open_recording(EXAMPLES / "chords" / "chords.h5").attrs["view"])
    screen.open(project="chords", theme=theme)
    start = view["position"]
    screen.brush(start, start + CHORDS)
    screen.wait_for_address(selection=f"{start}-{start + CHORDS}")
    screen.page.locator(".matrix .row:not([hidden])").nth(10).wait_for(timeout=SETTLED)
    screen.page.wait_for_timeout(1000)
