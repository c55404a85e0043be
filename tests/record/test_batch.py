"""Batches: whatever is yielded becomes tokens, rows and documents."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from lstmvis_panel.record.batch import Batch, as_batch, as_batches, rows_of
from lstmvis_panel.record.vocabulary import Vocabulary
from lstmvis_panel.schema import RecordingError

CODES = [[1, 2, 3], [4, 5, 6]]
NONE = Vocabulary()


@pytest.mark.parametrize(
    "given_as",
    [
        torch.tensor(CODES),
        np.array(CODES, np.uint8),
        torch.tensor(CODES, dtype=torch.int32),
        (torch.zeros(2, 3, 4), torch.tensor(CODES)),
        [torch.tensor(CODES), torch.tensor([3, 3])],
        {"mask": torch.ones(2, 3, dtype=torch.bool), "input_ids": torch.tensor(CODES)},
        Batch(torch.zeros(3, 2, 4), tokens=CODES),
        Batch(torch.zeros(3, 2, 4), tokens=np.array(CODES)),
        pack_sequence([torch.tensor(row) for row in CODES]),
    ],
)
def test_what_is_taken_for_tokens(given_as: Any) -> None:
    rows = rows_of(as_batch(given_as), NONE, "batch 0")
    assert rows.tokens.dtype == np.int64
    assert rows.tokens.tolist() == CODES
    assert (rows.starts.tolist(), rows.stops.tolist()) == ([0, 0], [3, 3])


def test_packed_codes_bring_their_lengths() -> None:
    packed = pack_sequence([torch.tensor([1]), torch.tensor([2, 3, 4])], enforce_sorted=False)
    rows = rows_of(as_batch(packed), NONE, "batch 0")
    assert rows.tokens.tolist() == [[1, 0, 0], [2, 3, 4]]
    assert rows.stops.tolist() == [1, 3]


def test_lists_of_any_lengths() -> None:
    rows = rows_of(Batch((), tokens=[["a"], ["b", "a", "c"]]), Vocabulary.of(["a", "b", "<unk>"]), "batch 0")
    assert (rows.tokens[0, 0], rows.tokens[1].tolist(), rows.stops.tolist()) == (0, [1, 0, 2], [1, 3])
    words = rows_of(Batch((), tokens=["a", "b"]), NONE, "batch 0")
    assert words.tokens.tolist() == [["a", "b"]]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.integers(1, 5), max_size=4), st.integers(0, 3)), min_size=1, max_size=5
    )
)
def test_padding_is_what_stands_at_either_end(rows: list[tuple[int, list[int], int]]) -> None:
    lists = [[0] * left + middle + [0] * right for left, middle, right in rows]
    width = max(1, *map(len, lists))
    tokens = np.array([row + [0] * (width - len(row)) for row in lists])
    found = rows_of(Batch(tokens), NONE, "batch 0", padding=0)
    kept = [row[start:stop].tolist() for row, start, stop in zip(tokens, found.starts, found.stops, strict=True)]
    assert kept == [middle for _, middle, _ in rows]


def test_padding_within_a_row_stays() -> None:
    found = rows_of(Batch(np.array([[0, 1, 0, 2, 0]])), NONE, "batch 0", padding=0)
    assert (found.starts.tolist(), found.stops.tolist()) == ([1], [4])


@pytest.mark.parametrize(
    ("batches", "count"),
    [(torch.zeros(3, 4), 1), (np.zeros(4), 1), ({"a": 1}, 1), (Batch(1), 1), ([1, 2], 2), (torch.zeros(5, 3, 4), 5)],
)
def test_a_single_batch_is_one_of_many(batches: Any, count: int) -> None:
    assert len(list(as_batches(batches))) == count


def test_arguments_of_the_model() -> None:
    one, two = torch.zeros(1), torch.ones(1)
    packed = pack_sequence([one])
    assert Batch(one).arguments == ((one,), {})
    assert Batch([one, two]).arguments == ((one, two), {})
    assert Batch({"a": one}).arguments == ((), {"a": one})
    assert Batch(packed).arguments[0][0] is packed


def test_sides() -> None:
    batch = Batch(
        (),
        tokens={"encoder": [[1, 2]], "decoder": [[3]]},
        lengths={"decoder": [1]},
        documents=["a"],
        annotations={"encoder": {"tag": [["x", "y"]]}},
    )
    assert batch.sides == ("encoder", "decoder")
    encoder, decoder = (batch.of_side(side) for side in batch.sides)
    assert (encoder.tokens, encoder.lengths, encoder.annotations) == ([[1, 2]], None, {"tag": [["x", "y"]]})
    assert (decoder.tokens, decoder.lengths, decoder.documents) == ([[3]], [1], ["a"])
    assert decoder.annotations is None


@pytest.mark.parametrize(
    ("given_as", "words", "codes"),
    [
        (["a", "b"], ("a", "b"), {"a": 0, "b": 1}),
        (["a", "a"], ("a", "a"), {"a": 0}),
        ({"b": 2, "a": 0}, ("a", "", "b"), {"a": 0, "": 1, "b": 2}),
        (np.array(["a"]), ("a",), {"a": 0}),
        (None, None, {}),
    ],
)
def test_vocabularies(given_as: Any, words: Any, codes: dict[str, int]) -> None:
    vocabulary = Vocabulary.of(given_as)
    assert (vocabulary.words, vocabulary.codes) == (words, codes)


def test_no_library_of_models_is_loaded_before_a_model_is() -> None:
    libraries = "{'torch', 'keras', 'transformers'}"
    code = f"import sys; from lstmvis_panel.record import Batch, record; print({libraries} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("given_as", [[], {"a": -1}, {"a": "b"}, "words", 3, {"a": 10**12}])
def test_what_is_no_vocabulary(given_as: Any) -> None:
    with pytest.raises(RecordingError, match="vocabulary: "):
        Vocabulary.of(given_as)
