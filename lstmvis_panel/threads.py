"""Going over ranges of steps on all cores, in a way that can be ended from outside at any time."""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SECONDS_BETWEEN_POLLS = 0.02


class _Ended(Exception):  # noqa: N818 - nothing went wrong
    """Ends a thread whose work nobody waits for any more."""


def over_ranges(
    total: int,
    size: int,
    work: Callable[[int, int, Callable[[], None]], None],
    poll: Callable[[], None],
    per_core: int = 1,
) -> None:
    """Do some work for all steps, or whatever is counted, a range at a time, as many at once as there are cores.

    Parameters
    ----------
    total
        Number of steps.
    size
        Steps of a range, the last of which may be shorter. A single range is worked on here, without threads.
    work
        Called with the first step of a range, its end (exclusive), and a function to be called now and then: what that
        raises ends the work. What it calls has to let go of the interpreter's lock.
    poll
        Called now and then, always from the caller's thread; what it raises ends all work, and is raised.
    per_core
        Ranges at once for each core: more than one where they wait for a disk.
    """
    starts = range(0, total, size)
    workers = min(CORES * per_core, len(starts))
    if workers <= 1:
        for start in starts:
            work(start, min(start + size, total), poll)
        return
    ended = threading.Event()

    def check() -> None:
        if ended.is_set():
            raise _Ended

    with ThreadPoolExecutor(workers, "lstmvis-steps") as pool:
        rest = {pool.submit(work, start, min(start + size, total), check) for start in starts}
        try:
            while rest:
                done, rest = wait(rest, SECONDS_BETWEEN_POLLS, FIRST_EXCEPTION)
                for each in done:
                    each.result()
                poll()
        except BaseException:
            ended.set()
            pool.shutdown(cancel_futures=True)
            raise
