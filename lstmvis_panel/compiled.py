"""What the compiled parts of matching share: how they are compiled, and how on/off bits lie in machine words.

Which values are on was decided by `selection.reaches`; compiled code counts and compares whole numbers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

WORD_BITS = 64
_PAIRS, _FOURS = 0x5555555555555555, 0x3333333333333333
_EIGHTS, _ONES = 0x0F0F0F0F0F0F0F0F, 0x0101010101010101


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function; it then runs without the interpreter's lock, and its code is kept on disk if it can be."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(nogil=True)(function)


@compiled
def bits_set(word: np.uint64) -> Any:
    """Return how many bits are set; the compiler knows these sums, and has an instruction in their place."""
    twos = word - ((word >> np.uint64(1)) & np.uint64(_PAIRS))
    fours = (twos & np.uint64(_FOURS)) + ((twos >> np.uint64(2)) & np.uint64(_FOURS))
    eights = (fours + (fours >> np.uint64(4))) & np.uint64(_EIGHTS)
    return np.int64((eights * np.uint64(_ONES)) >> np.uint64(56))


def words_for(states: int) -> int:
    """Return how many words hold a bit for each of that many states."""
    return -(-states // WORD_BITS)


def columns(values: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Return the values of some states, dimensions (step, state), in the memory order they have."""
    by_state = values.strides[0] < values.strides[1]
    chosen: np.ndarray = values.T[states].T if by_state else values.take(states, axis=1)
    return chosen


def pack(on: np.ndarray, words: np.ndarray) -> None:
    """Pack which states are on into words, a state a bit.

    Parameters
    ----------
    on
        bool, dimensions (step, state), in either memory order.
    words
        uint64, dimensions (step, word), contiguous: the result. Bits that are no state's are 0.
    """
    if on.strides[0] < on.strides[1]:
        _pack_columns(on.T, words)
        return
    rows = np.packbits(on, axis=1, bitorder="little")
    space = words.view(np.uint8)
    space[:, : rows.shape[1]] = rows
    space[:, rows.shape[1] :] = 0


@compiled
def _pack_columns(on: np.ndarray, words: np.ndarray) -> None:
    states, steps = on.shape
    word = np.empty(steps, np.uint64)
    for first in range(0, states, WORD_BITS):
        word[:] = 0
        for bit in range(min(WORD_BITS, states - first)):
            shift = np.uint64(bit)
            for step in range(steps):
                word[step] |= np.uint64(on[first + bit, step]) << shift
        words[:, first // WORD_BITS] = word
