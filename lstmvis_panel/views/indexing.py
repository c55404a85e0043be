"""The index of what is matched, built in the background; the page says how far it is."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn

from lstmvis_panel.index import is_worthwhile
from lstmvis_panel.index_builds import build_in_background
from lstmvis_panel.pools import scheduler_for
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.views.background import loop_runs

if TYPE_CHECKING:
    from lstmvis_panel.index_builds import Build
    from lstmvis_panel.questions import Query
    from lstmvis_panel.session import Session

SECONDS_BETWEEN_LOOKS = 0.5


class Indexing:
    """Sees to it that large sources which are matched get an index.

    Parameters
    ----------
    session
        The visitor's session: ``indexing`` says how far the index is.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._build: Build | None = None
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            pn.state.on_session_destroyed(self._end)

    def begin(self, query: Query) -> Build | None:
        """Begin to build the index of what is matched, if it lacks one; looks at files, so it is for a thread.

        None is built for those who let a scheduler's workers match: these read the source itself.
        """
        with suppress(RecordingError, OSError):  # the search reads the same file, and says why it can't
            if scheduler_for(self._session.recording[query.source]) is None:
                return build_in_background(self._session.recording.variables[query.source])
        return None

    def follow(self, query: Query) -> None:
        """Say from now on how far the index of what is matched is; in a script nobody looks."""
        if loop_runs():
            pn.state.execute(partial(self._follow_source, query))

    def _end(self, _context: Any) -> None:
        # The index is for others too, and goes on.
        self._build = None

    async def _follow_source(self, query: Query) -> None:
        is_large = is_worthwhile(self._session.recording.variables[query.source])
        build = await asyncio.to_thread(self.begin, query) if is_large else None
        if build is not self._build:
            self._build = build
            await self._follow(build)

    async def _follow(self, build: Build | None) -> None:
        while self._build is build:
            # Changing the page needs the document, which is free while this sleeps.
            pn.state.execute(partial(self._say, build))
            if build is None or build.is_done:
                return
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def _say(self, build: Build | None) -> None:
        if self._build is build:
            self._session.indexing = "" if build is None else said(build)


def said(build: Build) -> str:
    """Say how far an index is, or why there is none; nothing once it is there."""
    if build.failure:
        return f"matching without an index: {build.failure}"
    return "" if build.is_done else f"index being built, {build.share:.0%}".replace("%", " %")
