"""The words of a recording, and what can be wrong with one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import xarray as xr

from lstmvis_panel import schema
from lstmvis_panel.schema import Kind, Problem, RecordingError
from tests.recordings import recording_of, texts, two_sentences
from tests.valued import images, numbers, vectors


def test_sources_and_annotations_come_in_the_recordings_order() -> None:
    recording = two_sentences()
    assert schema.sources(recording) == ["lstm/cell", "gate"]
    assert schema.annotations(recording) == ["pos", "surprisal", "best"]


def test_labels_of_a_variable_and_of_itself() -> None:
    recording = two_sentences()
    expected = ["DET", "NOUN", "VERB"]
    assert list(schema.labels(recording, "pos")) == expected
    assert list(schema.labels(recording, "pos_label")) == expected
    assert list(schema.labels(recording, "document")) == ["a", "b"]
    assert schema.labels(recording, "token").dtype == object


@pytest.mark.parametrize(("name", "says"), [("nothing", "no such variable"), ("surprisal", "kind 'labels'")])
def test_labels_that_are_not_there(name: str, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        schema.labels(two_sentences(), name)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (1, 3, ["cat", "sat"]),
        (6, 20, ["ran", "."]),
        (-3, 1, ["the"]),
        (3, 3, []),
        (-3, -1, []),
    ],
)
def test_words_of_a_range_end_with_the_recording(start: int, stop: int, expected: list[str]) -> None:
    assert schema.words(two_sentences(), start, stop) == expected


def test_what_tokens_look_like() -> None:
    assert schema.token_look(two_sentences()) is None
    assert schema.token_look(xr.Dataset()) is None
    assert [schema.token_look(each()) for each in (numbers, vectors, images)] == ["value", "value", "thumbnail"]


def test_a_picture_goes_before_a_value_and_what_is_not_there_for_nothing() -> None:
    both = images().assign(value=numbers().value)
    both["token"].attrs["value"] = "value"
    assert schema.token_look(both) == "thumbnail"
    assert schema.token_look(both.drop_vars("thumbnail")) == "value"
    assert schema.token_look(both.drop_vars(["thumbnail", "value"])) is None


@pytest.mark.parametrize(
    ("documents", "edges"),
    [
        (None, [0, 4]),
        ([3, 3, 3, 3], [0, 4]),
        ([0, 0, 1, 1], [0, 2, 4]),
        ([-1, 0, 7, 7], [0, 1, 2, 4]),
    ],
)
def test_document_edges(documents: list[int] | None, edges: list[int]) -> None:
    recording = recording_of(np.zeros((4, 1)), documents=documents)
    for found in (schema.document_edges(recording), schema.document_edges(recording["hidden"])):
        assert found.tolist() == edges
        assert found.dtype == np.int64


def test_a_plain_array_has_no_documents_and_no_transform() -> None:
    states = xr.DataArray(np.zeros((3, 2)), dims=("step", "state"))
    assert schema.document_edges(states).tolist() == [0, 3]
    assert schema.transform_of(states) == "none"


def test_an_unknown_transform_is_refused() -> None:
    recording = recording_of(np.zeros((3, 1)), transform="sigmoid")
    with pytest.raises(RecordingError, match=r"hidden.*'sigmoid'.*'tanh' or 'none'"):
        schema.transform_of(recording["hidden"])


def test_a_problem_is_one_line() -> None:
    assert str(Problem("a.yml, files", "is\nbroken", "mend it")) == "a.yml, files: is broken - mend it"


def test_an_error_names_every_problem_and_survives_pickling() -> None:
    problems = [Problem("a", "one"), Problem("b", "two", fatal=False)]
    error = pickle.loads(pickle.dumps(RecordingError(problems)))  # noqa: S301 - our own
    assert error.problems == problems
    assert str(error) == "a: one\nb: two"
    assert RecordingError("all of it").problems == [Problem("recording", "all of it")]


@pytest.mark.parametrize("rows_in_a_block", [64, 128])
def test_blocks_cover_every_row_once(monkeypatch: pytest.MonkeyPatch, rows_in_a_block: int) -> None:
    values = np.arange(300 * 4, dtype=np.float32).reshape(300, 4)
    monkeypatch.setattr(schema, "BLOCK_BYTES", rows_in_a_block * 4 * 4)
    parts = list(schema.blocks(xr.Variable(("step", "state"), values)))
    assert np.array_equal(np.concatenate([part for _, part in parts]), values)
    assert {rows.start % rows_in_a_block for rows, _ in parts} == {0}
    assert max(len(part) for _, part in parts) == rows_in_a_block


def test_kinds_are_what_variables_say() -> None:
    recording = two_sentences()
    assert schema.kind_of(recording["gate"]) is Kind.STATES
    assert schema.kind_of(xr.Variable((), 0)) is None
    assert schema.names_of(recording, Kind.LABELS) == ["vocabulary", "pos_label", "document_label"]
    assert texts("a").dtype == object
