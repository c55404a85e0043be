"""Nothing but a recording is ever replaced, and what can't be written says why and what to do."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from lstmvis_panel import open_recording, save_recording
from lstmvis_panel.native_place import NO_RIGHT, NO_ROOM, check_place, replacing, unwritable
from lstmvis_panel.schema import RecordingError
from tests.recordings import recording_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def folder_of_someone(path: Path) -> None:
    path.mkdir()
    (path / "thesis.txt").write_text("all of it")


def data_of_someone(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["measured"] = np.arange(3)


def store_of_someone(path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    zarr.open_group(path, mode="w").create_array("measured", data=np.arange(3))


def file_of_someone(path: Path) -> None:
    path.write_text("all of it")


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("keep.h5", folder_of_someone, "is a folder; a file was expected"),
        ("keep.zarr", folder_of_someone, "is there already and holds no recording; only recordings are replaced"),
        ("keep.zarr", store_of_someone, "is there already and holds no recording"),
        ("keep.zarr", file_of_someone, "is a file; a folder, a Zarr store, was expected"),
        ("keep.h5", data_of_someone, "is there already and holds no recording"),
    ],
)
def test_what_is_no_recording_stays(tmp_path: Path, name: str, make: Callable[[Path], None], says: str) -> None:
    path = tmp_path / name
    make(path)
    before = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")}
    for write in (
        lambda: check_place(path, replace=True),
        lambda: save_recording(recording_of(np.zeros((1, 1))), path),
    ):
        with pytest.raises(RecordingError, match=f"{name}: {says}.* - choose another name, or move it away"):
            write()
    assert {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")} == before


def test_what_came_there_meanwhile_stays_too(tmp_path: Path) -> None:
    path = tmp_path / "keep.zarr"

    def write() -> None:
        with replacing(path) as beside:
            beside.mkdir()
            folder_of_someone(path)

    with pytest.raises(RecordingError, match="holds no recording"):
        write()
    assert (path / "thesis.txt").exists()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".h5", ".zarr"])
def test_an_interrupt_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    save_recording(recording_of(np.zeros((1, 1))), path)

    def write() -> None:
        with replacing(path) as beside:
            beside.mkdir()
            (beside / "half").write_text("")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert open_recording(path).sizes["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/disk/.a.h5.7eeea79b"),
            f"a.h5: can't be written (No space left on device) - {NO_ROOM}",
        ),
        (
            RuntimeError("Can't decrement id ref count (file write failed: time = now, filename = 'a', errno = 28)"),
            f"a.h5: can't be written (No space left on device) - {NO_ROOM}",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/disk/.a.h5.7eeea79b"),
            f"a.h5: can't be written (Read-only file system) - {NO_RIGHT}",
        ),
        (ValueError("embedded NULLs"), "a.h5: can't be written (embedded NULLs)"),
    ],
)
def test_what_can_not_be_written_says_why_and_what_to_do(tmp_path: Path, error: Exception, says: str) -> None:
    assert str(unwritable(tmp_path / "a.h5", error)).endswith(says)
    with pytest.raises(RecordingError) as caught, replacing(tmp_path / "a.h5"):
        raise error
    assert str(caught.value) == f"{tmp_path}/{says}"
