"""The copy in memory laid out for matching: the same values, read once, dropped when there is no room."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel import blocks, tiles
from lstmvis_panel.blocks import InMemory, Steps, Streamed
from lstmvis_panel.steps import steps_of
from lstmvis_panel.tiles import Tiles, set_budget
from tests.watched import lazy_states

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiles of 4 steps; 10 steps of three float32 are read at once, and a MiB may be kept."""
    monkeypatch.setattr(tiles, "TILE", 4)
    monkeypatch.setattr(blocks, "READ_BYTES", 10 * 3 * 4)
    set_budget(0)
    set_budget(1 << 20)
    yield
    set_budget(None)


def numbered(steps: int = 25, states: int = 3, dtype: type = np.float32) -> np.ndarray:
    """Return values that are all different."""
    return np.arange(steps * states, dtype=dtype).reshape(steps, states)


def gathered(steps: Steps, start: int, stop: int) -> np.ndarray:
    """Put blocks together, after a check that each begins where the last one ended."""
    blocks, at = [], start
    for first, values in steps.blocks(start, stop):
        assert first == at
        blocks.append(values)
        at += len(values)
    assert at == max(start, stop)
    return np.concatenate([np.empty((0, steps.shape[1])), *blocks])


@given(st.integers(0, 25), st.integers(0, 25), st.sampled_from([np.float16, np.float32, np.float64]))
def test_all_ways_give_the_same_values(start: int, stop: int, dtype: type) -> None:
    values = numbered(dtype=dtype)
    variable = lazy_states(values)[0].variable
    for steps in (InMemory(values), InMemory(np.asfortranarray(values)), Streamed(variable), Tiles(variable)):
        assert steps.shape == (25, 3)
        np.testing.assert_array_equal(gathered(steps, start, stop), values[start : max(start, stop)])


def test_a_states_values_lie_side_by_side_in_the_copy() -> None:
    states, _ = lazy_states(numbered())
    for _, values in steps_of(states).blocks(0, 25):
        assert values.strides[0] == values.itemsize


def test_what_is_in_memory_is_used_as_it_is() -> None:
    values = numbered()
    states = xr.DataArray(values, dims=("step", "state"))
    for _, block in steps_of(states).blocks(0, 25):
        assert np.shares_memory(block, values)
    values[3, 1] = -7
    assert gathered(steps_of(states), 3, 4)[0, 1] == -7


def test_a_lazy_source_that_was_loaded_is_used_as_it_is() -> None:
    states, file = lazy_states(numbered())
    loaded = states.load()
    file.reads.clear()
    assert isinstance(steps_of(loaded), InMemory)
    gathered(steps_of(loaded), 0, 25)
    assert not file.reads


def test_each_step_is_read_once_and_only_when_it_is_needed() -> None:
    states, file = lazy_states(numbered())
    assert not file.reads
    gathered(steps_of(states), 12, 15)
    assert file.reads == [(10, 20)]
    gathered(steps_of(states), 0, 25)
    gathered(steps_of(states), 0, 25)
    assert file.reads == [(10, 20), (0, 10), (20, 25)]


def test_chunks_of_the_file_are_read_whole() -> None:
    states, file = lazy_states(numbered(40), chunk=7)
    gathered(steps_of(states), 0, 40)
    assert file.reads == [(0, 7), (7, 14), (14, 21), (21, 28), (28, 35), (35, 40)]


def test_chunks_that_are_too_much_together_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MOST_READ_BYTES", 5 * 3 * 4)
    states, file = lazy_states(numbered(14), chunk=7)
    np.testing.assert_array_equal(gathered(Streamed(states.variable), 0, 14), numbered(14))
    assert file.reads == [(0, 5), (5, 10), (10, 14)]


def test_many_threads_share_one_copy() -> None:
    states, file = lazy_states(numbered(400))
    together = Barrier(8)

    def read(_: int) -> np.ndarray:
        together.wait()
        return gathered(steps_of(states), 0, 400)

    with ThreadPoolExecutor(8) as pool:
        for values in pool.map(read, range(8)):
            np.testing.assert_array_equal(values, numbered(400))
    assert sorted(file.reads) == [(start, start + 10) for start in range(0, 400, 10)]


def test_copies_of_a_recording_share_one_copy() -> None:
    states, file = lazy_states(numbered())
    recording = states.to_dataset()
    for copy in (recording, recording.copy(), recording.assign_attrs(title="other"), recording.rename(hidden="h")):
        gathered(steps_of(next(iter(copy.values()))), 0, 25)
    assert len(file.reads) == 3


