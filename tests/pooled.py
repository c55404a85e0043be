"""Workers for tests: all in this process, and at once; yet all that goes to them or comes back is pickled."""

from __future__ import annotations

import pickle
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class PoolAtOnce:
    """Does what is submitted before anything else happens.

    Attributes
    ----------
    largest
        Bytes of the largest thing that went to a worker or came back.
    asked
        Names of the functions that were called, in order.
    cancelled
        What nobody waited for any more.
    """

    def __init__(self) -> None:
        self.largest = 0
        self.asked: list[str] = []
        self.cancelled: list[Future[Any]] = []

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Call a function, and keep what it returns or raises."""
        future: Future[Any] = Future()
        self.asked.append(function.__name__)
        try:
            future.set_result(function(*map(self._taken, arguments)))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future

    def result(self, future: Future[Any], /) -> Any:
        """Return a result as if it came from another process."""
        result = pickle.dumps(future.result())
        self.largest = max(self.largest, len(result))
        return pickle.loads(result)  # noqa: S301 - pickled the line before

    def cancel(self, futures: Sequence[Future[Any]], /) -> None:
        """Note what nobody waits for any more."""
        self.cancelled += futures

    def _taken(self, argument: Any) -> Any:
        """Return an argument as a worker gets it: what is there already does not travel."""
        if isinstance(argument, Future):
            return argument.result()
        sent = pickle.dumps(argument)
        self.largest = max(self.largest, len(sent))
        return pickle.loads(sent)  # noqa: S301 - the same
