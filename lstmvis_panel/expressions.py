"""Regular expressions, which could search for years: they are given some time, and end when nobody waits."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

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
"""Most characters of a word that no simple regular expression takes a hundredth of a second for."""


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
    search = pattern.compiled.search
    # To watch the time of each word takes longer than to search most of them.
    unwatched = SHORT if pattern.is_quick else -1
    with _in_time(pattern, poll) as check:
        for word in words:
            check()
            yield search(word, timeout=None if len(word) <= unwatched else SECONDS) is not None


def spans_in(pattern: Pattern, text: str, edges: Sequence[int], poll: Poll) -> Iterator[tuple[int, int]]:
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
        Called before each document and with each hit.

    Yields
    ------
    tuple of int
        From where to where in the text, one hit after the other.

    Raises
    ------
    RecordingError
        If all of it takes too long.
    """
    search = pattern.compiled.finditer
    with _in_time(pattern, poll) as check:
        for edge, end in pairwise(edges):
            check()
            for match in search(text[edge:end], timeout=SECONDS):
                poll()
                start, stop = match.span()
                if stop > start:
                    yield edge + start, edge + stop


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
