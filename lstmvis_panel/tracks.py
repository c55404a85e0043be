"""The annotations of a project's ``meta``: labels, numbers and ranked predictions, per step or per word id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.hdf5 import lazy_variable
from lstmvis_panel.project_data import describe, whole_numbers, without_word
from lstmvis_panel.schema import STEP, VOCABULARY, Kind, RecordingError, blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import h5py

    from lstmvis_panel.dictionary import Dictionary
    from lstmvis_panel.project_data import ProjectFiles
    from lstmvis_panel.project_file import Track


@dataclass(frozen=True, eq=False)
class Tokens:
    """The word sequence, as far as it could be read; what could not is None.

    Parameters
    ----------
    dataset
        The word ids, shape (step,).
    ids
        The same in memory.
    dictionary
        The words.
    dictionary_name
        What ``files`` calls the dictionary.
    """

    dataset: h5py.Dataset | None
    ids: np.ndarray | None
    dictionary: Dictionary | None
    dictionary_name: str


@dataclass(frozen=True, eq=False)
class TrackReader:
    """Turns entries of ``meta`` into variables of a recording.

    Parameters
    ----------
    files
        The project's files, open.
    tokens
        The word sequence, which tells how many steps there are.
    meta
        All entries, since the values of one may belong to the ids of another.
    """

    files: ProjectFiles
    tokens: Tokens
    meta: Mapping[str, Track]

    def read(self, entry: str, name: str) -> dict[str, xr.Variable]:
        """Read one entry, with the variables that belong to it.

        Parameters
        ----------
        entry
            Its name in ``meta``.
        name
            The name of the variable.

        Raises
        ------
        RecordingError
            If its keys or its data are not what was expected. Without a problem of its own where the reason lies in
            the word sequence or in a file, and is known already.
        """
        track = self.meta[entry]
        read = {"discrete": self._categorical, "scalar": self._scalar, "wordvec": self._prediction}
        return read[track.shown_as](f"meta.{entry}", name, track)

    def _categorical(self, key: str, name: str, track: Track) -> dict[str, xr.Variable]:
        if track.vis.range == "dict" and track.dictionary is None:
            raise self.files.error(f"{key}.vis.range", "is dict, but there is no dict", "name a dictionary as dict")
        dataset = self.files.dataset(key, track.file, track.path, 1, "biuf")
        found = whole_numbers(self._per_step(key, track, dataset))
        if found is None:
            what = f"{describe(dataset)} has fractions; whole numbers were expected"
            raise self.files.error(f"{key}.path", what, "say vis: {type: scalar} for numbers")
        numbers, there = found
        if track.dictionary is not None:
            dictionary, variables, attrs = self._labels(key, name, track.dictionary)
            # A negative number is the usual way to say that a step has no label.
            unknown = there & (numbers >= 0) & (dictionary.codes(numbers) < 0)
            self._check_known(key, dataset, track.dictionary, numbers[unknown], np.flatnonzero(unknown))
            codes = dictionary.codes(numbers)
        else:
            occurring = np.unique(numbers[there])
            codes = np.searchsorted(occurring, numbers).astype(np.int32)
            variables, attrs = _labels_of(name, occurring.astype(str).astype(object))
        codes[~there] = -1
        return {name: xr.Variable((STEP,), codes, {"kind": Kind.CATEGORICAL.value, **attrs})} | variables

    def _scalar(self, key: str, name: str, track: Track) -> dict[str, xr.Variable]:
        dataset = self.files.dataset(key, track.file, track.path, 1, "biuf")
        attrs: dict[str, Any] = {"kind": Kind.SCALAR.value}
        if isinstance(track.vis.range, tuple):
            attrs["range"] = list(track.vis.range)
        elif track.vis.range == "dict":
            self.files.note(f"{key}.vis.range", "means nothing for a scalar; the data's own range is used")
        # Counts of some millions must stay exact, which float32 can't promise.
        dtype = np.result_type(dataset.dtype.newbyteorder("="), np.float16)
        if track.index == "self":
            self.files.check_length(key, dataset, self.tokens.dataset)
            return {name: lazy_variable((STEP,), self.files.path(track.file), dataset, attrs, dtype=dtype)}
        return {name: xr.Variable((STEP,), self._per_step(key, track, dataset).astype(dtype), attrs)}

    def _prediction(self, key: str, name: str, track: Track) -> dict[str, xr.Variable]:
        dataset = self.files.dataset(key, track.file, track.path, 2, "iu")
        dictionary_name = track.dictionary or self.tokens.dictionary_name
        dictionary, variables, attrs = self._labels(key, name, dictionary_name)
        attrs["kind"] = Kind.PREDICTION.value
        # Of a table per word id, only the rows of words that occur have to make sense.
        for part, ids in blocks(dataset if track.index == "self" else self._per_step(key, track, dataset)):
            unknown = (ids >= 0) & (dictionary.codes(ids) < 0)
            rows = np.nonzero(unknown)[0] + part.start
            self._check_known(key, dataset, dictionary_name, ids[unknown], rows)
        if track.weights_path is not None:
            weights = self.files.dataset(key, track.file, track.weights_path, 2, "f")
            if weights.shape != dataset.shape:
                what = f"{describe(weights)} has shape {weights.shape}; {describe(dataset)} has {dataset.shape}"
                raise self.files.error(f"{key}.weights_path", what, "write a weight per prediction")
            attrs["weights"] = f"{name}_weight"
            variables[f"{name}_weight"] = self._ranked(key, name, track, weights, {"kind": Kind.WEIGHTS.value})
        ranked = self._ranked(key, name, track, dataset, attrs, dictionary)
        return {name: ranked} | variables

    def _ranked(
        self,
        key: str,
        name: str,
        track: Track,
        dataset: h5py.Dataset,
        attrs: dict[str, Any],
        dictionary: Dictionary | None = None,
    ) -> xr.Variable:
        """Return predictions as codes, or with no dictionary their weights: lazily, unless they are per word id."""
        dims = (STEP, f"{name}_rank")
        convert = None if dictionary is None else dictionary.codes
        dtype = dataset.dtype.newbyteorder("=") if dictionary is None else np.dtype(np.int32)
        if track.index == "self":
            self.files.check_length(key, dataset, self.tokens.dataset)
            path = self.files.path(track.file)
            return lazy_variable(dims, path, dataset, attrs, dtype=dtype, convert=convert)
        values = self._per_step(key, track, dataset)
        return xr.Variable(dims, np.asarray(convert(values) if convert else values, dtype=dtype), attrs)

    def _labels(
        self, key: str, name: str, dictionary_name: str
    ) -> tuple[Dictionary, dict[str, xr.Variable], dict[str, Any]]:
        """Return a dictionary, the labels variable that it needs, and the attributes that point there."""
        if dictionary_name == self.tokens.dictionary_name:
            if self.tokens.dictionary is None:
                raise RecordingError([])
            return self.tokens.dictionary, {}, {"labels": VOCABULARY}
        dictionary = self.files.dictionary(f"{key}.dict", dictionary_name)
        return dictionary, *_labels_of(name, dictionary.words)

    def _per_step(self, key: str, track: Track, dataset: h5py.Dataset) -> np.ndarray:
        """Return a value per step: the dataset itself, or its value at the id of each step."""
        if track.index == "self":
            self.files.check_length(key, dataset, self.tokens.dataset)
            return np.asarray(dataset[:])
        ids = self._ids(key, track.index)
        if ids.min() < 0 or ids.max() >= len(dataset):
            what = f"{describe(dataset)} has {len(dataset)} values, but the ids of {track.index} go from "
            remedy = "write a value per id, the first for id 0; or leave out index if it has a value per step"
            raise self.files.error(f"{key}.path", f"{what}{ids.min()} to {ids.max()}", remedy)
        return np.asarray(dataset[:][ids])

    def _ids(self, key: str, section: str) -> np.ndarray:
        """Return the ids of the section that ``index`` names, one a step."""
        if section == "word_sequence":
            if self.tokens.ids is None:
                raise RecordingError([])
            return self.tokens.ids
        if section not in self.meta or self.meta[section].index != "self":
            expected = "self, word_sequence, or an entry of meta with a value per step was expected"
            raise self.files.error(f"{key}.index", f"is {section!r}; {expected}")
        other = self.meta[section]
        dataset = self.files.dataset(f"meta.{section}", other.file, other.path, 1, "iu")
        self.files.check_length(f"meta.{section}", dataset, self.tokens.dataset)
        return np.asarray(dataset[:], dtype=np.int64)

    def _check_known(self, key: str, dataset: h5py.Dataset, name: str, ids: np.ndarray, rows: np.ndarray) -> None:
        if ids.size:
            what = f"{describe(dataset)} has ids without a word in {self.files.path(name).name}: "
            raise self.files.error(f"{key}.path", what + without_word(ids, rows), "add them to the dictionary")


def _labels_of(name: str, words: np.ndarray) -> tuple[dict[str, xr.Variable], dict[str, Any]]:
    labels = f"{name}_label"
    return {labels: xr.Variable((labels,), words, {"kind": Kind.LABELS.value})}, {"labels": labels}
