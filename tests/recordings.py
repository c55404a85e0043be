"""Small named recordings and project folders whose content is known, for the tests of every module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import xarray as xr
import yaml

from lstmvis_panel.schema import DOCUMENT, STEP, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike


def texts(*labels: str) -> np.ndarray:
    """Return labels as recordings hold them."""
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def recording_of(
    states: ArrayLike,
    *,
    words: list[str] | None = None,
    documents: ArrayLike | None = None,
    transform: str = "none",
    source: str = "hidden",
) -> xr.Dataset:
    """Return the least recording that holds these states, shape (step, state).

    Without words they are ``w0``, ``w1`` and so on, one a step.
    """
    values = np.asarray(states)
    words = [f"w{step}" for step in range(len(values))] if words is None else words
    vocabulary = list(dict.fromkeys(words))
    codes = np.array([vocabulary.index(word) for word in words], dtype=np.int32)
    attrs = {"kind": Kind.STATES.value, "layer": 1, "role": "hidden", "transform": transform, "unsigned": 0}
    recording = xr.Dataset(
        {
            "token": (STEP, codes, {"kind": Kind.TOKEN.value, "labels": "vocabulary"}),
            "vocabulary": ("word", texts(*vocabulary), {"kind": Kind.LABELS.value}),
            source: ((STEP, f"{source}_state"), values, attrs),
        },
        attrs={"title": "least", "description": "the least there can be"},
    )
    return recording if documents is None else recording.assign_coords({DOCUMENT: (STEP, documents)})


def two_sentences() -> xr.Dataset:
    """Return eight steps of two documents, with a source of each transform and an annotation of each kind.

    ====== === === === === === === === ===
    step     0   1   2   3   4   5   6   7
    ====== === === === === === === === ===
    word   the cat sat   . the dog ran   .
    doc      a   a   a   a   b   b   b   b
    pos    DET NOU VER     DET NOU VER
    cell 0  +2  +2  +2  -2  +2  +2  +2  -2
    cell 1   .  +2   .   .   .  +2   .   .
    ====== === === === === === === === ===
    """
    cell = np.array([[2, 0], [2, 2], [2, 0], [-2, 0]] * 2, dtype=np.float16)
    recording = recording_of(
        cell,
        words=["the", "cat", "sat", ".", "the", "dog", "ran", "."],
        documents=[0, 0, 0, 0, 1, 1, 1, 1],
        transform="tanh",
        source="lstm/cell",
    )
    recording["lstm/cell"].attrs["role"] = "cell"
    gate = {"kind": Kind.STATES.value, "layer": 2, "role": "gate", "transform": "none", "unsigned": 1}
    best = np.array([[1, 5], [2, -1], [3, 0], [4, -1]] * 2, dtype=np.int16)
    weights = np.array([[0.75, 0.25], [1, 0]] * 4, dtype=np.float32)
    recording = recording.assign(
        gate=((STEP, "gate_state"), np.linspace(0, 1, 24, dtype=np.float64).reshape(8, 3), gate),
        pos=(STEP, np.array([0, 1, 2, -1] * 2, dtype=np.int8), {"kind": "categorical", "labels": "pos_label"}),
        pos_label=("pos_label", texts("DET", "NOUN", "VERB"), {"kind": "labels"}),
        surprisal=(STEP, np.arange(8, dtype=np.float32), {"kind": "scalar", "range": [0.0, 7.5]}),
        best=((STEP, "best_rank"), best, {"kind": "prediction", "labels": "vocabulary", "weights": "best_weight"}),
        best_weight=((STEP, "best_rank"), weights, {"kind": "weights"}),
        word_embedding=(("word", "embedding"), np.eye(6, 4, dtype=np.float32), {"kind": "embedding"}),
        document_label=("document_label", texts("a", "b"), {"kind": "labels"}),
    )
    recording[DOCUMENT].attrs["labels"] = "document_label"
    recording.attrs |= {"title": "two sentences", "searchable": 1}
    return recording


@dataclass
class ProjectParts:
    """A project folder before it is written; a test changes what it is about.

    Parameters
    ----------
    config
        What ``lstm.yml`` says.
    datasets
        The HDF5 files, and the datasets in each.
    texts
        The text files.
    """

    config: dict[str, Any]
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the folder, and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lstm.yml").write_text(
            yaml.safe_dump(self.config, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        for name, datasets in self.datasets.items():
            (folder / name).parent.mkdir(exist_ok=True)
            with h5py.File(folder / name, "w") as file:
                for path, values in datasets.items():
                    file.create_dataset(path, data=values)
        for name, content in self.texts.items():
            (folder / name).write_text(content, encoding="utf-8", newline="")
        return folder


def small_project() -> ProjectParts:
    """Return the least project: four steps, "a b b c" with the ids 0 to 2, and one source of two states."""
    return ProjectParts(
        config={
            "name": "small",
            "files": {"train": "train.h5", "states": "states.hdf5", "words": "words.dict"},
            "word_sequence": {"file": "train", "path": "ids", "dict_file": "words"},
            "states": {"file": "states", "types": [{"type": "state", "layer": 1, "path": "cell"}]},
        },
        datasets={
            "train.h5": {"ids": np.array([0, 1, 1, 2])},
            "states.hdf5": {"cell": np.array([[0.0, 1.0], [0.1, 1.1], [0.2, 1.2], [0.3, 1.3]], dtype=np.float32)},
        },
        texts={"words.dict": "a 0\nb 1\nc 2\n"},
    )


def full_project() -> ProjectParts:
    """Return a project that uses every option of the format.

    ============== ===== ===== ===== ===== =====
    step               0     1     2     3     4
    ============== ===== ===== ===== ===== =====
    word id            2     7     1     7     9
    word             <s> blank     é blank    日
    code               1     2     0     2     3
    part of speech     X     -     Y     -     X
    best two         é日   <s>     é     é     日
    ============== ===== ===== ===== ===== =====
    """
    parts = small_project()
    parts.config |= {
        "name": "full",
        "description": "every option",
        "files": {
            "train": "train.h5",
            "states": "states.hdf5",
            "gates": "sub/gates.h5",
            "tracks": "tracks.h5",
            "words": "words.dict",
            "tags": "tags.txt",
        },
        "states": {
            "file": "states",
            "types": [
                {"type": "state", "layer": 1, "path": "cell"},
                {"type": "output", "layer": 2, "path": "/lstm/output", "transform": "none"},
                {"type": "state", "layer": 2, "path": "cell", "file": "gates", "unsigned": True},
            ],
        },
        "word_embedding": {"file": "train", "path": "embedding"},
        "etc": {"regex_search": True},
        "meta": _every_track(),
    }
    parts.datasets = {
        "train.h5": {"ids": np.array([2, 7, 1, 7, 9], dtype=np.uint8), "embedding": np.arange(20.0).reshape(10, 2)},
        "states.hdf5": {"cell": _steps(2, np.float16), "lstm/output": _steps(3, ">f4")},
        "sub/gates.h5": {"cell": _steps(1, np.float64)},
        "tracks.h5": {
            "tag": np.array([1, -1, 3, -1, 1]),
            "tag_of_id": np.array([0, 3, 1, 0, 0, 0, 0, 1, 0, 3]),
            "level": np.array([4, 0, 2, 2, 4], dtype=np.int16),
            "loss": np.array([0.5, 1.5, 2.5, 3.5, 4.5]),
            "count": np.array([3, 1, 4, 1, 5]),
            "length_of_level": np.array([10.0, 11.0, 12.0, 13.0, 14.0]),
            "best": np.array([[1, 9], [2, -1], [1, -1], [1, -1], [9, -1]]),
            "score": np.array([[0.9, 0.1], [1, 0], [1, 0], [1, 0], [1, 0]], dtype=np.float32),
            # The rows of ids that no step has may hold anything.
            "best_of_id": np.array([[0], [1], [7], [0], [0], [0], [0], [2], [0], [9]]),
        },
    }
    parts.texts = {"words.dict": "<s> 2\n  7\né 1\n日 9\n", "tags.txt": "X 1\r\nY 3\r\n"}
    return parts


def _every_track() -> dict[str, Any]:
    tags = {"file": "tracks", "dict": "tags", "vis": {"type": "discrete", "range": "dict"}}
    return {
        "pos": tags | {"path": "tag"},
        "pos_of_word": tags | {"path": "tag_of_id", "index": "word_sequence"},
        "level": {"file": "tracks", "path": "level", "vis": {"type": "discrete", "range": "0...100"}},
        "level_by_default": {"file": "tracks", "path": "level", "index": "self"},
        "loss": {"file": "tracks", "path": "loss", "vis": {"type": "scalar", "range": [0, 10]}},
        "count": {"file": "tracks", "path": "count", "vis": {"type": "scalar"}},
        "length": {"file": "tracks", "path": "length_of_level", "index": "level", "vis": {"type": "scalar"}},
        "best": {
            "type": "wordvec",
            "file": "tracks",
            "path": "best",
            "weights_path": "score",
            "dict": "words",
            "vis": {"type": "wordvec"},
        },
        "best_of_word": {
            "file": "tracks",
            "path": "best_of_id",
            "index": "word_sequence",
            "dict": "words",
            "vis": {"type": "wordvec"},
        },
    }


def _steps(states: int, dtype: Any) -> np.ndarray:
    """Return five steps of states: step + state / 10."""
    return (np.arange(5)[:, None] + np.arange(states) / 10).astype(dtype)
