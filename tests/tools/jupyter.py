"""Jupyter as a process of its own that knows nothing of the user's: no settings, no kernels but this Python's."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.tools.serving import Server, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

JUPYTERLAB = Path(sys.executable).with_name("jupyter-lab")
EXECUTE = Path(sys.executable).with_name("jupyter-execute")

OPTIONS = ("--no-browser", "--allow-root", "--IdentityProvider.token=", "--ServerApp.port_retries=0")

SETTINGS = {"fetchNews": "false", "checkForUpdates": False}
"""JupyterLab asks other machines for its news."""


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a Jupyter that keeps all it has in a folder, which is made."""
    folders = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    # The kernel python3 that lies beside this Python is the only one then.
    return os.environ | {"JUPYTER_PATH": ""} | {name: str(folder) for name, folder in folders.items()}


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook of code cells that were not run yet."""
    code: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"cell-{i}", "execution_count": None, "metadata": {}, "outputs": [], "source": cell}
        for i, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


@contextmanager
def jupyterlab(folder: Path, *, home: Path, log_file: Path) -> Iterator[Server]:
    """Run JupyterLab on a folder of notebooks until the block ends; anyone on this machine may enter.

    Parameters
    ----------
    folder
        Where the notebooks lie; their kernels start there too.
    home
        Folder for all that Jupyter keeps.
    log_file
        Takes all that it prints.
    """
    variables = environment(home)
    settings = Path(variables["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab/apputils-extension")
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(SETTINGS), encoding="utf-8")
    port = free_port()
    command: list[str | Path] = [JUPYTERLAB, *OPTIONS, f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}"]
    with running(command, port, log_file, environment=variables) as server:
        yield server
