"""What can be wrong with a recording, situation by situation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel import schema
from lstmvis_panel.schema import Problem, validate
from tests.recordings import recording_of, two_sentences
from tests.valued import images, numbers, vectors

if TYPE_CHECKING:
    import xarray as xr


def test_whole_recordings_have_no_problem() -> None:
    assert validate(two_sentences()) == []
    assert validate(recording_of(np.zeros((1, 1)))) == []
    assert validate(numbers()) == validate(images()) == []
    assert [str(problem) for problem in validate(vectors())] == [
        "value: 3 of 1,200 values are NaN, the first at step 7, value_component 0 - such a component is left blank"
    ]


def with_attr(name: str, key: str, value: object) -> xr.Dataset:
    recording = two_sentences()
    recording[name].attrs[key] = value
    return recording


def with_values(name: str, values: object, dims: object = "step", **attrs: object) -> xr.Dataset:
    recording = two_sentences()
    kept = recording[name].attrs if name in recording.variables else {}
    return recording.drop_vars(name, errors="ignore").assign({name: (dims, values, kept | attrs)})


def with_documents(documents: object) -> xr.Dataset:
    return two_sentences().assign_coords(document=("step", documents))


def with_image(values: np.ndarray, *dims: str) -> xr.Dataset:
    dims = dims or ("word", "row", "column", "channel")
    return images().drop_vars("thumbnail").assign(thumbnail=(dims, values, {"kind": "image"}))


def with_look(recording: xr.Dataset, **attrs: object) -> xr.Dataset:
    recording["token"].attrs.update(attrs)
    return recording


ZEROS = np.zeros(8, dtype=np.int32)
BROKEN = {
    "no token": (two_sentences().drop_vars("token"), "no tokens"),
    "no source": (two_sentences().drop_vars(["lstm/cell", "gate"]), "no hidden states"),
    "no step": (two_sentences().isel(step=slice(0, 0)), "has no steps"),
    "no kind": (two_sentences().assign(other=("step", ZEROS)), "other: attribute kind is None; states, token"),
    "unknown kind": (with_attr("pos", "kind", "tag"), "pos: attribute kind is 'tag'"),
    "name that is no text": (two_sentences().assign({3: ("step", ZEROS, {"kind": "scalar"})}), "3: is no name"),
    "dimensions in the wrong order": (
        two_sentences().transpose("gate_state", ...),
        "gate: has the dimensions ('gate_state', 'step'); 2 (step, another) were expected",
    ),
    "source without states": (two_sentences().isel(gate_state=slice(0, 0)), "gate: is empty: its shape is (8, 0)"),
    "integer states": (
        with_values("gate", np.zeros((8, 3), int), ("step", "gate_state")),
        "gate: holds int64; floating-point numbers were expected",
    ),
    "tokens of floats": (with_values("token", ZEROS / 2), "token: holds float64; integers were expected"),
    "scalar of integers": (with_values("surprisal", ZEROS), "surprisal: holds int32; floating-point"),
    "labels that are no texts": (
        with_values("vocabulary", np.array(["a", 2, "c", "d", "e", "f"], dtype=object), "word"),
        "vocabulary: holds labels that are no texts",
    ),
    "code above the labels": (
        with_values("pos", np.array([0, 0, 3, 0, 0, 0, 0, 0])),
        "pos: has code 3 at step 2; pos_label has labels 0 to 2",
    ),
    "code below -1": (with_values("pos", ZEROS - 2), "pos: has code -2 at step 0"),
    "token without a word": (with_values("token", ZEROS - 1), "token: has code -1 at step 0"),
    "prediction without a word": (
        with_values("best", np.full((8, 2), 6), ("step", "best_rank")),
        "best: has code 6 at step 0; vocabulary has labels 0 to 5",
    ),
    "labels that are not there": (
        with_attr("pos", "labels", "tags"),
        "pos, attribute labels: is 'tags'; the name of a variable of kind 'labels' was expected",
    ),
    "weights that are not there": (with_attr("best", "weights", "w"), "best, attribute weights: is 'w'"),
    "weights of another shape": (
        with_values("best_weight", np.zeros((8, 3)), ("step", "three")),
        "best_weight: has the dimensions ('step', 'three'); those of best",
    ),
    "unknown transform": (with_attr("gate", "transform", "relu"), "gate, attribute transform: is 'relu'"),
    "layer in words": (with_attr("gate", "layer", "top"), "gate, attribute layer: is 'top'"),
    "unsigned in words": (with_attr("gate", "unsigned", "yes"), "gate, attribute unsigned: is 'yes'"),
    "unsigned as a list": (
        with_attr("gate", "unsigned", np.array([1, 0])),
        "gate, attribute unsigned: is array([1, 0])",
    ),
    "range without end": (with_attr("surprisal", "range", [0, 10**400]), "surprisal, attribute range: is [0, 1000"),
    "half a character": (two_sentences().rename(gate="gate\ud800"), r"'gate\ud800': has half a character in its name"),
    "range of one number": (with_attr("surprisal", "range", [1]), "surprisal, attribute range: is [1]"),
    "range upside down": (with_attr("surprisal", "range", [4, 1]), "surprisal, attribute range: is [4, 1]"),
    "document that decreases": (
        with_documents(np.array([0, 0, 2, 2, 1, 1, 1, 1], dtype=np.uint8)),
        "document: goes from 2 down to 1 at step 4",
    ),
    "document of floats": (with_documents(ZEROS / 2), "document: has the dimensions ('step',) of float64"),
    "document as a variable": (two_sentences().reset_coords("document"), "document: is a variable"),
    "vectors of integers": (
        vectors().assign(value=vectors().value.fillna(0).astype(int).assign_attrs(kind="vector")),
        "value: holds int64; floating-point numbers were expected of kind 'vector'",
    ),
    "vectors along another dimension": (
        vectors().transpose("value_component", ...),
        "value: has the dimensions ('value_component', 'step'); 2 (step, another) were expected",
    ),
    "vectors without components": (vectors().isel(value_component=slice(0, 0)), "value: is empty"),
    "vectors with a range upside down": (
        vectors().assign(value=vectors().value.assign_attrs(range=[1, -1])),
        "value, attribute range: is [1, -1]; [low, high] with low < high was expected",
    ),
    "images of floats": (
        with_image(np.zeros((4, 2, 2, 3))),
        "thumbnail: holds float64; bytes (uint8, 0 to 255) were expected of kind 'image'",
    ),
    "images of long integers": (
        with_image(np.zeros((4, 2, 2, 3), np.uint16)),
        "thumbnail: holds uint16; bytes (uint8, 0 to 255) were expected of kind 'image'",
    ),
    "images with transparency": (with_image(np.zeros((4, 2, 2, 4), np.uint8)), "thumbnail: has 4 channels; 3 were"),
    "images without colours": (
        with_image(np.zeros((4, 2, 2), np.uint8), "word", "row", "column"),
        "thumbnail: has the dimensions ('word', 'row', 'column'); 4 (word, another, another, another) were expected",
    ),
    "images of other words": (
        with_look(images().assign(names=("name", np.array(["a", "b"]), {"kind": "labels"})), labels="names"),
        "thumbnail: has the shape (4, 16, 24, 3); 2 images were expected, one for each label of token",
    ),
    "image that is not there": (
        with_look(numbers(), image="thumbnail"),
        "token, attribute image: is 'thumbnail'; the name of a variable of kind 'image' was expected - name one, or",
    ),
    "value that is not there": (
        with_look(images(), value="value"),
        "token, attribute value: is 'value'; the name of a variable of kind 'scalar' or 'vector' was expected",
    ),
    "value that is no name": (with_look(images(), value=[1, 2]), "token, attribute value: is [1, 2]; the name of"),
    "value of another kind": (with_look(images(), value="capital"), "token, attribute value: is 'capital'; the name"),
    "document without a label": (
        two_sentences().assign_coords(document=("step", ZEROS + 5, {"labels": "document_label"})),
        "document: has code 5 at step 0",
    ),
}


@pytest.mark.parametrize("situation", BROKEN)
def test_what_is_wrong_is_found(situation: str) -> None:
    recording, says = BROKEN[situation]
    found = [str(problem) for problem in validate(recording) if problem.fatal]
    assert any(says in line for line in found), found


def test_all_problems_are_reported_at_once() -> None:
    recording = with_attr("gate", "transform", "relu").drop_vars("token")
    recording["surprisal"].attrs["range"] = "wide"
    assert [problem.where for problem in validate(recording)] == [
        "recording",
        "gate, attribute transform",
        "surprisal, attribute range",
    ]


def test_a_variable_that_only_counts_the_steps_needs_no_kind() -> None:
    assert validate(two_sentences().assign_coords(step=np.arange(8), time=("step", np.arange(8.0)))) == []


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_values_that_are_not_finite_are_counted_block_by_block(
    monkeypatch: pytest.MonkeyPatch, dtype: type[np.floating]
) -> None:
    states = np.zeros((300, 4), dtype=dtype)
    states[[0, 150, 299], [0, 1, 3]] = np.nan
    states[200, 2], states[201, 2] = np.inf, -np.inf
    monkeypatch.setattr(schema, "BLOCK_BYTES", 1)
    problems = validate(recording_of(states))
    assert [(problem.where, problem.what, problem.fatal) for problem in problems] == [
        ("hidden", "3 of 1,200 values are NaN, the first at step 0, hidden_state 0", False),
        ("hidden", "2 of 1,200 values are infinite, the first at step 200, hidden_state 2", False),
    ]


def test_values_are_looked_at_whatever_else_is_wrong() -> None:
    recording = recording_of([[0.0, np.nan], [np.inf, 0.0]])
    recording["hidden"].attrs["transform"] = "relu"
    recording["token"][1] = 99
    found = [str(problem) for problem in validate(recording)]
    assert [text.partition(" - ")[0] for text in found] == [
        "token: has code 99 at step 1; vocabulary has labels 0 to 1",
        "hidden, attribute transform: is 'relu'; 'tanh' or 'none' was expected",
        "hidden: 1 of 4 values are NaN, the first at step 0, hidden_state 1",
        "hidden: 1 of 4 values are infinite, the first at step 1, hidden_state 0",
    ]


@pytest.mark.parametrize("linked", [3, ["a.h5", 3], "../a.h5", "/a.h5"])
def test_a_link_that_is_no_name_beside_it(linked: object) -> None:
    (problem,) = validate(recording_of(np.zeros((1, 1))).assign_attrs(linked=linked))
    assert problem.where == "recording, attribute linked"
    assert not problem.fatal


def test_images_larger_than_a_thumbnail_are_said() -> None:
    large = with_image(np.zeros((4, 1, 300, 3), np.uint8))
    assert [(problem.where, problem.fatal) for problem in validate(large)] == [("thumbnail", False)]
    assert "1 x 300 pixels" in str(validate(large)[0])


def test_negative_values_of_an_unsigned_source_are_counted() -> None:
    recording = recording_of(np.array([[-0.5, 0.0], [0.5, -1.0]]))
    recording["hidden"].attrs["unsigned"] = 1
    assert [str(problem) for problem in validate(recording)] == [
        "hidden: 2 of 4 values are negative, the first at step 0, hidden_state 0 - unsigned says that there are none"
    ]


def test_notes_of_the_reader_are_passed_on() -> None:
    recording = recording_of(np.zeros((1, 1))).assign_attrs(notes=["lstm.yml, colour: does nothing"])
    assert validate(recording) == [Problem("recording", "lstm.yml, colour: does nothing", fatal=False)]


def found_in_attrs(**attrs: object) -> list[Problem]:
    return validate(recording_of(np.zeros((1, 1))).assign_attrs(**attrs))


def test_one_text_is_one_note() -> None:
    assert found_in_attrs(notes="lone") == [Problem("recording", "lone", fatal=False)]
    assert [each.what for each in found_in_attrs(notes=np.array(["a", "b"], dtype=object))] == ["a", "b"]


@pytest.mark.parametrize("notes", [3, None, [1], {"a": "b"}, np.array([1, 2])])
def test_notes_that_are_no_texts(notes: object) -> None:
    (found,) = found_in_attrs(notes=notes)
    assert (found.where, found.fatal) == ("recording, attribute notes", False)
    assert found.what.endswith("; a list of texts was expected")


@pytest.mark.parametrize("searchable", ["no", "1", 2, None, [1], np.array([1, 0])])
def test_searchable_that_is_neither_yes_nor_no(searchable: object) -> None:
    what = f"is {searchable!r}; 0 or 1 was expected"
    expected = [Problem("recording, attribute searchable", what, "it counts as 0", fatal=False)]
    assert found_in_attrs(searchable=searchable) == expected


@pytest.mark.parametrize("searchable", [0, 1, np.int64(1), True])
def test_searchable_that_is_yes_or_no(searchable: object) -> None:
    assert found_in_attrs(searchable=searchable) == []
