"""The list of the selected states (section 4.2 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn
import param

from lstmvis_panel.components.state_list import StateList
from lstmvis_panel.session import Session
from lstmvis_panel.views.controls import text

if TYPE_CHECKING:
    import numpy as np

SIDE = 156
"""Width in px of the list."""


class StatesView(pn.viewable.Viewer):
    """Numbers of the selected states beside the lines.

    Parameters
    ----------
    session
        The visitor's session.
    height
        Height in px.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, height: int) -> None:
        super().__init__(session=session)
        self.list = StateList(sizing_mode="stretch_both", margin=0)
        self._show_states()
        self._panel = pn.Column(
            text(pn.bind(_title, session.param.selected), margin=(0, 0, 6, 0)), self.list,
            width=SIDE, height=height, margin=(0, 0, 0, 16),
        )  # fmt: skip

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    @param.depends("session.selected", "session.highlighted", watch=True)
    def _show_states(self) -> None:
        self.list.param.update(states=self.session.selected.tolist(), highlighted=self.session.highlighted)


def _title(selected: np.ndarray) -> str:
    count = len(selected)
    return f'<span class="lv-muted">{count:,} selected state{"" if count == 1 else "s"}</span>'
