"""Letting a piece of work finish before an interrupt is answered."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back what interrupts Python until the work is done.

    HDF5 calls back into Python where it writes, and breaks if an exception comes out of there.
    """
    # Python answers signals in its main thread only.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in INTERRUPTS}
    answered = {number: handler for number, handler in handlers.items() if callable(handler)}
    received: list[int] = []
    for interrupt in answered:
        signal.signal(interrupt, lambda signal_number, _: received.append(signal_number))
    try:
        yield
    finally:
        for interrupt, handler in answered.items():
            signal.signal(interrupt, handler)
        for number in dict.fromkeys(received):
            signal.raise_signal(number)
