"""A recording out of its parts: in memory, or block by block into a file."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.native import STORE_SUFFIX
from lstmvis_panel.native_place import check_place, remove, unwritable
from lstmvis_panel.record.array_parts import RUN_BYTES, Given
from lstmvis_panel.record.labels import texts_array
from lstmvis_panel.record.shapes import DOCUMENT_LABEL, dimension_of
from lstmvis_panel.record.writer import Writer
from lstmvis_panel.schema import DOCUMENT, STEP, Kind, RecordingError
from lstmvis_panel.store import open_recording, save_recording
from lstmvis_panel.validation import structural_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lstmvis_panel.record.array_parts import Source
    from lstmvis_panel.record.array_predictions import Scores
    from lstmvis_panel.record.extent import Extent


@dataclass(frozen=True)
class Assembly:
    """What a recording is made of.

    Parameters
    ----------
    extent
        The documents.
    parts
        What there is of each step.
    constants
        Variables that are not of steps.
    labels
        By name: the labels that codes stand for.
    attrs
        Attributes of the recording.
    """

    extent: Extent
    parts: Sequence[Given | Source | Scores]
    constants: Mapping[str, xr.Variable]
    labels: Mapping[str, Sequence[str]]
    attrs: Mapping[str, Any]

    def in_memory(self) -> xr.Dataset:
        """Return the recording as a dataset in memory.

        Raises
        ------
        RecordingError
            If it is not valid.
        """
        variables: dict[str, xr.Variable] = {}
        for part in self.parts:
            if isinstance(part, Given):
                variables |= part.variables
                continue
            blocks = [part.block(self.extent, *run) for run in self.extent.runs(max(self.extent.lengths))]
            for name, first in blocks[0].items():
                # No copy where all steps lie together already.
                whole = first.data if len(blocks) == 1 else np.concatenate([block[name].data for block in blocks])
                variables[name] = xr.Variable(first.dims, whole, {**first.attrs, **first.encoding})
        variables |= self.constants
        for name, texts in self.labels.items():
            variables[name] = xr.Variable(dimension_of(name), texts_array(texts), {"kind": Kind.LABELS.value})
        recording = xr.Dataset(variables, attrs=dict(self.attrs))
        if self.extent.names is not None:
            lengths = np.array(self.extent.lengths)
            present = np.flatnonzero(lengths)
            names = texts_array([self.extent.names[number] for number in present])
            codes = np.repeat(np.arange(len(present), dtype=np.int32), lengths[present])
            recording[DOCUMENT_LABEL] = (DOCUMENT_LABEL, names, {"kind": Kind.LABELS.value})
            recording = recording.assign_coords({DOCUMENT: (STEP, codes, {"labels": DOCUMENT_LABEL})})
        if wrong := [problem for problem in structural_problems(recording) if problem.fatal]:
            raise RecordingError(wrong)
        return recording

    def write(self, path: Path, *, compress: bool) -> xr.Dataset:
        """Write the recording block by block, and return it as it is on disk.

        Raises
        ------
        RecordingError
            If it is not valid, or can't be written.
        """
        check_place(path, replace=True)
        with _told(path):
            if path.suffix.lower() == STORE_SUFFIX:
                self._write_store(path, compress=compress)
            else:
                self._stream(path, compress=compress)
        return open_recording(path)

    def _write_store(self, path: Path, *, compress: bool) -> None:
        """Write a store from a recording that lies beside it meanwhile."""
        beside = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.h5")
        try:
            self._stream(beside, compress=False)
            save_recording(open_recording(beside), path, compress=compress)
        finally:
            remove(beside)

    def _stream(self, path: Path, *, compress: bool) -> None:
        with Writer(path, attrs=self.attrs, constants=self.constants, labels=self.labels, compress=compress) as writer:
            for number, start, stop in self.extent.runs(self._most()):
                variables: dict[str, xr.Variable] = {}
                for part in self.parts:
                    variables |= part.block(self.extent, number, start, stop)
                name = None if self.extent.names is None or start else self.extent.names[number]
                writer.append(variables, document=name)

    def _most(self) -> int:
        """Return how many steps of all parts take up a block."""
        arrays = [part.array for part in self.parts if not isinstance(part, Given)]
        step = sum(array.shape[-1] * array.dtype.itemsize for array in arrays)
        return max(RUN_BYTES // max(int(step), 1), 64)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of what goes wrong on the disk what it means here, where nothing is left that could be gone on with."""
    try:
        yield
    except RecordingError as error:
        if isinstance(error.__cause__, OSError):
            raise unwritable(path, error.__cause__) from error.__cause__
        raise
