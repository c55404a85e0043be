"""All that is wrong with a recording on disk, whether or not it can be used, and with those it is linked with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lstmvis_panel.native import ALL_SUFFIXES, read_native
from lstmvis_panel.schema import DOCUMENT, Problem, RecordingError, labels, linked_names, validate
from lstmvis_panel.store import open_recording

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import xarray as xr


def problems_of(path: str | os.PathLike[str]) -> list[Problem]:
    """Return all that is wrong with a recording on disk; reads every state once.

    Parameters
    ----------
    path
        As for `lstmvis_panel.open_recording`, which says of a recording that can't be used only why it can't.

    Returns
    -------
    list of Problem
        Those with ``fatal`` set make the recording unusable.
    """
    path = Path(path)
    try:
        recording = read_native(path) if path.suffix.lower() in ALL_SUFFIXES else open_recording(path)
    except RecordingError as error:
        return error.problems
    return [*validate(recording), *_linked_problems(path, recording)]


def _linked_problems(path: Path, recording: xr.Dataset) -> Iterator[Problem]:
    """Say which of the recordings that are linked with one are not there, or have other documents."""
    for name in linked_names(recording):
        where, other = "recording, attribute linked", path.with_name(name)
        try:
            linked = read_native(other)
        except RecordingError as error:
            what = f"names {name}, which can't be opened beside it: {error.problems[0]}"
            yield Problem(where, what, "put both sides into one folder, under their own names", fatal=False)
            continue
        if path.name not in linked_names(linked):
            what = f"names {name}, which does not name {path.name} in turn"
            yield Problem(where, what, "record both sides together", fatal=False)
        if not np.array_equal(_document_labels(recording), _document_labels(linked)):
            what = f"names {name}, which has other documents, so that their numbers do not mean the same"
            yield Problem(where, what, "record both sides together", fatal=False)


def _document_labels(recording: xr.Dataset) -> np.ndarray:
    """Return the labels of all documents, also of those without steps; none where there are no documents."""
    if DOCUMENT not in recording.coords or "labels" not in recording.variables[DOCUMENT].attrs:
        return np.empty(0, dtype=object)
    return labels(recording, DOCUMENT)
