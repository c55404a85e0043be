"""The command ``lstmvis``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def lstmvis() -> None:
    """See what a sequence model has learned in its hidden states."""


@app.command()
def serve(
    folder: Annotated[Path | None, typer.Argument(help="What to serve; the bundled examples if left out.")] = None,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 5006,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in.")] = "localhost",
    prefix: Annotated[str, typer.Option(help="Path under which a proxy serves the app.")] = "",
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Further name[:port] by which browsers reach it; may be repeated."),
    ] = None,
    show: Annotated[bool, typer.Option(help="Open a browser.")] = False,  # noqa: FBT002
) -> None:
    """Serve the recordings of a folder in the browser."""
    from lstmvis_panel import server, store
    from lstmvis_panel.schema import RecordingError

    try:
        place = folder if folder is not None else store.bundled_examples()
        store.open_projects(place)
        server.run(place, port=port, address=address, prefix=prefix, allow=allow or [], show=show)
    except RecordingError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"Can't listen on {address}:{port} ({error.strerror or error}). Choose another with --port.")


@app.command()
def validate(path: Annotated[Path, typer.Argument(help="A project folder or a recording.")]) -> None:
    """Report all problems of a recording at once; exit with 1 if it can't be used."""
    from lstmvis_panel import schema, store

    try:
        problems = schema.validate(store.open_recording(path))
    except schema.RecordingError as error:
        problems = error.problems
    for problem in problems:
        typer.echo(f"{'error' if problem.fatal else 'warning'}: {problem}")
    if not problems:
        typer.echo(f"{path}: no problems found")
    if any(problem.fatal for problem in problems):
        raise typer.Exit(1)


def main() -> None:
    """Run the command."""
    app()


def _fail(message: str) -> None:
    typer.echo(f"lstmvis: {message}", err=True)
    sys.exit(1)
