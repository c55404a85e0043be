"""Arrays in files, as any framework writes them, into a recording: what ``lstmvis convert`` does."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.native_place import check_place
from lstmvis_panel.record.argument_kinds import shown
from lstmvis_panel.record.arrays import from_arrays
from lstmvis_panel.record.safetensors_file import read_safetensors
from lstmvis_panel.record.text_files import read_lines, read_text
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


Columns = dict[str, Any]
"""What a file holds, by name."""

EXTRA = "pip install 'lstmvis-panel[convert]'"
BLANKS = re.compile(r"[ \t]+")
TOKEN_COLUMN, DOCUMENT_COLUMN = "token", "document"


def convert(  # noqa: PLR0913 - a file for each part of a recording
    states: Sequence[Path],
    out: Path,
    *,
    tokens: Path | None = None,
    vocabulary: Path | None = None,
    lengths: Path | None = None,
    documents: Path | None = None,
    annotations: Mapping[str, Path] | None = None,
    transforms: Mapping[str, str] | None = None,
    title: str = "",
    compress: bool = False,
    force: bool = False,
) -> Path:
    """Write a recording of arrays that lie in files.

    Parameters
    ----------
    states
        Files of states, shape (step, state) or (document, step, state): ``.npy``, named as the file is; ``.npz`` and
        ``.safetensors``, a source for each floating-point array with two dimensions or three; ``.parquet``, a source
        for each column of lists. A Parquet file may hold the columns ``token`` and ``document`` too, and its other
        columns are annotations.
    out
        File to write: ``.h5``, ``.hdf5``, ``.nc`` or ``.zarr``.
    tokens
        The tokens: ``.txt``, one on a line, or one line of them with spaces or tabs between; ``.json``, a list, or a
        list of lists with one for each document; ``.npy``, texts, codes, numbers or vectors.
    vocabulary
        The words that codes stand for: ``.txt``, one on a line, or ``.json``, a list, or codes by word.
    lengths
        Steps of each document that are no padding: ``.npy``, ``.json`` or ``.txt``.
    documents
        The document of each step, or, where states have three dimensions, the name of each: as ``lengths``.
    annotations
        Files of labels or numbers by the annotation's name, one for each step: as ``tokens``.
    transforms
        ``"tanh"`` or ``"none"`` by the source's name; none where left out.
    title
        What the recording is called; the name of ``out`` where left out.
    compress
        Whether to compress, without loss.
    force
        Whether to replace a recording that is there.

    Returns
    -------
    pathlib.Path
        ``out``.

    Raises
    ------
    RecordingError
        If a file can't be read or disagrees with the others, or ``out`` is there already.
    """
    check_place(out, replace=force, remedy="--force replaces it")
    sources: Columns = {}
    others: Columns = {}
    for path in states:
        for name, values in read_columns(path).items():
            is_source = len(getattr(values, "shape", ())) in {2, 3} and values.dtype.kind == "f"
            if name in sources:
                remedy = "rename a file or an array"
                raise RecordingError(Problem(f"{path}, {name}", "is there twice: sources are named by it", remedy))
            (sources if is_source else others)[name] = values
    if not sources:
        what = "hold no states: arrays of floating-point numbers with two or three dimensions were expected"
        raise RecordingError(Problem(", ".join(map(str, states)), what))
    read = read_values(tokens) if tokens else others.pop(TOKEN_COLUMN, None)
    if read is None:
        what = "there are no tokens: a file of them, or a Parquet column 'token', was expected"
        raise RecordingError(Problem("--tokens", what, "name the file"))
    named = read_values(documents) if documents else others.pop(DOCUMENT_COLUMN, None)
    if twice := sorted(others.keys() & (annotations or {}).keys()):
        what = f"names {', '.join(twice)}, which the files of states hold too"
        raise RecordingError(Problem("--annotation", what, "choose another name"))
    notes = others | {name: read_values(path) for name, path in (annotations or {}).items()}
    if unknown := set(transforms or {}) - set(sources):
        what = f"names {', '.join(sorted(unknown))}; the sources are {', '.join(sources)}"
        raise RecordingError(Problem("--transform", what))
    from_arrays(
        read,
        sources,
        vocabulary=_read_vocabulary(vocabulary) if vocabulary else None,
        lengths=None if lengths is None else [_number(length) for length in read_values(lengths)],
        documents=named,
        annotations=notes or None,
        transforms=dict(transforms or {}) or None,
        title=title or out.stem,
        path=out,
        compress=compress,
    )
    return out


def read_columns(path: Path) -> Columns:
    """Return the arrays of a file by name; those of ``.npy`` and ``.safetensors`` stay on disk until looked at.

    Raises
    ------
    RecordingError
        If the file can't be read, or its suffix is not known.
    """
    readers: dict[str, Callable[[Path], Columns]] = {
        ".npy": lambda path: {path.stem: np.load(path, mmap_mode="r", allow_pickle=False)},
        ".npz": _read_npz,
        ".safetensors": read_safetensors,
        ".parquet": _read_parquet,
    }
    columns: Columns = _read(path, readers)
    return columns


def read_values(path: Path) -> Any:
    """Return what a file of tokens, labels or numbers holds: a list, a list of lists, or an array.

    Raises
    ------
    RecordingError
        If the file can't be read, or its suffix is not known.
    """
    readers: dict[str, Callable[[Path], Any]] = {
        ".txt": _read_lines,
        ".json": lambda path: _checked(path, json.loads(read_text(path)), list, "a list"),
        ".npy": _read_plain_npy,
    }
    return _read(path, readers)


def _read(path: Path, readers: Mapping[str, Callable[[Path], Any]]) -> Any:
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RecordingError(
            Problem(str(path), f"has no suffix that is known here; {', '.join(readers)} were expected")
        )
    try:
        return reader(path)
    except RecordingError:
        raise
    except FileNotFoundError:
        raise RecordingError(Problem(str(path), "there is no such file")) from None
    except ImportError as error:
        remedy = EXTRA
        raise RecordingError(Problem(str(path), f"needs the package {error.name}", remedy)) from None
    except ValueError as error:
        if "pickle" not in str(error):
            raise RecordingError(_unreadable(path, error)) from error
        # numpy's own message advises to run whatever is in the file.
        what = "holds no plain arrays: it is no file of numpy's, or one of Python objects"
        remedy = "write it with numpy.save or numpy.savez, from arrays of numbers or of texts"
        raise RecordingError(Problem(str(path), what, remedy)) from None
    except Exception as error:  # each library has errors of its own, and the file is to blame for all of them
        raise RecordingError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> Problem:
    told = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Problem(str(path), f"can't be read ({told})")


def _read_npz(path: Path) -> Columns:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def _read_parquet(path: Path) -> Columns:
    import pyarrow as pa  # noqa: PLC0415 - an optional extra
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns: Columns = {}
    for name, column in zip((table := pq.read_table(path)).column_names, table.columns, strict=True):
        whole = column.combine_chunks()
        if column.null_count:
            raise RecordingError(Problem(f"{path}, column {name}", f"has {column.null_count} empty cells"))
        if (
            pa.types.is_list(whole.type)
            or pa.types.is_large_list(whole.type)
            or pa.types.is_fixed_size_list(whole.type)
        ):
            flat = whole.flatten().to_numpy(zero_copy_only=False)
            if len(whole) == 0 or flat.size % len(whole) or len({len(row) for row in whole}) > 1:
                what = "holds lists of several lengths; a number for each state was expected"
                raise RecordingError(Problem(f"{path}, column {name}", what))
            columns[name] = flat.reshape(len(whole), -1)
        else:
            values = whole.to_numpy(zero_copy_only=False)
            columns[name] = values.tolist() if values.dtype.kind == "O" else values
    return columns


def _read_lines(path: Path) -> list[str]:
    lines = read_lines(path)
    return [word for word in BLANKS.split(lines[0]) if word] if len(lines) == 1 else lines


def _checked(path: Path, given: Any, kinds: type | tuple[type, ...], expected: str) -> Any:
    """Return what a JSON file holds, once that is known to be of one of these kinds."""
    if not isinstance(given, kinds):
        raise RecordingError(Problem(str(path), f"holds {shown(given)}; {expected} was expected"))
    return given


def _read_plain_npy(path: Path) -> Any:
    values = np.load(path, allow_pickle=False)
    return values.tolist() if values.dtype.kind in "US" else values


def _number(given: Any) -> Any:
    """Return a number that is written as a text; anything else as it is."""
    try:
        return int(given) if isinstance(given, str) else given
    except ValueError:
        return given


def _read_vocabulary(path: Path) -> list[str]:
    if path.suffix.lower() != ".json":
        return [str(word) for word in read_values(path)]
    readers = {".json": lambda path: _checked(path, json.loads(read_text(path)), (list, dict), "a list, or a dict,")}
    words = _read(path, readers)
    if isinstance(words, dict):
        # As texts: what is no number can't be put in an order with numbers.
        if sorted(map(repr, words.values())) != sorted(map(repr, range(len(words)))):
            raise RecordingError(Problem(str(path), f"codes from 0 to {len(words) - 1}, each once, were expected"))
        return sorted(words, key=words.__getitem__)
    for code, word in enumerate(words):
        _checked(path, word, (str, int, float), f"a word for code {code}")
    return [str(word) for word in words]
