"""Work off the server's loop, in a thread; of several things asked for, only the newest is answered."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn

from lstmvis_panel.components.browser import at_once
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.schema import RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable

REASON_LENGTH = 240

_log = logging.getLogger(__name__)


class Newest:
    """Answers one kind of question, never an old one.

    Parameters
    ----------
    what
        What is done, for the log.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._ticket: object = None
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            pn.state.on_session_destroyed(lambda _context: self.drop())

    def drop(self) -> None:
        """Let what is under way end without an answer."""
        self._ticket = None

    def ask(
        self,
        work: Callable[[Callable[[], bool]], Any],
        take: Callable[[Any], None],
        fail: Callable[[str], None],
    ) -> None:
        """Do some work in a thread, and hand its answer over if nothing else has been asked by then.

        Parameters
        ----------
        work
            Called with a function that tells whether nobody waits any more.
        take
            Called with the answer, where the page may be changed.
        fail
            Called instead with the reason in words, if there is no answer.
        """
        if loop_runs():
            self._ticket = ticket = object()
            # Begun now, not when the loop is done with what has led to the question.
            done = asyncio.get_running_loop().run_in_executor(None, self._done, work, ticket)
            pn.state.execute(partial(self._later, done, take, fail, ticket))
        else:  # in a script nobody waits for anything else
            self.do(work, take, fail)

    def do(
        self,
        work: Callable[[Callable[[], bool]], Any],
        take: Callable[[Any], None],
        fail: Callable[[str], None],
    ) -> None:
        """Do some work here and now; what is under way ends without an answer.

        Parameters
        ----------
        work, take, fail
            As for `ask`.
        """
        self._ticket = ticket = object()
        self._hand_over(self._done(work, ticket), take, fail, ticket)

    async def _later(self, done: asyncio.Future[tuple[Any, str]], take: Any, fail: Any, ticket: object) -> None:
        answer = await done
        # The document was free meanwhile; taking the answer needs it.
        pn.state.execute(partial(self._hand_over, answer, take, fail, ticket))

    def _done(self, work: Any, ticket: object) -> tuple[Any, str]:
        """The answer, and why there is none."""
        try:
            return work(lambda: self._ticket is not ticket), ""
        except Cancelled:
            return None, "it was cancelled"
        except RecordingError as error:
            return None, reason(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the page stays usable and says so
            _log.exception("%s failed: %s", self._what, work)
            return None, reason(error)

    def _hand_over(self, done: tuple[Any, str], take: Any, fail: Any, ticket: object) -> None:
        if self._ticket is ticket:
            answer, failure = done
            with at_once():
                fail(failure) if failure else take(answer)


def at_first(ask: Callable[[], None], do: Callable[[], None]) -> None:
    """Have the first question of a page answered.

    Parameters
    ----------
    ask
        Called once the page is there: an answer that comes while it is still being fetched would be lost on its way.
    do
        Called now instead where no server waits for a page: a notebook shows nothing before the cell ends, so the
        answer can come first.
    """
    if pn.state.curdoc is None:
        do()
    else:
        pn.state.onload(ask)


def loop_runs() -> bool:
    """Tell whether this thread runs an event loop, as a server and a notebook do."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def reason(error: BaseException) -> str:
    """Say in a sentence why something failed; what is long is for the log."""
    first = next(iter(str(error).splitlines()), "") or type(error).__name__
    return first if len(first) <= REASON_LENGTH else f"{first[:REASON_LENGTH]} …"
