"""Matching by the workers of a real Dask scheduler, over files that they open themselves."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster
from typer.testing import CliRunner

import lstmvis_panel as lv
from lstmvis_panel import index, pools, spread
from lstmvis_panel.cli import app
from lstmvis_panel.matching import Cancelled, find_matches, find_matches_and_lengths
from lstmvis_panel.schema import RecordingError
from tests.pooled import PoolAtOnce
from tests.recordings import recording_of
from tests.tools.serving import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS, STATES = 3_000, 12
SELECTED = [0, 1, 2, 3, 5, 7]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """A scheduler with two workers, each a process."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster
        pools.disconnect()


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve blocks."""
    monkeypatch.setattr(spread, "_block_of", lambda _variable: STEPS // 12)


def recording() -> xr.Dataset:
    """Return states that stay on or off for a while: one of them for a thousand steps."""
    source = np.random.default_rng(0)
    on = np.repeat(source.random((STEPS // 6, STATES)) < 0.5, 6, axis=0)
    on[900:2_000, 0] = True
    return recording_of(np.where(on, 0.9, 0.1).astype(np.float32), documents=np.arange(STEPS) // 2_500)


def stored(folder: Path, suffix: str) -> xr.DataArray:
    """Return the states, in a file."""
    path = folder / f"states{suffix}"
    lv.save_recording(recording(), path)
    return lv.open_recording(path)["hidden"]


@pytest.mark.parametrize("suffix", [".h5", ".zarr"])
@pytest.mark.parametrize("options", [{}, {"distinct": False, "top": 300}, {"lengths": (1, 9), "min_length": 1}])
def test_workers_find_what_one_machine_finds(
    cluster: LocalCluster, tmp_path: Path, suffix: str, options: dict[str, Any]
) -> None:
    states = stored(tmp_path, suffix)
    here = find_matches_and_lengths(states, SELECTED, 0.5, 1, 2, **options)
    there = find_matches_and_lengths(states, SELECTED, 0.5, 1, 2, **options, scheduler=cluster.scheduler_address)
    assert here.matches.sizes["match"] >= 50
    xr.testing.assert_identical(there.matches, here.matches)
    xr.testing.assert_identical(there.lengths, here.lengths)
    assert there.searched == here.searched
    xr.testing.assert_identical(lv.find_matches(states, SELECTED, 0.5, 1, 2, **options), here.matches)


class Fate:
    """Asked whether a search is to end, says no; at the n-th time it kills the first worker."""

    def __init__(self, cluster: LocalCluster, patience: int) -> None:
        self._nanny = cluster.workers[0]
        self.killed, self.left = self._nanny.pid, patience

    def __call__(self) -> bool:
        self.left -= 1
        if self.left == 0:
            os.kill(self.killed, signal.SIGKILL)
        return False


@pytest.mark.parametrize("patience", [1, 20])
def test_a_worker_that_dies_in_the_middle_of_a_search_changes_nothing(
    cluster: LocalCluster, tmp_path: Path, patience: int
) -> None:
    states = stored(tmp_path, ".h5")
    fate = Fate(cluster, patience)
    there = find_matches(states, SELECTED, 0.5, cancelled=fate, scheduler=cluster.scheduler_address)
    assert fate.left < 0, "it was killed, and the search went on"
    xr.testing.assert_identical(there, find_matches(states, SELECTED, 0.5))
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2)
    assert fate.killed not in [nanny.pid for nanny in cluster.workers.values()]


def test_a_search_that_nobody_waits_for_leaves_the_workers_nothing(cluster: LocalCluster, tmp_path: Path) -> None:
    states, before, answers = stored(tmp_path, ".h5"), set(cluster.scheduler.tasks), iter([False] * 6 + [True])
    with pytest.raises(Cancelled):
        find_matches(states, SELECTED, 0.5, cancelled=lambda: next(answers), scheduler=cluster.scheduler_address)
    # What is asked next comes to the scheduler after the news that the rest is not wanted.
    assert pools.connect(cluster.scheduler_address).client.submit(len, (1, 2)).result() == 2
    assert not [key for key in set(cluster.scheduler.tasks) - before if not key.startswith("len")]


def test_there_is_one_connection_for_all_visitors(cluster: LocalCluster) -> None:
    connected = pools.connect(cluster.scheduler_address)
    assert pools.connect(cluster.scheduler_address) is connected
    assert str(connected) == f"{cluster.scheduler_address} (workers: 2, threads: 2)"
    connected.client.close()
    again = pools.connect(cluster.scheduler_address)
    assert again is not connected
    assert again.is_connected


def test_a_client_is_as_good_as_an_address(cluster: LocalCluster, tmp_path: Path) -> None:
    states = stored(tmp_path, ".zarr")
    with Client(cluster, set_as_default=False) as client:
        there = find_matches(states, SELECTED, 0.5, scheduler=client)
    xr.testing.assert_identical(there, find_matches(states, SELECTED, 0.5))


def test_a_file_that_workers_do_not_see_is_named(cluster: LocalCluster, tmp_path: Path) -> None:
    states = stored(tmp_path, ".h5")
    (tmp_path / "states.h5").rename(tmp_path / "elsewhere.h5")
    with pytest.raises(RecordingError, match=r"hidden can't be read .* - put the file where all workers find it"):
        find_matches(states, SELECTED, 0.5, scheduler=cluster.scheduler_address)


def test_a_file_that_is_another_for_workers_is_named(cluster: LocalCluster, tmp_path: Path) -> None:
    states = stored(tmp_path, ".h5")
    states[:1].to_numpy()  # holds the file open
    (tmp_path / "states.h5").rename(tmp_path / "elsewhere.h5")
    lv.save_recording(recording().roll(step=1, roll_coords=False), tmp_path / "states.h5")
    with pytest.raises(RecordingError, match=r"hidden holds other values than on the machine that asks"):
        find_matches(states, SELECTED, 0.5, scheduler=cluster.scheduler_address)


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "SECONDS_TO_CONNECT", 0.1)
    for address in (f"tcp://127.0.0.1:{free_port()}", "nowhere", "what://ever:1"):
        with pytest.raises(RecordingError, match=rf"{address}: no Dask scheduler answers .* - start one with"):
            find_matches(stored(tmp_path, ".h5"), SELECTED, 0.5, scheduler=address)


def test_a_scheduler_that_is_gone_is_named(tmp_path: Path) -> None:
    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as lonely:
        address = lonely.scheduler_address

        def ended() -> bool:
            lonely.close()
            return False

        with pytest.raises(RecordingError, match=rf"{address}: the scheduler can't be reached any more .* - start it"):
            find_matches(stored(tmp_path, ".h5"), SELECTED, 0.5, cancelled=ended, scheduler=address)


def test_workers_that_die_again_and_again_are_told_of(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    pool = pools.connect(cluster.scheduler_address)
    with pytest.raises(RecordingError, match=r"workers died again and again .* - give them more memory"):
        pool.result(pool.submit(os._exit, 1))
    pool.client.wait_for_workers(2)


def test_workers_of_another_version_are_named(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "VERSION", "9.9")
    pools.disconnect()
    with pytest.raises(RecordingError) as raised:
        pools.connect(cluster.scheduler_address)
    assert len(raised.value.problems) == 2
    assert "9.9 was expected - install the same version on all machines" in str(raised.value)


def test_only_large_sources_in_files_are_given_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = stored(tmp_path, ".h5")
    monkeypatch.setattr(index, "WORTHWHILE", states.nbytes)
    assert pools.scheduler_for(states) is None
    monkeypatch.setenv(pools.SCHEDULER_VARIABLE, "tcp://host:8786")
    assert pools.scheduler_for(states) == "tcp://host:8786"
    assert pools.scheduler_for(states[1:]) is None
    assert pools.scheduler_for(states.compute()) is None
    lv.save_recording(recording().assign_attrs(partial=1), tmp_path / "growing.h5")
    growing = lv.open_recording(tmp_path / "growing.h5")["hidden"]
    assert pools.scheduler_for(growing) is None
    with pytest.raises(RecordingError, match="if it is still being recorded, wait for its end"):
        find_matches(growing, SELECTED, 0.5, scheduler=PoolAtOnce())


def test_serve_says_that_no_scheduler_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "SECONDS_TO_CONNECT", 0.1)
    monkeypatch.setenv(pools.SCHEDULER_VARIABLE, "")
    stored(tmp_path, ".h5")
    done = CliRunner().invoke(app, ["serve", str(tmp_path), "--scheduler", f"tcp://127.0.0.1:{free_port()}"])
    assert done.exit_code == 1
    assert "no Dask scheduler answers" in done.output
    assert "Traceback" not in done.output
