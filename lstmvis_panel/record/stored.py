"""The HDF5 (netCDF-4) file of a recording that grows: its variables made, lengthened, read back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from lstmvis_panel.native import FORMAT, FORMAT_VERSION
from lstmvis_panel.native_names import decode_attrs, decode_name, encode_attrs, encode_name
from lstmvis_panel.native_save import IMAGE_BYTES
from lstmvis_panel.record.labels import LabelSet, texts_array
from lstmvis_panel.record.shapes import (
    DOCUMENT_LABEL,
    Shape,
    chunks_of,
    dimension_of,
    filters_of,
    shape_of,
)
from lstmvis_panel.schema import DOCUMENT, STEP, Kind, Problem, blocks, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import h5netcdf
    import xarray as xr

LABEL_CHUNK = 1024
DOCUMENT_SHAPE = Shape((STEP,), np.dtype(np.int32), (), {"labels": DOCUMENT_LABEL})


def lay_out(
    store: h5netcdf.File,
    shapes: Mapping[str, Shape],
    constants: Mapping[str, xr.Variable],
    labels: Mapping[str, LabelSet],
    attrs: Mapping[str, Any],
    *,
    compress: bool,
) -> None:
    """Make all variables of a new file, and write those that don't grow."""
    grows = dict(shapes)
    if DOCUMENT_LABEL in labels:
        grows[DOCUMENT] = DOCUMENT_SHAPE
        store.attrs["coordinates"] = DOCUMENT
    order = [*shapes, *constants, *labels, *([DOCUMENT] if DOCUMENT in grows else [])]
    store.attrs.update(encode_attrs({**attrs, "variables": order}, "recording"))
    store.attrs.update({"format": FORMAT, "format_version": FORMAT_VERSION})
    store.dimensions[STEP] = None
    for name, labelled in labels.items():
        store.dimensions[encode_name(dimension_of(name))] = len(labelled.texts) if labelled.is_fixed else None
    for name, labelled in labels.items():
        dim = encode_name(dimension_of(name))
        chunk = min(LABEL_CHUNK, max(len(labelled.texts), 1)) if labelled.is_fixed else LABEL_CHUNK
        made = store.create_variable(encode_name(name), (dim,), h5py.string_dtype(), chunks=(chunk,))
        made.attrs["kind"] = Kind.LABELS.value
    for name, shape in grows.items():
        _make(store, name, shape, chunks_of(shape), compress=compress)
    for name, variable in constants.items():
        shape = shape_of(name, variable)
        # Images are read one here, one there: only some are in a chunk.
        is_image = kind_of(variable) is Kind.IMAGE
        rows = max(IMAGE_BYTES // max(math.prod(shape.sizes), 1), 1) if is_image else chunks_of(shape)[0]
        chunks = (min(rows, variable.shape[0]), *shape.sizes)
        made = _make(store, name, shape, chunks, length=variable.shape[0], compress=compress)
        for part, values in blocks(variable):
            made[part] = values


def write_labels(store: h5netcdf.File, labels: Mapping[str, LabelSet]) -> None:
    """Write the labels that are not in the file yet."""
    for name, labelled in labels.items():
        if not labelled.texts:
            # No recording is valid with a label set that is empty; nothing bears this label.
            labelled.append("")
        if labelled.written < len(labelled.texts):
            if not labelled.is_fixed:
                store.resize_dimension(encode_name(dimension_of(name)), len(labelled.texts))
            new = slice(labelled.written, len(labelled.texts))
            store.variables[encode_name(name)][new] = texts_array(labelled.texts[new])
            labelled.written = len(labelled.texts)


def stored_shapes(store: h5netcdf.File) -> dict[str, Shape]:
    """Return what the variables that grow with the steps look like, in their order."""
    order = decode_attrs(store.attrs)["variables"]
    variables = {name: store.variables[encode_name(name)] for name in order if name != DOCUMENT}
    return {
        name: Shape(
            tuple(decode_name(dim) for dim in variable.dimensions),
            np.dtype(variable.dtype),
            tuple(variable.shape[1:]),
            decode_attrs(variable.attrs),
        )
        for name, variable in variables.items()
        if variable.dimensions[:1] == (STEP,)
    }


def stored_labels(store: h5netcdf.File, fixed: Mapping[str, LabelSet]) -> tuple[dict[str, LabelSet], list[Problem]]:
    """Return the label sets of a file, and how they differ from those that are fixed."""
    found: dict[str, LabelSet] = {}
    for encoded, variable in store.variables.items():
        if variable.attrs.get("kind") == Kind.LABELS.value:
            name = decode_name(encoded)
            texts = [text.decode() if isinstance(text, bytes) else str(text) for text in variable[...]]
            found[name] = LabelSet(name, texts, is_fixed=name in fixed)
            found[name].written = len(texts)
    problems = [
        Problem(name, "has other labels than the recording to go on with", "give those that it was begun with")
        for name, labelled in fixed.items()
        if name not in found or found[name].texts != labelled.texts
    ]
    return found, problems


def constant_problems(store: h5netcdf.File, constants: Mapping[str, xr.Variable]) -> list[Problem]:
    """Return which constants differ from those in a file."""
    what = "is not what it was when the recording to go on with was begun"
    remedy = "give the same model and constants, or begin anew"
    return [
        Problem(name, what, remedy) for name, variable in constants.items() if not _is_stored(store, name, variable)
    ]


def _is_stored(store: h5netcdf.File, name: str, variable: xr.Variable) -> bool:
    stored = store.variables.get(encode_name(name))
    if stored is None or tuple(stored.shape) != variable.shape or stored.dtype != variable.dtype:
        return False
    return all(
        np.array_equal(stored[part], values, equal_nan=values.dtype.kind == "f") for part, values in blocks(variable)
    )


def _make(
    store: h5netcdf.File,
    name: str,
    shape: Shape,
    chunks: tuple[int, ...],
    *,
    compress: bool,
    length: int | None = None,
) -> Any:
    """Make a variable whose first dimension has this length, or is to grow."""
    dims = [encode_name(dim) for dim in shape.dims]
    for dim, size in zip(dims, (length, *shape.sizes), strict=True):
        if dim not in store.dimensions:
            store.dimensions[dim] = size
    filters = filters_of(shape, compress=compress)
    made = store.create_variable(encode_name(name), tuple(dims), shape.dtype, chunks=chunks, **filters)
    made.attrs.update(encode_attrs(shape.attrs, name))
    return made
