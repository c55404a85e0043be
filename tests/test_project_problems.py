"""What can be wrong with a project folder, situation by situation: each says file, key and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from lstmvis_panel.project import files_of, open_project, title_of
from lstmvis_panel.schema import RecordingError, words
from tests.recordings import ProjectParts, small_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(RecordingError) as caught:
        open_project(folder)
    return [str(problem) for problem in caught.value.problems]


def config(**sections: Any) -> Callable[[ProjectParts], None]:
    """Return a change of sections of ``lstm.yml``: replaced, or with None left out."""

    def change(parts: ProjectParts) -> None:
        parts.config = {name: section for name, section in (parts.config | sections).items() if section is not None}

    return change


def track(**keys: Any) -> Callable[[ProjectParts], None]:
    """Return a change that adds a track with these keys, beside its file and path."""
    return config(meta={"t": {"file": "train", "path": "ids"} | keys})


def data(name: str, **datasets: Any) -> Callable[[ProjectParts], None]:
    """Return a change of datasets of an HDF5 file."""
    return lambda parts: parts.datasets[name].update(datasets)


def dictionary(content: str) -> Callable[[ProjectParts], None]:
    """Return a change of the words."""
    return lambda parts: parts.texts.update({"words.dict": content})


def missing(name: str) -> Callable[[ProjectParts], None]:
    """Return a change that leaves out a file."""

    def change(parts: ProjectParts) -> None:
        parts.datasets.pop(name, None)
        parts.texts.pop(name, None)

    return change


def both(*changes: Callable[[ProjectParts], None]) -> Callable[[ProjectParts], None]:
    """Return two changes as one."""

    def change(parts: ProjectParts) -> None:
        for each in changes:
            each(parts)

    return change


FILES = small_project().config["files"]
SEQUENCE = small_project().config["word_sequence"]
TYPE = {"type": "state", "layer": 1, "path": "cell"}
BROKEN: dict[str, tuple[Callable[[ProjectParts], None], str]] = {
    # The shape of lstm.yml.
    "no files": (config(files=None), "lstm.yml, files: is missing; a mapping of names to files"),
    "files as a list": (config(files=["a.h5"]), "lstm.yml, files: is \"['a.h5']\"; a mapping of names"),
    "no word_sequence": (config(word_sequence=None), "lstm.yml, word_sequence: is missing; {file, path, dict_file}"),
    "no states": (config(states=None), "lstm.yml, states: is missing; {file, types}"),
    "no types": (config(states={"types": []}), "lstm.yml, states.types: is '[]'; a list of {type, layer, path}"),
    "no path": (config(states={"types": [{"layer": 1}]}), "states.types[0].path: is missing; the path of a dataset"),
    "unknown transform": (
        config(states={"types": [TYPE | {"transform": "relu"}]}),
        "states.types[0].transform: is 'relu'; tanh (the default) or none was expected",
    ),
    "layer in words": (config(states={"types": [TYPE | {"layer": "top"}]}), "layer: is 'top'; a whole number"),
    "unsigned in words": (config(states={"types": [TYPE | {"unsigned": "so"}]}), "unsigned: is 'so'; true or false"),
    "unknown kind of vis": (track(vis={"type": "pie"}), "meta.t.vis.type: is 'pie'; discrete, scalar or wordvec"),
    "unknown range": (track(vis={"range": "wide"}), "meta.t.vis.range: is 'wide'; dict, \"min...max\" or [min, max]"),
    "range upside down": (track(vis={"range": [3, 1]}), "meta.t.vis.range: is '[3, 1]'"),
    "track without a path": (config(meta={"t": {"file": "train"}}), "meta.t.path: is missing"),
    # Files.
    "unknown file": (
        config(word_sequence=SEQUENCE | {"file": "trian"}),
        "word_sequence.file: 'trian' is not in files, which has train, states, words - did you mean 'train'?",
    ),
    "unknown dictionary": (config(word_sequence=SEQUENCE | {"dict_file": "x"}), "dict_file: 'x' is not in files"),
    "no file for a source": (config(states={"types": [TYPE]}), "states.types[0]: names no file"),
    "missing HDF5 file": (missing("states.hdf5"), "files.states: there is no file states.hdf5 in the project's folder"),
    "missing dictionary": (missing("words.dict"), "files.words: there is no file words.dict"),
    "dictionary for HDF5": (
        config(word_sequence=SEQUENCE | {"file": "words"}),
        "word_sequence.file: 'words' is words.dict; an HDF5 file (.h5 or .hdf5) was expected",
    ),
    "HDF5 for a dictionary": (
        config(word_sequence=SEQUENCE | {"dict_file": "train"}),
        "word_sequence.dict_file: 'train' is train.h5; a dictionary (.dict or .txt) was expected",
    ),
    "path out of the folder": (
        config(files=FILES | {"states": "../states.hdf5"}),
        "files.states: ../states.hdf5 leaves the project's folder, which is refused - copy the file into the folder",
    ),
    "absolute path": (config(files=FILES | {"x": "/etc/passwd"}), "files.x: /etc/passwd leaves the project's folder"),
    "path that is none": (config(files=FILES | {"x": "a\0b"}), "files.x: 'a\\x00b' is no usable path"),
    # Datasets.
    "missing dataset": (
        config(word_sequence=SEQUENCE | {"path": "words"}),
        "word_sequence.path: there is no dataset 'words' in train.h5 - it has ids",
    ),
    "missing states": (
        config(states={"file": "states", "types": [{"path": "x"}]}),
        "states.types[0].path: there is no",
    ),
    "tokens in two dimensions": (
        data("train.h5", ids=np.zeros((4, 1), int)),
        "word_sequence.path: train.h5, ids has shape (4, 1) of int64; a 1-D integer dataset, not empty, was expected",
    ),
    "tokens of floats": (data("train.h5", ids=np.zeros(4)), "ids has shape (4,) of float64; a 1-D integer dataset"),
    "tokens of text": (data("train.h5", ids=[b"a"] * 4), "ids has shape (4,) of text; a 1-D integer dataset"),
    "no tokens": (data("train.h5", ids=np.zeros(0, int)), "ids has shape (0,) of int64; a 1-D integer dataset, not"),
    "nothing at all": (data("train.h5", ids=h5py.Empty("i4")), "ids has shape None of int32; a 1-D integer dataset"),
    "states in one dimension": (
        data("states.hdf5", cell=np.zeros(4)),
        "states.types[0].path: states.hdf5, cell has shape (4,) of float64; a 2-D float dataset",
    ),
    "states of integers": (data("states.hdf5", cell=np.zeros((4, 2), int)), "of int64; a 2-D float dataset"),
    "lengths that disagree": (
        data("states.hdf5", cell=np.zeros((3, 2))),
        "lengths disagree: states.hdf5, cell has 3 steps; train.h5, ids has 4 - write both from the same run",
    ),
    # Words.
    "ids without a word": (
        data("train.h5", ids=[0, 5, -1, 5]),
        "word_sequence.path: train.h5, ids has ids without a word in words.dict: -1 (first at 2), 5 (first at 1)",
    ),
    "line that is no entry": (
        dictionary("a 0\nb\n\nc 2\nd x\n b 3\n"),
        "files.words: words.dict, line 2 is 'b', line 5 is 'd x', line 6 is ' b 3'; 'word id' was expected",
    ),
    "id of two words": (dictionary("a 0\nb 1\nc 2\nd 1\n"), "words.dict has ids of more than one word: 1 ('b', 'd')"),
    "empty dictionary": (dictionary("\n"), "words.dict is empty; a line 'word id' per word was expected"),
    # Tracks.
    "track of another length": (
        both(data("train.h5", x=np.zeros(5, int)), track(path="x")),
        "meta.t.path: lengths disagree: train.h5, x has 5 steps; train.h5, ids has 4",
    ),
    "range dict without dict": (track(vis={"range": "dict"}), "meta.t.vis.range: is dict, but there is no dict"),
    "label that is in no dictionary": (
        both(data("train.h5", x=[0, 3, 1, 9]), track(path="x", dict="words")),
        "meta.t.path: train.h5, x has ids without a word in words.dict: 3 (first at 1), 9 (first at 3)",
    ),
    "labels that are fractions": (
        both(data("train.h5", x=[0.5] * 4), track(path="x")),
        "meta.t.path: train.h5, x has fractions; whole numbers were expected - say vis: {type: scalar} for numbers",
    ),
    "index of an unknown section": (track(index="words"), "meta.t.index: is 'words'; self, word_sequence, or an entry"),
    "fewer values than ids": (
        both(data("train.h5", x=[1, 1]), track(path="x", index="word_sequence")),
        "meta.t.path: train.h5, x has 2 values, but the ids of word_sequence go from 0 to 2 - write a value per id",
    ),
    "predictions in one dimension": (
        track(type="wordvec"),
        "meta.t.path: train.h5, ids has shape (4,) of int64; a 2-D",
    ),
    "predictions without a word": (
        both(data("train.h5", x=[[0], [1], [8], [2]]), track(path="x", type="wordvec")),
        "meta.t.path: train.h5, x has ids without a word in words.dict: 8 (first at 2)",
    ),
    "weights of another shape": (
        both(
            data("train.h5", x=[[0]] * 4, w=np.zeros((4, 2))),
            track(path="x", weights_path="w", type="wordvec"),
        ),
        "meta.t.weights_path: train.h5, w has shape (4, 2); train.h5, x has (4, 1) - write a weight per prediction",
    ),
    "embedding with too few rows": (
        both(
            data("train.h5", e=np.zeros((2, 2))),
            config(word_embedding={"file": "train", "path": "e"}),
        ),
        "word_embedding.path: train.h5, e has 2 rows; one for each of the 3 words was expected",
    ),
}


@pytest.mark.parametrize("situation", BROKEN)
def test_what_is_wrong_is_said(tmp_path: Path, situation: str) -> None:
    change, says = BROKEN[situation]
    parts = small_project()
    change(parts)
    found = problems_of(parts.write(tmp_path / "small"))
    assert any(line.startswith("small/") and says in line for line in found), found


LAUGHS = b"l0: &l0 ha\n" + b"".join(
    b"l%d: &l%d [%s]\n" % (n, n, b",".join([b"*l%d" % (n - 1)] * 9)) for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "small/lstm.yml: is empty; a mapping with files, word_sequence and states was expected"),
        (b"- a\n- b\n", "small/lstm.yml: is a list; a mapping"),
        (b"just text", "small/lstm.yml: is a str; a mapping"),
        (b"name: a\nfiles: }\nstates: 3\n", "small/lstm.yml, line 2: is not valid YAML: "),
        (b"name: a\nname: b\n", "small/lstm.yml, line 2: is not valid YAML: the key 'name' is there twice"),
        (b"name: caf\xe9\n", "small/lstm.yml: is not valid YAML: 'utf-8' codec can't decode byte 0xe9"),
        (b"name: \x01\n", "small/lstm.yml: is not valid YAML: "),
        (b"a: " + b"[" * 9000, "small/lstm.yml"),
        (b'a: !!int ""\n', "small/lstm.yml: is not valid YAML: "),
        (b"a: !!bool x\n", "small/lstm.yml: is not valid YAML: "),
        (b"a: !!timestamp x\n", "small/lstm.yml: is not valid YAML: "),
        (b"a: &a {b: *a}\n", "small/lstm.yml, line 1: is not valid YAML: with its aliases written out it is too long"),
        (LAUGHS, "small/lstm.yml, line 1: is not valid YAML: with its aliases written out it is too long"),
        (b"a: !!python/object/apply:os.getcwd []\n", "small/lstm.yml, line 1: is not valid YAML: could not determine"),
    ],
)
def test_a_file_that_is_no_yaml_mapping(tmp_path: Path, content: bytes, says: str) -> None:
    folder = small_project().write(tmp_path / "small")
    (folder / "lstm.yml").write_bytes(content)
    (found,) = problems_of(folder)
    assert found.startswith(says)


@pytest.mark.parametrize(
    ("section", "says"),
    [
        (
            "files: {true: a.h5}",
            "small/lstm.yml, files: has the key True; text as a key was expected - put it in quotes",
        ),
        ("files: {~: x}", "small/lstm.yml, files: has the key None; text as a key was expected - put it in quotes"),
        ("meta: {~: {file: a}}", "small/lstm.yml, meta: has the key None; text as a key was expected"),
        ("meta: {2020-01-01: 3}", "small/lstm.yml, meta: has the key datetime.date(2020, 1, 1); text as a key"),
        (f"meta: {{t: {{vis: {{range: [0, 1{'0' * 400}]}}}}}}", "small/lstm.yml, meta.t.vis.range: is '[0, 1000"),
    ],
)
def test_a_key_that_is_no_text_and_a_number_without_end(tmp_path: Path, section: str, says: str) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "lstm.yml").write_text(section)
    assert any(line.startswith(says) for line in problems_of(tmp_path / "small"))


def test_no_project_file(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path)
    assert found.endswith("lstm.yml: can't be read (No such file or directory)")


def test_a_file_that_is_not_hdf5(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    (folder / "states.hdf5").write_text("no HDF5")
    (found,) = problems_of(folder)
    assert found.startswith("small/lstm.yml, files.states: states.hdf5 is not an HDF5 file, or is damaged")


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    content = (folder / "train.h5").read_bytes()
    (folder / "train.h5").write_bytes(content[: len(content) // 2])
    (found,) = problems_of(folder)
    assert found.startswith("small/lstm.yml, files.train: train.h5 is not an HDF5 file, or is damaged")


def test_a_dictionary_that_is_not_utf8(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    (folder / "words.dict").write_bytes(b"a 0\ncaf\xe9 1\n")
    (found,) = problems_of(folder)
    assert found.endswith("files.words: words.dict, line 2 is not UTF-8 (byte 0xe9) - save the file as UTF-8")


def test_a_link_out_of_the_folder_is_refused_and_one_within_is_not(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    (folder / "kept").mkdir()
    (folder / "train.h5").rename(folder / "kept" / "train.h5")
    (folder / "train.h5").symlink_to(folder / "kept" / "train.h5")
    assert words(open_project(folder), 0, 2) == ["a", "b"]
    (folder / "states.hdf5").rename(tmp_path / "states.hdf5")
    (folder / "states.hdf5").symlink_to(tmp_path / "states.hdf5")
    (found,) = problems_of(folder)
    assert "files.states: states.hdf5 leaves the project's folder, which is refused" in found


def test_values_stored_in_another_file_are_refused(tmp_path: Path) -> None:
    parts = small_project()
    parts.config["states"]["types"] = [{"path": "link"}, {"path": "virtual"}, {"path": "raw"}, {"path": "within"}]
    folder = parts.write(tmp_path / "small")
    (tmp_path / "secret.bin").write_bytes(b"\1" * 64)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.zeros((4, 2), np.float32)
    with h5py.File(folder / "states.hdf5", "a") as file:
        file["link"] = h5py.ExternalLink("../other.h5", "x")
        for name, source in (("virtual", str(tmp_path / "other.h5")), ("within", ".")):
            layout = h5py.VirtualLayout((4, 2), np.float32)
            layout[:] = h5py.VirtualSource(source, "x" if name == "virtual" else "cell", (4, 2))
            file.create_virtual_dataset(name, layout)
        raw = [(str(tmp_path / "secret.bin"), 0, 32)]
        file.create_dataset("raw", (4, 2), np.float32, external=raw)
    found = problems_of(folder)
    assert [line.split(":")[0] for line in found] == [
        f"small/lstm.yml, states.types[{number}].path" for number in range(3)
    ]
    assert all("is stored in another file, which is refused" in line for line in found)


def test_a_link_to_nowhere_in_a_file(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    with h5py.File(folder / "states.hdf5", "a") as file:
        del file["cell"]
        file["cell"] = h5py.SoftLink("/nowhere")
    (found,) = problems_of(folder)
    assert "states.types[0].path: there is no dataset 'cell' in states.hdf5" in found


def test_everything_that_is_wrong_is_reported_at_once(tmp_path: Path) -> None:
    parts = small_project()
    parts.config["colour"] = "blue"
    parts.config["word_sequence"]["path"] = "tokens"
    parts.config["states"]["types"].append({"path": "gate"})
    parts.config["files"]["tags"] = "tags.dict"
    tags = {"file": "train", "path": "ids", "dict": "tags"}
    parts.config["meta"] = {"pos": tags, "ner": tags, "fine": {"file": "train", "path": "ids"}}
    assert [
        line.split(":")[0].removeprefix("small/lstm.yml, ") for line in problems_of(parts.write(tmp_path / "small"))
    ] == [
        "word_sequence.path",
        "states.types[1].path",
        "files.tags",
        "colour",
    ]


def test_what_is_known_of_a_broken_project(tmp_path: Path) -> None:
    folder = small_project().write(tmp_path / "small")
    assert title_of(folder) == "small"
    names = ["lstm.yml", "train.h5", "states.hdf5", "words.dict"]
    assert files_of(folder) == [folder / name for name in names]
    (folder / "lstm.yml").write_text("files: 3")
    assert (title_of(folder), files_of(folder)) == (None, [folder / "lstm.yml"])
    (folder / "lstm.yml").write_text("- 3")
    assert (title_of(folder), files_of(folder)) == (None, [folder / "lstm.yml"])
