"""Dictionary files: lines of a word and its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel.dictionary import read_dictionary
from lstmvis_panel.schema import RecordingError

if TYPE_CHECKING:
    from pathlib import Path

WORD = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1).filter(
    lambda word: word[0] not in " \t" and word[-1] not in " \t" and not word.startswith("\ufeff")
)


# Close together, so that a table of all ids serves, and too far apart for one.
ENTRIES = [st.dictionaries(st.integers(0, most), WORD | st.just(" "), min_size=1) for most in (40, 10**9)]


@given(entries=st.one_of(ENTRIES), windows=st.booleans())
def test_a_dictionary_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[int, str], *, windows: bool
) -> None:
    path = tmp_path_factory.mktemp("dictionaries") / "words.dict"
    end = "\r\n" if windows else "\n"
    path.write_bytes("".join(f"{word} {number}{end}" for number, word in entries.items()).encode())
    found = read_dictionary(path, "files.words")
    assert dict(zip(found.ids.tolist(), found.words, strict=True)) == entries
    assert found.codes(found.ids).tolist() == list(range(len(entries)))
    absent = np.array([-1, *(number + 1 for number in entries if number + 1 not in entries)])
    assert (found.codes(absent) == -1).all()


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("a 5", (5, "a")),
        (" 5", (5, " ")),
        ("   5", (5, " ")),
        ("New York 5", (5, "New York")),
        ("4 5", (5, "4")),
        ("</s>\t5", (5, "</s>")),
        ("\u2028 5", (5, "\u2028")),
        ("a 05 ", (5, "a")),
    ],
)
def test_lines_of_a_dictionary(tmp_path: Path, line: str, entry: tuple[int, str]) -> None:
    (tmp_path / "words.txt").write_text(line, encoding="utf-8")
    found = read_dictionary(tmp_path / "words.txt", "files.words")
    assert (found.ids[0], found.words[0]) == entry


@pytest.mark.parametrize("line", ["a", "5", "a b", " a 5", "a -5", "a 5.0", "a 99999999999999999999"])
def test_lines_that_are_no_entry(tmp_path: Path, line: str) -> None:
    (tmp_path / "words.txt").write_text(line, encoding="utf-8")
    with pytest.raises(RecordingError, match=r"files.words: words.txt, line 1 is .*; 'word id' was expected"):
        read_dictionary(tmp_path / "words.txt", "files.words")


def test_of_many_broken_lines_the_first_are_shown(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("".join(f"broken{line}\n" for line in range(1, 9)), encoding="utf-8")
    with pytest.raises(RecordingError) as caught:
        read_dictionary(tmp_path / "words.txt", "files.words")
    assert "line 1 is 'broken1'" in str(caught.value)
    assert "line 5 is 'broken5' and 3 more; 'word id' was expected" in str(caught.value)
