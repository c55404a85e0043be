"""The scene of docs/examples/dna.md: the middle of a CTCF site selected, the other CTCF sites found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lstmvis_panel.store import open_recording
from tests.tools.serving import EXAMPLES
from tests.ui.screen import SETTLED

if TYPE_CHECKING:
    from tests.ui.screen import Screen

SITE = 15
"""Bases of a CTCF site."""


def replay(screen: Screen, theme: str = "light") -> None:
    """Open the recording where it wants to be opened, and brush the two bases in the middle of the site there."""
    view = json.loads(open_recording(EXAMPLES / "dna" / "dna.h5").attrs["view"])
    screen.open(project="dna", theme=theme)
    start = view["position"] + SITE // 2 - 1
    screen.brush(start, start + 2)
    screen.wait_for_address(selection=f"{start}-{start + 2}")
    screen.page.locator(".matrix .row:not([hidden])").nth(7).wait_for(timeout=SETTLED)
    screen.page.wait_for_timeout(1000)
