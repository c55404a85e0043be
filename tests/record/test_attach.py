"""Annotations are added in memory and to files; nothing else in them changes, and nothing is lost."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

from lstmvis_panel import open_recording, save_recording, validate
from lstmvis_panel.native_place import NO_ROOM
from lstmvis_panel.record import attach, from_arrays
from lstmvis_panel.record.annotations import categorical, chunks, scalar
from lstmvis_panel.record.attach import annotate, annotate_file
from lstmvis_panel.schema import RecordingError, annotations
from tests.recordings import two_sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

TAGS = ["A", "B", None, "A", "C", "C", "A", "B"]
SUFFIXES = [".h5", ".zarr"]


def texts_of(recording: xr.Dataset, name: str) -> list[str | None]:
    labels = [*recording[recording[name].attrs["labels"]].values, None]
    return [labels[code] for code in recording[name].values]


def assert_same(one: xr.Dataset, other: xr.Dataset, *, but: Mapping[str, object] | set[str]) -> None:
    """Check that all but some variables are the same in both."""
    for name in {*one.variables, *other.variables} - {*but}:
        xr.testing.assert_identical(one[name].variable.load(), other[name].variable.load())
    assert one.attrs == other.attrs


def test_annotations_are_added_in_memory() -> None:
    recording = two_sentences()
    before = recording.copy(deep=True)
    added = annotate(recording, {"tag": TAGS, "loss": np.arange(8)} | scalar("rise", np.arange(8)))
    assert annotations(added) == [*annotations(recording), "tag", "loss", "rise"]
    assert texts_of(added, "tag") == TAGS
    assert validate(added) == []
    xr.testing.assert_identical(recording, before)
    assert_same(recording, added, but={"tag", "tag_label", "loss", "rise"})


def test_an_annotation_is_replaced_only_on_request() -> None:
    recording = two_sentences()
    with pytest.raises(RecordingError, match=r"has annotations of these names: pos - .*--replace"):
        annotate(recording, {"pos": TAGS})
    replaced = annotate(recording, {"pos": TAGS}, replace=True)
    assert texts_of(replaced, "pos") == TAGS
    assert replaced["pos_label"].values.tolist() == ["A", "B", "C"]
    numbers = annotate(recording, scalar("pos", np.arange(8)), replace=True)
    assert "pos_label" not in numbers.variables
    assert validate(numbers) == []


def test_labels_that_others_have_too_stay() -> None:
    recording = two_sentences()
    recording["fine_pos"] = recording["pos"]
    replaced = annotate(recording, scalar("fine_pos", np.arange(8)), replace=True)
    assert "pos_label" in replaced.variables
    with pytest.raises(RecordingError, match="that are no annotations: pos_label"):
        annotate(recording, {"pos": TAGS}, replace=True)


NO_ANNOTATIONS = ["token", "vocabulary", "gate", "document", "word_embedding", "step", "word", "gate_state"]


@pytest.mark.parametrize("name", NO_ANNOTATIONS)
def test_only_annotations_are_replaced(name: str) -> None:
    with pytest.raises(RecordingError, match=f"that are no annotations: {name}"):
        annotate(two_sentences(), {name: TAGS}, replace=True)


def test_an_annotation_named_like_a_dimension_is_refused_before_and_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, path = two_sentences(), tmp_path / "two.h5"
    for name in ("word", "step", "gate_state", "document_label"):
        with pytest.raises(RecordingError, match=f"that are no annotations: {name}"):
            annotate(recording, scalar(name, np.arange(8)))
    # As files have them that were annotated before names were looked at.
    save_recording(recording, path)
    with monkeypatch.context() as then:
        then.setattr(attach, "_taken_by", lambda *_: "")
        annotate_file(path, scalar("word", np.arange(8)))
    before = path.read_bytes()
    with pytest.raises(RecordingError, match=r"that are no annotations: word \(a dimension\)"):
        annotate_file(path, {"word": TAGS}, replace=True)
    assert path.read_bytes() == before
    assert validate(open_recording(path)) == []


def test_annotations_that_need_one_name_are_refused() -> None:
    says = "annotation 'tag_label': is a name that annotation 'tag' has already - choose another"
    with pytest.raises(RecordingError, match=says):
        annotate(two_sentences(), {"tag": TAGS, "tag_label": TAGS})


def test_a_label_that_no_file_can_hold_is_spelled_out(tmp_path: Path) -> None:
    path = tmp_path / "two.h5"
    save_recording(two_sentences(), path)
    annotate_file(path, {"tag": ["a\0b", "\ud800"] * 4})
    assert texts_of(open_recording(path), "tag") == [r"a\x00b", r"\ud800"] * 4


def test_an_annotation_of_another_length_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"tag: has \{'step': 7\}; \{'step': 8\} was expected"):
        annotate(two_sentences(), {"tag": TAGS[:-1]})


def test_what_would_not_be_valid_is_refused() -> None:
    with pytest.raises(RecordingError, match="attribute kind"):
        annotate(two_sentences(), {"tag": xr.Variable("step", np.arange(8))})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_annotations_are_added_to_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"two{suffix}"
    save_recording(two_sentences(), path)
    before = open_recording(path).load()
    new = (
        categorical("my tag/1", TAGS, description="Tags")
        | chunks("chunk", np.array([0, 0, -1, -1, 1, 2, 2, -1]), ["X", "Y", "X"])
        | scalar("loss", np.arange(8), value_range=(0, 8), units="nats")
    )
    assert annotate_file(path, new) == path
    after = open_recording(path)
    assert_same(before, after, but=new)
    assert [*after.variables] == [*before.variables, *new]
    for name, variable in new.items():
        xr.testing.assert_identical(after[name].variable.to_base_variable().load(), variable)
        assert after[name].dtype == variable.dtype
    assert validate(after) == []
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_annotation_of_a_file_is_replaced(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"two{suffix}"
    save_recording(two_sentences(), path)
    before = open_recording(path).load()
    with pytest.raises(RecordingError, match="has annotations of these names: pos"):
        annotate_file(path, {"pos": TAGS})
    for _ in range(2):
        annotate_file(path, {"pos": TAGS}, replace=True)
        after = open_recording(path)
        assert texts_of(after, "pos") == TAGS
        assert_same(before, after, but={"pos", "pos_label"})
        assert validate(after) == []
    annotate_file(path, scalar("pos", np.arange(8)), replace=True)
    assert "pos_label" not in open_recording(path).variables
    annotate_file(path, {"pos": TAGS}, replace=True)
    assert texts_of(open_recording(path), "pos") == TAGS
    # Other readers of the format, too, find each variable with its dimension.
    if suffix != ".zarr":
        with xr.open_dataset(path, engine="h5netcdf") as stored:
            assert stored["pos"].dims == ("step",)
            assert stored["pos_label"].dims == ("pos_label",)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_file_is_written(tmp_path: Path, suffix: str) -> None:
    path, out = tmp_path / f"two{suffix}", tmp_path / f"out{suffix}"
    save_recording(two_sentences(), path)
    assert annotate_file(path, {"tag": TAGS}, out=out) == out
    assert "tag" not in open_recording(path).variables
    assert texts_of(open_recording(out), "tag") == TAGS


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_recording_is_replaced_only_on_request(tmp_path: Path, suffix: str) -> None:
    path, out = tmp_path / f"two{suffix}", tmp_path / f"out{suffix}"
    save_recording(two_sentences(), path)
    annotate_file(path, {"tag": TAGS}, out=out)
    with pytest.raises(RecordingError, match=r"out.*: is there already, and stays as it is - .*\(--replace\)"):
        annotate_file(path, scalar("loss", np.arange(8)), out=out)
    assert texts_of(open_recording(out), "tag") == TAGS
    annotate_file(path, scalar("loss", np.arange(8)), out=out, replace=True)
    assert "tag" not in open_recording(out).variables
    assert annotate_file(path, {"tag": TAGS}, out=path) == path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_link_stays_one_and_the_mode_stays(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "disk").mkdir()
    path, link = tmp_path / "disk" / f"two{suffix}", tmp_path / f"link{suffix}"
    save_recording(two_sentences(), path)
    path.chmod(0o750)
    link.symlink_to(path)
    annotate_file(link, {"tag": TAGS})
    assert link.is_symlink()
    assert texts_of(open_recording(path), "tag") == TAGS
    annotate_file(path, scalar("loss", np.arange(8)), out=tmp_path / f"out{suffix}")
    for each in (path, tmp_path / f"out{suffix}"):
        assert stat.S_IMODE(each.stat().st_mode) == 0o750
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("replace", [False, True])
def test_a_folder_that_is_no_recording_stays(tmp_path: Path, suffix: str, replace: bool) -> None:  # noqa: FBT001
    path, out = tmp_path / f"two{suffix}", tmp_path / f"keep{suffix}"
    save_recording(two_sentences(), path)
    out.mkdir()
    (out / "thesis.txt").write_text("all of it")
    with pytest.raises(RecordingError, match=r"keep.*choose another name, or move it away"):
        annotate_file(path, {"tag": TAGS}, out=out, replace=replace)
    assert (out / "thesis.txt").read_text() == "all of it"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"two{suffix}"
    save_recording(two_sentences(), path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_zarr" if suffix == ".zarr" else "dump_to_store", fail)
    with pytest.raises(RecordingError, match="No space left on device"):
        annotate_file(path, {"pos": TAGS}, replace=True)
    assert texts_of(open_recording(path), "pos") == texts_of(two_sentences(), "pos")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from lstmvis_panel.record import annotate_file, from_arrays
from lstmvis_panel.schema import RecordingError

path = Path(sys.argv[1])
size = path.stat().st_size + 10_000
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
labels = [f"label {number} of very many" for number in range(2000)]
for write in (
    lambda: annotate_file(path, {"many": labels}),
    lambda: from_arrays(labels, {"h": np.ones((2000, 200))}, path=path.with_name("large.h5")),
    lambda: from_arrays(labels, {"h": np.ones((2000, 200))}, path=path.with_name("large.zarr")),
):
    try:
        write()
    except RecordingError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit to set")
def test_a_full_disk_is_named_with_what_to_do_and_nothing_is_left_there(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    from_arrays(["a"] * 2000, {"h": np.zeros((2000, 4))}, path=path)
    before = path.read_bytes()
    environment = os.environ | {"PYTHONPATH": str(Path(attach.__file__).parents[2])}
    command = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{tmp_path / name}: can't be written (File too large) - {NO_ROOM}"
        for name in ("a.h5", "large.h5", "large.zarr")
    ]
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from lstmvis_panel import native_place
from lstmvis_panel.record import attach
native_place._move = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
attach.annotate_file(sys.argv[1], {"pos": ["A"] * 8}, replace=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_nothing_is_lost_when_killed_before_the_last_moment(tmp_path: Path) -> None:
    path = tmp_path / "two.h5"
    save_recording(two_sentences(), path)
    before = path.read_bytes()
    environment = os.environ | {"PYTHONPATH": str(Path(attach.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False, env=environment)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "out", "says"),
    [
        ("nothing.h5", None, "there is no such file; .h5, .hdf5, .nc, .zarr was expected"),
        ("folder", None, r"is no native recording; .*\(--out\)"),
        ("two.h5", "out.zarr", "out.zarr: is of another format; .h5 was expected"),
        ("two.h5", "nowhere/out.h5", "there is no folder"),
        ("broken.h5", None, "broken.h5"),
    ],
)
def test_paths_that_do_not_work(tmp_path: Path, name: str, out: str | None, says: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.h5").write_bytes(b"no HDF5")
    save_recording(two_sentences(), tmp_path / "two.h5")
    with pytest.raises(RecordingError, match=says):
        annotate_file(tmp_path / name, {"tag": TAGS}, out=None if out is None else tmp_path / out)
