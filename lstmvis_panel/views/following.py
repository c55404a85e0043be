"""Matching that follows the selection by itself, off the server's loop."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn
import param

from lstmvis_panel.matching import Cancelled
from lstmvis_panel.session import Session
from lstmvis_panel.views.background import loop_runs, reason

if TYPE_CHECKING:
    from lstmvis_panel.questions import Query

_log = logging.getLogger(__name__)


class Following(param.Parameterized):
    """Answers what a session asks, in a thread; only the newest question gets its answer.

    While a search runs, ``session.searching`` is set and the old matches stay. One that fails says why in
    ``session.failure``.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._newest: object = None
        self._end_with_visitor()
        if session.query is not None and session.matches is None:
            # An answer that comes while the page is still being fetched would be lost on its way: a server has to wait
            # for the page; a notebook shows nothing before the cell ends, so the answer can come first.
            if pn.state.curdoc is None:
                self._search_now()
            else:
                pn.state.onload(self.search)

    @param.depends("session.query", watch=True)
    def search(self) -> None:
        """Search for what the session asks now; a search still under way ends without an answer."""
        if not loop_runs():  # in a script nobody waits for anything else
            self._search_now()
        elif question := self._begin():
            pn.state.execute(partial(self._answer_later, *question))

    def finish(self) -> None:
        """Answer here and now what is still being searched for: code that reads the matches has no loop to wait in."""
        if self.session.searching:
            self._search_now()

    def _search_now(self) -> None:
        if question := self._begin():
            self._take(self._find(*question), question[1])

    def _begin(self) -> tuple[Query, object] | None:
        """What to search for, with the ticket that an answer needs; None where there is nothing to find."""
        query = self.session.query
        self._newest = ticket = object()
        wanted = query is not None and bool(query.selected)
        cleared = {} if wanted else {"matches": None, "hovered": None}
        with pn.io.hold():
            self.session.param.update(searching=wanted, failure="", **cleared)
        return (query, ticket) if query is not None and wanted else None

    async def _answer_later(self, query: Query, ticket: object) -> None:
        found = await asyncio.to_thread(self._find, query, ticket)
        # The document was free while the search ran; taking the answer needs it.
        pn.state.execute(partial(self._take, found, ticket))

    def _find(self, query: Query, ticket: object) -> dict[str, Any]:
        """What the session is to hold after the search."""
        ended: dict[str, Any] = {"searching": False, "hovered": None}
        try:
            return ended | {"matches": self.session.search(query, lambda: self._newest is not ticket)}
        except Cancelled:
            return ended
        except Exception as error:  # noqa: BLE001 - whatever it was, the page stays usable and says so
            _log.exception("The search for the matches of %s failed", query)
            return ended | {"matches": None, "failure": reason(error)}

    def _take(self, found: dict[str, Any], ticket: object) -> None:
        if self._newest is ticket:
            with pn.io.hold():
                self.session.param.update(**found)

    def _end_with_visitor(self) -> None:
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            pn.state.on_session_destroyed(self._end)

    def _end(self, _context: Any) -> None:
        self._newest = None
