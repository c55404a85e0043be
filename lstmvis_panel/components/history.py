"""The address bar, the name of the tab, and the browser's back and forward."""

from __future__ import annotations

from typing import Any, ClassVar

import param

from lstmvis_panel.components.browser import Component, script


class BrowserHistory(Component):
    """Nothing to see: names the tab and shows the address, each new one a step to go back to. Not for notebooks."""

    title: str = param.String(doc="What the browser's tab says; Panel gives all pages of a server the same.")
    address: dict[str, Any] = param.Dict(
        default={}, doc="search: the address from ? on; in_place: whether it is no step; count: of those written."
    )
    came_to: str = param.String(doc="The address that back or forward has led to; watch this, unchanged too.")

    _esm: ClassVar[str] = script("history")
    _rename: ClassVar[dict[str, str | None]] = {"came_to": None}

    def write(self, search: str, *, in_place: bool = False) -> None:
        """Show an address, unless it is the one shown: as a step to go back from, or in place of the last."""
        if search != self.address.get("search"):
            self.answer(search, in_place=in_place)

    def answer(self, search: str, *, in_place: bool = True) -> None:
        """Show what became of the address that back or forward has led to, in its place."""
        # Counted, since after a step back the browser's copy may already say what is written next.
        self.address = {"search": search, "in_place": in_place, "count": self.address.get("count", 0) + 1}

    def _handle_msg(self, data: dict[str, Any]) -> None:
        with param.parameterized.discard_events(self):
            self.came_to = str(data.get("search", ""))
            self.address = {**self.address, "search": self.came_to}
        self.param.trigger("came_to")
