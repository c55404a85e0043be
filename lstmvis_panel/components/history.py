"""The browser's back and forward."""

from __future__ import annotations

from typing import ClassVar

from panel.custom import JSComponent

from lstmvis_panel.components.browser import script


class BrowserHistory(JSComponent):
    """Nothing to see: makes back and forward show what the address says. For pages of our own, never in a notebook."""

    _esm: ClassVar[str] = script("history")
