"""Sentences over the views that stay until they are closed: what was put right, and what went wrong."""

from __future__ import annotations

import logging
from html import escape
from typing import TYPE_CHECKING

import panel as pn

from lstmvis_panel.components.browser import at_once
from lstmvis_panel.views.background import reason
from lstmvis_panel.views.controls import chips, small_button, text

if TYPE_CHECKING:
    from collections.abc import Iterable

REMEDY = "What is shown may be of before. Reload the page; if that changes nothing, see whether the file is whole."

_log = logging.getLogger(__name__)


class Notices(pn.viewable.Viewer):
    """Notices, each with a cross that closes it.

    Parameters
    ----------
    sentences
        What to say first, in one notice.
    """

    def __init__(self, sentences: Iterable[str] = ()) -> None:
        super().__init__()
        self._panel = pn.Column(margin=0, sizing_mode="stretch_width")
        self._failed: pn.viewable.Viewable | None = None
        self.say(*sentences)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    def say(self, *sentences: str) -> None:
        """Add a notice, if there is anything to say."""
        if sentences:
            self._add(sentences)

    def fail(self, error: BaseException) -> None:
        """Say that a gesture could not be answered, in place of the last such notice."""
        _log.error("A gesture could not be answered", exc_info=error)
        with at_once():
            if self._failed in self._panel:
                self._panel.remove(self._failed)
            self._failed = self._add([f"This could not be done: {reason(error)}", REMEDY])

    def _add(self, sentences: Iterable[str]) -> pn.viewable.Viewable:
        row = pn.Row(margin=(0, 14, 14, 14), sizing_mode="stretch_width", styles={"gap": "8px"})
        close = small_button("×", "Close", lambda: self._panel.remove(row))
        row.extend([text(chips(warning="<br>".join(escape(sentence) for sentence in sentences))), close])
        self._panel.append(row)
        return row
