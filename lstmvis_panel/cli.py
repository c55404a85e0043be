"""The command ``lstmvis``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lstmvis_panel.faults import Command, Service

IndexFolder = Annotated[
    Path | None,
    typer.Option(help="Folder of the indexes that make matching fast; one in the user's cache if left out."),
]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def lstmvis() -> None:
    """See what a sequence model has learned in its hidden states."""


@app.command(cls=Service)
def serve(  # noqa: PLR0913 - an option for each way
    folder: Annotated[Path | None, typer.Argument(help="What to serve; the bundled examples if left out.")] = None,
    *,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 5006,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in.")] = "localhost",
    prefix: Annotated[str, typer.Option(help="Path under which a proxy serves the app.")] = "",
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Further name[:port] by which browsers reach it; may be repeated."),
    ] = None,
    show: Annotated[bool, typer.Option(help="Open a browser.")] = False,
    processes: Annotated[int, typer.Option(help="Processes that share the visitors.", min=1)] = 1,
    index_folder: IndexFolder = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers match in large sources.")
    ] = None,
) -> None:
    """Serve the recordings of a folder in the browser."""
    from lstmvis_panel import server, store
    from lstmvis_panel.pools import SCHEDULER_VARIABLE
    from lstmvis_panel.schema import RecordingError

    _keep_indexes_in(index_folder)
    if scheduler is not None:
        os.environ[SCHEDULER_VARIABLE] = scheduler
    try:
        place = folder if folder is not None else store.bundled_examples()
        store.open_projects(place)
        server.run(place, port=port, address=address, prefix=prefix, allow=allow or [], show=show, processes=processes)
    except RecordingError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"Can't listen on {address}:{port} ({error.strerror or error}). Choose another with --port.")


@app.command(cls=Command)
def validate(path: Annotated[Path, typer.Argument(help="A project folder or a recording.")]) -> None:
    """Report all problems of a recording at once; exit with 1 if it can't be used."""
    from lstmvis_panel.checking import problems_of

    problems = problems_of(path)
    for problem in problems:
        typer.echo(f"{'error' if problem.fatal else 'warning'}: {problem}")
    if not problems:
        typer.echo(f"{path}: no problems found")
    if any(problem.fatal for problem in problems):
        raise typer.Exit(1)


