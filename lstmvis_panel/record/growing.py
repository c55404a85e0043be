"""The part of a recording's file that grows with its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.native_names import encode_name
from lstmvis_panel.schema import STEP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import h5py
    from numpy.typing import NDArray

WAITING_BYTES = 4 << 20
"""Short runs wait in memory until they are so much together: HDF5 takes as long for a row as for a hundred."""


class GrowingVariables:
    """The variables of a file that grow with the steps, all together.

    Parameters
    ----------
    file
        The file.
    names
        Their names in the recording.
    steps
        How many steps there are.
    """

    def __init__(self, file: h5py.File, names: Sequence[str], steps: int) -> None:
        # Looking one up takes longer than writing a run.
        self._datasets = {name: file[encode_name(name)] for name in names}
        # netCDF's dimension, which is a variable without values.
        self._dimension = file[STEP]
        self._written = steps
        self._waiting: list[dict[str, NDArray[Any]]] = []
        self._bytes = 0

    def append(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Add a run of steps, each variable's values; they may be changed afterwards."""
        size = sum(array.nbytes for array in values.values())
        if size >= WAITING_BYTES:
            self.write()
            self._write(values)
            return
        self._waiting.append({name: array.copy() for name, array in values.items()})
        self._bytes += size
        if self._bytes >= WAITING_BYTES:
            self.write()

    def write(self) -> None:
        """Write what waits."""
        runs, self._waiting, self._bytes = self._waiting, [], 0
        if runs:
            self._write({name: np.concatenate([run[name] for run in runs]) for name in runs[0]})

    def _write(self, values: Mapping[str, NDArray[Any]]) -> None:
        start = self._written
        self._written += len(next(iter(values.values())))
        self._dimension.resize(self._written, axis=0)
        for name, array in values.items():
            self._datasets[name].resize(self._written, axis=0)
            self._datasets[name][start:] = np.ascontiguousarray(array)
