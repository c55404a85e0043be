"""CoNLL and TSV files: a word a line, its annotations in columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lstmvis_panel.record.characters import comparable
from lstmvis_panel.record.retokenized import AnnotatedTokens, from_tokens
from lstmvis_panel.record.text_files import line_problem, read_lines
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import xarray as xr

UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
FORM, MISC = UNIVERSAL.index("form"), UNIVERSAL.index("misc")
UNIVERSAL_ID = re.compile(r"\d+(?:[-.]\d+)?")
COLUMNS_SAID = "# global.columns ="
DOCUMENT_START = "-DOCSTART-"
NO_SPACE = "SpaceAfter=No"


@dataclass(frozen=True)
class _Layout:
    """How a file's lines are to be read: what parts its columns, their names, whether it is CoNLL-U."""

    separator: str | None
    names: tuple[str, ...]
    columns: int
    is_universal: bool
    header: int | None = None  # the line with the columns' names


def from_conll(
    recording: xr.Dataset,
    path: str | os.PathLike[str],
    column: str | int,
    *,
    name: str | None = None,
    token_column: str | int | None = None,
    tags: bool | None = None,
) -> dict[str, xr.Variable]:
    """Read an annotation from a column of a CoNLL-2000, -2003, CoNLL-U or any TSV file with a word a line.

    The file's words may be split differently from the recording's, see `retokenized.from_tokens`. Blank lines end
    sentences; lines with ``-DOCSTART-`` and comments are passed over. Of CoNLL-U, empty nodes count for nothing, and a
    word made of several (``du``: ``de``, ``le``) has the annotation of the longest of them, of equals the first, unless
    they make it up letter by letter.

    Parameters
    ----------
    recording
        The recording.
    path
        The file, UTF-8.
    column
        The annotation's column: its number from 1 (from -1 at the end), or its name, in CoNLL-U or in a first line.
    name
        Name of the annotation; the column's name if left out.
    token_column
        The words' column; the first if left out, in CoNLL-U FORM.
    tags
        Whether it holds chunks (``B-NP``, ``I-NP``, ``O``); told by its values if left out.

    Returns
    -------
    dict of str to xarray.Variable
        Labels, or for chunks type and part, see `annotations.chunks`; `annotate` takes them.

    Raises
    ------
    RecordingError
        Naming file and line: if a column is missing, a tag is none, or the words are not the recording's.
    """
    lines = read_lines(path)
    wants_names = any(isinstance(each, str) and not _is_number(each) for each in (column, token_column))
    layout = _layout_of(path, lines, wants_names=wants_names)
    name = name or (column if isinstance(column, str) and not _is_number(column) else None)
    if name is None:
        raise RecordingError(Problem("name", "is missing", "say what the annotation shall be called (--name)"))
    standard = FORM + 1 if layout.is_universal else 1
    words_at = _position(path, layout, standard if token_column is None else token_column)
    wanted = _position(path, layout, column)
    rows = [*_Reader(path, layout, words_at, wanted).rows(lines)]
    empty = {"", "_"} if layout.is_universal else {""}
    annotated = AnnotatedTokens(
        [row.word for row in rows],
        [None if row.value in empty else row.value for row in rows],
        sentence_starts=[row.starts_sentence for row in rows],
        spaced=[row.is_spaced for row in rows] if layout.is_universal else None,
        where=lambda number: f"line {rows[number].line + 1}",
        source=Path(path).name,
    )
    return from_tokens(recording, annotated, name, tags=tags)


@dataclass(frozen=True)
class _Row:
    """A word of a file: what it is, what the wanted column says of it, and where it stands."""

    word: str
    value: str
    line: int
    starts_sentence: bool = False
    is_spaced: bool = True


