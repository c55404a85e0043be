"""The list of the selected states (section 4.2 of the paper), and what a hand changes of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn
import param

from lstmvis_panel.captions import listed, over_list
from lstmvis_panel.components.state_list import StateList
from lstmvis_panel.session import Session
from lstmvis_panel.views.background import Newest, at_first
from lstmvis_panel.views.controls import CONTROLS, LABELLED, small_button, text
from lstmvis_panel.views.select_text import advice

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

SIDE = 164
"""Width in px of the list."""


class StatesView(pn.viewable.Viewer):
    """Numbers of the selected states beside the lines.

    Parameters
    ----------
    session
        The visitor's session.
    height
        Height in px.
    say
        Takes a sentence to show for a moment.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)
    reading: bool = param.Boolean(default=False, doc="Means that the list is to be sorted by are still being read.")

    def __init__(self, session: Session, height: int, say: Callable[[str], None]) -> None:
        super().__init__(session=session)
        self._say = say
        self._newest = Newest("The reading of means")
        self.list = StateList(sizing_mode="stretch_both", margin=0)
        self.list.on_gesture(self._on_gesture)
        self.list.param.watch(lambda event: session.light(event.new, "list"), "highlighted")
        self._list_states()
        if session.lacks_means:
            at_first(partial(self._average, self._newest.ask), partial(self._average, self._newest.do))
        self._panel = pn.Column(
            self._head(), self.list, width=SIDE, height=height, margin=(0, 0, 0, 16), styles={"gap": "6px"}
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    def fit(self, height: int) -> None:
        """Take the height of what stands beside the list."""
        self._panel.height = height

    def _head(self) -> pn.viewable.Viewable:
        session = self.session
        order = pn.widgets.Select(
            label="by", options=["number", "mean"], value=session.order, width=104, margin=0,
            stylesheets=[CONTROLS], css_classes=[LABELLED],
        )  # fmt: skip
        order.link(session, value="order")
        session.param.watch(lambda event: order.param.update(value=event.new), "order")
        pin = small_button(
            "pin", "Match these states whatever is selected; again: those of the selection", self.pin, "pin list"
        )
        session.param.watch(lambda event: self._name_pin(pin, event.new), "pinned")
        self._name_pin(pin, session.pinned)
        changing = session.param.listed, session.param.alone, self.param.reading
        title = text(pn.bind(lambda *_: self._title(), *changing), margin=0)
        return pn.Column(
            title, pn.Row(order, pin, margin=0, styles={"gap": "6px"}), margin=0, styles={"gap": "6px"}
        )  # fmt: skip

    def _title(self) -> str:
        busy = ", reading means" if self.reading else ""
        return f'<span class="lv-muted">{over_list(self.session)}{busy}</span>'

    @staticmethod
    def _name_pin(button: pn.widgets.Button, pinned: list[int] | None) -> None:
        button.label = "pin" if pinned is None else "unpin"

    def pin(self) -> None:
        """Pin all that are listed, or let them follow the selection again."""
        self.session.pin(self.session.listed.tolist() if self.session.pinned is None else None)

    @param.depends(
        *[f"session.{name}" for name in ("listed", "kept", "selection", "alone", "order", "refusal", "lacking")],
        watch=True,
    )
    def _show_states(self) -> None:
        self._list_states()
        if self.session.lacks_means:
            self._average(self._newest.ask)
        else:
            self._newest.drop()
            self.reading = False

    def _average(self, answer: Callable[..., None]) -> None:
        """Read what the list is to be sorted by; until then it is sorted by number."""
        self.reading = True
        answer(self.session.averaging(), self._take, self._fail)

    def _take(self, _means: np.ndarray) -> None:
        self.reading = False
        self._list_states()

    def _fail(self, why: str) -> None:
        self.reading = False
        self._say(f"The means can’t be had: {why}")

    def _list_states(self) -> None:
        session, rows = self.session, listed(self.session)
        self.list.param.update(
            states=[state for state, _ in rows], remarks=[remark for _, remark in rows],
            alone=session.alone, kept=session.kept, count=session.states.shape[1], advice=advice(session),
        )  # fmt: skip

    @param.depends("session.highlighted", watch=True)
    def _show_lit(self) -> None:
        self.list.highlighted = self.session.highlighted

    def _on_gesture(self, gesture: dict[str, Any]) -> None:
        session, there = self.session, self.session.listed.tolist()
        if "alone" in gesture:
            session.show_alone(int(gesture["alone"]))
        elif "remove" in gesture:
            session.take_out(int(gesture["remove"]))
        elif "pin" in gesture:
            session.keep(int(gesture["pin"]))
        elif 0 <= gesture["add"] < session.states.shape[1]:
            session.pin([*there, gesture["add"]])
