from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.record.chunking import are_tags, read_tags
from lstmvis_panel.schema import RecordingError


def read(tags: str, starts: str = "") -> tuple[list[int], list[str] | None]:
    some = tags.split()
    begins = [mark == "^" for mark in starts] if starts else [number == 0 for number in range(len(some))]
    chunk, types = read_tags(some, begins, lambda number: f"line {number + 1}")
    return chunk.tolist(), types


@pytest.mark.parametrize(
    ("tags", "chunk", "types"),
    [
        # IOB1, IOB2, BIOES and BILOU of the same chunks
        ("I-NP I-NP B-NP O I-VP", [0, 0, 1, -1, 2], ["NP", "NP", "VP"]),
        ("B-NP I-NP B-NP O B-VP", [0, 0, 1, -1, 2], ["NP", "NP", "VP"]),
        ("B-NP E-NP S-NP O S-VP", [0, 0, 1, -1, 2], ["NP", "NP", "VP"]),
        ("B-NP L-NP U-NP O U-VP", [0, 0, 1, -1, 2], ["NP", "NP", "VP"]),
        # an inside of another type begins a chunk, so does one after an end
        ("B-NP I-VP I-VP", [0, 1, 1], ["NP", "VP"]),
        ("E-NP I-NP I-NP", [0, 1, 1], ["NP", "NP"]),
        ("B I O I", [0, 0, -1, 1], None),
        ("O O", [-1, -1], None),
        ("B-work-of-art I-work-of-art _ O", [0, 0, -1, -1], ["work-of-art"]),
    ],
)
def test_all_schemes_say_the_same(tags: str, chunk: list[int], types: list[str] | None) -> None:
    assert read(tags) == (chunk, types)


def test_no_chunk_goes_on_in_the_next_sentence() -> None:
    assert read("I-NP I-NP I-NP", "^ ^") == ([0, 0, 1], ["NP", "NP"])


def test_what_is_no_tag_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"line 2: 'NN' is no tag of a chunk; B-TYPE, I-TYPE or O was expected"):
        read("B-NP NN")


@pytest.mark.parametrize(
    ("values", "are"),
    [
        (["B-NP", "I-NP", "O"], True),
        (["B", "I", "O"], True),
        (["O", "O"], False),
        (["NN", "VB"], False),
        (["B-NP", "NN"], False),
        (["", "_"], False),
        ([], False),
        (["S-PER", "", "O"], True),
    ],
)
def test_tags_are_told_from_labels(values: list[str], *, are: bool) -> None:
    assert are_tags(values) is are


CHUNKS = st.lists(st.tuples(st.sampled_from(["", "NP", "VP"]), st.integers(1, 4)), max_size=12)


@given(CHUNKS, st.sampled_from(["IOB1", "IOB2", "BIOES", "BILOU"]))
def test_chunks_come_back_from_their_tags(chunks: list[tuple[str, int]], scheme: str) -> None:
    tags, expected, types = [], [], []
    before = ""
    for kind, length in chunks:
        if not kind:
            tags += ["O"] * length
            expected += [-1] * length
        else:
            expected += [len(types)] * length
            types.append(kind)
            first = "I" if scheme == "IOB1" and before != kind else "B"
            parts = [first] + ["I"] * (length - 1)
            if scheme in {"BIOES", "BILOU"}:
                end, single = ("E", "S") if scheme == "BIOES" else ("L", "U")
                parts[-1] = single if length == 1 else end
            tags += [f"{part}-{kind}" for part in parts]
        before = kind
    chunk, found = read_tags(tags, [number == 0 for number in range(len(tags))], str)
    assert chunk.tolist() == expected
    assert (found or []) == types
