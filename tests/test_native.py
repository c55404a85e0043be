"""Native files and stores: what is written comes back, all of it or nothing is written, what is broken is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel import native, native_place, native_save, schema
from lstmvis_panel.native_names import decode_attrs, decode_name, encode_attrs, encode_name
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.store import open_recording, save_recording
from tests.recordings import full_project, recording_of, small_project, texts, two_sentences
from tests.valued import images, numbers, vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUFFIXES = [".h5", ".nc", ".hdf5", ".zarr"]


@pytest.fixture(params=[".h5", ".zarr"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a path for each of the two formats."""
    return tmp_path / f"recording{request.param}"


# ----------------------------------------------------------------------------------------------------- there and back


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_recording_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    recording = two_sentences()
    save_recording(recording, tmp_path / f"two{suffix}")
    found = open_recording(tmp_path / f"two{suffix}")
    xr.testing.assert_identical(found, recording)
    assert {name: found[name].dtype for name in found.variables} == {
        name: recording[name].dtype for name in recording.variables
    }
    assert list(found.variables) == list(recording.variables)
    assert schema.document_edges(found["lstm/cell"]).tolist() == [0, 4, 8]
    assert schema.validate(found) == []
    assert [path.name for path in tmp_path.iterdir()] == [f"two{suffix}"]


@pytest.mark.parametrize("valued", [numbers, vectors, images])
def test_tokens_that_are_no_words_come_back(target: Path, valued: Callable[[], xr.Dataset]) -> None:
    save_recording(valued(), target)
    found = open_recording(target)
    xr.testing.assert_identical(found, valued())
    look = str(schema.token_look(found))
    assert found[look].dtype == valued()[look].dtype
    assert not open_recording(target).variables[look]._in_memory


def test_a_project_comes_back_from_a_native_file(tmp_path: Path, target: Path) -> None:
    recording = open_recording(full_project().write(tmp_path / "full"))
    save_recording(recording, target)
    xr.testing.assert_identical(open_recording(target), recording)


def test_a_recording_can_be_saved_in_its_own_place(target: Path) -> None:
    save_recording(two_sentences(), target)
    save_recording(open_recording(target).assign_attrs(title="again"), target)
    xr.testing.assert_identical(open_recording(target), two_sentences().assign_attrs(title="again"))


NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    name=NAME
    | st.sampled_from([".", "..", "a/b", "%2F", "__a", "_nc4_non_coord_x", "a b", "\0", "\ud800", "zarr.json"])
)
def test_any_name_fits_into_a_file(name: str) -> None:
    encoded = encode_name(name)
    assert decode_name(encoded) == name
    assert not set(encoded) & {"/", "\0", " ", "\n"}
    assert encoded not in {".", ".."}
    assert not encoded.startswith("_")


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@given(attrs=st.dictionaries(NAME, JSON))
def test_any_json_fits_into_attributes(attrs: dict[str, Any]) -> None:
    assert json.dumps(decode_attrs(encode_attrs(attrs, "recording"))) == json.dumps(attrs)


@st.composite
def recordings(draw: st.DrawFn) -> xr.Dataset:
    """Draw a recording of any length, names, dtypes, documents and attributes."""
    steps, states = draw(st.integers(1, 200)), draw(st.integers(1, 5))
    label = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    vocabulary = draw(st.lists(label, min_size=1, max_size=5))
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = seed.normal(size=(steps, states)).astype(dtype)
    values[seed.random(values.shape) < 0.01] = np.nan
    code = draw(st.sampled_from([np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16]))
    documents = np.sort(seed.integers(-2, 3, steps)) if draw(st.booleans()) else None
    source = draw(NAME.filter(lambda name: name not in {"step", "word", "token", "vocabulary", "document"}))
    recording = recording_of(values, source=source, documents=documents)
    recording["token"] = ("step", seed.integers(0, len(vocabulary), steps).astype(code), recording["token"].attrs)
    kept = recording["vocabulary"].attrs
    recording = recording.drop_vars("vocabulary").assign(vocabulary=("word", texts(*vocabulary), kept))
    return recording.assign_attrs(draw(st.dictionaries(NAME, JSON, max_size=3)))