def test_parts_of_a_source_are_other_values() -> None:
    states, _ = lazy_states(numbered())
    for part in (slice(0, 9), slice(9, 18), slice(0, 18, 2), slice(17, 8, -1)):
        selected = states.isel(step=part)
        np.testing.assert_array_equal(gathered(steps_of(selected), 0, 9), numbered()[part])
    for steps in ([1, 5, 3], [3, 5, 1], np.arange(25) % 2 == 0):
        selected = states.isel(step=steps)
        np.testing.assert_array_equal(gathered(steps_of(selected), 0, selected.sizes["step"]), numbered()[steps])


def test_a_lazy_source_with_changed_values_is_read_anew() -> None:
    states, _ = lazy_states(numbered())
    gathered(steps_of(states), 0, 25)
    changed = states.copy()
    changed.load()[4, 2] = -1
    assert gathered(steps_of(changed), 4, 5)[0, 2] == -1
    assert gathered(steps_of(states), 4, 5)[0, 2] == 14


def test_values_that_are_written_to_are_never_copied(tmp_path: Path) -> None:
    xr.Dataset({"h": (("step", "h_state"), numbered())}).to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "r.nc", engine="h5netcdf") as opened:
        for value in (-1, -2):
            opened["h"][4, 2] = value
            assert gathered(steps_of(opened["h"]), 4, 5)[0, 2] == value


def test_without_room_steps_are_read_from_the_file_each_time() -> None:
    set_budget(25 * 3 * 4 - 1)
    states, file = lazy_states(numbered())
    assert isinstance(steps_of(states), Streamed)
    for _ in range(2):
        np.testing.assert_array_equal(gathered(steps_of(states), 0, 25), numbered())
    assert file.reads == [(0, 10), (10, 20), (20, 25)] * 2


def test_the_copy_that_was_unused_for_longest_is_dropped() -> None:
    set_budget(2 * 25 * 3 * 4)
    (first, one), (second, two), (third, three) = (lazy_states(numbered()) for _ in range(3))
    for states in (first, second, first, third, first, third, second):
        gathered(steps_of(states), 0, 25)
    assert [len(file.reads) for file in (one, two, three)] == [3, 6, 3]


def test_a_smaller_budget_drops_copies_at_once() -> None:
    states, file = lazy_states(numbered())
    steps = steps_of(states)
    gathered(steps, 0, 25)
    set_budget(0)
    np.testing.assert_array_equal(gathered(steps, 0, 25), numbered())  # who has it goes on
    assert len(file.reads) == 3
    set_budget(None)
    gathered(steps_of(states), 0, 25)
    assert len(file.reads) == 6


def test_the_budget_is_a_share_of_the_memory_there_is() -> None:
    set_budget(None)
    assert 0 < tiles.budget() < tiles._memory()


def test_a_container_may_have_less_memory_than_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "CONTAINER_LIMITS", (tmp_path / "memory.max", tmp_path / "none"))
    machine = tiles._memory()
    (tmp_path / "memory.max").write_text("1000000\n")
    assert tiles._memory() == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert tiles._memory() == machine


def test_a_block_that_could_not_be_read_is_read_again() -> None:
    states, file = lazy_states(numbered())
    gathered(steps_of(states), 0, 10)
    file.broken = True
    with pytest.raises(OSError, match="disk is gone"):
        gathered(steps_of(states), 0, 25)
    file.broken = False
    np.testing.assert_array_equal(gathered(steps_of(states), 0, 25), numbered())
    assert file.reads == [(0, 10), (10, 20), (20, 25)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_real_file_is_copied_once_however_often_it_is_looked_at(tmp_path: Path, dtype: type) -> None:
    values = numbered(dtype=dtype)
    recording = xr.Dataset({"h": (("step", "h_state"), values)})
    recording.to_netcdf(tmp_path / "r.nc", engine="h5netcdf", encoding={"h": {"chunksizes": (10, 3)}})
    with xr.open_dataset(tmp_path / "r.nc", engine="h5netcdf") as opened:
        steps = steps_of(opened["h"])
        assert isinstance(steps, Tiles)
        assert steps_of(opened.copy()["h"]) is steps
        np.testing.assert_array_equal(gathered(steps, 0, 25), values)
        assert steps_of(opened["h"][5:]) is not steps
        with xr.open_dataset(tmp_path / "r.nc", engine="h5netcdf", cache=False) as again:
            assert steps_of(again["h"]) is not steps
