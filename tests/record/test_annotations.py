from __future__ import annotations

import numpy as np
import pytest

from lstmvis_panel.record.annotations import categorical, chunks, coded, scalar
from lstmvis_panel.schema import RecordingError


def test_labels_become_codes() -> None:
    variables = categorical("pos", ["DET", None, "NOUN", "DET", ""], order=["NOUN"], description="Part of speech")
    assert list(variables) == ["pos", "pos_label"]
    assert variables["pos"].values.tolist() == [1, -1, 0, 1, -1]
    assert variables["pos"].dtype == np.int8
    assert variables["pos"].attrs == {"kind": "categorical", "labels": "pos_label", "description": "Part of speech"}
    assert variables["pos_label"].values.tolist() == ["NOUN", "DET"]
    assert variables["pos_label"].attrs == {"kind": "labels"}


@pytest.mark.parametrize(("count", "dtype"), [(1, np.int8), (128, np.int8), (129, np.int16), (40_000, np.int32)])
def test_codes_take_little_room_and_fit(count: int, dtype: type) -> None:
    codes = np.array([-1, count - 1])
    variables = coded("name", codes, [str(number) for number in range(count)])
    assert variables["name"].dtype == dtype
    assert variables["name"].values.tolist() == codes.tolist()


def test_no_label_at_all_is_refused() -> None:
    with pytest.raises(RecordingError, match="pos: has no label at any step"):
        categorical("pos", [None, ""])


def test_a_label_that_is_no_text_is_refused() -> None:
    with pytest.raises(RecordingError, match="pos: has 3 at step 1; a text or None was expected"):
        categorical("pos", ["A", 3])


def test_numbers() -> None:
    variables = scalar("loss", [1, 2.5], units="nats", value_range=(0, 3), description="How surprising")
    assert variables["loss"].dtype == np.float32
    expected = {"kind": "scalar", "units": "nats", "range": [0.0, 3.0], "description": "How surprising"}
    assert variables["loss"].attrs == expected
    with pytest.raises(RecordingError, match="loss: has values that are no numbers"):
        scalar("loss", ["a"])


def test_neighbouring_chunks_stay_apart() -> None:
    variables = chunks("chunk", np.array([0, 0, 1, -1, 2, 0]), ["NP", "NP", "VP"])
    assert list(variables) == ["chunk", "chunk_label", "chunk_part", "chunk_part_label"]
    assert variables["chunk"].values.tolist() == [0, 0, 0, -1, 1, 0]
    assert variables["chunk_label"].values.tolist() == ["NP", "VP"]
    parts = variables["chunk_part_label"].values[variables["chunk_part"].values]
    assert parts.tolist() == ["begin", "inside", "begin", "outside", "begin", "inside"]


def test_chunks_of_one_kind_need_no_types() -> None:
    variables = chunks("verb", np.array([0, 0, -1]), None)
    assert list(variables) == ["verb", "verb_label"]
    assert variables["verb"].values.tolist() == [0, 1, 2]


def test_a_text_without_chunks() -> None:
    variables = chunks("entity", np.array([-1, -1]), [])
    assert variables["entity"].values.tolist() == [-1, -1]
    assert variables["entity_part"].values.tolist() == [2, 2]
