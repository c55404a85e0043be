"""How long matching takes: ``python -m tests.benchmarks.matching``.

200,000 steps of 650 states that wander as a model's do, some 50 of them selected; then what is worst for matching. The
time that numpy takes to sum the selected columns is measured in the same run: other programs slow down both.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from rich.console import Console
from rich.table import Table

from lstmvis_panel.matching import find_matches, own_match
from lstmvis_panel.tiles import set_budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Case:
    """A search to be timed."""

    name: str
    states: xr.DataArray
    selected: np.ndarray
    threshold: float
    limits: tuple[int, int] = (0, 0)
    runs: int = 3
    min_length: int = 2
    filters: dict[str, Any] = field(default_factory=dict)

    def search(self) -> xr.Dataset:
        """Do it."""
        question = (self.states, self.selected, self.threshold, *self.limits)
        return find_matches(*question, min_length=self.min_length, **self.filters)


def wandering(steps: int, states: int, seed: int = 0) -> np.ndarray:
    """Return float32 (step, state) that keep four fifths of their value from step to step."""
    source, values = np.random.default_rng(seed), np.empty((steps, states), np.float32)
    last = np.zeros(states, np.float32)
    for start in range(0, steps, 1024):
        noise = source.standard_normal(values[start : start + 1024].shape, dtype=np.float32)
        for step, push in enumerate(noise, start):
            last = values[step] = np.float32(0.8) * last + np.float32(0.6) * push
    return values


def source_of(values: np.ndarray, document_length: int | None = None) -> xr.DataArray:
    """Return states as a source."""
    coords = {"document": ("step", np.arange(len(values)) // document_length)} if document_length else {}
    return xr.DataArray(values, coords, ("step", "hidden_state"), name="hidden")


def usual(values: np.ndarray, folder: Path) -> Iterator[Case]:
    """Go through the searches that users make."""
    states = source_of(values)
    threshold = float(np.quantile(values[:4096], 0.85))
    selected = np.argsort(values[len(values) // 2])[-50:]
    path = folder / "hidden.nc"
    chunks = {"hidden": {"chunksizes": (512, values.shape[1])}}
    states.to_dataset().to_netcdf(path, engine="h5netcdf", encoding=chunks)
    with xr.open_dataset(path, engine="h5netcdf") as file:
        yield Case("file, cold", file["hidden"], selected, threshold, runs=1)
        for limits in ((0, 0), (1, 0), (0, 1), (1, 1), (3, 2)):
            yield Case("file, warm", file["hidden"], selected, threshold, limits)
        for limits in ((0, 0), (1, 1)):
            yield Case("file, warm", file["hidden"], selected[-1:], threshold, limits)
        set_budget(0)
        yield Case("file, no room for a copy", file["hidden"], selected, threshold)
        set_budget(None)
    for limits in ((0, 0), (1, 0), (0, 1), (1, 1)):
        yield Case("in memory", states, selected, threshold, limits)
    tenth = np.arange(len(values)) % 10 == 0
    yield Case("in memory, filtered", states, selected, threshold, filters={"lengths": (3, 5), "where": tenth})
    yield Case("documents of 20 steps", source_of(values, 20), selected, threshold)
    half = folder / "half.nc"
    states.astype(np.float16).to_dataset().to_netcdf(half, engine="h5netcdf", encoding=chunks)
    with xr.open_dataset(half, engine="h5netcdf") as file:
        yield Case("float16 file, cold", file["hidden"], selected, threshold, runs=1)
        yield Case("float16 file, warm", file["hidden"], selected, threshold)


def worst(values: np.ndarray) -> Iterator[Case]:
    """Go through what is hard on matching."""
    steps, width = values.shape
    some, every, states = np.arange(50), np.arange(width), source_of(values)
    yield Case("all selected", states, every, 0.5)
    yield Case("all selected, all on", states, every, -1e9)
    yield Case("all selected, half on", states, every, 0.0)
    yield Case("all selected, half on", states, every, 0.0, (1, 1))
    long = np.repeat(values[:2], -(-steps // 2), axis=0)[:steps]
    yield Case("two long runs", source_of(long), every, 0.0)
    nested = np.abs(np.arange(steps)[:, np.newaxis] - steps / 2) < np.linspace(1, steps / 2, width, dtype=np.float32)
    yield Case("nested runs, one match", source_of(nested), every, 0.5)
    coins = np.random.default_rng(1).random((steps, width), dtype=np.float32)
    yield Case("coins", source_of(coins), some, 0.5)
    yield Case("coins", source_of(coins), some, 0.5, (1, 1), min_length=1)
    yield Case("coins, all selected", source_of(coins), every, 0.5)
    # Only what few states share lasts so long: all the better levels are filtered out.
    yield Case("coins, long ones only", source_of(coins), every, 0.5, filters={"lengths": (12, steps), "top": 500})
    yield Case("coins, all selected", source_of(coins), every, 0.5, (1, 1), min_length=1)
    ties = np.arange(20 * steps)[:, np.newaxis] % 2 == np.array([0, 1, 0, 1, 0, 1, 0, 1])
    yield Case("every second step on", source_of(ties.astype(np.float32)), np.arange(1), 0.5, min_length=1)


def timed(action: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Return the best time of some runs in seconds, and what came of the last."""
    times, result = [], None
    for _ in range(runs):
        start = time.perf_counter()
        result = action()
        times.append(time.perf_counter() - start)
    return min(times), result


def peak_of(action: Callable[[], Any]) -> float:
    """Return how many MiB of arrays an action needs at once."""
    tracemalloc.start()
    action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / MEBIBYTE


def columns_sum(case: Case) -> float:
    """Return the seconds that numpy takes to sum the selected columns where they lie in memory."""
    values = case.states.to_numpy()
    return timed(lambda: values[:, case.selected].sum(), case.runs)[0]  # noqa: PLW0108 - choosing them is timed too


def add_row(table: Table, case: Case) -> None:
    """Time a case and add what came of it to the table."""
    seconds, matches = timed(case.search, case.runs)
    in_memory = isinstance(case.states.variable._data, np.ndarray)
    summed = f"{columns_sum(case) * 1000:,.0f}" if in_memory else ""
    shape = f"{case.states.shape[0]:,} x {case.states.shape[1]}"
    limits, candidates = "{} | {}".format(*case.limits), f"{matches.candidates:,}"
    time_taken, memory = f"{seconds * 1000:,.0f}", f"{peak_of(case.search):,.0f}"
    selected, found = str(len(case.selected)), str(matches.sizes["match"])
    table.add_row(case.name, shape, selected, limits, candidates, found, time_taken, summed, memory)


def main() -> None:
    """Print a table of all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--states", type=int, default=650)
    size = parser.parse_args()
    small = source_of(wandering(300, 3))
    compiling, _ = timed(lambda: [find_matches(small, [0], 0.5), own_match(small, [0], -9.0, 5, 7)], 1)
    values = wandering(size.steps, size.states)
    table = Table(title=f"Matching, ms (the first call, compiling or loading compiled code: {compiling:.2f} s)")
    for name in ("source", "steps x states", "selected", "limits", "ranges", "matches", "ms", "numpy sum", "MiB"):
        table.add_column(name, justify="left" if name == "source" else "right")
    with tempfile.TemporaryDirectory() as folder:
        for case in usual(values, Path(folder)):
            add_row(table, case)
    table.add_section()
    for case in worst(values):
        add_row(table, case)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
