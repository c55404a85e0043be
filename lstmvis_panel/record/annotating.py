"""What ``lstmvis annotate`` does: read one annotation from where it is, and add it to a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstmvis_panel.native_place import check_place
from lstmvis_panel.native_save import save_native
from lstmvis_panel.project import PROJECT_FILE
from lstmvis_panel.record.annotations import categorical, scalar
from lstmvis_panel.record.attach import REPLACES, annotate, annotate_file, check_paths, replaced_by
from lstmvis_panel.record.bed import from_bed
from lstmvis_panel.record.conll import from_conll
from lstmvis_panel.record.documents import documents
from lstmvis_panel.record.spans import read_spans
from lstmvis_panel.record.tagging import KINDS, tag_with_spacy
from lstmvis_panel.record.text_files import line_problem, read_lines, read_text
from lstmvis_panel.schema import STEP, Problem, RecordingError
from lstmvis_panel.store import open_recording

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

SOURCES = {"spacy": "--spacy", "conll": "--conll", "bed": "--bed", "listed": "--list", "spans": "--spans"}
# What further options belong to, and each field's option.
BELONGS = {
    "only": ("--only", {"spacy"}),
    "text": ("--text", {"spacy", "spans"}),
    "words": ("--words", {"spacy", "spans"}),
    "column": ("--column", {"conll"}),
    "token_column": ("--token-column", {"conll"}),
    "numbers": ("--numbers", {"listed"}),
    "window": ("--window", {"bed"}),
    "name": ("--name", {"conll", "bed", "listed", "spans"}),
}
NEEDED = {"conll": ("column",), "listed": ("name",), "spans": ("name",)}


@dataclass(frozen=True)
class Request:
    """Where an annotation comes from: the options of the command, one of the first five given.

    Parameters
    ----------
    spacy
        Name of a model.
    conll, bed, listed, spans
        Files.
    name
        Name of the annotation.
    column, token_column
        Columns of a CoNLL or TSV file: numbers from 1, or names.
    numbers
        Whether a list holds numbers instead of labels.
    only
        What is wanted of a model, parted by commas.
    text
        Files with the documents' texts in their order, or one folder with a file ``<label>.txt`` for each.
    words
        File with the original word of each step, one a line.
    window
        Label of each document in place of its own, as ``chr22:20000000-20010000``.
    """

    spacy: str | None = None
    conll: Path | None = None
    bed: Path | None = None
    listed: Path | None = None
    spans: Path | None = None
    name: str | None = None
    column: str | None = None
    token_column: str | None = None
    numbers: bool = False
    only: str | None = None
    text: tuple[Path, ...] = ()
    words: Path | None = None
    window: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is wanted of a model."""
        return tuple(KINDS) if self.only is None else tuple(each.strip() for each in self.only.split(","))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the annotations, as far as they are known before the source is read."""
        if self.spacy is not None:
            return self.kinds
        return () if self.name is None else (self.name,)

    def check(self) -> None:
        """Check that one of the five is given, with what it needs, and nothing that has no meaning for it.

        Raises
        ------
        RecordingError
            With all that is wrong.
        """
        given = [field for field in SOURCES if getattr(self, field) is not None]
        if len(given) != 1:
            what = f"{', '.join(SOURCES[field] for field in given) or 'nothing'} was given"
            raise RecordingError(Problem("annotate", f"{what}; one of {', '.join(SOURCES.values())} was expected"))
        problems = [
            Problem(option, f"has no meaning for {SOURCES[given[0]]}", "leave it out")
            for field, (option, sources) in BELONGS.items()
            if getattr(self, field) and given[0] not in sources
        ]
        problems += [
            Problem(BELONGS[field][0], f"is missing; {SOURCES[given[0]]} needs it")
            for field in NEEDED.get(given[0], ())
            if not getattr(self, field)
        ]
        if problems:
            raise RecordingError(problems)


def annotate_on_request(
    path: Path, request: Request, *, out: Path | None = None, replace: bool = False
) -> tuple[Path, list[str]]:
    """Add the annotation that is asked for to a recording.

    Parameters
    ----------
    path
        A native file or store; or a project folder, which is written to ``out``.
    request
        What to add.
    out
        Where to write; in place of the recording if left out.
    replace
        Whether to replace annotations of the same names, and a recording that is at ``out``.

    Returns
    -------
    tuple of pathlib.Path and list of str
        What was written, and the names of the annotations.

    Raises
    ------
    RecordingError
        With all that is wrong; nothing is written then.
    """
    request.check()
    is_project = path.name == PROJECT_FILE or (path / PROJECT_FILE).exists()
    if is_project and out is None:
        what = "is a project folder, which can't take further annotations"
        raise RecordingError(Problem(str(path), what, "name a file to write the whole recording to (--out)"))
    recording = open_recording(path)
    if is_project and out is not None:
        check_place(out, replace=replace, remedy=REPLACES)
    else:
        check_paths(path, path if out is None else out, replace=replace)
    # Before the hour that a model may take.
    replaced_by(recording, request.names, replace=replace)
    variables = read_request(recording, request)
    names = [name for name, variable in variables.items() if variable.attrs["kind"] != "labels"]
    if is_project and out is not None:
        save_native(annotate(recording, variables, replace=replace), out)
        return out, names
    return annotate_file(path, variables, replace=replace, out=out), names


def read_request(recording: xr.Dataset, request: Request) -> dict[str, xr.Variable]:
    """Return the annotations that are asked for, as variables of the recording."""
    name = request.name or ""
    if request.conll is not None:
        return from_conll(
            recording, request.conll, request.column or "", name=request.name, token_column=request.token_column
        )
    if request.bed is not None:
        return from_bed(recording, request.bed, request.name, windows=request.window or None)
    if request.listed is not None:
        return read_list(recording, request.listed, name, numbers=request.numbers)
    texts = _texts(recording, request.text)
    words = None if request.words is None else read_lines(request.words)
    if request.spans is not None:
        return read_spans(recording, request.spans, name, texts=texts, words=words)
    return tag_with_spacy(recording, request.spacy or "", texts=texts, words=words, only=request.kinds)


def read_list(recording: xr.Dataset, path: Path, name: str, *, numbers: bool = False) -> dict[str, xr.Variable]:
    """Read an annotation from a file with a label, or a number, for each step, one a line; empty where there is none.

    Raises
    ------
    RecordingError
        Naming file and line, if there is not one line a step, or a line is no number.
    """
    lines = [line.strip() for line in read_lines(path)]
    steps = recording.sizes[STEP]
    if len(lines) != steps:
        what = f"has {len(lines):,} lines; one for each of {steps:,} steps was expected"
        raise RecordingError(Problem(path.name, what, "lines without a label stay empty"))
    if not numbers:
        return categorical(name, lines)
    values = []
    for number, line in enumerate(lines):
        try:
            values.append(float(line or "nan"))
        except ValueError:
            raise line_problem(path, number, f"{line!r} is no number") from None
    return scalar(name, values)


def _texts(recording: xr.Dataset, paths: tuple[Path, ...]) -> list[str] | None:
    if not paths:
        return None
    if len(paths) == 1 and paths[0].is_dir():
        paths = tuple(paths[0] / f"{document.label}.txt" for document in documents(recording))
        if missing := [each for each in paths if not each.is_file()]:
            what = f"has no file {missing[0].name}; one for each document was expected"
            raise RecordingError(Problem(str(missing[0].parent), what))
    return [read_text(each) for each in paths]
