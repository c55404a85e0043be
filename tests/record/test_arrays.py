"""A recording out of arrays: flat or padded, in memory or on disk, and all that can disagree said at once."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstmvis_panel import open_recording, save_recording, validate
from lstmvis_panel.record import from_arrays
from lstmvis_panel.schema import RecordingError, document_edges, token_look, words

if TYPE_CHECKING:
    from pathlib import Path

STATES = np.arange(12, dtype=np.float32).reshape(6, 2)


def told(recording: xr.Dataset, name: str) -> list[str | None]:
    """Return the label at each step, None for none."""
    codes = recording[name].to_numpy()
    labels = recording[recording[name].attrs["labels"]].to_numpy()
    return [labels[code] if code >= 0 else None for code in codes]


def test_the_least_there_can_be() -> None:
    recording = from_arrays(list("abcabc"), {"hidden1": STATES})
    assert validate(recording) == []
    assert words(recording, 0, 6) == list("abcabc")
    assert recording["hidden1"].dims == ("step", "hidden1_state")
    assert recording["hidden1"].attrs == {"kind": "states", "role": "hidden", "transform": "none", "unsigned": 0}
    assert np.shares_memory(recording["hidden1"].to_numpy(), STATES)
    assert "document" not in recording.coords


def test_everything_at_once(tmp_path: Path) -> None:
    given_names = {
        "tokens": [["the", "cat"], ["the", "dog", "ran"]],
        "states": {
            "cell": np.arange(16, dtype=np.float16).reshape(2, 4, 2),
            "net/gate": np.full((2, 4, 3), 0.5),
        },
        "documents": ["first", "second"],
        "annotations": {"pos": [["DET", "NOUN"], ["DET", None, "VERB"]], "loss": [[0.5, None], [1, 2, 3]]},
        "predictions": {
            "next": ([[["cat"], ["."]], [["dog"], ["ran"], ["."]]], None),
            "best": (np.arange(16).reshape(2, 4, 2) % 4, np.full((2, 4, 2), 0.25)),
        },
        "labels": ["good", "bad"],
        "transforms": {"cell": "tanh"},
        "layers": {"cell": 2},
        "roles": {"cell": "cell"},
        "title": "T",
        "description": "D",
    }
    recording = from_arrays(**given_names)
    assert validate(recording) == []
    assert list(document_edges(recording)) == [0, 2, 5]
    assert list(recording["document_label"].to_numpy()) == ["first", "second"]
    assert np.array_equal(recording["cell"], [[0, 1], [2, 3], [8, 9], [10, 11], [12, 13]])
    assert recording["cell"].dtype == np.float16
    assert recording["cell"].attrs == {
        "kind": "states",
        "role": "cell",
        "layer": 2,
        "transform": "tanh",
        "unsigned": 0,
    }
    assert told(recording, "pos") == ["DET", "NOUN", "DET", None, "VERB"]
    assert np.array_equal(recording["loss"], [0.5, np.nan, 1, 2, 3], equal_nan=True)
    assert told(recording, "label") == ["good", "good", "bad", "bad", "bad"]
    assert [recording["vocabulary"].to_numpy()[code] for code in recording["next"].to_numpy()[:, 0]] == [
        "cat",
        ".",
        "dog",
        "ran",
        ".",
    ]
    assert np.array_equal(recording["best"], [[0, 1], [2, 3], [0, 1], [2, 3], [0, 1]])
    assert recording["best"].attrs["weights"] == "best_weight"
    assert recording.attrs == {"title": "T", "description": "D"}
    for name in ("a.h5", "a.nc", "a.zarr"):
        xr.testing.assert_identical(from_arrays(**given_names, path=tmp_path / name).load(), recording)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "a.nc", "a.zarr"]
    save_recording(recording, tmp_path / "saved.h5")
    xr.testing.assert_identical(open_recording(tmp_path / "saved.h5").load(), recording)


@pytest.mark.parametrize(
    "more",
    [
        {"lengths": [2, 4]},
        {"lengths": np.array([2, 4]), "documents": ["document 1", "document 2"]},
        {"documents": ["document 1"] * 2 + ["document 2"] * 4},
        {"tokens": [list("ab"), list("cabc")]},
        {"states": {"h": np.stack([np.pad(STATES[:2], ((0, 2), (0, 0)), constant_values=np.nan), STATES[2:]])}},
    ],
)
def test_all_ways_to_say_where_documents_lie(more: dict[str, Any]) -> None:
    if "states" in more:
        more |= {"lengths": [2, 4]}
    recording = from_arrays(**({"tokens": list("abcabc"), "states": {"h": STATES}} | more))
    assert list(document_edges(recording)) == [0, 2, 6]
    assert list(recording["document_label"].to_numpy()) == ["document 1", "document 2"]
    assert np.array_equal(recording["h"], STATES)
    assert words(recording, 0, 6) == list("abcabc")


def test_documents_without_steps_are_no_documents(tmp_path: Path) -> None:
    options = {"lengths": [0, 2, 0, 4, 0], "documents": list("vwxyz")}
    recording = from_arrays(list("abcabc"), {"h": STATES}, **options)
    assert list(recording["document_label"].to_numpy()) == ["w", "y"]
    assert list(document_edges(recording)) == [0, 2, 6]
    xr.testing.assert_identical(
        from_arrays(list("abcabc"), {"h": STATES}, **options, path=tmp_path / "a.h5").load(), recording
    )


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_padding_is_dropped_whatever_it_holds(data: st.DataObject) -> None:
    """By the plainest of loops over the documents."""
    count, width, states = (data.draw(st.integers(1, 4)) for _ in range(3))
    lengths = data.draw(st.lists(st.integers(0, width), min_size=count, max_size=count).filter(any))
    values = data.draw(arrays(np.float32, (count, width, states), elements=st.floats(-3, 3, width=32)))
    codes = data.draw(arrays(np.int64, (count, width), elements=st.integers(0, 4)))
    expected = [values[row, step] for row in range(count) for step in range(lengths[row])]
    tokens = [codes[row, step] for row in range(count) for step in range(lengths[row])]
    for row, length in enumerate(lengths):
        values[row, length:] = np.nan
        codes[row, length:] = 99
    recording = from_arrays(codes, {"h": values}, lengths=lengths, vocabulary=list("abcde"))
    assert np.array_equal(recording["h"], expected)
    assert list(recording["token"].to_numpy()) == tokens
    edges = np.cumsum([0, *(length for length in lengths if length)])
    assert list(document_edges(recording)) == list(edges)


def test_tensors_are_taken_and_bfloat16_loses_nothing(tmp_path: Path) -> None:
    states = torch.randn(6, 2, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    for path in (None, tmp_path / "a.h5"):
        recording = from_arrays(torch.tensor([0, 1, 0, 1, 0, 1]), {"h": states}, vocabulary=["a", "b"], path=path)
        assert recording["h"].attrs["recorded_dtype"] == "bfloat16"
        assert torch.equal(torch.from_numpy(recording["h"].to_numpy()).to(torch.bfloat16), states)
        assert recording["h"].dtype == np.float32


def test_numbers_and_vectors_as_tokens(tmp_path: Path) -> None:
    for tokens in (np.linspace(0, 1, 6), np.eye(6, 3)):
        recording = from_arrays(tokens, {"h": STATES}, path=tmp_path / "a.h5")
        assert token_look(recording) == "value"
        assert np.array_equal(recording["value"], tokens)
        assert validate(recording) == []
    rows = from_arrays(np.eye(6, 3).reshape(2, 3, 3), {"h": STATES.reshape(2, 3, 2)}, lengths=[3, 1])
    assert np.array_equal(rows["value"], np.eye(6, 3)[:4])


@pytest.mark.parametrize("shape", [(6, 4), (2, 3, 4)])
def test_the_likeliest_words_are_kept_of_logits_and_of_chances(shape: tuple[int, ...]) -> None:
    logits = np.random.default_rng(3).normal(size=shape)
    chances = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    states = STATES.reshape(*shape[:-1], 2)
    tokens = np.arange(6).reshape(shape[:-1]) % 4
    for scores in (logits, chances):
        recording = from_arrays(tokens, {"h": states}, vocabulary=list("abcd"), predictions={"next": scores}, top=2)
        flat = chances.reshape(6, 4)
        order = np.argsort(-flat, axis=1)[:, :2]
        assert np.array_equal(recording["next"], order)
        assert np.allclose(recording["next_weight"], np.take_along_axis(flat, order, axis=1), atol=1e-6)


def test_words_that_are_ruled_out_have_no_chance() -> None:
    logits = np.tile([-np.inf, 1.0, 1.0], (6, 1))
    recording = from_arrays(list("abcabc"), {"h": STATES}, predictions={"next": logits}, top=3)
    np.testing.assert_allclose(recording["next_weight"][0], [0.5, 0.5, 0])
    strange = np.tile([0.25, 0.25, 0.5], (100, 1))
    strange[90] = 0
    with pytest.raises(RecordingError, match="holds chances that are negative or don't add up to 1, unlike those of"):
        from_arrays(["a", "b", "c", "c"] * 25, {"h": np.zeros((100, 1))}, predictions={"next": strange})


def test_codes_without_words_are_shown_as_they_are_however_large() -> None:
    codes = np.array([2**63 + 5, 7] * 3, np.uint64)
    assert words(from_arrays(codes, {"h": STATES}), 0, 2) == ["9223372036854775813", "7"]
    assert words(from_arrays([True, False] * 3, {"h": STATES}), 0, 2) == ["1", "0"]


def test_chances_of_zero_stay_zero() -> None:
    chances = np.tile([0.0, 1.0], (6, 1))
    recording = from_arrays([0] * 6, {"h": STATES}, vocabulary=["a", "b"], predictions={"next": chances})
    assert np.array_equal(recording["next_weight"][0], [1, 0])


def test_all_that_is_wrong_is_said_at_once() -> None:
    strange = np.array(STATES, np.float64)
    strange[3, 1] = np.nan
    strange[4] = np.inf
    with pytest.raises(RecordingError) as caught:
        from_arrays(
            ["a", "b", 3.5, "a", "b", "c"],
            {"ok": STATES, "whole": STATES.astype(int), "nan": strange, "token": STATES},
            annotations={"short": ["x"] * 5, "ok": [1] * 6, "none": [None] * 6, "text": ["1", 2.5, *"abcd"]},
            labels=["good"],
            transforms={"ok": "exp", "gone": "tanh"},
            layers={"ok": "first"},  # type: ignore[dict-item]
            documents=["one"],
        )
    first, remedy = "nan at step 3 of document 0, state 1", "use np.nan_to_num, or give lengths if it is padding"
    assert [str(problem) for problem in caught.value.problems] == [
        "states['token']: is a name that the recording itself has already - choose another",
        "annotations['ok']: is a name that states['ok'] has already - choose another",
        "transforms['gone']: names no source - states has 'ok', 'whole', 'nan', 'token'",
        "transforms['ok']: is 'exp'; 'tanh' or 'none' was expected",
        "layers['ok']: is 'first'; a whole number was expected",
        "states['whole']: holds int64; float16, float32, float64 or bfloat16 was expected - use astype(np.float32)",
        "tokens: hold 3.5 at step 2; a text was expected, as at the steps before",
        f"states['nan']: has 3 values that are NaN or infinite, the first {first} - {remedy}",
        "annotations['short']: has 5 values; 6, or 1 rows, were expected - give one for each step",
        "annotations['none']: has no label at any step",
        "annotations['text']: has 2.5 at step 1; a text or None was expected",
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"states": {}}, "states: is empty"),
        ({"states": {"h": STATES[0]}}, r"states\['h'\]: has the shape \(2,\); \(step, state\) or"),
        ({"states": {"h": STATES[:0]}, "tokens": []}, "states: has no steps"),
        ({"states": {"h": [[1.0], [1.0, 2.0]]}}, r"states\['h'\]: is no array"),
        ({"states": {"h": STATES, "g": STATES[:5]}}, r"states: differ in documents or steps: h \(6, 2\), g \(5, 2\)"),
        ({"tokens": list("abc")}, "tokens: has 3 values; 6 were expected"),
        ({"lengths": [2, 3]}, "lengths: add up to 5 steps; states have 6"),
        ({"lengths": [7, -1]}, "lengths: says -1 for document 1; a whole number of steps, 0 or more, was expected"),
        ({"tokens": [["a"], ["b"]]}, "tokens: add up to 2 steps; states have 6"),
        ({"lengths": [2, 4], "documents": ["a"]}, "documents: has 1 names; there are 2 documents"),
        ({"documents": ["a", "b"]}, "documents: has 2 names; 6, one for each step, were expected"),
        ({"labels": ["x", "y"]}, "labels: has 2 labels; there are 0 documents"),
        ({"lengths": [3, 3], "labels": [None, None]}, "labels: has no label at any step"),
        ({"states": {"h": STATES.reshape(2, 3, 2)}, "lengths": [3]}, "lengths: has 1 numbers; states have 2 documents"),
        (
            {"states": {"h": STATES.reshape(2, 3, 2)}, "lengths": [3, 4]},
            "lengths: says 4 for document 1; states have 3",
        ),
        (
            {"states": {"h": STATES.reshape(2, 3, 2)}, "lengths": [3, 2], "tokens": ["abc", "ab"]},
            "tokens: has 2 values; 5, or 2 rows, were expected",
        ),
        (
            {"states": {"h": STATES.reshape(2, 3, 2)}, "lengths": [3, 1], "tokens": [list("abc"), list("ab")]},
            "tokens: has 2 values in row 1; 1 or 3 were expected",
        ),
        ({"vocabulary": list("ab")}, "tokens: vocabulary has no label for 1 of the texts: 'c'"),
        ({"vocabulary": 3}, "vocabulary: is int; a list of words"),
        ({"predictions": {"next": np.zeros((6, 2))}}, r"predictions\['next'\]: is float64, shape \(6, 2\); floats of"),
        ({"predictions": {"next": np.full((6, 3), np.nan)}}, r"predictions\['next'\]: holds NaN at steps 0 to 6"),
        ({"predictions": {"next": (np.full((6, 1), 9), None)}}, r"predictions\['next'\]: has codes from 9 to 9; the"),
        ({"predictions": {"next": (np.zeros((5, 1), int), None)}}, r"predictions\['next'\]: has 5 rows; 6 were"),
        (
            {"vocabulary": list("abc"), "predictions": {"next": ([["z"]] * 6, None)}},
            r"predictions\['next'\]: has no label for 1 of the texts: 'z'",
        ),
        ({"predictions": {"next": ([0.5] * 6, None)}}, r"predictions\['next'\]: holds neither codes nor words"),
        (
            {"predictions": {"next": ([[0]] * 6, [[1, 2]] * 6)}},
            r"predictions\['next'\], weights: have the shape \(6, 2\)",
        ),
        ({"predictions": {"next": ([[0]] * 6, [["x"]] * 6)}}, r"predictions\['next'\], weights: are no numbers"),
        ({"predictions": {"next": ([[0]] * 6, [[np.nan]] * 6)}}, r"weights: have the shape \(6, 1\) and hold NaN"),
        ({"tokens": 5}, "tokens: is 5; a list or an array was expected"),
        ({"tokens": None}, "tokens: is None; a list or an array was expected"),
        (
            {"tokens": "abcabc"},
            "tokens: is 'abcabc'; a list or an array was expected - turn a text into a list of words",
        ),
        ({"tokens": np.full(6, 2**63 + 5, np.uint64), "vocabulary": ["a"]}, "tokens: have code 9223372036854775813 at"),
        ({"states": [STATES]}, r"states: is list; a dict was expected - give it a name: states=\{'name': ...\}"),
        ({"states": None}, "states: is empty"),
        ({"annotations": [1] * 6}, "annotations: is list; a dict was expected"),
        ({"documents": 3}, "documents: is 3; a list or an array was expected"),
        ({"documents": STATES}, r"documents: is float32 \(6, 2\), which holds rows; one value for each document"),
        ({"lengths": 6}, "lengths: is 6; a list or an array was expected"),
        ({"lengths": [2.5, 3.5]}, "lengths: says 2.5 for document 0; a whole number of steps, 0 or more,"),
        ({"lengths": ["a", None]}, "lengths: says 'a' for document 0; a whole number of steps, 0 or more,"),
        ({"annotations": {"a": 3}}, r"annotations\['a'\]: is 3; a list or an array was expected"),
        ({"annotations": {"a": STATES}}, r"annotations\['a'\]: has rows of values for each step; a text or a number"),
        ({"annotations": {"a": [10**400] * 6}}, r"annotations\['a'\]: has values that are no numbers"),
        ({"top": 0}, "top: is 0; a whole number, 1 or more, was expected"),
        ({"top": -1}, "top: is -1; a whole number, 1 or more"),
        ({"top": 1.5}, "top: is 1.5; a whole number, 1 or more"),
        ({"predictions": {"p": [[]] * 6}}, r"predictions\['p'\]: is float64, shape \(6, 0\); floats of shape \(6, 3\)"),
        ({"predictions": {"p": ([[]] * 6, None)}}, r"predictions\['p'\]: holds neither codes nor words, as many"),
        ({"predictions": {"p": (3, None)}}, r"predictions\['p'\]: is 3; a list or an array was expected"),
        ({"predictions": {"p": [[1.0], [1.0, 2.0]] * 3}}, r"predictions\['p'\]: is no array"),
        (
            {"predictions": {"p": np.full((6, 3), -np.inf)}},
            r"predictions\['p'\]: holds infinity, or -inf for all words,",
        ),
        ({"predictions": {"p": (np.full((6, 1), 2**32), None)}}, r"predictions\['p'\]: has codes from 4294967296 to"),
        ({"states": {"word": STATES}}, r"states\['word'\]: is a name that the recording itself has already"),
        (
            {"states": {"h": STATES, "h_state": STATES}},
            r"states\['h_state'\]: is a name that states\['h'\] has already - choose another",
        ),
        (
            {"annotations": {"p_weight": [1] * 6}, "predictions": {"p": ([[0]] * 6, [[1]] * 6)}},
            r"predictions\['p'\]: needs the name 'p_weight', which annotations\['p_weight'\] has already - choose",
        ),
        (
            {"annotations": {"a": list("xyzxyz"), "a_label": [1] * 6}},
            r"annotations\['a'\]: needs the name 'a_label', which annotations\['a_label'\] has already",
        ),
        (
            {"lengths": [3, 3], "labels": ["x", "y"], "annotations": {"label": [1] * 6}},
            r"labels: needs the name 'label', which annotations\['label'\] has already",
        ),
        (
            {"tokens": np.linspace(0, 1, 6), "annotations": {"value": [1] * 6}},
            r"tokens: needs the name 'value', which annotations\['value'\] has already",
        ),
        ({"path": "a.txt"}, "has no suffix that tells its format"),
    ],
)
def test_what_disagrees_is_named(more: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        from_arrays(**({"tokens": list("abcabc"), "states": {"h": STATES}} | more))


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    from_arrays(list("abcabc"), {"h": STATES}, path=path)
    before = path.read_bytes()
    with pytest.raises(RecordingError):
        from_arrays(list("abcab"), {"h": STATES}, path=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_no_store_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keep.zarr"
    path.mkdir()
    (path / "thesis.txt").write_text("all of it")
    with pytest.raises(RecordingError, match=r"keep\.zarr: is there already and holds no recording"):
        from_arrays(list("abcabc"), {"h": STATES}, path=path)
    assert (path / "thesis.txt").read_text() == "all of it"
    assert list(tmp_path.iterdir()) == [path]


def test_a_memory_map_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    steps, width = 1 << 16, 512
    states = np.lib.format.open_memmap(tmp_path / "h.npy", "w+", np.float32, (steps, width))
    states[:] = np.arange(steps)[:, None]
    states.flush()
    tracemalloc.start()
    recording = from_arrays(
        np.zeros(steps, np.int64), {"h": np.load(tmp_path / "h.npy", mmap_mode="r")}, path=tmp_path / "a.h5"
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < states.nbytes // 2
    assert np.array_equal(recording["h"][:, 0], np.arange(steps))
