"""Regular expressions, which could search for years: they are given some time, and end when nobody waits."""

from __future__ import annotations

import time
from array import array
from contextlib import contextmanager
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

import numpy as np
import regex

from lstmvis_panel.schema import Problem, RecordingError
from lstmvis_panel.wanted import WHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lstmvis_panel.wanted import Pattern

    Poll = Callable[[], None]
    """Called now and then; raises Cancelled once nobody waits."""

SECONDS = 2.0
"""What a regular expression may take. Some would take years: the server gives up on them."""

SHORT = 32
"""Most characters that no simple regular expression takes a hundredth of a second for."""

NOT_LONG = 1_000_000
"""Most characters that no steady one takes more than some hundredths of a second for, its hits aside."""

AT_ONCE = 20_000
"""Numbers that are taken before others get their turn: some thousandths of a second."""


def are_found(pattern: Pattern, words: Sequence[str], poll: Poll) -> Iterator[bool]:
    """Tell of each word whether an expression is found in it.

    Parameters
    ----------
    pattern
        The expression.
    words
        As written.
    poll
        Called before each word.

    Yields
    ------
    bool

    Raises
    ------
    RecordingError
        If all of it takes too long.
    """
    search, unwatched = pattern.compiled.search, _unwatched(pattern)
    with _in_time(pattern, poll) as check:
        for word in words:
            check()
            yield search(word, timeout=None if len(word) <= unwatched else SECONDS) is not None


def spans_in(pattern: Pattern, text: str, edges: Sequence[int], poll: Poll) -> np.ndarray:
    """Find an expression in each document of a text; what is empty is nothing found.

    Parameters
    ----------
    pattern
        The expression.
    text
        The text of all documents.
    edges
        Where in it documents start, and the end.
    poll
        Called with each document, and again after some thousand hits in it.

    Returns
    -------
    numpy.ndarray
        int64, dimensions (hit, 2): from where to where in the text, one hit after the other.

    Raises
    ------
    RecordingError
        If all of it takes too long.
    """
    search, unwatched = pattern.compiled.finditer, _unwatched(pattern)
    numbers, counts = array("q"), []
    with _in_time(pattern, poll) as check:
        for edge, end in pairwise(edges):
            check()
            watched, before = end - edge > unwatched, len(numbers)
            found = search(text[edge:end], concurrent=watched, timeout=SECONDS if watched else None)
            _take(numbers, found, check)
            counts.append((len(numbers) - before) // 2)
    spans: np.ndarray = np.frombuffer(numbers, np.int64).reshape(-1, 2) + np.repeat(edges[:-1], counts)[:, np.newaxis]
    return spans[spans[:, 0] < spans[:, 1]]


def _unwatched(pattern: Pattern) -> int:
    """Most characters to search without a look at the clock, which takes longer than most searches; -1 for none."""
    if pattern.is_steady:
        return NOT_LONG
    return SHORT if pattern.is_quick else -1


def _take(numbers: array[int], matches: Iterator[regex.Match[str]], check: Callable[[], None]) -> None:
    """Append where each match starts and stops; a loop in Python would take longer than to find them."""
    found = chain.from_iterable(map(regex.Match.span, matches))
    before = len(numbers)
    numbers.extend(islice(found, AT_ONCE))
    while len(numbers) == before + AT_ONCE:
        check()
        before = len(numbers)
        numbers.extend(islice(found, AT_ONCE))


@contextmanager
def _in_time(pattern: Pattern, poll: Poll) -> Iterator[Callable[[], None]]:
    """Give a function that ends what takes too long or nobody waits for; in the end, say what took too long."""
    clock = time.perf_counter
    end = clock() + SECONDS

    def check() -> None:
        poll()
        if clock() > end:
            raise TimeoutError

    try:
        yield check
    except TimeoutError:
        what = f"/{pattern.source}/ takes longer than {SECONDS:g} s"
        remedy = "a repetition within a repetition, as in (a+)+, has too many ways to match: write it with fewer"
        raise RecordingError(Problem(WHERE, what, remedy)) from None
