"""What an earlier run left, and whether a later one may go on with it: the same model, the same batches."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from lstmvis_panel.native import FORMAT, FORMAT_VERSION
from lstmvis_panel.record.places import PARTIAL
from lstmvis_panel.schema import STEP, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lstmvis_panel.record.batch import Rows
    from lstmvis_panel.record.writer import Writer

log = logging.getLogger(__name__)
BATCHES, MODEL, READ = "recorded_batches", "recorded_model", "recorded_tokens"
"""A recording's attributes: how many batches are in it, and fingerprints of the model and of the batches' tokens."""

BEGIN_ANEW = "give those that it was begun with; or leave out resume, to record all of it anew"
DIGEST_BYTES = 16


@dataclass(frozen=True)
class Earlier:
    """What an earlier run left: how many batches and steps, and the fingerprint of the batches' tokens."""

    batches: int = 0
    steps: int = 0
    read: str = ""


def finished_run(path: Path, model: str) -> Earlier | None:
    """Return what is in a finished recording that says of which model it is; None where there is none.

    Raises
    ------
    RecordingError
        If it is of another model.
    """
    if not path.exists() or not h5py.is_hdf5(path):
        return None
    with h5py.File(path, "r") as file:
        attrs = dict(file.attrs)
        if attrs.get("format") != FORMAT or PARTIAL in attrs or MODEL not in attrs:
            return None
        _check_model(attrs, path, model)
        return _left(attrs, file[STEP].size)


def check_replaceable(partial: Path) -> None:
    """Check that what has the name of a partial recording is one, before another takes its place.

    Raises
    ------
    RecordingError
        If it is a whole recording, or another HDF5 file.
    """
    if not partial.exists() or not h5py.is_hdf5(partial):
        return
    try:
        with h5py.File(partial, "r") as file:
            is_partial = PARTIAL in file.attrs
    except OSError:
        # Damaged, or being written, which whoever begins to write it is told.
        return
    if not is_partial:
        what = "is no partial recording, though it has the name that one would have here"
        raise RecordingError(Problem(str(partial), what, "rename it, or record to another name"))


def unfinished_run(store: Any, partial: Path, path: Path, model: str) -> Earlier:
    """Return what is in a partial recording.

    Parameters
    ----------
    store
        The h5netcdf file.
    partial, path
        Its path, and what it is called once it is complete.
    model
        The fingerprint of the model to go on with.

    Raises
    ------
    RecordingError
        If it is no partial recording, or of another model.
    """
    where = str(partial)
    if store.attrs.get("format") != FORMAT or store.attrs.get("format_version") != FORMAT_VERSION:
        raise RecordingError(Problem(where, "is no recording of this format", "remove it, and begin anew"))
    if PARTIAL not in store.attrs:
        what = "is complete, though it still bears the name of a partial recording"
        raise RecordingError(Problem(where, what, f"rename it to {path.name}"))
    _check_model(store.attrs, partial, model)
    return _left(store.attrs, store.dimensions[STEP].size)


def fingerprint(weights: Iterable[NDArray[Any]]) -> str:
    """Return what tells a model's weights from others, whatever they are called."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for values in weights:
        digest.update(f"{values.dtype.str}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).view(np.uint8).data if values.size else b"")
    return digest.hexdigest()


class BatchesRead:
    """The batches of a run so far, held against those that the files have already.

    Attributes
    ----------
    count
        How many they are.
    """

    def __init__(self) -> None:
        self.count = 0
        self._digest = hashlib.blake2b(digest_size=DIGEST_BYTES)

    @property
    def fingerprint(self) -> str:
        """What tells them from others: tokens, padding, documents and labels."""
        return self._digest.hexdigest()

    def add(self, sides: Iterable[Rows]) -> None:
        """Count a batch, given as its tokens on each side."""
        self.count += 1
        for rows in sides:
            about = (rows.shape, rows.starts.tolist(), rows.stops.tolist(), rows.documents, rows.labels)
            self._digest.update(repr(about).encode())
            is_text = rows.tokens.dtype == object
            self._digest.update(repr(rows.tokens.tolist()).encode() if is_text else rows.tokens.tobytes())

    def check(self, writers: Sequence[Writer]) -> None:
        """Check, once as many batches were read as a file has, that they are those.

        Raises
        ------
        RecordingError
            If they are others.
        """
        for writer in writers:
            if self.count == writer.done and self.fingerprint != writer.read:
                what = f"has other tokens, documents or labels in its first {self.count:,} batches than {writer.place}"
                raise RecordingError(Problem("batches", what, BEGIN_ANEW))

    def check_all(self, writers: Sequence[Writer]) -> None:
        """Check, once all batches were read, that they are no fewer than the files have; say which were complete.

        Raises
        ------
        RecordingError
            If there are fewer.
        """
        for writer in writers:
            if self.count < writer.done:
                what = f"ends after {self.count:,}; {writer.place} has {writer.done:,} of them already"
                raise RecordingError(Problem("batches", what, BEGIN_ANEW))
        for writer in writers:
            if writer.is_complete:
                log.warning("%s is complete: it was left as it is.", writer.path.name)


def _check_model(attrs: Mapping[str, Any], path: Path, model: str) -> None:
    if attrs.get(MODEL, "") != model:
        what = "is of another model: its weights are not those that are to be recorded now"
        remedy = "give the model that it was begun with; or leave out resume, to record all of it anew"
        raise RecordingError(Problem(str(path), what, remedy))


def _left(attrs: Mapping[str, Any], steps: int) -> Earlier:
    # h5py gives an array of one where h5netcdf gives the number.
    return Earlier(int(np.ravel(attrs[BATCHES])[0]), int(steps), str(attrs.get(READ, "")))
