"""Labels carried from one tokenization of a text to another, through the characters that both hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

NONE = -1


@dataclass(frozen=True, eq=False)
class Ranges:
    """Ranges of a text's characters.

    Parameters
    ----------
    starts, stops
        int64, shape (ranges,): first character, and the one after the last.
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @classmethod
    def of(cls, starts: ArrayLike, stops: ArrayLike) -> Ranges:
        """Return ranges from anything that makes arrays of whole numbers."""
        return cls(np.asarray(starts, dtype=np.int64).reshape(-1), np.asarray(stops, dtype=np.int64).reshape(-1))

    def shifted(self, offset: int) -> Ranges:
        """Return the ranges as they lie in a text that has ``offset`` characters before this one."""
        return Ranges(self.starts + offset, self.stops + offset)


def carry(units: Ranges, tokens: Ranges) -> NDArray[np.int64]:
    """Say for each token which unit of an annotation it belongs to.

    A token that shares characters with several units belongs to the one that holds most of its characters, of equals
    to the first. A character that lies in several units counts for the one that starts first, of those for the
    longest. A token without characters (white space, the end of a sentence) belongs to the unit that has characters on
    both sides of it.

    Parameters
    ----------
    units
        What is annotated, in any order: words, chunks, spans.
    tokens
        The recording's tokens, over the same characters.

    Returns
    -------
    numpy.ndarray
        int64, shape (tokens,): positions among the units, -1 for none. Time and memory grow with the number of units
        and tokens (times its logarithm), not with the length of the text.
    """
    parts, owners = _apart(units)
    first = np.searchsorted(parts.stops, tokens.starts, side="right")
    last = np.searchsorted(parts.starts, tokens.stops, side="left")
    # Without characters, a token at position p has parts with stop > p from `first` on and start < p before `last`.
    counts = np.maximum(last - first, 0)
    found = np.full(tokens.starts.size, NONE, dtype=np.int64)
    one = counts == 1
    found[one] = owners[first[one]]
    several = np.flatnonzero(counts > 1)
    if several.size:
        pairs = _pairs(first[several], counts[several])
        rows = np.repeat(several, counts[several])
        shared = np.minimum(parts.stops[pairs], tokens.stops[rows]) - np.maximum(
            parts.starts[pairs], tokens.starts[rows]
        )
        found[several] = _most(rows, owners[pairs], shared, pairs)
    return found


def _apart(units: Ranges) -> tuple[Ranges, NDArray[np.int64]]:
    """Return the units in their order, each cut down to what no unit before it holds, and which unit each is."""
    order = np.lexsort((-units.stops, units.starts))
    starts, stops = units.starts[order], units.stops[order]
    # Whatever an earlier unit holds lies before the furthest stop so far, and all of it up to there is held by one.
    reach = np.maximum.accumulate(np.concatenate([[np.iinfo(np.int64).min], stops[:-1]])) if stops.size else stops
    starts = np.maximum(starts, reach)
    kept = starts < stops
    return Ranges(starts[kept], stops[kept]), order[kept]


def _pairs(first: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return first, first + 1 ... for each count, one after another."""
    begins = np.cumsum(counts) - counts
    return np.arange(counts.sum()) - np.repeat(begins - first, counts)


def _most(
    rows: NDArray[np.int64], owners: NDArray[np.int64], shared: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the owner that shares most in each row, rows ascending; of equals the one at the first place."""
    order = np.lexsort((places, -shared, rows))
    firsts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    return owners[order][firsts]
