"""The server behind ``lstmvis serve``."""

from __future__ import annotations

import gc
import logging
import os
import socket
import webbrowser
from typing import TYPE_CHECKING, Any

import panel as pn
import typer
from tornado.ioloop import PeriodicCallback
from tornado.process import task_id
from tornado.websocket import WebSocketClosedError

from lstmvis_panel import app, index_builds, pools
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from tornado.ioloop import IOLoop

TITLE = "LSTMVis"


def run(
    folder: Path, *, port: int, address: str, prefix: str, allow: list[str], show: bool, processes: int = 1
) -> None:
    """Serve a folder until interrupted. All code is compiled before a visitor is answered.

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
    processes
        Processes that share the visitors; each keeps those that it has.

    Raises
    ------
    OSError
        If the port can't be opened.
    RecordingError
        If there are to be several processes where a process can't part, or a Dask scheduler is named that can't be
        reached.
    """
    logging.getLogger("bokeh").setLevel(logging.WARNING)
    if processes > 1 and not hasattr(os, "fork"):
        problem = Problem("--processes", f"is {processes}; here a server has one", "leave it out")
        raise RecordingError(problem)
    typer.echo("Preparing ...")
    if scheduler := os.environ.get(pools.SCHEDULER_VARIABLE):
        typer.echo(f"Large sources are matched by the workers of {pools.connect(scheduler)}")
        if processes > 1:
            pools.disconnect()  # each process has its own connection
    if processes == 1:
        _prepare()
    port, parent = port or _free_port(address), os.getpid()
    try:
        # Several processes part in here, before any of them has threads.
        server = pn.serve(
            {"lstmvis": lambda: app.create_app(folder)},
            port=port, address=address, prefix=prefix, title=TITLE, show=show and processes == 1, start=False,
            threaded=False, verbose=False, num_procs=processes,
            websocket_origin=[f"{host}:{port}" for host in _names(address)] + allow,
        )  # fmt: skip
        if processes > 1:
            _prepare()
            _end_with(parent, server.io_loop)
        server.io_loop.asyncio_loop.set_exception_handler(_without_closed_pages)
        url = f"http://{_names(address)[0]}:{port}{prefix.rstrip('/')}/"
        if not task_id():
            typer.echo(f"LSTMVis serves {folder} at {url}")
            if show and processes > 1:
                webbrowser.open(url)
        server.io_loop.start()
        server.stop()
    except KeyboardInterrupt:
        if os.getpid() == parent:
            typer.echo("Stopped.")
    finally:
        index_builds.end_builds()


def _prepare() -> None:
    app.warm()
    # What is loaded by now never becomes garbage; not to look through it each time saves stalls of 200 ms.
    gc.collect()
    gc.freeze()


def _end_with(parent: int, loop: IOLoop) -> None:
    """Stop once the process that this one was parted from is gone."""

    def look() -> None:
        if os.getppid() != parent:
            loop.stop()

    PeriodicCallback(look, 1000).start()


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
