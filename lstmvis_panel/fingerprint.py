"""What tells one recording from another: so that a result can say which recording it was found in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

PROBES, PROBE_STEPS = 16, 16
"""Places of a source that are read, spread evenly, and the steps at each: a recording of any size takes no longer."""

DIGITS = 16


def fingerprint(recording: xr.Dataset) -> str:
    """Return what tells this recording from others, 16 hexadecimal digits.

    It follows from the tokens, the documents and the words, all of them; and of each source from its name, shape, dtype
    and transform, and from its values at 16 places. How the recording is stored makes no difference.

    Parameters
    ----------
    recording
        The recording.

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    for part in _parts(recording):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:DIGITS]


def _parts(recording: xr.Dataset) -> Iterator[bytes]:
    if schema.TOKEN in recording.variables:
        # Codes may be stored in any integer type.
        for _, codes in schema.blocks(recording.variables[schema.TOKEN]):
            yield codes.astype("<i8").tobytes()
        yield "\0".join(schema.labels(recording, schema.TOKEN).tolist()).encode()
    yield schema.document_edges(recording).astype("<i8").tobytes()
    for name in schema.sources(recording):
        yield from _source_parts(recording[name])


def _source_parts(states: xr.DataArray) -> Iterator[bytes]:
    steps, dtype = states.shape[0], states.dtype.newbyteorder("<")
    yield f"{states.name} {states.shape} {dtype.str} {schema.transform_of(states)}".encode()
    for start in np.unique(np.linspace(0, max(steps - PROBE_STEPS, 0), PROBES, dtype=np.int64)).tolist():
        yield states.variable[start : start + PROBE_STEPS].to_numpy().astype(dtype).tobytes()
