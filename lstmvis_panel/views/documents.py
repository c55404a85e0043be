"""The document that is shown, and the way to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import param

from lstmvis_panel.components.find_box import FindBox
from lstmvis_panel.documents import documents_of
from lstmvis_panel.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = 200
"""Documents that are listed at once; more as the list is scrolled."""


class DocumentsView(pn.viewable.Viewer):
    """Says which document the position is in; lists them all, by number and name.

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
        self.documents = documents_of(session.recording)
        self._found: list[int] = []
        self.box = FindBox(
            label="Document", hint="number or name", stepping=["Previous document", "Next document"],
            actions=["find document", "next document", "previous document"], margin=0, sizing_mode="stretch_width",
        )  # fmt: skip
        self.box.on_gesture(self._heard)
        self._show_place()

    def __panel__(self) -> pn.viewable.Viewable:
        return self.box

    @property
    def are_there(self) -> bool:
        """Whether the recording has more than one document, or a name for it."""
        return len(self.documents) > 1 or bool(self.documents.names)

    @property
    def now(self) -> int:
        """Number of the document that the position is in, from 0 on."""
        return self.documents.at(self.session.position)

    def _heard(self, gesture: dict[str, Any]) -> None:
        if "typed" in gesture:
            self._list(str(gesture["typed"]))
        elif "entered" in gesture:
            self._entered(str(gesture["entered"]))
        elif "step" in gesture:
            self.step(int(gesture["step"]))
        elif "chosen" in gesture and 0 <= gesture["chosen"] < len(self._found):
            self.open(self._found[gesture["chosen"]])
        elif "more" in gesture:
            self._list_more(int(gesture["more"]))

    def step(self, by: int) -> None:
        """Go to the beginning of the next document, or of the one before."""
        number = self.now + by
        if 0 <= number < len(self.documents):
            self.open(number)
        else:
            self._say(f"This is the {'first' if by < 0 else 'last'} document.")

    def open(self, number: int) -> None:
        """Go to the beginning of a document."""
        self.session.go_to(self.documents.start(number))

    def _entered(self, text: str) -> None:
        self._list(text)
        if text.strip() and self._found:
            self.open(self._found[0])

    def _list(self, text: str) -> None:
        self._found = self.documents.found(text)
        count = len(self._found)
        note = "" if count else f"None of {len(self.documents):,} documents has this number or name."
        self.box.param.update(rows=self._rows(0), total=count, note=note, wrong=not count)
        self._show_place()

    def _list_more(self, listed: int) -> None:
        if listed == len(self.box.rows):
            self.box.rows = [*self.box.rows, *self._rows(listed)]

    def _rows(self, first: int) -> list[dict[str, str]]:
        documents = self.documents
        return [
            {
                "number": f"{number + 1:,}",
                "before": "",
                "words": documents.name(number) or f"from step {documents.start(number):,}",
                "after": f"{documents.steps(number):,} steps",
            }
            for number in self._found[first : first + PAGE]
        ]

    @param.depends("session.position", watch=True)
    def _show_place(self) -> None:
        now, documents = self.now, self.documents
        name = documents.name(now)
        resting = f"{now + 1:,} of {len(documents):,}{f' · {name}' if name else ''}"
        at = self._found.index(now) if now in self._found else -1
        self.box.param.update(resting=resting, at=at)
