"""Labels and annotations that batches bring along, as variables of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.schema import STEP, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from lstmvis_panel.record.batch import Rows

LABEL, PREDICTED = "label", "predicted_label"
Encode = "Callable[[str, Sequence[str]], NDArray[np.int32]]"


def check_labelled(rows: Rows, names: Mapping[str, Sequence[str]], where: str) -> None:
    """Check that labels and annotations are among those named.

    Raises
    ------
    RecordingError
        If one is not.
    """
    values: dict[str, Iterable[Any]] = {LABEL: rows.labels or ()}
    values |= {name: array.flat for name, array in (rows.annotations or {}).items() if array.dtype.kind != "f"}
    for name, found in values.items():
        if name in names:
            for value in set(found):
                _code(value, names[name], f"{where}, {name}")


def labelled_variables(
    rows: Rows,
    row: int,
    steps: slice,
    names: Mapping[str, Sequence[str]],
    encode: Callable[[str, Sequence[str]], NDArray[np.int32]],
    predicted: int | None,
) -> dict[str, xr.Variable]:
    """Return the annotations of some steps of a row.

    Parameters
    ----------
    rows
        The batch.
    row, steps
        Which of its steps.
    names
        By annotation: the texts that its codes stand for.
    encode
        Returns codes of texts in a set of labels that grows.
    predicted
        The class that the model gave the document, if it gave one.

    Returns
    -------
    dict of str to xarray.Variable
        ``label`` and ``predicted_label``, the same throughout the document; then each annotation.
    """
    found: dict[str, xr.Variable] = {}
    length = steps.stop - steps.start
    if rows.labels is not None:
        code = _codes([rows.labels[row]], LABEL, names, encode)
        found[LABEL] = _categorical(np.repeat(code, length), LABEL, "The document's class.")
    if predicted is not None:
        code = np.repeat(np.int32(predicted), length)
        found[PREDICTED] = _categorical(code, LABEL, "The class that the model gave the document.")
    for name, array in (rows.annotations or {}).items():
        if name in found:
            what = "has the name of what the batches' labels are recorded as"
            raise RecordingError(Problem(f"annotations, {name!r}", what, "rename it, or give one of the two"))
        values = array[row, steps]
        if values.dtype.kind == "f":
            found[name] = xr.Variable(STEP, values.astype(np.float32), {"kind": Kind.SCALAR.value})
        else:
            found[name] = _categorical(_codes(values.tolist(), name, names, encode), name)
    return found


def _categorical(codes: NDArray[Any], labels: str, description: str = "") -> xr.Variable:
    attrs = {"kind": Kind.CATEGORICAL.value, "labels": f"{labels}_label"}
    return xr.Variable(STEP, codes.astype(np.int32), attrs | ({"description": description} if description else {}))


def _codes(
    values: Sequence[Any],
    name: str,
    names: Mapping[str, Sequence[str]],
    encode: Callable[[str, Sequence[str]], NDArray[np.int32]],
) -> NDArray[np.int32]:
    """Return the codes of labels; -1 where there is none."""
    if name in names:
        return np.array([_code(value, names[name], name) for value in values], np.int32)
    there = [index for index, value in enumerate(values) if not _missing(value)]
    codes = np.full(len(values), -1, np.int32)
    codes[there] = encode(f"{name}_label", [str(values[index]) for index in there])
    return codes


def _code(value: Any, names: Sequence[str], where: str) -> int:
    if _missing(value):
        return -1
    code = list(names).index(value) if value in names else value
    if isinstance(code, str) or not 0 <= code < len(names):
        what = f"has the label {value!r}; annotations names {len(names)}: {', '.join(map(str, names[:8]))}"
        raise RecordingError(Problem(where, what, "name all labels, in the order of their codes"))
    return int(code)


def _missing(value: Any) -> bool:
    return value is None or value in ("", -1)
