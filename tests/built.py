"""Builds an example in its tiny form, as ``make data`` builds it in full."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lstmvis_panel.store import open_recording

if TYPE_CHECKING:
    import xarray as xr

PROJECT = Path(__file__).parents[1]


def build(example: str, folder: Path, *, clients: tuple[str, ...] = ()) -> xr.Dataset:
    """Build an example as ``trial.h5`` in a folder; skip where PyTorch, or a registry's client, is missing."""
    if find_spec("torch") is None:
        pytest.skip("no PyTorch")
    for client in clients:
        if shutil.which(client) is None:
            pytest.skip(f"{client} fetches the text, and is not on this machine")
    out = folder / "trial.h5"
    command = [sys.executable, "-m", f"data.{example}.build", "--quick", "--out", str(out)]
    # One processor is what the machine may have to spare; the width is that of the progress bars.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "80"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return open_recording(out)
