"""The index on disk: the same values, of no other file than the one that is read, whole or not at all."""

from __future__ import annotations

import errno
import mmap
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import lstmvis_panel as lv
from lstmvis_panel import blocks, index, index_file, index_folder
from lstmvis_panel.cli import app
from lstmvis_panel.index import build_index, is_being_built, open_index, state_of
from lstmvis_panel.index_file import Index
from lstmvis_panel.index_folder import FOLDER_VARIABLE, SUFFIX
from lstmvis_panel.native_journal import lock
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.steps import steps_of
from tests.watched import lazy_states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEPS, STATES = 25, 3


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tiles of 4 steps, 10 steps read at once, and every source worth an index, kept in a folder of the test's own."""
    monkeypatch.setattr(index_file, "TILE", 4)
    monkeypatch.setattr(blocks, "READ_BYTES", 10 * STATES * 4)
    monkeypatch.setattr(index, "WORTHWHILE", 1)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "indexes"))
    return tmp_path / "indexes"


def numbered(dtype: Any = np.float32, first: int = 0) -> np.ndarray:
    """Return values that are all different."""
    return (first + np.arange(STEPS * STATES)).reshape(STEPS, STATES).astype(dtype)


def recording_with(values: np.ndarray) -> xr.Dataset:
    """Return a recording of these states."""
    return xr.Dataset(
        {
            "hidden": (("step", "hidden_state"), values, {"kind": "states"}),
            "token": ("step", np.zeros(len(values), np.int32), {"kind": "token", "labels": "vocabulary"}),
            "vocabulary": ("word", np.array(["a"], object), {"kind": "labels"}),
        }
    )


def saved(path: Path, values: np.ndarray | None = None, **encoding: Any) -> xr.Variable:
    """Write a recording and open it; return its states."""
    recording = recording_with(numbered() if values is None else values)
    recording["hidden"].encoding.update(encoding)
    lv.save_recording(recording, path)
    return lv.open_recording(path)["hidden"].variable


def project(folder: Path) -> xr.Variable:
    """Write a project folder and open it; return its states."""
    folder.mkdir()
    with h5py.File(folder / "states.h5", "w") as file:
        file["hidden"], file["words"] = numbered(), np.zeros(STEPS, np.int64)
    (folder / "words.dict").write_text("a 0\n", encoding="utf-8")
    (folder / "lstm.yml").write_text(
        "name: p\nfiles: {states: states.h5, words: words.dict}\n"
        "word_sequence: {file: states, path: words, dict_file: words}\n"
        "states: {file: states, types: [{type: state, layer: 1, path: hidden}]}\n",
        encoding="utf-8",
    )
    return lv.open_recording(folder)["hidden"].variable


def values_in(found: Index | None, start: int = 0, stop: int = STEPS) -> np.ndarray:
    """Put the blocks of an index together."""
    assert found is not None
    return np.concatenate([values for _, values in found.blocks(start, stop)])


# ----------------------------------------------------------------------------------------------------------- the values


@pytest.mark.parametrize("chunk", [1, 3, 4, 7, 25])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_an_index_has_the_values_of_its_source_as_they_are_stored(tmp_path: Path, dtype: str, chunk: int) -> None:
    states = saved(tmp_path / "r.h5", numbered(dtype), chunksizes=(chunk, STATES))
    built = build_index(states)
    assert built.dtype == np.dtype(dtype)
    for start, stop in [(0, STEPS), (0, 4), (3, 9), (24, 25), (8, 8)]:
        parts = list(built.blocks(start, stop))
        assert all(part.strides[0] == part.itemsize for _, part in parts)
        assert [at for at, _ in parts] == [start, *range(start // 4 * 4 + 4, stop, 4)][: len(parts)]
        np.testing.assert_array_equal(np.concatenate([numbered(dtype)[:0], *(part for _, part in parts)]),
                                      numbered(dtype)[start:stop])  # fmt: skip


@pytest.mark.parametrize("name", ["r.h5", "r.nc", "r.zarr"])
def test_it_is_there_for_every_format_and_for_who_opens_the_file_anew(tmp_path: Path, name: str) -> None:
    states = saved(tmp_path / name)
    assert open_index(states) is None
    build_index(states)
    for opened in (states, lv.open_recording(tmp_path / name)["hidden"].variable):
        np.testing.assert_array_equal(values_in(open_index(opened)), numbered())
    assert isinstance(steps_of(lv.open_recording(tmp_path / name)["hidden"]), Index)


def test_the_states_of_a_project_folder_have_one(tmp_path: Path) -> None:
    states = project(tmp_path / "p")
    np.testing.assert_array_equal(values_in(build_index(states)), numbered())


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 12), st.integers(1, 50), st.integers(1, 200))
def test_tiles_of_any_size_hold_all_values(steps: int, states: int, tile: int, read: int, most: int) -> None:
    values = np.arange(steps * states, dtype=np.float32).reshape(steps, states)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_file, "TILE", tile)
        patch.setattr(index_file, "TILE_BYTES", most)
        patch.setattr(blocks, "READ_BYTES", read)
        variable = lazy_states(values)[0].variable
        header = index_file.header_for("key", "place", variable)
        tiles = [part.copy() for part in index_file._tiles(header, variable, lambda _: None)]
    assert header.tile == 1 or header.tile * states * 4 <= most
    np.testing.assert_array_equal(np.concatenate(tiles, axis=1), values.T)


