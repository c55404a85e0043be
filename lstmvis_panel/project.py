"""A project folder of the original tool (``lstm.yml`` and its files) as a recording."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.hdf5 import lazy_variable
from lstmvis_panel.project_data import ProjectFiles, describe, without_word
from lstmvis_panel.project_file import PROJECT_FILE, load_yaml, read_project_file, unknown_keys
from lstmvis_panel.schema import DOCUMENT, EMBEDDING, STEP, TOKEN, VOCABULARY, WORD, Kind, RecordingError
from lstmvis_panel.tracks import Tokens, TrackReader

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import h5py

    from lstmvis_panel.dictionary import Dictionary
    from lstmvis_panel.project_file import ProjectFile, SourceEntry

__all__ = ["PROJECT_FILE", "files_of", "open_project", "title_of"]

EMBEDDING_DIMENSION = "embedding"
RESERVED = {STEP, WORD, TOKEN, VOCABULARY, DOCUMENT, f"{DOCUMENT}_label", EMBEDDING, EMBEDDING_DIMENSION}


def open_project(folder: str | os.PathLike[str]) -> xr.Dataset:
    """Open a project folder; states, scalars and predictions stay on disk until they are looked at.

    Parameters
    ----------
    folder
        The folder that holds ``lstm.yml``.

    Returns
    -------
    xarray.Dataset
        The recording. A source is called by its HDF5 path where that is unique, else ``<file>.<path>``; an annotation
        as in ``meta``, or ``meta.<name>`` where the name is taken. What was passed over is in ``attrs["notes"]``.

    Raises
    ------
    RecordingError
        With all that is wrong, each with file, key and what was expected.
    """
    folder = Path(folder)
    where = f"{folder.resolve().name}/{PROJECT_FILE}"
    config = read_project_file(folder / PROJECT_FILE, where)
    with ProjectFiles(folder, config.files, where) as files:
        files.problems += unknown_keys(config, f"{where}, ")
        files.check_unused(_named_files(config))
        variables = _read_variables(files, config)
    if any(problem.fatal for problem in files.problems):
        raise RecordingError(sorted(files.problems, key=lambda problem: not problem.fatal))
    title = config.name or folder.resolve().name
    attrs: dict[str, Any] = {"title": title, "description": config.description or title}
    attrs["searchable"] = int(config.etc.regex_search)
    if files.problems:
        attrs["notes"] = [str(problem) for problem in files.problems]
    recording = xr.Dataset(variables, attrs=attrs)
    recording.encoding["source"] = str(folder)
    return recording


def title_of(folder: Path) -> str | None:
    """Return the name in ``lstm.yml``, however broken the project is otherwise; None if there is none."""
    return next((str(content["name"]) for content in _content(folder) if content.get("name") is not None), None)


def files_of(folder: Path) -> list[Path]:
    """Return ``lstm.yml`` and the files that it names, whether they are there or not."""
    named = [content["files"].values() for content in _content(folder) if isinstance(content.get("files"), dict)]
    return [folder / PROJECT_FILE, *(folder / str(name) for names in named for name in names)]


def _content(folder: Path) -> list[dict[Any, Any]]:
    """Return what ``lstm.yml`` holds, as one mapping or none."""
    try:
        return [load_yaml(folder / PROJECT_FILE, PROJECT_FILE)]
    except RecordingError:
        return []


def _named_files(config: ProjectFile) -> set[str | None]:
    """Return the names of files that any key uses."""
    used: set[str | None] = {config.word_sequence.file, config.word_sequence.dict_file, config.states.file}
    used |= {entry.file for entry in config.states.types}
    used |= {config.word_embedding.file} if config.word_embedding else set()
    return used | {name for track in config.meta.values() for name in (track.file, track.dictionary)}


def _read_variables(files: ProjectFiles, config: ProjectFile) -> dict[str, xr.Variable]:
    """Read every part that can be read, noting the problems of the others."""
    variables: dict[str, xr.Variable] = {}
    tokens = _read_tokens(files, config)
    with files.collecting("word_sequence"):
        variables |= _token_variables(files, tokens)
    taken = set(RESERVED)
    for entry, name in _source_names(files, config, taken):
        with files.collecting(f"states.types[{entry[0]}]"):
            variables[name] = _read_source(files, config, entry, name, tokens.dataset)
    with files.collecting("word_embedding"):
        variables |= _read_embedding(files, config, tokens.dictionary)
    reader = TrackReader(files, tokens, config.meta)
    for entry_name in config.meta:
        with files.collecting(f"meta.{entry_name}"):
            name = _claim(files, f"meta.{entry_name}", [entry_name, f"meta.{entry_name}"], taken)
            variables |= reader.read(entry_name, name)
    return variables


def _read_tokens(files: ProjectFiles, config: ProjectFile) -> Tokens:
    section = config.word_sequence
    dataset = dictionary = ids = None
    with files.collecting("word_sequence"):
        dataset = files.dataset("word_sequence", section.file, section.path, 1, "iu")
        ids = dataset[:].astype(np.int64)
    with files.collecting("word_sequence.dict_file"):
        dictionary = files.dictionary("word_sequence.dict_file", section.dict_file)
    return Tokens(dataset, ids, dictionary, section.dict_file)


def _token_variables(files: ProjectFiles, tokens: Tokens) -> dict[str, xr.Variable]:
    if tokens.ids is None or tokens.dictionary is None:
        return {}
    codes = tokens.dictionary.codes(tokens.ids)
    if (codes < 0).any():
        steps = np.flatnonzero(codes < 0)
        dictionary = files.path(tokens.dictionary_name).name
        what = f"{describe(tokens.dataset)} has ids without a word in {dictionary}: "
        raise files.error("word_sequence.path", what + without_word(tokens.ids[steps], steps), "add them there")
    return {
        TOKEN: xr.Variable((STEP,), codes, {"kind": Kind.TOKEN.value, "labels": VOCABULARY}),
        VOCABULARY: xr.Variable((WORD,), tokens.dictionary.words, {"kind": Kind.LABELS.value}),
    }


def _source_names(
    files: ProjectFiles, config: ProjectFile, taken: set[str]
) -> list[tuple[tuple[int, SourceEntry], str]]:
    """Return the entries of ``states.types`` with the names of their sources."""
    places = [(entry.file or config.states.file, entry.path.strip("/")) for entry in config.states.types]
    counts = Counter(path for _, path in set(places))
    named = []
    for number, (entry, (file, path)) in enumerate(zip(config.states.types, places, strict=True)):
        key = f"states.types[{number}]"
        if (file, path) in places[:number]:
            files.note(key, f"{file}, {path} is listed before and not shown twice")
            continue
        choices = [f"{file}.{path}"] if counts[path] > 1 else [path, f"{file}.{path}"]
        with files.collecting(key):
            named.append(((number, entry), _claim(files, key, choices, taken)))
    return named


def _claim(files: ProjectFiles, key: str, choices: Iterable[str], taken: set[str]) -> str:
    """Take the first name that is free, together with the names of what may belong to it."""
    for name in choices:
        wanted = {name, *(f"{name}_{part}" for part in ("state", "label", "rank", "weight"))}
        if not wanted & taken:
            taken |= wanted
            return name
    raise files.error(key, f"no name is left for it: {' and '.join(choices)} are taken", "rename the file or the entry")


def _read_source(
    files: ProjectFiles,
    config: ProjectFile,
    numbered: tuple[int, SourceEntry],
    name: str,
    tokens: h5py.Dataset | None,
) -> xr.Variable:
    number, entry = numbered
    key = f"states.types[{number}]"
    file = entry.file or config.states.file
    if file is None:
        raise files.error(key, "names no file, and neither does states.file", "add file: with a name from files")
    dataset = files.dataset(key, file, entry.path, 2, "f")
    files.check_length(key, dataset, tokens)
    attrs: dict[str, Any] = {"kind": Kind.STATES.value, "role": entry.type}
    if entry.layer is not None:
        attrs["layer"] = entry.layer
    attrs |= {"transform": entry.transform, "unsigned": int(entry.unsigned)}
    return lazy_variable((STEP, f"{name}_state"), files.path(file), dataset, attrs)


def _read_embedding(files: ProjectFiles, config: ProjectFile, dictionary: Dictionary | None) -> dict[str, xr.Variable]:
    """Read the embedding's rows in the order of the vocabulary: they are per word, or per word id."""
    section = config.word_embedding
    if section is None or dictionary is None:
        return {}
    dataset = files.dataset("word_embedding", section.file, section.path, 2, "f")
    dims = (WORD, EMBEDDING_DIMENSION)
    variable = lazy_variable(dims, files.path(section.file), dataset, {"kind": Kind.EMBEDDING.value})
    rows, words = len(dataset), len(dictionary.ids)
    if rows != words and rows <= dictionary.ids[-1]:
        what = f"{describe(dataset)} has {rows} rows; one for each of the {words} words was expected"
        raise files.error("word_embedding.path", what, f"or one for each id up to {dictionary.ids[-1]}")
    return {EMBEDDING: variable if rows == words else variable[dictionary.ids]}
