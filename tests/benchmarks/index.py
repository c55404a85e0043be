"""What the index on disk costs and brings: ``python -m tests.benchmarks.index --folder FOLDER``.

A file of 1,000,000 steps of 650 states, 2.6 GB, some 60 of them selected, and as many values again as its index; then
ten times the steps of fewer states. Each figure stands beside one that was measured in the same run, since other
programs slow down both.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from rich.console import Console
from rich.table import Table

from lstmvis_panel.index import build_index
from lstmvis_panel.index_folder import FOLDER_VARIABLE
from lstmvis_panel.matching import find_matches, warm
from lstmvis_panel.steps import steps_of
from tests.benchmarks.matching import timed, wandering

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 512
SELECTED = 60
THRESHOLD = 0.8
COPIED_AT_ONCE = 1 << 20

FIRST_MATCH = """
import sys, time
import numpy as np, xarray as xr
from lstmvis_panel.index import WORTHWHILE
from lstmvis_panel.matching import find_matches, warm
from lstmvis_panel.steps import steps_of
warm()
with xr.open_dataset(sys.argv[1], engine="h5netcdf", cache=False) as file:
    start = time.perf_counter()
    selected = np.linspace(0, file["hidden"].shape[1] - 1, int(sys.argv[2]), dtype=int)
    find_matches(file["hidden"], selected, float(sys.argv[3]))
    print(time.perf_counter() - start)
    assert type(steps_of(file["hidden"])).__name__ == "Index"
for line in open("/proc/self/status"):
    if line.startswith("RssAnon"):
        print(int(line.split()[1]) / 1024)
"""


def write_states(path: Path, steps: int, states: int) -> None:
    """Write states to a file, a part at a time: the same values over and over, each time of other states."""
    import h5py  # noqa: PLC0415 - xarray writes no file in parts

    part, source = wandering(16 * CHUNK, states), np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        hidden = file.create_dataset("hidden", (steps, states), np.float32, chunks=(CHUNK, states))
        for start in range(0, steps, len(part)):
            hidden[start : start + len(part)] = source.permutation(part, axis=1)[: steps - start]
        for axis, name in enumerate(("step", "hidden_state")):
            file[name] = np.zeros(hidden.shape[axis], np.int8)
            file[name].make_scale(name)
            hidden.dims[axis].attach_scale(file[name])


def copy(path: Path) -> None:
    """Copy a file as any program would, down to the disk."""
    with path.open("rb", buffering=0) as old, path.with_name("copy").open("wb", buffering=0) as new:
        while content := old.read(COPIED_AT_ONCE):
            new.write(content)
        os.fsync(new.fileno())
    path.with_name("copy").unlink()


def sums(states: xr.DataArray, selected: np.ndarray) -> tuple[float, float]:
    """Return the seconds that numpy takes to sum the columns in memory, a state's side by side and a step's."""
    blocks = [np.array(values[:, selected].T) for _, values in steps_of(states).blocks(0, states.shape[0])]
    by_state = np.concatenate(blocks, axis=1)
    side_by_side, _ = timed(by_state.sum, 5)
    part = states[: 100 * CHUNK].to_numpy()
    row_by_row, _ = timed(lambda: part[:, selected].sum(), 3)  # noqa: PLW0108 - choosing them is timed too
    return side_by_side, row_by_row * len(states) / len(part)


def processor_time(action: Callable[[], object]) -> float:
    """Return how long all cores together work for an action: other programs hardly change that."""
    start = time.process_time()
    action()
    return time.process_time() - start


def measure(path: Path, table: Table, name: str) -> float:
    """Add rows for a file; return the seconds of a match."""
    with xr.open_dataset(path, engine="h5netcdf", cache=False) as file:
        states = file["hidden"]
        selected = np.linspace(0, states.shape[1] - 1, SELECTED, dtype=int)
        copied, _ = timed(lambda: copy(path), 2)
        built, _ = timed(lambda: build_index(states.variable), 1)
        table.add_row(f"{name}: index built", f"{built:.2f} s", f"{built / copied:.1f} x a plain copy ({copied:.2f} s)")
        code = [sys.executable, "-c", FIRST_MATCH, path, str(SELECTED), str(THRESHOLD)]
        first, resident = map(float, subprocess.run(code, check=True, capture_output=True, text=True).stdout.split())
        table.add_row(f"{name}: first match of a process", f"{first:.2f} s", f"{resident:.0f} MB of its own")
        best, matches = timed(lambda: find_matches(states, selected, THRESHOLD), 9)
        worked = min(processor_time(lambda: find_matches(states, selected, THRESHOLD)) for _ in range(5))
        by_state, by_step = sums(states, selected)
        beside = f"{best / by_state:.1f} x numpy's sum by state ({by_state:.3f} s), {best / by_step:.1f} x by step"
        table.add_row(f"{name}: match of {len(selected)}, warm", f"{best:.3f} s", f"{beside} ({by_step:.3f} s)")
        table.add_row("", f"{worked:.3f} s", f"of work on all cores; {matches.candidates:,} closed ranges")
    return best


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, help="Where 11 GB are free.")
    parser.add_argument("--steps", type=int, default=1_000_000)
    size = parser.parse_args()
    warm()
    started = time.time()
    table = Table(title=f"The index, on {platform.node()}: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for head in ("", "time", "beside"):
        table.add_column(head)
    with tempfile.TemporaryDirectory(dir=size.folder) as name:
        folder = Path(name)
        os.environ[FOLDER_VARIABLE] = str(folder / "indexes")
        times = []
        for steps, states in ((size.steps, 650), (size.steps, 64), (10 * size.steps, 64)):
            path = folder / "hidden.h5"
            write_states(path, steps, states)
            times.append(measure(path, table, f"{steps:,} x {states}"))
            path.unlink()
            shutil.rmtree(folder / "indexes")
    table.add_row("ten times the steps", f"{times[2]:.3f} s", f"{times[2] / times[1]:.1f} x the time")
    table.caption = f"load {os.getloadavg()[0]:.1f} at the end, {time.time() - started:.0f} s later"
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
