"""From place to place where the selected states are on together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn
import param

from lstmvis_panel.session import Session
from lstmvis_panel.views.background import Newest
from lstmvis_panel.views.controls import small_button

if TYPE_CHECKING:
    from collections.abc import Callable


class PlacesView(pn.viewable.Viewer):
    """Buttons to the next place where all selected states are on, and to the one before.

    Parameters
    ----------
    session
        The visitor's session.
    say
        Takes a sentence to show for a moment.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        super().__init__(session=session)
        self._say = say
        self._newest = Newest("The search for the next place")
        before = small_button(
            "◂ on", "Previous place where the selected states are on", lambda: self.go(forward=False), "previous on"
        )
        after = small_button(
            "on ▸", "Next place where the selected states are on", lambda: self.go(forward=True), "next on"
        )
        for button in (before, after):
            button.disabled = pn.bind(lambda selected: not len(selected), session.param.selected)
        self._panel = pn.Row(before, after, margin=0, styles={"gap": "4px"})

    def __panel__(self) -> pn.viewable.Viewable:
        return self._panel

    def go(self, *, forward: bool) -> None:
        """Go to the next place, or the one before; past the end of the recording, on from its beginning."""
        session = self.session
        if not len(session.selected):
            self._say("No state is selected: select some words first.")
            return
        position = session.position

        def take(step: int | None) -> None:
            if step is None:
                self._say("The selected states are on together nowhere.")
                return
            if step == position:
                self._say("They are on together nowhere else.")
            elif (step < position) == forward:
                self._say(f"On from the {'beginning' if forward else 'end'} of the recording.")
            session.go_to(step)

        self._newest.ask(session.looking_on(forward=forward), take, self._say)

    @param.depends("session.selected", "session.source", watch=True)
    def _drop(self) -> None:
        self._newest.drop()