def test_matches_are_the_same_with_it(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((300, 70), np.float32)
    saved(tmp_path / "r.h5", values)
    source = lv.open_recording(tmp_path / "r.h5")["hidden"]
    before = lv.find_matches(source, range(0, 70, 2), 0.4)
    build_index(source.variable)
    assert isinstance(steps_of(source), Index)
    xr.testing.assert_identical(lv.find_matches(source, range(0, 70, 2), 0.4), before)


def test_the_pages_of_the_states_to_be_read_are_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_file, "TILE", 2_048)
    values = np.arange(5_000 * 40, dtype=np.float32).reshape(5_000, 40)
    built = build_index(saved(tmp_path / "r.h5", values))
    content, asked = np.fromfile(built.path, np.uint8), []
    monkeypatch.setattr(built, "_map", SimpleNamespace(madvise=lambda _, start, length: asked.append((start, length))))
    built.fetch_states(np.array([3, 4, 20]), lambda: None)
    assert all(start % mmap.PAGESIZE == 0 and start + length <= len(content) for start, length in asked)
    held = np.concatenate([content[start : start + length // 4 * 4].view(np.float32) for start, length in asked])
    assert set(values[:, [3, 4, 20]].ravel()) <= set(held)
    assert sum(length for _, length in asked) <= 3 * (5_000 * 4 + 3 * mmap.PAGESIZE)
    asked.clear()
    built.fetch_states(np.array([4, 20]), lambda: None)
    assert not asked
    built.fetch_states(np.array([4, 20, 21]), lambda: None)
    assert len(asked) == 3


def test_the_pages_of_the_steps_to_be_read_are_touched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.zeros((5_000, 2), np.float32)
    built, touched = build_index(saved(tmp_path / "r.h5", values)), []
    monkeypatch.setattr(built, "blocks", lambda start, stop: touched.append((start, stop)) or [(start, values[:1])])
    built.fetch_steps([(10, 20), (1_000, 1_030), (4_999, 5_000)], lambda: None)
    assert sorted(touched) == [(0, 1_024), (1_024, 2_048), (4_096, 5_000)]
    built.fetch_steps([(1_020, 2_048), (2_047, 2_049)], lambda: None)
    assert sorted(touched)[2:] == [(2_048, 3_072), (4_096, 5_000)]


def test_what_is_part_of_a_source_or_in_memory_has_none(tmp_path: Path) -> None:
    states = saved(tmp_path / "r.h5")
    build_index(states)
    for other in (states[3:], states[:, [0, 2]], states.copy().load(), lazy_states(numbered())[0].variable):
        assert open_index(other) is None
        with pytest.raises(RecordingError, match="whole sources"):
            build_index(other)
    source = lv.open_recording(tmp_path / "r.h5")["hidden"]
    np.testing.assert_array_equal(np.concatenate([v for _, v in steps_of(source[3:]).blocks(0, 22)]), numbered()[3:])


# ------------------------------------------------------------------------------------------------------ never another's


def test_a_file_that_was_changed_in_place_has_none_though_its_time_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "r.h5"
    build_index(saved(path, chunksizes=(5, STATES), zlib=False))
    before = path.stat()
    place = path.read_bytes().index(np.float32(37).tobytes())
    with path.open("r+b") as file:
        file.seek(place)
        file.write(np.float32(-1).tobytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    changed = xr.open_dataset(path, engine="h5netcdf", cache=False, mask_and_scale=False)["hidden"].variable
    assert open_index(changed) is None
    assert values_in(build_index(changed))[12, 1] == -1


@pytest.mark.parametrize("name", ["r.h5", "r.zarr"])
def test_a_file_that_was_replaced_has_none_and_its_old_one_goes(tmp_path: Path, folder: Path, name: str) -> None:
    build_index(saved(tmp_path / name))
    states = saved(tmp_path / name, numbered(first=100))
    assert open_index(states) is None
    np.testing.assert_array_equal(values_in(build_index(states)), numbered(first=100))
    assert len(list(folder.iterdir())) == 1


def test_who_still_reads_a_file_that_was_replaced_never_gets_the_index_of_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "r.nc"
    recording_with(numbered()).to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf", cache=False) as old:
        recording_with(numbered(first=100)).to_netcdf(tmp_path / "new.nc", engine="h5netcdf")
        (tmp_path / "new.nc").replace(path)
        build_index(lv.open_recording(path)["hidden"].variable)
        np.testing.assert_array_equal(
            np.concatenate([values for _, values in steps_of(old["hidden"]).blocks(0, STEPS)]), numbered()
        )


def test_a_chunk_of_a_store_that_was_changed_is_noticed(tmp_path: Path) -> None:
    states = saved(tmp_path / "r.zarr")
    build_index(states)
    chunk = next(path for path in (tmp_path / "r.zarr" / "hidden" / "c").rglob("*") if path.is_file())
    before = chunk.stat()
    chunk.write_bytes(chunk.read_bytes())
    os.utime(chunk, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert open_index(states) is None


@pytest.mark.parametrize("name", ["r.h5", "r.zarr"])
def test_what_was_opened_before_its_file_was_changed_never_gets_one(tmp_path: Path, name: str) -> None:
    states = saved(tmp_path / name)
    assert open_index(states) is None
    for path in (tmp_path / name, *(tmp_path / name).rglob("*")):
        os.utime(path)
    with pytest.raises(RecordingError, match="open the recording again"):
        build_index(states)
    built = build_index(lv.open_recording(tmp_path / name)["hidden"].variable)
    np.testing.assert_array_equal(values_in(built), numbered())
    assert open_index(states) is None


def test_a_store_whose_files_are_going_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = saved(tmp_path / "r.zarr")
    build_index(states)

    def gone(_variable: xr.Variable) -> None:
        raise FileNotFoundError(errno.ENOENT, "gone")

    monkeypatch.setattr(index, "origin_of", gone)
    assert open_index(states) is None


def test_a_file_that_is_changed_while_its_index_is_built_gets_none(tmp_path: Path, folder: Path) -> None:
    states = saved(tmp_path / "r.h5")
    with pytest.raises(RecordingError, match="was changed while"):
        build_index(states, lambda _: os.utime(tmp_path / "r.h5"))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda found: found[:-1], lambda found: b"x" + found[1:], lambda found: found[:0]])
def test_a_damaged_index_is_not_used_and_built_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = build_index(saved(tmp_path / "r.h5")).path
    index._known.clear()
    path.write_bytes(damage(path.read_bytes()))
    states = lv.open_recording(tmp_path / "r.h5")["hidden"].variable
    assert open_index(states) is None
    np.testing.assert_array_equal(values_in(build_index(states)), numbered())


# -------------------------------------------------------------------------------------------------- whole or not at all


def test_a_half_built_index_is_seen_by_nobody_and_nothing_is_left_of_it(tmp_path: Path, folder: Path) -> None:
    states, seen = saved(tmp_path / "r.h5", chunksizes=(5, STATES)), []

    def stop_after_two(steps: int) -> None:
        seen.append((steps, open_index(states), is_being_built(states)))
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(states, stop_after_two)
    assert [(found, building) for _, found, building in seen] == [(None, True)] * 2
    assert not is_being_built(states)
    assert list(folder.iterdir()) == []
    build_index(states)


def test_two_builders_at_once_do_each_other_no_harm(tmp_path: Path, folder: Path) -> None:
    saved(tmp_path / "r.h5")
    together = threading.Barrier(3)

    def build(_: int) -> np.ndarray:
        started = []

        def wait_for_all(_steps: int) -> None:
            if not started:
                started.append(together.wait())

        with xr.open_dataset(tmp_path / "r.h5", engine="h5netcdf", cache=False, mask_and_scale=False) as opened:
            return values_in(build_index(opened["hidden"].variable, wait_for_all))

    with ThreadPoolExecutor(3) as pool:
        for values in pool.map(build, range(3)):
            np.testing.assert_array_equal(values, numbered())
    assert len(list(folder.iterdir())) == 1


def test_what_a_dead_builder_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path: Path, folder: Path) -> None:
    folder.mkdir()
    dead, living = folder / ".a.index.1.part", folder / ".b.index.2.part"
    dead.write_bytes(b"half")
    with living.open("xb", buffering=0) as file:
        lock(file)
        build_index(saved(tmp_path / "r.h5"))
        assert (dead.exists(), living.exists()) == (False, True)


def test_a_file_that_another_builder_takes_for_left_is_made_again(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = []

    def lock_late(file: Any) -> None:
        if not locked:
            next(folder.glob(".*.part")).unlink()
        locked.append(file)
        lock(file)

    monkeypatch.setattr(index_folder, "lock", lock_late)
    np.testing.assert_array_equal(values_in(build_index(saved(tmp_path / "r.h5"))), numbered())
    assert len(locked) == 2


def test_a_builder_that_is_killed_leaves_what_the_next_one_removes(tmp_path: Path, folder: Path) -> None:
    saved(tmp_path / "r.h5")
    code = (
        "import os, signal, sys; import lstmvis_panel as lv; from lstmvis_panel.index import build_index\n"
        "build_index(lv.open_recording(sys.argv[1])['hidden'].variable, lambda _: os.kill(os.getpid(), signal.SIGKILL))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "r.h5"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    build_index(lv.open_recording(tmp_path / "r.h5")["hidden"].variable)
    assert [path.suffix for path in folder.iterdir()] == [SUFFIX]


# --------------------------------------------------------------------------------------------------------------- room


def test_matching_goes_on_where_no_index_can_be_written(tmp_path: Path, folder: Path) -> None:
    folder.write_text("a file where the folder should be", encoding="utf-8")
    states = saved(tmp_path / "r.h5")
    with pytest.raises(RecordingError, match=f"can't be built.*{FOLDER_VARIABLE}"):
        build_index(states)
    found = lv.find_matches(lv.open_recording(tmp_path / "r.h5")["hidden"], [0], 10.0)
    assert found.length.values.tolist() == [21]


def test_a_disk_that_is_full_before_or_meanwhile_is_said(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = saved(tmp_path / "r.h5")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4000))
    with pytest.raises(RecordingError, match=r"takes 0\.0 GB, and 0\.0 GB are free"):
        build_index(states)
    monkeypatch.undo()
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    monkeypatch.setattr(index, "WORTHWHILE", 1)
    # The system says so in the middle of a file, as it does when a disk is full.
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4200, before[1]))
    try:
        with pytest.raises(RecordingError, match=os.strerror(errno.EFBIG)):
            build_index(states)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(folder.iterdir()) == []


def test_the_index_that_was_unused_for_longest_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (saved(tmp_path / f"{number}.h5", numbered(first=number)) for number in range(3))
    sizes = [build_index(states).path.stat().st_size for states in (first, second)]
    for states, used in ((first, 2_000), (second, 1_000)):
        os.utime(build_index(states).path, (used, used))
    monkeypatch.setattr(index_folder, "SHARE_OF_DISK", 2.5 * sizes[0] / shutil.disk_usage(tmp_path).total)
    index._known.clear()
    build_index(third)
    assert [open_index(states) is not None for states in (first, second, third)] == [True, False, True]


def test_building_takes_little_memory_whatever_the_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_file, "TILE", 512)
    monkeypatch.setattr(blocks, "READ_BYTES", 1 << 18)
    states = saved(tmp_path / "r.h5", np.ones((20_000, 200), np.float32), chunksizes=(128, 200))
    tracemalloc.start()
    build_index(states)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < states.nbytes / 4


