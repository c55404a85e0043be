"""Project folders of the original tool: every option of the format, and everything that can be wrong with one."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from lstmvis_panel import schema
from lstmvis_panel.project import open_project
from lstmvis_panel.schema import RecordingError, labels, validate, words
from tests.recordings import full_project, small_project

PARENS = Path(__file__).parent / "data" / "parens-layer1"


def test_the_originals_own_project() -> None:
    recording = open_project(PARENS)
    assert validate(recording) == []
    assert (recording.sizes["step"], recording.sizes["states1_state"], recording.sizes["word"]) == (1200, 300, 7)
    assert recording.attrs["title"] == "parens, layer 1"
    assert recording.attrs["searchable"] == 1
    with h5py.File(PARENS / "train.hdf5") as file:
        assert words(recording, 0, 1200) == ["_()01234"[number] for number in file["word_ids"][:]]
    with h5py.File(PARENS / "states.hdf5") as file:
        assert np.array_equal(recording["states1"], file["states1"][:])
        assert np.array_equal(recording["output1"], file["output1"][:])
    assert [recording[name].attrs["transform"] for name in schema.sources(recording)] == ["tanh", "none"]
    assert schema.annotations(recording) == [
        "nesting_level",
        "nesting_level_scalar",
        "surprisal",
        "token_kind",
        "top_predictions",
    ]
    kinds = labels(recording, "token_kind")[recording["token_kind"]]
    assert list(zip(words(recording, 0, 4), kinds, strict=False))[:2] == [("1", "digit"), ("(", "open")]


def labelled(recording: Any, name: str) -> list[Any]:
    """Return the labels of an annotation, None where there is none."""
    found = labels(recording, name)
    return [None if code < 0 else found[code] for code in recording[name].values.ravel().tolist()]


def test_every_option_of_the_format(tmp_path: Path) -> None:
    recording = open_project(full_project().write(tmp_path / "full"))
    assert validate(recording) == []
    assert words(recording, 0, 5) == ["<s>", " ", "é", " ", "日"]
    assert schema.sources(recording) == ["states.cell", "lstm/output", "gates.cell"]
    attrs = [recording[name].attrs for name in schema.sources(recording)]
    assert [(each["role"], each["layer"], each["transform"], each["unsigned"]) for each in attrs] == [
        ("state", 1, "tanh", 0),
        ("output", 2, "none", 0),
        ("state", 2, "tanh", 1),
    ]
    assert [recording[name].dtype.str for name in schema.sources(recording)] == ["<f2", "<f4", "<f8"]
    assert recording["lstm/output"].dims == ("step", "lstm/output_state")
    assert recording["lstm/output"].values[3].tolist() == pytest.approx([3.0, 3.1, 3.2])
    assert labelled(recording, "pos") == ["X", None, "Y", None, "X"]
    assert labelled(recording, "pos_of_word") == ["X", "X", "Y", "X", "Y"]
    assert labelled(recording, "level") == ["4", "0", "2", "2", "4"] == labelled(recording, "level_by_default")
    assert list(labels(recording, "level")) == ["0", "2", "4"]
    assert recording["loss"].values.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert recording["loss"].attrs["range"] == [0, 10]
    assert recording["count"].values.tolist() == [3, 1, 4, 1, 5]
    assert recording["count"].dtype == np.float64
    assert recording["length"].values.tolist() == [14, 10, 12, 12, 14]
    assert labelled(recording, "best") == ["é", "日", "<s>", None, "é", None, "é", None, "日", None]
    assert recording["best"].attrs["weights"] == "best_weight"
    assert recording["best_weight"].values[0].tolist() == pytest.approx([0.9, 0.1])
    assert labelled(recording, "best_of_word") == [" ", "<s>", "é", "<s>", "日"]
    # One row for each id from 0 to 9: those of the words are left, in the vocabulary's order.
    assert list(labels(recording, "token")) == ["é", "<s>", " ", "日"]
    assert recording["word_embedding"].values[:, 0].tolist() == [2, 4, 14, 18]
    assert (recording.attrs["title"], recording.attrs["description"]) == ("full", "every option")
    assert "notes" not in recording.attrs


def test_what_may_be_left_out(tmp_path: Path) -> None:
    parts = small_project()
    del parts.config["name"]
    parts.config["states"]["types"] = [{"path": "cell"}]
    parts.config |= {"meta": None, "etc": None, "word_embedding": None}
    recording = open_project(parts.write(tmp_path / "nameless"))
    assert recording.attrs == {"title": "nameless", "description": "nameless", "searchable": 0}
    assert recording["cell"].attrs == {"kind": "states", "role": "state", "transform": "tanh", "unsigned": 0}


def test_keys_that_mean_nothing_are_noted(tmp_path: Path) -> None:
    parts = small_project()
    parts.config["colour"] = "blue"
    parts.config["states"]["types"][0]["size"] = 2
    parts.config["files"]["readme"] = "readme.md"
    recording = open_project(parts.write(tmp_path / "small"))
    assert recording.attrs["notes"] == [
        "small/lstm.yml, colour: is no key of this format and does nothing",
        "small/lstm.yml, states.types[0].size: is no key of this format and does nothing",
        "small/lstm.yml, files.readme: there is no file readme.md, and no key uses it",
    ]


@pytest.mark.parametrize(
    ("types", "names"),
    [
        ([{"path": "/a/b/"}], ["a/b"]),
        ([{"path": "a/b"}, {"path": "c"}], ["a/b", "c"]),
        ([{"path": "c"}, {"path": "c", "file": "other"}], ["states.c", "other.c"]),
        ([{"path": "c"}, {"path": "/c"}], ["c"]),
        ([{"path": "token"}], ["states.token"]),
    ],
)
def test_a_source_is_called_by_its_path_where_that_is_unique(
    tmp_path: Path, types: list[dict[str, str]], names: list[str]
) -> None:
    parts = small_project()
    parts.config["states"]["types"] = types
    parts.config["files"]["other"] = "other.h5"
    values = np.ones((4, 2), np.float32)
    parts.datasets["states.hdf5"] = {"a/b": values, "c": values, "token": values}
    parts.datasets["other.h5"] = {"c": values}
    assert schema.sources(open_project(parts.write(tmp_path))) == names


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("pos", "pos"),
        ("token", "meta.token"),
        ("document", "meta.document"),
        ("cell", "meta.cell"),
        ("step", "meta.step"),
    ],
)
def test_an_annotation_keeps_its_name_where_that_is_free(tmp_path: Path, entry: str, name: str) -> None:
    parts = small_project()
    parts.config["meta"] = {entry: {"file": "train", "path": "ids"}}
    recording = open_project(parts.write(tmp_path))
    assert schema.annotations(recording) == [name]
    assert validate(recording) == []


def test_the_embedding_may_have_a_row_per_word_or_per_id(tmp_path: Path) -> None:
    parts = small_project()
    parts.texts["words.dict"] = "a 1\nb 2\nc 3\n"
    parts.datasets["train.h5"] = {"ids": [1, 2, 2, 3], "rows": np.array([[1.0], [2.0], [3.0]])}
    parts.config["word_embedding"] = {"file": "train", "path": "rows"}
    recording = open_project(parts.write(tmp_path))
    assert recording["word_embedding"].values.tolist() == [[1], [2], [3]]


def test_a_label_that_is_missing_in_a_float_track_is_nan(tmp_path: Path) -> None:
    parts = small_project()
    parts.datasets["train.h5"]["tag"] = np.array([1.0, np.nan, -2.0, 1.0])
    parts.config["meta"] = {"tag": {"file": "train", "path": "tag"}}
    recording = open_project(parts.write(tmp_path))
    assert labelled(recording, "tag") == ["1", None, "-2", "1"]


def test_opening_reads_no_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = full_project().write(tmp_path / "full")
    read: list[str] = []
    real = h5py.Dataset.__getitem__

    def counted(dataset: h5py.Dataset, key: Any, **options: Any) -> Any:
        read.append(dataset.name)
        return real(dataset, key, **options)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)
    recording = open_project(folder)
    repr(recording)
    assert set(read) == {"/ids", "/tag", "/tag_of_id", "/level", "/length_of_level", "/best", "/best_of_id"}
    assert recording["states.cell"][1:3, 0].values.tolist() == [1, 2]
    assert read[-1] == "/cell"


def test_four_gigabytes_of_states_open_without_reading_them(tmp_path: Path) -> None:
    steps, states = 1_000_000, 1024
    parts = small_project()
    parts.datasets["train.h5"]["ids"] = np.zeros(steps, np.uint8)
    del parts.datasets["states.hdf5"]
    folder = parts.write(tmp_path)
    with h5py.File(folder / "states.hdf5", "w") as file:
        # Chunks that nobody wrote take no room on disk, but would in memory.
        file.create_dataset("cell", (steps, states), np.float32, chunks=(256, states), fillvalue=0.5)
    recording = open_project(folder)
    assert recording["cell"].nbytes == 4 * steps * states
    assert recording["cell"][-1, -3:].values.tolist() == [0.5] * 3
    assert not recording["cell"].variable._in_memory


def test_states_are_read_as_they_are_indexed(tmp_path: Path) -> None:
    states = open_project(full_project().write(tmp_path))["lstm/output"]
    expected = (np.arange(5)[:, None] + np.arange(3) / 10).astype(np.float32)
    assert np.array_equal(states[1:4], expected[1:4])
    assert np.array_equal(states[::-2], expected[::-2])
    assert np.array_equal(states[[3, 0, 0], 1:], expected[[3, 0, 0], 1:])
    assert np.array_equal(states[[4, 1], [2, 0]], expected[[4, 1]][:, [2, 0]])
    assert np.array_equal(states[2:2], expected[2:2])
    assert np.array_equal(states[:, []], expected[:, []])
    assert states[-1, 1] == expected[-1, 1]
    assert states.dtype.isnative


def test_a_lazy_recording_goes_to_other_threads_and_processes(tmp_path: Path) -> None:
    recording = open_project(full_project().write(tmp_path))
    copy = pickle.loads(pickle.dumps(recording))  # noqa: S301 - our own
    assert copy.identical(recording)
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda step: recording["gates.cell"][step % 5, 0].item(), range(200)))
    assert rows == [step % 5 for step in range(200)]


def test_a_file_that_was_replaced_is_not_mistaken_for_the_old_one(tmp_path: Path) -> None:
    recording = open_project(small_project().write(tmp_path))
    with h5py.File(tmp_path / "states.hdf5", "w") as file:
        file["cell"] = np.zeros((2, 9))
    with pytest.raises(
        RecordingError, match=r"states.hdf5: was replaced while it was in use - open the recording again"
    ):
        recording["cell"].load()
