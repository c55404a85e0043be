"""Matching that follows the selection by itself, off the server's loop."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import param

from lstmvis_panel.components.browser import at_once
from lstmvis_panel.session import Session
from lstmvis_panel.views.background import Newest, at_first
from lstmvis_panel.views.indexing import Indexing

if TYPE_CHECKING:
    from collections.abc import Callable

    from lstmvis_panel.questions import Matches, Query


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
        self._newest = Newest("The search for the matches")
        self._indexing = Indexing(session)
        if session.query is not None and session.matches is None:
            at_first(self.search, lambda: self._search(self._newest.do))

    @param.depends("session.query", watch=True)
    def search(self) -> None:
        """Search for what the session asks now; a search still under way ends without an answer."""
        self._search(self._newest.ask)

    def finish(self) -> None:
        """Answer here and now what is still being searched for: code that reads the matches has no loop to wait in."""
        if self.session.searching:
            self._search(self._newest.do)

    def _search(self, answer: Callable[..., None]) -> None:
        """Have the question answered, where there is something to find."""
        query = self.session.query
        if query is None or not query.selected:
            self._newest.drop()
            with at_once():
                self.session.param.update(searching=False, failure="", matches=None, hovered=None)
        else:
            with at_once():
                self.session.param.update(searching=True, failure="")
            self._indexing.follow(query)
            answer(partial(self._answer, query), self._take, self._fail)

    def _answer(self, query: Query, cancelled: Callable[[], bool]) -> Matches:
        """Answer a question; as long as there is no index, out of the file as it is."""
        self._indexing.begin(query)
        return self.session.search(query, cancelled)

    def _take(self, matches: Matches) -> None:
        self._end(matches=matches)

    def _fail(self, why: str) -> None:
        self._end(matches=None, failure=why)

    def _end(self, **found: Any) -> None:
        self.session.param.update(searching=False, hovered=None, **found)