# ------------------------------------------------------------------------------------------------------- the command


def test_the_command_builds_ahead_and_says_what_is_there(tmp_path: Path, folder: Path) -> None:
    saved(tmp_path / "r.h5")
    elsewhere = tmp_path / "elsewhere"
    for option in ([], ["--index-folder", str(elsewhere)]):
        index._known.clear()  # as in a process of its own
        said = CliRunner().invoke(app, ["info", str(tmp_path / "r.h5"), *option]).output
        assert "none, would be" in said
        done = CliRunner().invoke(app, ["index", str(tmp_path / "r.h5"), *option])
        assert done.exit_code == 0, done.output
        assert "hidden: ready" in done.output
        assert "ready, 0.0 GB" in CliRunner().invoke(app, ["info", str(tmp_path / "r.h5"), *option]).output
    assert len(list(folder.iterdir())) == len(list(elsewhere.iterdir())) == 1
    saved(tmp_path / "r.h5", numbered(first=1))
    assert "out of date" in CliRunner().invoke(app, ["info", str(tmp_path / "r.h5")]).output


def test_the_command_says_what_it_can_not_build(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "r.h5")
    done = CliRunner().invoke(app, ["index", str(tmp_path / "r.h5"), "--source", "cell"])
    assert (done.exit_code, "hidden" in done.output) == (1, True)
    folder.write_text("a file where the folder should be", encoding="utf-8")
    done = CliRunner().invoke(app, ["index", str(tmp_path / "r.h5")])
    assert (done.exit_code, "can't be built" in done.output) == (1, True)
    monkeypatch.setattr(index, "WORTHWHILE", 1 << 20)
    done = CliRunner().invoke(app, ["index", str(tmp_path / "r.h5")])
    assert (done.exit_code, "hidden: not needed" in done.output) == (0, True)
    assert state_of(lv.open_recording(tmp_path / "r.h5")["hidden"].variable) == "not needed"
