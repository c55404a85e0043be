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
        self._criterion = criterion
        self._states = states
        self._is_fused = dtype in (np.float16, np.float32, np.float64)
        limit = criterion.limit[states] if isinstance(criterion.limit, np.ndarray) else criterion.limit
        each = (np.broadcast_to(bound, states.shape) for bound in bounds(limit, dtype, criterion.rule))
        self._least, self._most = map(np.array, each)

    def into(self, values: np.ndarray, words: np.ndarray) -> None:
        """Pack a block of steps.

        Parameters
        ----------
        values
            Stored values of all states, dimensions (step, state), in either memory order.
        words
            uint64, dimensions (step, word), contiguous: the result, a state a bit. Bits that are no state's are 0.
        """
        states = self._states
        if values.dtype == np.float16:
            # Compiled code knows no halves.
            values, states = columns(values, states).astype(np.float32), np.arange(len(states))
        if not (self._is_fused and _lies_in_order(values)):
            pack(self._criterion.on(columns(values, states), states), words)
            return
        by_state = values.strides[0] == values.itemsize
        part = _pack_columns if by_state else _pack_rows
        stride = values.strides[1 if by_state else 0] // values.itemsize
        part(_in_a_row(values), stride, states, self._least, self._most, words.view(np.uint8))


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
def _pack_columns(
    row: np.ndarray, stride: int, states: np.ndarray, least: np.ndarray, most: np.ndarray, packed: np.ndarray
) -> None:
    """Pack values of which a state's lie side by side, a byte of states at a time."""
    steps = len(packed)
    byte = np.empty(steps, np.uint8)
    packed[:, len(states) // BYTE_BITS :] = 0
    for first in range(0, len(states), BYTE_BITS):
        byte[:] = 0
        for bit in range(min(BYTE_BITS, len(states) - first)):
            begin, low, high = states[first + bit] * stride, least[first + bit], most[first + bit]
            mask = np.uint8(1 << bit)
            for step in range(steps):
                value = row[begin + step]
                byte[step] |= mask if (value >= low) | (value <= high) else np.uint8(0)
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
