"""The list of selections that a visitor keeps under names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import param

from lstmvis_panel import named
from lstmvis_panel.captions import file_name
from lstmvis_panel.components.named_list import NamedList
from lstmvis_panel.fingerprint import fingerprint
from lstmvis_panel.history import replay
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.session import Session
from lstmvis_panel.views.background import Newest

if TYPE_CHECKING:
    from collections.abc import Callable

STORED_UNDER = "lstmvis.named."


class NamedView(pn.viewable.Viewer):
    """Saves what a session shows under a name, and shows it again.

    The visitor's browser keeps the list, apart for each recording.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self.kept: list[named.Named] = []
        self._newest = Newest("The fingerprint")
        self._fingerprint = ""
        self.list = NamedList(margin=0, file_name=f"{file_name(self._title)}-selections.json")
        self.list.on_gesture(self._heard)

    def __panel__(self) -> pn.viewable.Viewable:
        return self.list

    @property
    def _title(self) -> str:
        return str(self.session.recording.attrs.get("title", ""))

    def _heard(self, gesture: dict[str, Any]) -> None:
        if "opened" in gesture:
            self._identify()
            return
        self._say("")
        try:
            self._do(gesture)
        except RecordingError as error:
            self._say(str(error), wrong=True)

    def _do(self, gesture: dict[str, Any]) -> None:
        if "stored" in gesture:
            self._take_stored(str(gesture["stored"]))
        elif "save" in gesture:
            self.save(str(gesture["save"]))
        elif "import" in gesture:
            self.take(str(gesture["import"]))
        elif "rename" in gesture:
            row, name = gesture["rename"]
            self._at(int(row), lambda row: self._keep(named.renamed(self.kept, row, str(name))))
        elif "delete" in gesture:
            self._at(int(gesture["delete"]), lambda row: self._keep([*self.kept[:row], *self.kept[row + 1 :]]))
        elif "go" in gesture:
            self._at(int(gesture["go"]), self.open)

    def save(self, name: str) -> None:
        """Keep what is shown under a name, in place of another of that name."""
        look = named.look_of(self.session, name)
        replaced = any(other.name == look.name for other in self.kept)
        self._keep(named.with_one(self.kept, look))
        if replaced:
            self._say(f"“{look.name}” is now what is shown; what it was before is gone.")

    def open(self, row: int) -> None:
        """Show one of the selections."""
        notices = replay(self.session, self.kept[row].query)
        self._say(" ".join(notices), wrong=bool(notices))

    def take(self, text: str) -> None:
        """Add the selections of a file."""
        before = len(self.kept)
        self._keep(named.with_all(self.kept, named.read(text, self._fingerprint)))
        added = len(self.kept) - before
        self._say(f"{added} added." if added else "All of the file are here already.")

    def _at(self, row: int, act: Callable[[int], None]) -> None:
        # The list may have become shorter meanwhile, in another tab.
        if 0 <= row < len(self.kept):
            act(row)

    def _identify(self) -> None:
        """Learn what the browser keeps the list under: reading the recording for it takes a moment."""
        if not self._fingerprint:
            recording = self.session.recording
            self._newest.ask(
                lambda _cancelled: fingerprint(recording), self._identified, lambda why: self._say(why, wrong=True)
            )

    def _identified(self, digits: str) -> None:
        self._fingerprint = digits
        self.list.key = f"{STORED_UNDER}{digits}"

    def _take_stored(self, text: str) -> None:
        self.kept = named.read(text, self._fingerprint) if text else []
        self._show()

    def _keep(self, kept: list[named.Named]) -> None:
        self.kept = kept
        self._show()

    def _show(self) -> None:
        self.list.entries = [{"name": each.name, "about": each.about} for each in self.kept]
        self.list.file = named.written(self.kept, self._fingerprint, self._title)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.list.note = {"text": text, "wrong": wrong}
