"""Streams a recording to an HDF5 (netCDF-4) file while a model runs, step by step."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5netcdf
import h5py
import numpy as np

from lstmvis_panel.native_file import JournaledFile
from lstmvis_panel.record.earlier import (
    BATCHES,
    BEGIN_ANEW,
    MODEL,
    READ,
    check_replaceable,
    finished_run,
    unfinished_run,
)
from lstmvis_panel.record.growing import GrowingVariables
from lstmvis_panel.record.labels import LabelSet
from lstmvis_panel.record.places import PARTIAL, checked, partial_path, told
from lstmvis_panel.record.shapes import (
    DOCUMENT_LABEL,
    Shape,
    code_problems,
    disagreements,
    first_problems,
    shape_of,
    steps_of,
)
from lstmvis_panel.record.signals import undisturbed
from lstmvis_panel.record.stored import (
    DOCUMENT_SHAPE,
    constant_problems,
    lay_out,
    stored_labels,
    stored_shapes,
    write_labels,
)
from lstmvis_panel.schema import DOCUMENT, Problem, RecordingError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    import xarray as xr
    from numpy.typing import NDArray

CACHE_BYTES = 2 << 20
"""Memory that HDF5 keeps for chunks of a variable that are not full yet."""


class Writer:
    """Writes a recording step by step; a context manager.

    Writes ``<stem>.partial<suffix>`` beside ``path``. Whatever becomes of the process, that file can be opened, holds
    what was committed, and says ``attrs["partial"]`` = 1. On a clean exit the mark goes and the file is renamed to
    ``path``. After an exception the partial file stays, unless nothing was committed. A finished file at ``path`` is
    not touched before the rename, nor an older partial one before the first commit.

    Parameters
    ----------
    path
        Where to: ``.h5``, ``.hdf5`` or ``.nc``.
    title, description
        What the recording says of itself.
    attrs
        Further attributes of the recording.
    constants
        Variables that don't grow with the steps, such as word embeddings.
    labels
        Fixed labels, ``{"vocabulary": [...], "pos_label": [...]}``. Others grow with what is encoded.
    compress
        Whether to compress what grows with the steps, without loss.
    resume
        Whether to go on with the partial file that an earlier run left. Without one, a new recording is begun, unless
        the one at ``path`` is complete and of the same model: then it stays, and takes nothing more.
    model
        A fingerprint of what is recorded, if there is one: whoever goes on must have the same.

    Attributes
    ----------
    done : int
        Batches that an earlier run committed: the caller skips so many.
    read : str
        The fingerprint of those batches, as `commit` was given it.
    is_complete : bool
        Whether an earlier run recorded everything.
    steps : int
        Steps written.

    Raises
    ------
    RecordingError
        If the file can't be written, is being written already, or does not agree with what is resumed.
    """

    def __init__(  # noqa: PLR0913 - what a file is made of, and whose it is
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "",
        description: str = "",
        attrs: Mapping[str, Any] | None = None,
        constants: Mapping[str, xr.Variable] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
        compress: bool = False,
        resume: bool = False,
        model: str = "",
    ) -> None:
        self.path = checked(Path(path))
        self.done, self.steps, self.read, self.is_complete = 0, 0, "", False
        self._compress = compress
        about = {"title": title, "description": description}
        self._attrs = {**{name: text for name, text in about.items() if text}, **(attrs or {})}
        self._constants = dict(constants or {})
        self._labels = {name: LabelSet(name, texts, is_fixed=True) for name, texts in (labels or {}).items()}
        self._shapes: dict[str, Shape] = {}
        self._partial, self._model = partial_path(self.path), model
        if resume and not self._partial.exists() and (earlier := finished_run(self.path, model)) is not None:
            self.done, self.steps, self.read, self.is_complete = earlier.batches, earlier.steps, earlier.read, True
            return
        resume = resume and self._partial.exists()
        if not resume:
            check_replaceable(self._partial)
        with told(self._partial):
            self._file = JournaledFile(self._partial, is_new=not resume)
        self._is_kept = resume
        self._hdf5: Any = None
        self._store: Any = None
        try:
            with self._writing():
                mode = "r+" if resume else "w"
                self._hdf5 = h5py.File(self._file, mode, rdcc_nbytes=CACHE_BYTES, rdcc_w0=1.0)
                self._store = h5netcdf.File(self._hdf5, mode)
            if resume:
                self._resume()
        except BaseException:
            self._abandon()
            raise

    @property
    def place(self) -> str:
        """The name of the file that holds what is recorded so far."""
        return self.path.name if self.is_complete else self._partial.name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_complete:
            return
        if kind is not None:
            self._abandon()
            return
        try:
            self._finish()
        except BaseException:
            self._abandon()
            raise

    def encode(self, labels_name: str, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return the codes of texts in a label set; one that is not fixed grows with texts that are new.

        Parameters
        ----------
        labels_name
            The label set: ``vocabulary``, ``pos_label``.
        texts
            The texts. What is no character is spelled out, as is the character 0, which HDF5 takes for an end.

        Returns
        -------
        numpy.ndarray
            int32, shape (text,).

        Raises
        ------
        RecordingError
            If the set is fixed and has neither a text nor ``<unk>``, or is new after the first `append`.
        """
        if labels_name not in self._labels:
            if self._shapes:
                what = "is a label set that nothing recorded so far refers to"
                raise RecordingError(Problem(labels_name, what, "encode texts before the first append"))
            self._labels[labels_name] = LabelSet(labels_name, is_fixed=False)
        return self._labels[labels_name].encode(texts)

    def append(self, variables: Mapping[str, xr.Variable], *, document: str | None = None) -> None:
        """Write a run of steps.

        Parameters
        ----------
        variables
            Variables over ``step``, as `schema` says. The first call fixes names, dimensions, dtypes, attributes and
            sizes. One with ``encoding["recorded_dtype"]`` "bfloat16" holds float32 and is stored without its empty
            half.
        document
            The label of a new document that these steps begin; None if they go on with the one before.

        Raises
        ------
        RecordingError
            If the variables are not valid or don't agree with those before (then nothing was written), or if the file
            can't be written.
        """
        if self.is_complete:
            what = f"is complete with {self.done:,} batches; there are more"
            raise RecordingError(Problem(str(self.path), what, BEGIN_ANEW))
        variables = {name: variable.to_base_variable() for name, variable in variables.items()}
        shapes = {name: shape_of(name, variable) for name, variable in variables.items()}
        count = steps_of(variables)
        if self._shapes:
            problems = disagreements(self._shapes, shapes) or code_problems(variables, self._labels)
            if document is not None and DOCUMENT_LABEL not in self._labels:
                what = f"{document!r} begins at step {self.steps:,}, but the steps before belong to none"
                problems.append(Problem(DOCUMENT, what, "name the first document at the first append"))
        else:
            problems = first_problems(variables, self._constants, self._labels)
        if problems:
            raise RecordingError(problems)
        with self._writing():
            if document is not None:
                self.add_document(document)
            if not self._shapes:
                about = self._attrs | {PARTIAL: 1} | ({MODEL: self._model} if self._model else {})
                lay_out(self._store, shapes, self._constants, self._labels, about, compress=self._compress)
                self._begin(shapes)
            values = {name: variable.to_numpy() for name, variable in variables.items()}
            if DOCUMENT_LABEL in self._labels:
                number = len(self._labels[DOCUMENT_LABEL].texts) - 1
                values[DOCUMENT] = np.full(count, number, DOCUMENT_SHAPE.dtype)
            self._growing.append(values)
            self.steps += count

    def add_document(self, label: str) -> None:
        """Begin a document, of which there may be no steps: whatever is appended next belongs to it."""
        if DOCUMENT_LABEL not in self._labels:
            self._labels[DOCUMENT_LABEL] = LabelSet(DOCUMENT_LABEL, is_fixed=False)
        self._labels[DOCUMENT_LABEL].append(label)

    def commit(self, batches: int, read: str = "") -> None:
        """Make all so far what a crash leaves, and count it as done.

        Parameters
        ----------
        batches
            How many batches that is, from the very first on; a later run finds it in `done`.
        read
            A fingerprint of them, if there is one; a later run finds it in `read`.

        Raises
        ------
        RecordingError
            If the file can't be written.
        """
        if not self.steps or self.is_complete:
            return
        with self._writing():
            self._growing.write()
            write_labels(self._store, self._labels)
            self._store.attrs.update({BATCHES: int(batches), READ: read} if read else {BATCHES: int(batches)})
            self._store.flush()
            self._hdf5.flush()
            self._file.commit()
            self._is_kept = True

    def _finish(self) -> None:
        if not self.steps:
            raise RecordingError(Problem(str(self.path), "no steps were recorded, so there is nothing to write"))
        with self._writing():
            self._growing.write()
            write_labels(self._store, self._labels)
            # A finished one tells a later run that it is, if that can tell the model.
            for name in (PARTIAL,) if self._model else (PARTIAL, BATCHES):
                if name in self._store.attrs:
                    del self._store.attrs[name]
            self._store.close()
            self._hdf5.close()
            self._file.commit()
            self._file.close(move_to=self.path)

    def _abandon(self) -> None:
        """Leave what was committed, and drop the rest."""
        self._file.give_up()
        with undisturbed():
            # Whatever goes wrong now concerns only what is dropped; what was never opened is None.
            for opened in (self._store, self._hdf5):
                with suppress(Exception):
                    opened.close()
            with suppress(OSError):
                self._file.close()

    def _resume(self) -> None:
        """Take up what an earlier run committed."""
        store = self._store
        earlier = unfinished_run(store, self._partial, self.path, self._model)
        shapes = stored_shapes(store)
        self._labels, problems = stored_labels(store, self._labels)
        problems += constant_problems(store, self._constants)
        if problems:
            raise RecordingError(problems)
        self.steps, self.done, self.read = earlier.steps, earlier.batches, earlier.read
        self._begin(shapes)

    def _begin(self, shapes: dict[str, Shape]) -> None:
        """Take these shapes for those of all runs to come."""
        names = [*shapes, *([DOCUMENT] if DOCUMENT_LABEL in self._labels else [])]
        self._growing = GrowingVariables(self._hdf5, names, self.steps)
        self._shapes = shapes

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn what goes wrong on the disk or in HDF5 into an error that says what to do."""
        with told(self._partial, is_kept=self._is_kept):
            if self._file.failure is not None:
                raise self._file.failure
            with undisturbed():
                yield
            if self._file.failure is not None:
                raise self._file.failure
