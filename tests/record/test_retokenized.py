"""Annotations over other tokens: two random splits of random texts, with labels per character as the oracle."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmvis_panel.record.attach import annotate
from lstmvis_panel.record.retokenized import AnnotatedTokens, from_tokens
from lstmvis_panel.schema import RecordingError, annotations
from tests.recordings import recording_of


def recorded(tokens: list[str]):
    return recording_of(np.zeros((len(tokens), 1), dtype=np.float32), words=tokens)


def labels(variables, name: str) -> list[str]:
    texts = [*variables[f"{name}_label"].values, "-"]
    return [texts[code] for code in variables[name].values]


def test_labels_of_words_that_are_split_differently() -> None:
    tokens = recorded(["she", "did", "n't", "see", "mr.", "<unk>", "'s", "play", "##ground", "."])
    words = ["She", "didn't", "see", "Mr.", "Smith's", "playground", "."]
    variables = from_tokens(tokens, AnnotatedTokens(words, ["A", "B", "C", "D", "E", "F", "G"]), "which")
    assert labels(variables, "which") == ["A", "B", "B", "C", "D", "E", "E", "F", "F", "G"]


def test_chunks_of_words_that_are_split_differently() -> None:
    tokens = recorded(["the", "new", "york-based", "com", "##pany", "grew"])
    words = ["The", "New", "York", "-", "based", "company", "grew"]
    tags = ["B-NP", "I-NP", "I-NP", "I-NP", "I-NP", "B-NP", "B-VP"]
    variables = from_tokens(tokens, AnnotatedTokens(words, tags), "chunk")
    assert labels(variables, "chunk") == ["NP", "NP", "NP", "NP", "NP", "VP"]
    assert labels(variables, "chunk_part") == ["begin", "inside", "inside", "begin", "inside", "begin"]


def test_a_step_between_the_words_of_a_chunk_lies_in_it() -> None:
    """A model of characters reads the spaces too."""
    tokens = recorded(list("in New York now"))
    variables = from_tokens(
        tokens, AnnotatedTokens(["in", "New", "York", "now"], ["O", "B-GPE", "I-GPE", "O"]), "entity"
    )
    assert "".join(labels(variables, "entity_part")[step][0] for step in range(15)) == "ooobiiiiiiioooo"
    variables = from_tokens(tokens, AnnotatedTokens(["in", "New", "York", "now"], ["P", "N", "N", "A"]), "pos")
    assert "".join(labels(variables, "pos")) == "PP-NNN-NNNN-AAA"


def test_labels_are_taken_for_labels_when_that_is_said() -> None:
    variables = from_tokens(recorded(["a", "b"]), AnnotatedTokens(["a", "b"], ["B", "I"]), "base", tags=False)
    assert labels(variables, "base") == ["B", "I"]


def test_words_without_a_label() -> None:
    variables = from_tokens(recorded(["a", "b"]), AnnotatedTokens(["a", "b"], [None, "X"]), "name")
    assert labels(variables, "name") == ["-", "X"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["A"], "annotation: has 1 labels for 2 words"),
        ([None, None], "name: has no label at any step"),
    ],
)
def test_what_is_refused(values: list[str | None], says: str) -> None:
    with pytest.raises(RecordingError) as caught:
        from_tokens(recorded(["a", "b"]), AnnotatedTokens(["a", "b"], values), "name")
    assert says in str(caught.value)


@st.composite
def splits(draw) -> tuple[list[tuple[int, int]], list[tuple[int, int]], str]:
    """Draw a text of letters and spaces, and two ways to cut it; white space is in no piece."""
    text = draw(st.text("abcd  ", min_size=1, max_size=40).filter(lambda text: text.strip()))

    def cut() -> list[tuple[int, int]]:
        marks = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=15))})
        pieces = []
        for start, stop in pairwise(marks):
            at = start
            for part in text[start:stop].split(" "):
                if part:
                    pieces.append((at, at + len(part)))
                at += len(part) + 1
        return pieces

    return cut(), cut(), text


@given(splits())
@settings(max_examples=60)
def test_two_random_splits(drawn: tuple[list[tuple[int, int]], list[tuple[int, int]], str]) -> None:
    tokens, words, text = drawn
    owner = {at: number for number, (start, stop) in enumerate(words) for at in range(start, stop)}
    expected = []
    for start, stop in tokens:
        counts = Counter(owner[at] for at in range(start, stop))
        expected.append(str(max(counts, key=lambda number: (counts[number], -number))))
    recording = recorded([text[start:stop].upper() for start, stop in tokens])
    annotated = AnnotatedTokens([text[slice(*word)] for word in words], [str(number) for number in range(len(words))])
    variables = from_tokens(recording, annotated, "owner")
    assert labels(variables, "owner") == expected
    assert annotations(annotate(recording, variables)) == ["owner"]


@given(splits(), st.data())
@settings(max_examples=60)
def test_chunks_over_two_random_splits(
    drawn: tuple[list[tuple[int, int]], list[tuple[int, int]], str], data: st.DataObject
) -> None:
    tokens, words, text = drawn
    tags = data.draw(
        st.lists(st.sampled_from(["B-X", "I-X", "B-Y", "I-Y", "O"]), min_size=len(words), max_size=len(words))
    )
    if not any(tag[0] == "B" for tag in tags):
        tags[0] = "B-X"
    # The chunk of each character; each word outside is one of its own, named by a number below 0.
    owner: dict[int, int] = {}
    kinds: list[str] = []
    before = "O"
    for number, ((start, stop), tag) in enumerate(zip(words, tags, strict=True)):
        if tag[0] == "B" or (tag[0] == "I" and before[1:] != tag[1:]):
            kinds.append(tag[2:])
        owner |= dict.fromkeys(range(start, stop), -1 - number if tag == "O" else len(kinds) - 1)
        before = tag
    variables = from_tokens(
        recorded([text[slice(*token)] for token in tokens]),
        AnnotatedTokens([text[slice(*word)] for word in words], tags),
        "chunk",
    )
    expected, begun = [], set()
    for start, stop in tokens:
        counts = Counter(owner[at] for at in range(start, stop))
        first = {chunk: min(at for at in range(start, stop) if owner[at] == chunk) for chunk in counts}
        chunk = max(counts, key=lambda chunk: (counts[chunk], -first[chunk]))
        expected.append("outside" if chunk < 0 else "inside" if chunk in begun else "begin")
        begun.add(chunk)
    assert labels(variables, "chunk_part") == expected
