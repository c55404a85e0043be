"""Undo and redo: what a session showed at the end of each gesture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import param

from lstmvis_panel.address import KEYS, read
from lstmvis_panel.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 200
"""Gestures that can be undone."""

STAYING = ("theme", "sought")
"""Parameters that a step back leaves alone: the colours of the page, and what is typed to be searched for."""

UNDONE = (*(key for key in KEYS if key not in STAYING), "thresholds")
"""Parameters that a step back restores."""


def shown(session: Session) -> dict[str, Any]:
    """Return what a session shows, as values that bring it back."""
    return {key: getattr(session, key) for key in UNDONE}


def restore(session: Session, values: Mapping[str, Any]) -> None:
    """Show what was shown before.

    A change of source drops what belongs to the old one, so that what the values say of it is said once more.
    """
    session.param.update(**values)
    session.param.update(**values)


def replay(session: Session, query: Mapping[str, str]) -> list[str]:
    """Show what an address says, and nothing of what was shown before.

    Parameters
    ----------
    session
        The visitor's session; what `STAYING` names stays.
    query
        As from `address.written`.

    Returns
    -------
    list of str
        A sentence for each value that had to be put right.
    """
    found = read(session.recording, {key: value for key, value in query.items() if key in UNDONE})
    restore(session, {**shown(Session(session.recording)), **found.values})
    return found.notices


class History(param.Parameterized):
    """What a session showed, gesture by gesture.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)
    can_undo: bool = param.Boolean(default=False, doc="Whether there is a gesture to undo.")
    can_redo: bool = param.Boolean(default=False, doc="Whether there is one that was undone.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._past = [shown(session)]
        self._at = 0
        self._moving = False
        session.param.watch(self._keep, [*UNDONE, "gesturing"])

    def undo(self) -> None:
        """Take the last gesture back."""
        self._move(-1)

    def redo(self) -> None:
        """Repeat what was undone."""
        self._move(1)

    def _move(self, by: int) -> None:
        at = self._at + by
        if not 0 <= at < len(self._past):
            return
        self._moving, self._at = True, at
        try:
            restore(self.session, self._past[at])
        finally:
            self._moving = False
        self._tell()

    def _keep(self, *_events: param.parameterized.Event) -> None:
        if self._moving or self.session.gesturing:
            return
        now = shown(self.session)
        if now != self._past[self._at]:
            self._past = [*self._past[: self._at + 1], now][-LONGEST:]
            self._at = len(self._past) - 1
            self._tell()

    def _tell(self) -> None:
        self.param.update(can_undo=self._at > 0, can_redo=self._at < len(self._past) - 1)