@given(recording=recordings(), suffix=st.sampled_from([".h5", ".zarr"]), compress=st.booleans())
def test_any_recording_comes_back(
    tmp_path_factory: pytest.TempPathFactory, recording: xr.Dataset, suffix: str, *, compress: bool
) -> None:
    path = tmp_path_factory.mktemp("recordings") / f"any{suffix}"
    save_recording(recording, path, compress=compress)
    found = open_recording(path)
    assert json.dumps(found.attrs) == json.dumps(recording.attrs)
    xr.testing.assert_equal(found, recording)
    assert {name: found[name].dtype for name in found} == {name: recording[name].dtype for name in recording}


def test_coordinates_of_any_other_kind_are_kept(target: Path) -> None:
    frames = np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[ns]").repeat(4)
    recording = two_sentences().assign_coords({"time": ("step", frames), "the line": ("step", np.arange(8))})
    recording["surprisal"].attrs["units"] = "seconds since the start"
    save_recording(recording, target)
    xr.testing.assert_identical(open_recording(target), recording)


def test_big_endian_states_come_back_in_the_machines_order(target: Path) -> None:
    states = np.arange(6, dtype=">f4").reshape(3, 2)
    save_recording(recording_of(states), target)
    found = open_recording(target)["hidden"]
    assert np.array_equal(found, states)
    assert found.dtype.isnative


# ------------------------------------------------------------------------------------------------- how it is written


def test_states_are_read_only_where_they_are_looked_at(target: Path) -> None:
    save_recording(two_sentences(), target)
    found = open_recording(target)
    lazy = {name for name in found.variables if not found.variables[name]._in_memory}
    assert lazy == {"lstm/cell", "gate", "surprisal", "best", "best_weight", "word_embedding"}
    assert found["gate"][2:4, 0].values.tolist() == two_sentences()["gate"][2:4, 0].values.tolist()
    found["gate"].values  # noqa: B018 - reading it all must not keep it all
    assert not found.variables["gate"]._in_memory


def test_states_are_written_in_blocks(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = small_project()
    states = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float16)
    parts.datasets = {"train.h5": {"ids": np.zeros(1000, int)}, "states.hdf5": {"cell": states}}
    recording = open_recording(parts.write(tmp_path / "small"))
    rows: list[int] = []
    real = schema.blocks

    def counted(array: Any) -> Iterator[tuple[slice, np.ndarray]]:
        for part, values in real(array):
            rows.append(len(values))
            yield part, values

    monkeypatch.setattr(schema, "BLOCK_BYTES", 128 * 3 * 2)
    monkeypatch.setattr(native_save, "blocks", counted)
    save_recording(recording, target)
    assert rows == [128] * 7 + [104]
    assert np.array_equal(open_recording(target)["cell"], states)


@pytest.mark.parametrize(
    ("shape", "dtype", "chunks"),
    [
        ((5000, 650), np.float16, (512, 650)),
        ((5000, 4096), np.float32, (64, 4096)),
        ((5000, 3), np.float32, (1024, 3)),
        ((10, 3), np.float32, (10, 3)),
    ],
)
def test_a_chunk_holds_all_states_of_some_hundred_steps(
    tmp_path: Path, shape: tuple[int, int], dtype: type, chunks: tuple[int, int]
) -> None:
    recording = recording_of(np.zeros((shape[0], 1), dtype), words=["a"] * shape[0])
    states = xr.Variable(("step", "hidden_state"), np.zeros(shape, dtype), recording["hidden"].attrs)
    save_recording(recording.drop_vars("hidden").assign(hidden=states), tmp_path / "zeros.h5")
    with h5py.File(tmp_path / "zeros.h5") as file:
        assert file["hidden"].chunks == chunks
        assert (file["hidden"].compression, file["hidden"].shuffle) == ("gzip", True)
        assert file["hidden"].dtype == dtype


def test_a_chunk_holds_only_some_images(tmp_path: Path) -> None:
    for side, count in ((64, 5), (300, 1), (2, 4)):
        save_recording(images(side, side), tmp_path / "images.h5")
        with h5py.File(tmp_path / "images.h5") as file:
            assert file["thumbnail"].chunks == (min(count, 4), side, side, 3)


