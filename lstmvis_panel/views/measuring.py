"""Quantiles that a session lacks, computed off the server's loop."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import panel as pn
import param

from lstmvis_panel.matching import Cancelled
from lstmvis_panel.session import Session
from lstmvis_panel.views.background import loop_runs


class Measuring(param.Parameterized):
    """Measures what a session lacks, in a thread; it stops reading once that is no longer asked for.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._newest: object = None
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            pn.state.on_session_destroyed(self._end)
        if session.lacking is None:
            return
        # As with a search: a server has to wait for the page, a notebook shows nothing before the cell ends.
        if document is None:
            self.finish()
        else:
            pn.state.onload(self.measure)

    @param.depends("session.lacking", watch=True)
    def measure(self) -> None:
        """Measure what is lacking now."""
        self._newest = ticket = object()
        lacking = self.session.lacking
        if lacking is None:
            return
        if loop_runs():
            pn.state.execute(partial(self._measure_later, *lacking, ticket))
        else:  # in a script nobody waits for anything else
            self.finish()

    def finish(self) -> None:
        """Measure here and now what is lacking: code that reads the states has no loop to wait in."""
        self._newest = None
        self.session.measure()

    async def _measure_later(self, source: str, rule: str, ticket: object) -> None:
        try:
            await asyncio.to_thread(self.session.read_quantiles, source, rule, lambda: self._newest is not ticket)
        except Cancelled:
            return
        # The document was free while values were read; taking what came of it needs it.
        pn.state.execute(partial(self._take, ticket))

    def _take(self, ticket: object) -> None:
        if self._newest is ticket:
            with pn.io.hold():
                self.session.take_quantiles()

    def _end(self, _context: Any) -> None:
        self._newest = None