@app.command(cls=Command)
def annotate(  # noqa: PLR0913 - an option for each way
    path: Annotated[Path, typer.Argument(help="A recording.")],
    *,
    spacy: Annotated[str | None, typer.Option(help="Model of spaCy's that tags the text.", metavar="MODEL")] = None,
    conll: Annotated[Path | None, typer.Option(help="CoNLL or TSV file, a word a line.", metavar="FILE")] = None,
    bed: Annotated[Path | None, typer.Option(help="BED file of intervals in a genome.", metavar="FILE")] = None,
    listed: Annotated[
        Path | None, typer.Option("--list", help="File with a label for each step, one a line.", metavar="FILE")
    ] = None,
    spans: Annotated[
        Path | None, typer.Option(help="TSV file of spans: document, start, stop, label.", metavar="FILE")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the annotation.")] = None,
    column: Annotated[str | None, typer.Option(help="Its column in the CoNLL file: number from 1, or name.")] = None,
    token_column: Annotated[str | None, typer.Option(help="The words' column; the first, or FORM.")] = None,
    only: Annotated[
        str | None, typer.Option(help="What the model is asked for: pos,tag,entity,noun_chunk,verb_chunk.")
    ] = None,
    text: Annotated[
        list[Path] | None,
        typer.Option(help="A document's text, once for each in order; or a folder with LABEL.txt for each."),
    ] = None,
    words: Annotated[
        Path | None, typer.Option(help="File with the original word of each step, one a line.", metavar="FILE")
    ] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(help="Part of the genome that a document is, as chr22:2000-3000, once for each in order."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; the recording itself if left out.")] = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="The list holds numbers, no labels.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace annotations of the same name, and what is at --out.")
    ] = False,
) -> None:
    """Add annotations to a recording: from a file, or by a spaCy model; its tokens may be split differently."""
    from lstmvis_panel.record.annotating import Request, annotate_on_request
    from lstmvis_panel.schema import RecordingError

    request = Request(
        spacy=spacy,
        conll=conll,
        bed=bed,
        listed=listed,
        spans=spans,
        name=name,
        column=column,
        token_column=token_column,
        numbers=numbers,
        only=only,
        text=tuple(text or ()),
        words=words,
        window=tuple(window or ()),
    )
    try:
        written, names = annotate_on_request(path, request, out=out, replace=replace)
    except RecordingError as error:
        _fail(str(error))
    else:
        typer.echo(f"{written}: added {', '.join(names)}")


@app.command(cls=Command)
def convert(  # noqa: PLR0913 - an option for each part of a recording
    states: Annotated[list[Path], typer.Argument(help="Files of states: .npy, .npz, .safetensors or .parquet.")],
    *,
    out: Annotated[Path, typer.Option(help="Recording to write: .h5, .nc or .zarr.")],
    tokens: Annotated[Path | None, typer.Option(help="Tokens: .txt, .json or .npy; else a Parquet column.")] = None,
    vocabulary: Annotated[Path | None, typer.Option(help="Words that codes stand for: .txt or .json.")] = None,
    lengths: Annotated[Path | None, typer.Option(help="Steps of each document that are no padding.")] = None,
    documents: Annotated[Path | None, typer.Option(help="Document of each step, or name of each document.")] = None,
    annotation: Annotated[list[str] | None, typer.Option(help="NAME=FILE; may be repeated.")] = None,
    transform: Annotated[list[str] | None, typer.Option(help="SOURCE=tanh; may be repeated.")] = None,
    title: Annotated[str, typer.Option(help="What the recording is called.")] = "",
    compress: Annotated[bool, typer.Option(help="Compress, without loss.")] = False,
    force: Annotated[bool, typer.Option(help="Replace a recording that is there.")] = False,
) -> None:
    """Make a recording of arrays in files."""
    from lstmvis_panel.record import convert as converting
    from lstmvis_panel.schema import RecordingError

    try:
        annotations = {name: Path(file) for name, file in _pairs("--annotation", annotation).items()}
        converting.convert(
            states,
            out,
            tokens=tokens,
            vocabulary=vocabulary,
            lengths=lengths,
            documents=documents,
            annotations=annotations,
            transforms=_pairs("--transform", transform),
            title=title,
            compress=compress,
            force=force,
        )
    except RecordingError as error:
        _fail(str(error))
    typer.echo(f"{out}: written")


@app.command(cls=Command)
def info(
    path: Annotated[Path, typer.Argument(help="A project folder or a recording.")], index_folder: IndexFolder = None
) -> None:
    """Say what a recording holds: shapes, ranges, how many values are saturated, and which sources have an index."""
    from lstmvis_panel import store, summary
    from lstmvis_panel.schema import RecordingError

    _keep_indexes_in(index_folder)
    try:
        typer.echo(summary.as_text(summary.summarize(store.open_recording(path), progress=sys.stderr.isatty())))
    except RecordingError as error:
        _fail(str(error))


@app.command(cls=Command)
def index(
    path: Annotated[Path, typer.Argument(help="A project folder or a recording.")],
    source: Annotated[
        list[str] | None, typer.Option(help="A source; may be repeated. All large ones if left out.")
    ] = None,
    index_folder: IndexFolder = None,
) -> None:
    """Build ahead what makes matching in large sources fast: the app would, at the first match."""
    from lstmvis_panel import indexing
    from lstmvis_panel.schema import RecordingError

    _keep_indexes_in(index_folder)
    try:
        for line in indexing.build_all(path, source, progress=sys.stderr.isatty()):
            typer.echo(line)
    except RecordingError as error:
        _fail(str(error))


def main() -> None:
    """Run the command."""
    app()


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    """Return the values of NAME=VALUE texts by name."""
    pairs: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            _fail(f"{option} {text}: NAME=VALUE was expected")
        if name in pairs:
            _fail(f"{option} {text}: {name} is given twice, and as {pairs[name]} before - leave one out")
        pairs[name] = value
    return pairs


def _keep_indexes_in(folder: Path | None) -> None:
    from lstmvis_panel.index_folder import FOLDER_VARIABLE

    if folder is not None:
        os.environ[FOLDER_VARIABLE] = str(folder.resolve())


def _fail(message: str) -> None:
    typer.echo(f"lstmvis: {message}", err=True)
    sys.exit(1)
