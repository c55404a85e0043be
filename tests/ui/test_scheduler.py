"""``lstmvis serve --scheduler``: a Dask scheduler's workers search for the matches that the page shows."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from distributed import Client

from lstmvis_panel import save_recording
from lstmvis_panel.index import WORTHWHILE
from tests.recordings import recording_of
from tests.tools.serving import free_port, running
from tests.ui.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.tools.serving import Server

STEPS = 40_000


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with a worker."""
    logs, port = tmp_path_factory.mktemp("scheduler"), free_port()
    dask = [sys.executable, "-m", "dask"]
    command = [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", ":0"]
    with running(command, port, logs / "scheduler.log"):
        address, listening = f"tcp://127.0.0.1:{port}", free_port()
        command = [*dask, "worker", address, "--worker-port", str(listening), "--no-dashboard", "--no-nanny"]
        with running(command, listening, logs / "worker.log"):
            yield address


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that is large enough to be given away."""
    folder: Path = tmp_path_factory.mktemp("large")
    states = np.zeros((STEPS, WORTHWHILE // STEPS // 4 + 1), np.float32)
    states[5:7, :3] = states[20_005:20_007, :2] = states[39_990:39_992, :1] = 1
    recording = recording_of(states, words=["word"] * STEPS)
    save_recording(recording, folder / "large.h5")
    return folder


def test_workers_of_a_scheduler_find_the_matches_of_a_large_source(
    start_server: Callable[..., Server], large: Path, scheduler: str, page: Page, tmp_path: Path
) -> None:
    server = start_server(large, "--scheduler", scheduler, "--index-folder", str(tmp_path))
    assert f"Large sources are matched by the workers of {scheduler} (workers: 1" in server.log
    screen = Screen(page, server.url).open(project="large", left=0, selection="5-7", threshold=0.5)
    screen.wait_for_rows(3)
    assert screen.rows() == ["selection", "20,005", "39,990"]
    assert not list(tmp_path.iterdir()), "no index is built for others"
    # The browser has this thread's event loop for itself.
    with ThreadPoolExecutor(1) as thread:
        assert {"pack_part", "count", "distinct"} <= thread.submit(work_of, scheduler).result()


def work_of(scheduler: str) -> set[str]:
    """Return the names of what the scheduler's workers have done."""
    with Client(scheduler, set_as_default=False) as client:
        return client.run_on_scheduler(lambda dask_scheduler: set(dask_scheduler.task_prefixes))