def test_the_encoding_of_a_variable_counts(tmp_path: Path) -> None:
    recording = recording_of(np.zeros((100, 4)))
    recording["hidden"].encoding = {"chunksizes": (10, 2), "zlib": True, "complevel": 9, "shuffle": False}
    save_recording(recording, tmp_path / "wanted.h5", compress=False)
    save_recording(recording_of(np.zeros((100, 4))), tmp_path / "plain.h5", compress=False)
    with h5py.File(tmp_path / "wanted.h5") as file:
        states = file["hidden"]
        assert (states.chunks, states.compression_opts, states.shuffle) == ((10, 2), 9, False)
    with h5py.File(tmp_path / "plain.h5") as file:
        assert file["hidden"].compression is None


def test_other_tools_can_read_the_file(tmp_path: Path) -> None:
    save_recording(two_sentences(), tmp_path / "two.h5")
    with xr.open_dataset(tmp_path / "two.h5", engine="h5netcdf") as found:
        assert found.attrs["format"] == "lstmvis-recording"
        assert found["lstm%2Fcell"].dims == ("step", "lstm%2Fcell_state")
        assert found["surprisal"].attrs["range"].tolist() == [0, 7.5]


class BrokenArray(xr.backends.BackendArray):
    """States on a disk that fails after the first block."""

    shape, dtype = (1000, 2), np.dtype(np.float32)

    def __getitem__(self, key: xr.core.indexing.ExplicitIndexer) -> Any:
        if key.tuple[0].start:
            raise OSError("the disk is gone")
        return np.zeros([len(range(*part.indices(size))) for part, size in zip(key.tuple, self.shape, strict=True)])


