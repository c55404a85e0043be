"""Tensors of a ``.safetensors`` file, left on disk until they are looked at.

The file is a header in JSON, which says of each tensor its dtype, shape and place, and then the numbers themselves
(https://github.com/huggingface/safetensors, "Format"). The package of that name reads whole tensors only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.record.array_parts import BFLOAT16
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U8": "<u1",
    "BOOL": "?",
}
METADATA = "__metadata__"
COUNT = 8
"""Bytes of the number that the file begins with: those of the header."""


class BrainFloats:
    """An array of bfloat16, which numpy does not know: the upper halves of float32.

    Parameters
    ----------
    halves
        uint16, any shape; they may be on disk.

    Attributes
    ----------
    dtype
        float32, which is what slices have; none loses a bit.
    """

    dtype = np.dtype(np.float32)
    recorded_dtype = BFLOAT16

    def __init__(self, halves: NDArray[np.uint16]) -> None:
        self._halves = halves
        self.shape = halves.shape

    def __len__(self) -> int:
        return len(self._halves)

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        return (np.asarray(self._halves[key]).astype(np.uint32) << 16).view(np.float32)


def read_safetensors(path: Path) -> dict[str, Any]:
    """Return the tensors of a file by name: memory maps, and `BrainFloats`.

    Raises
    ------
    RecordingError
        If the file is none, or a tensor's dtype is not known here.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        first = COUNT + int.from_bytes(file.read(COUNT), "little")
        if not COUNT < first <= size:
            raise RecordingError(Problem(str(path), "can't be read: it is no safetensors file, or is cut off"))
        header = json.loads(file.read(first - COUNT))
    strange = {name: entry["dtype"] for name, entry in header.items() if entry.get("dtype", "F32") not in DTYPES}
    if strange:
        known = ", ".join(DTYPES)
        raise RecordingError(
            Problem(f"{path}, {name}", f"holds {dtype}; {known} are known here") for name, dtype in strange.items()
        )
    return {name: _tensor(path, name, entry, first, size) for name, entry in header.items() if name != METADATA}


def _tensor(path: Path, name: str, entry: dict[str, Any], first: int, size: int) -> Any:
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
    start, stop = (first + offset for offset in entry["data_offsets"])
    if stop > size:
        raise RecordingError(Problem(f"{path}, {name}", f"ends at byte {stop:,} of a file of {size:,}: it is cut off"))
    # Of nothing there is no memory map.
    values = np.memmap(path, dtype, "r", offset=start, shape=shape) if start < stop else np.empty(shape, dtype)
    return BrainFloats(values) if entry["dtype"] == "BF16" else values
