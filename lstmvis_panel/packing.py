"""Which states are on, decided and packed into machine words in one go: no array of values or of bools in between.

The bounds are those that `selection.reaches` compares with, in the precision that it compares in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from lstmvis_panel.compiled import columns, compiled, pack
from lstmvis_panel.selection import bounds

if TYPE_CHECKING:
    from lstmvis_panel.selection import Criterion

BYTE_BITS = 8


class Packing:
    """Packs which of some states are on.

    Parameters
    ----------
    criterion
        What decides.
    states
        int64: the states.
    dtype
        Of the stored values.
    """

    def __init__(self, criterion: Criterion, states: np.ndarray, dtype: np.dtype[Any]) -> None:
        self.criterion = criterion
        self._states = states
        self._is_fused = dtype in (np.float16, np.float32, np.float64)
        limit = criterion.limit[states] if isinstance(criterion.limit, np.ndarray) else criterion.limit
        each = (np.broadcast_to(bound, states.shape) for bound in bounds(limit, dtype, criterion.rule))
        # Filled up with what is never on, so that compiled code always has several states to go through at once.
        spare = -len(states) % BYTE_BITS
        self._least, self._most = (np.append(bound, np.full(spare, np.nan, bound.dtype)) for bound in each)
        self._places, self._places_in_columns = (np.pad(at, (0, spare)) for at in (states, np.arange(len(states))))

    def into(self, values: np.ndarray, words: np.ndarray) -> None:
        """Pack a block of steps.

        Parameters
        ----------
        values
            Stored values of all states, dimensions (step, state), in either memory order.
        words
            uint64, dimensions (step, word), contiguous: the result, a state a bit. Bits that are no state's are 0.
        """
        if not (self._is_fused and _lies_in_order(values)):
            pack(self.criterion.on(columns(values, self._states), self._states), words)
            return
        places = self._places
        if values.dtype == np.float16:
            # Compiled code knows no halves.
            values, places = columns(values, self._states).astype(np.float32), self._places_in_columns
        by_state = values.strides[0] == values.itemsize
        part = _pack_columns if by_state else _pack_rows
        stride = values.strides[1 if by_state else 0] // values.itemsize
        part(_in_a_row(values), stride, places, self._least, self._most, words.view(np.uint8))


def _lies_in_order(values: np.ndarray) -> bool:
    """Whether the values of a step, or of a state, lie side by side."""
    size, strides = values.itemsize, values.strides
    return size in strides and all(stride >= 0 and stride % size == 0 for stride in strides)


def _in_a_row(values: np.ndarray) -> np.ndarray:
    """Return what lies in memory from the first value to the last."""
    spans = [(length - 1) * stride for length, stride in zip(values.shape, values.strides, strict=True)]
    # Read-only, whatever the values are, so that the compiled code has one form for both.
    return as_strided(values, (1 + sum(spans) // values.itemsize,), (values.itemsize,), writeable=False)


@compiled
def _bit(value: np.floating[Any], low: np.floating[Any], high: np.floating[Any], place: int) -> Any:
    return np.uint8((value >= low) | (value <= high)) << np.uint8(place)


@compiled
def _pack_columns(
    row: np.ndarray, stride: int, states: np.ndarray, least: np.ndarray, most: np.ndarray, packed: np.ndarray
) -> None:
    """Pack values of which a state's lie side by side, a byte of states at a time."""
    steps = len(packed)
    byte = np.empty(steps, np.uint8)
    packed[:, len(states) // BYTE_BITS :] = 0
    for first in range(0, len(states), BYTE_BITS):
        byte[:] = 0
        # Four at once: while one's values are on their way from memory the others' are compared, in half the time.
        for bit in range(0, BYTE_BITS, 4):
            a, b, c, d = range(first + bit, first + bit + 4)
            of_a, of_b = row[states[a] * stride :], row[states[b] * stride :]
            of_c, of_d = row[states[c] * stride :], row[states[d] * stride :]
            low_a, low_b, low_c, low_d = least[a], least[b], least[c], least[d]
            high_a, high_b, high_c, high_d = most[a], most[b], most[c], most[d]
            for step in range(steps):
                on_a = _bit(of_a[step], low_a, high_a, 0)
                on_b = _bit(of_b[step], low_b, high_b, 1)
                on_c = _bit(of_c[step], low_c, high_c, 2)
                on_d = _bit(of_d[step], low_d, high_d, 3)
                byte[step] |= (on_a | on_b | on_c | on_d) << np.uint8(bit)
        packed[:, first // BYTE_BITS] = byte


@compiled
def _pack_rows(
    row: np.ndarray, stride: int, states: np.ndarray, least: np.ndarray, most: np.ndarray, packed: np.ndarray
) -> None:
    """Pack values of which a step's lie side by side."""
    on = np.zeros(packed.shape[1] * BYTE_BITS, np.uint8)
    for step in range(len(packed)):
        begin = step * stride
        for at in range(len(states)):
            value = row[begin + states[at]]
            on[at] = (value >= least[at]) | (value <= most[at])
        for place in range(packed.shape[1]):
            byte = np.uint8(0)
            for bit in range(BYTE_BITS):
                byte |= on[place * BYTE_BITS + bit] << np.uint8(bit)
            packed[step, place] = byte
