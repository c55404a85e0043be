from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.record.spans import from_spans, read_spans
from lstmvis_panel.schema import RecordingError
from tests.recordings import recording_of, texts, two_sentences

if TYPE_CHECKING:
    from pathlib import Path


def labels(variables, name: str) -> str:
    texts = [*variables[f"{name}_label"].values, "-"]
    return " ".join(texts[code] for code in variables[name].values)


def test_spans_of_the_joined_tokens() -> None:
    """The text is "the cat sat ." and "the dog ran ."."""
    variables = from_spans(two_sentences(), [("a", 0, 7, "NP"), ("b", 4, 11, "VP"), ("a", 8, 9, "X")], "span")
    assert labels(variables, "span") == "NP NP X - - VP VP -"
    assert labels(variables, "span_part") == "begin inside begin outside outside begin inside outside"


def test_spans_of_the_original_text() -> None:
    recording = two_sentences()
    with pytest.raises(RecordingError, match="can't be aligned"):
        from_spans(recording, [("b", 1, 8, "NP")], "span", texts=["The cat sat.", "quite another text about a horse"])
    spans = [("a", 9, 12, "V"), ("a", 4, 7, "N")]
    assert labels(from_spans(recording, spans, "span", texts=["The cat  sat.", "The dog ran."]), "span") == (
        "- N V - - - - -"
    )


def test_a_span_of_documents_with_one_label_is_refused() -> None:
    recording = two_sentences().assign(document_label=("document_label", texts("same", "same"), {"kind": "labels"}))
    with pytest.raises(RecordingError, match="span 0: may be of any of 2 documents: all are called 'same' - give each"):
        from_spans(recording, [("same", 0, 3, "NP")], "span")


def test_of_overlapping_spans_the_first_and_longest_counts() -> None:
    spans = [("a", 4, 7, "inner"), ("a", 0, 7, "outer"), ("a", 0, 3, "short"), ("a", 6, 11, "late")]
    assert labels(from_spans(two_sentences(), spans, "span"), "span") == "outer outer late - - - - -"


SPAN = st.tuples(st.integers(0, 19), st.integers(1, 8)).map(lambda drawn: (drawn[0], min(sum(drawn), 20)))


@given(st.lists(SPAN, min_size=1, max_size=5))
def test_steps_of_single_characters_have_the_label_of_theirs(drawn: list[tuple[int, int]]) -> None:
    text = "abcdefghijklmnopqrst"
    recording = recording_of(np.zeros((20, 1)), words=list(text))
    spans = [("0", start, stop, f"{number}") for number, (start, stop) in enumerate(drawn)]
    expected = []
    for at in range(20):
        here = [(start, -stop, label) for _, start, stop, label in spans if start <= at < stop]
        # min takes the first of equal ones only by label, which is in their order as long as there are ten at most.
        expected.append(min(here)[2] if here else "-")
    assert labels(from_spans(recording, spans, "span", texts=[text]), "span").split() == expected


@pytest.mark.parametrize(
    ("span", "says"),
    [
        (("c", 0, 1, "X"), "span 0: there is no document 'c'; the recording's are 'a', 'b'"),
        (("a", 0, 14, "X"), "span 0: goes from 0 to 14; 0 <= start < stop <= 13, the text's length, was expected"),
        (("a", 3, 3, "X"), "span 0: goes from 3 to 3"),
        (("a", -1, 3, "X"), "span 0: goes from -1 to 3"),
        (("a", 0, 3, ""), "span 0: has no label"),
    ],
)
def test_what_is_refused(span: tuple[str, int, int, str], says: str) -> None:
    with pytest.raises(RecordingError) as caught:
        from_spans(two_sentences(), [span], "span")
    assert says in str(caught.value)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "spans.tsv"
    path.write_text("document\tstart\tstop\tlabel\n\n# said by hand\na\t0\t7\tNP\nb\t8\t11\tVP\n")
    variables = read_spans(two_sentences(), path, "span")
    assert labels(variables, "span") == "NP NP - - - - VP -"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "spans.tsv: holds no span"),
        ("a\t0\t7\n", "spans.tsv, line 1: has 3 columns; document, start, stop, label were expected"),
        ("a\t0\t7\tNP\na\t0\tx\tNP\n", "spans.tsv, line 2: '0' and 'x' are no numbers of characters"),
        ("a\t0\t7\tNP\n\na\t0\t77\tNP\n", "spans.tsv, line 3: goes from 0 to 77"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "spans.tsv"
    path.write_text(content)
    with pytest.raises(RecordingError) as caught:
        read_spans(two_sentences(), path, "span")
    assert says in str(caught.value)