@dataclass(frozen=True)
class _Reader:
    """Reads the words of a file, and one column.

    Parameters
    ----------
    path
        The file, for messages.
    layout
        How its lines are to be read.
    words_at, wanted
        The places of both columns.
    """

    path: str | os.PathLike[str]
    layout: _Layout
    words_at: int
    wanted: int

    def rows(self, lines: Sequence[str]) -> Iterator[_Row]:
        """Yield a row for each word."""
        starts = spaced = True
        for group in self._groups(lines):
            if not group:
                starts = spaced = True
                continue
            for row in _joined(group):
                yield replace(row, starts_sentence=starts, is_spaced=row.is_spaced and spaced)
                starts, spaced = False, True
            spaced = not self.layout.is_universal or NO_SPACE not in group[0][1][MISC]

    def _groups(self, lines: Sequence[str]) -> Iterator[list[tuple[_Row, list[str]]]]:
        """Yield a line with a word; a line with several, with theirs; nothing at the end of a sentence."""
        several: list[tuple[_Row, list[str]]] = []
        last = 0
        for number, fields in _data_lines(lines, self.layout):
            row = None if fields is None else self._row(number, fields)
            key = fields[0] if fields is not None and self.layout.is_universal else ""
            if "." in key:
                continue
            if row is not None and fields is not None and several and key.isdigit() and int(key) <= last:
                several.append((row, fields))
                continue
            if several:
                yield several
                several = []
            if row is None or fields is None:
                yield []
            elif "-" in key:
                several, last = [(row, fields)], int(key.partition("-")[2])
            else:
                yield [(row, fields)]
        if several:
            yield several

    def _row(self, number: int, fields: list[str]) -> _Row:
        needed = max(self.words_at, self.wanted, MISC if self.layout.is_universal else 0)
        if needed >= len(fields):
            what = f"has {len(fields)} columns; {needed + 1} or more were expected"
            raise line_problem(self.path, number, what, "look at the line, or name another column")
        if self.layout.is_universal and not UNIVERSAL_ID.fullmatch(fields[0]):
            raise line_problem(self.path, number, f"starts with {fields[0]!r}; the number of a word was expected")
        return _Row(fields[self.words_at], fields[self.wanted], number)


def _joined(group: list[tuple[_Row, list[str]]]) -> list[_Row]:
    """Return the rows of a word: its parts, where they make it up; else itself with what the longest part has."""
    whole, *parts = (row for row, _ in group)
    if not parts:
        return [whole]
    if comparable("".join(part.word for part in parts)) == comparable(whole.word):
        return [replace(part, is_spaced=not number) for number, part in enumerate(parts)]
    return [replace(whole, value=max(parts, key=lambda part: len(part.word)).value)]


def _data_lines(lines: Sequence[str], layout: _Layout) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the columns of each line with a word, None for each that ends a sentence."""
    for number, line in enumerate(lines):
        if not line.strip() or line.startswith(DOCUMENT_START):
            yield number, None
        elif number != layout.header:
            fields = line.split(layout.separator)
            if not _is_comment(line, fields, layout):
                yield number, fields


def _is_comment(line: str, fields: list[str], layout: _Layout) -> bool:
    """Tell a comment from a word "#", which stands in files that have no comments."""
    return line.startswith("#") and (layout.is_universal or len(fields) != layout.columns)


def _layout_of(path: str | os.PathLike[str], lines: Sequence[str], *, wants_names: bool) -> _Layout:
    said = next((line for line in lines if line.startswith(COLUMNS_SAID)), None)
    data = [(number, line) for number, line in enumerate(lines[:1000]) if line.strip() and line[0] != "#"]
    data = [(number, line) for number, line in data if not line.startswith(DOCUMENT_START)]
    if not data:
        raise RecordingError(Problem(str(path), "holds no words", "one a line was expected"))
    number, first = data[0]
    separator = "\t" if "\t" in first else None
    fields = first.split(separator)
    if len(fields) == len(UNIVERSAL) and separator and UNIVERSAL_ID.fullmatch(fields[0]):
        return _Layout(separator, UNIVERSAL, len(fields), is_universal=True)
    if said is not None:
        names = tuple(said.removeprefix(COLUMNS_SAID).lower().split())
        return _Layout(separator, names, len(fields), is_universal=False)
    if wants_names:
        return _Layout(separator, tuple(fields), len(fields), is_universal=False, header=number)
    return _Layout(separator, (), len(fields), is_universal=False)


def _is_number(column: str | int | None) -> bool:
    return isinstance(column, int) or (column is not None and re.fullmatch(r"-?\d+", column) is not None)


def _position(path: str | os.PathLike[str], layout: _Layout, column: str | int) -> int:
    """Return a column's place, counted from 0."""
    if _is_number(column):
        number = int(column)
        place = number - 1 if number > 0 else layout.columns + number
        if number == 0 or not 0 <= place < layout.columns:
            what = f"has no column {number}: its first line with a word has {layout.columns}, counted from 1"
            raise RecordingError(Problem(Path(path).name, what, "name another column"))
        return place
    names = [each.lower() for each in layout.names]
    if str(column).lower() not in names:
        what = f"has no column {column!r}; its columns are called {', '.join(layout.names)}"
        raise RecordingError(Problem(Path(path).name, what, "name one of them, or give its number, from 1"))
    return names.index(str(column).lower())