def test_a_failure_leaves_what_was_there(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_recording(two_sentences(), target)
    broken = xr.Variable(("step", "hidden_state"), xr.core.indexing.LazilyIndexedArray(BrokenArray()))
    broken.attrs = recording_of(np.zeros((1, 1)))["hidden"].attrs
    recording = recording_of(np.zeros((1000, 1))).drop_vars("hidden").assign(hidden=broken)
    monkeypatch.setattr(schema, "BLOCK_BYTES", 1)
    with pytest.raises(RecordingError, match=r"recording.*: can't be written \(the disk is gone\)"):
        save_recording(recording, target)
    xr.testing.assert_identical(open_recording(target), two_sentences())
    assert list(target.parent.iterdir()) == [target]


def test_a_store_that_cannot_be_moved_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "recording.zarr"
    save_recording(two_sentences(), target)
    real = Path.rename

    def failing(path: Path, to: Path) -> Path:
        if to == target and not path.name.endswith(".old"):
            raise OSError("no")
        return real(path, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(RecordingError, match=r"can't be written \(no\)"):
        save_recording(recording_of(np.zeros((1, 1))), target)
    xr.testing.assert_identical(open_recording(target), two_sentences())
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        (lambda r: r.drop_vars("token"), "r.h5", "recording: has no tokens"),
        (lambda r: r, "r.csv", "r.csv: has no suffix that tells its format; .h5, .hdf5, .nc, .zarr was expected"),
        (lambda r: r, "nowhere/r.h5", "nowhere/r.h5: there is no folder"),
        (lambda r: r.assign_attrs(made=object()), "r.h5", "recording: has an attribute that is neither text, number"),
        (lambda r: r.assign(vocabulary=("word", texts(*"abcde\0"), r.vocabulary.attrs)), "r.h5", "can't be written"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, change: Callable[[xr.Dataset], xr.Dataset], name: str, says: str) -> None:
    with pytest.raises(RecordingError) as caught:
        save_recording(change(two_sentences()), tmp_path / name)
    assert says in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_zarr_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_recording(two_sentences(), tmp_path / "a.zarr")
    monkeypatch.setattr(native, "find_spec", lambda _: None)
    for use in (
        lambda: save_recording(two_sentences(), tmp_path / "b.zarr"),
        lambda: open_recording(tmp_path / "a.zarr"),
    ):
        with pytest.raises(
            RecordingError, match=r"needs the package zarr - pip install 'lstmvis-panel\[zarr\]', or use .h5"
        ):
            use()


# ---------------------------------------------------------------------------------------------------- what is refused


def test_a_recording_written_with_xarray_alone_is_one(tmp_path: Path) -> None:
    recording = recording_of(np.zeros((3, 2)), documents=[0, 0, 1])
    recording.to_netcdf(tmp_path / "plain.nc", engine="h5netcdf")
    xr.testing.assert_identical(open_recording(tmp_path / "plain.nc"), recording)


def test_a_file_of_another_tool_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(RecordingError, match=r"other.h5: is no recording: .* - write it with save_recording, or give"):
        open_recording(tmp_path / "other.h5")


def test_a_broken_recording_is_refused_with_all_reasons(tmp_path: Path) -> None:
    recording = two_sentences().drop_vars("token")
    recording["gate"].attrs["transform"] = "relu"
    recording.rename({"lstm/cell": "cell", "lstm/cell_state": "cell_state"}).to_netcdf(
        tmp_path / "x.h5", engine="h5netcdf"
    )
    with pytest.raises(RecordingError) as caught:
        open_recording(tmp_path / "x.h5")
    assert str(caught.value).splitlines() == [
        "x.h5, recording: has no tokens; a variable 'token' of kind 'token' was expected",
        "x.h5, gate, attribute transform: is 'relu'; 'tanh' or 'none' was expected",
    ]


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    save_recording(two_sentences(), tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "a") as file:
        file.attrs["format_version"] = 2
    with pytest.raises(
        RecordingError, match=r"x.h5: has version 2 of the format; 1 was expected - update lstmvis-panel"
    ):
        open_recording(tmp_path / "x.h5")


@pytest.mark.parametrize("version", [[1, 2], "1", [[1]], []])
def test_a_version_that_is_no_number_is_refused(tmp_path: Path, version: Any) -> None:
    save_recording(two_sentences(), tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "a") as file:
        file.attrs["format_version"] = version
    with pytest.raises(RecordingError, match=r"x.h5: has version .* of the format; 1 was expected"):
        open_recording(tmp_path / "x.h5")


def test_attributes_that_count_for_nothing_do_not_stand_in_the_way(target: Path) -> None:
    save_recording(two_sentences().assign_attrs(notes=3, searchable="no"), target)
    assert [problem.where for problem in schema.validate(open_recording(target))] == [
        "recording, attribute notes",
        "recording, attribute searchable",
    ]


def test_whether_a_file_is_ours_is_asked_once_until_it_changes(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    real = native._all_attrs

    def counted(path: Path) -> dict[str, dict[str, Any]]:
        asked.append(path)
        return real(path)

    monkeypatch.setattr(native, "_all_attrs", counted)
    save_recording(two_sentences(), target)
    assert [native.holds_recording(target) for _ in range(3)] == [True] * 3
    assert asked == [target]
    native_place.remove(target)
    if target.suffix == ".zarr":
        (target / "x").mkdir(parents=True)
        (target / "x" / "zarr.json").write_text("{}")
    else:
        h5py.File(target, "w").close()
    assert [native.holds_recording(target) for _ in range(3)] == [False] * 3
    assert len(asked) == 2


def test_a_store_whose_variable_gets_its_kind_becomes_ours(tmp_path: Path) -> None:
    variable = tmp_path / "x.zarr" / "v" / "zarr.json"
    variable.parent.mkdir(parents=True)
    variable.write_text("{}")
    assert not native.holds_recording(tmp_path / "x.zarr")
    variable.write_text('{"attributes": {"kind": "states"}}')
    assert native.holds_recording(tmp_path / "x.zarr")


def test_native_states_stored_in_another_file_are_refused(tmp_path: Path) -> None:
    save_recording(two_sentences(), tmp_path / "x.h5")
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["gate"] = np.zeros((8, 3))
    with h5py.File(tmp_path / "x.h5", "a") as file:
        del file["gate"]
        file["gate"] = h5py.ExternalLink("other.h5", "gate")
    with pytest.raises(RecordingError, match=r"x.h5: gate is stored in another file, which is refused"):
        open_recording(tmp_path / "x.h5")


@pytest.mark.parametrize("suffix", [".h5", ".nc"])
def test_a_file_that_is_damaged_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    save_recording(two_sentences(), path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(RecordingError, match=rf"x{suffix}: x{suffix} is not an HDF5 file, or is damaged"):
        open_recording(path)
