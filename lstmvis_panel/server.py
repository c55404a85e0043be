"""The server behind ``lstmvis serve``."""

from __future__ import annotations

import gc
import logging
import os
import socket
from typing import TYPE_CHECKING, Any

import panel as pn
import typer
from tornado.websocket import WebSocketClosedError

from lstmvis_panel import app, index_builds, pools

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

TITLE = "LSTMVis"


def run(folder: Path, *, port: int, address: str, prefix: str, allow: list[str], show: bool) -> None:
    """Serve a folder until interrupted. All code is compiled before the port opens.

    Parameters
    ----------
    folder
        What to serve.
    port, address
        Where to listen; port 0 takes a free one.
    prefix
        Path under which a proxy serves the app.
    allow
        Further hosts that pages may connect from.
    show
        Whether to open a browser.

    Raises
    ------
    OSError
        If the port can't be opened.
    RecordingError
        If a Dask scheduler is named that can't be reached.
    """
    logging.getLogger("bokeh").setLevel(logging.WARNING)
    typer.echo("Preparing ...")
    if scheduler := os.environ.get(pools.SCHEDULER_VARIABLE):
        typer.echo(f"Large sources are matched by the workers of {pools.connect(scheduler)}")
    app.warm()
    # What is loaded by now never becomes garbage; not to look through it each time saves stalls of 200 ms.
    gc.collect()
    gc.freeze()
    port = port or _free_port(address)
    server = pn.serve(
        {"lstmvis": lambda: app.create_app(folder)},
        port=port, address=address, prefix=prefix, title=TITLE, show=show, start=False, threaded=False, verbose=False,
        websocket_origin=[f"{host}:{port}" for host in _names(address)] + allow,
    )  # fmt: skip
    server.io_loop.asyncio_loop.set_exception_handler(_without_closed_pages)
    typer.echo(f"LSTMVis serves {folder} at http://{_names(address)[0]}:{port}{prefix.rstrip('/')}/")
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        typer.echo("Stopped.")
    finally:
        server.stop()
        index_builds.end_builds()


def _names(address: str) -> list[str]:
    """What the browsers of visitors may call this machine, the best first."""
    names = ["localhost", "127.0.0.1"]
    if address in ("0.0.0.0", "::", ""):  # noqa: S104 - asked for by the user
        own = socket.gethostname()
        try:
            addresses = socket.gethostbyname_ex(own)[2]
        except OSError:
            addresses = []
        return list(dict.fromkeys([own, *addresses, *names]))
    return list(dict.fromkeys([address, *names]))


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
    return port


def _without_closed_pages(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what goes wrong on the loop, save that a visitor closed a page while something was on its way to it."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)
