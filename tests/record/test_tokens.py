"""Tokens of every kind: words, codes, numbers, vectors, pictures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from lstmvis_panel.record.tokens import Tokens, tokens_of
from lstmvis_panel.schema import RecordingError

if TYPE_CHECKING:
    from pathlib import Path


def words(tokens: Tokens) -> list[str]:
    """Return the label of each step."""
    return [tokens.vocabulary.texts[code] for code in tokens.codes]


def picture(path: Path, size: tuple[int, int], colour: tuple[int, ...], mode: str = "RGB") -> Path:
    """Write an image file of one colour; size is width and height."""
    Image.new(mode, size, colour if len(colour) > 1 else colour[0]).save(path)
    return path


def test_words_are_numbered_as_they_come() -> None:
    tokens = tokens_of(["b", "a", "b", ""])
    assert words(tokens) == ["b", "a", "b", ""]
    assert tokens.vocabulary.texts == ["b", "a", ""]
    assert words(tokens_of(np.array(["b", "a"]))) == ["b", "a"]
    assert words(tokens_of(np.array(["b", "a"], dtype=object))) == ["b", "a"]


def test_words_of_a_vocabulary_have_its_codes() -> None:
    tokens = tokens_of(["b", "?"], {"b": 2, "<unk>": 0})
    assert list(tokens.codes) == [2, 0]
    assert tokens.vocabulary.texts == ["<unk>", "", "b"]
    with pytest.raises(RecordingError, match=r"tokens: vocabulary has no label for 1 of the texts: 'c' - add them to"):
        tokens_of(["a", "c"], ["a", "b"])


def test_codes_are_words_of_the_vocabulary_or_stand_for_themselves() -> None:
    tokens = tokens_of([1, 0, 1], ["a", "b"])
    assert words(tokens) == ["b", "a", "b"]
    assert tokens.codes.dtype == np.int32
    assert words(tokens_of(np.array([7, -3, 7], np.int8))) == ["7", "-3", "7"]
    with pytest.raises(RecordingError, match=r"tokens: have code 2 at step 1 \(2 such in all\); vocabulary has 0 to 1"):
        tokens_of([1, 2, -1], ["a", "b"])


def test_numbers_are_seen_by_their_value() -> None:
    tokens = tokens_of([0.5, -2, 1 / 3, 0.5])
    assert words(tokens) == ["0.5", "-2", "0.3333", "0.5"]
    assert tokens.variable.attrs == {"kind": "token", "labels": "vocabulary", "value": "value"}
    value = tokens.variables["value"]
    assert (value.dims, value.dtype, value.attrs["kind"]) == (("step",), np.float64, "scalar")
    assert np.array_equal(value.to_numpy(), [0.5, -2, 1 / 3, 0.5])
    assert tokens_of(np.array([1.5], np.float16)).variables["value"].dtype == np.float32


def test_vectors_are_seen_by_their_components() -> None:
    given = np.array([[1, 2, 3, 4], [0.123, -1, 0, 9]], np.float32)
    tokens = tokens_of(given)
    assert words(tokens) == ["1 2 3 …", "0.12 -1 0 …"]
    value = tokens.variables["value"]
    assert (value.dims, value.attrs["kind"]) == (("step", "value_component"), "vector")
    assert np.array_equal(value.to_numpy(), given)
    assert tokens.attrs == {"value": "value"}
    assert words(tokens_of([[1, 2], [3, 4]])) == ["1 2", "3 4"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([0.5, np.nan], "tokens: are nan at step 1; finite numbers were expected"),
        ([[0.5, 1], [np.inf, 1]], r"tokens: are \[inf +1.\] at step 1"),
        (np.zeros((2, 2, 2)), r"tokens: hold ndarray of float64, shape \(2, 2, 2\); texts, codes, numbers"),
        (["a", 3], "tokens: hold 3 at step 1; a text was expected"),
        ([None, "a"], "tokens: hold NoneType of object"),
    ],
)
def test_tokens_that_are_nothing_known(given: object, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        tokens_of(given)  # type: ignore[arg-type]


def test_numbers_have_no_vocabulary() -> None:
    with pytest.raises(RecordingError, match="vocabulary: is given with tokens that are numbers"):
        tokens_of([0.5], ["a"])


def test_image_files_are_seen_by_thumbnails(tmp_path: Path) -> None:
    red = picture(tmp_path / "red.png", (96, 192), (255, 0, 0))
    wide = picture(tmp_path / "wide.PNG", (400, 20), (0, 0, 255))
    grey = picture(tmp_path / "grey.png", (4, 2), (100,), "L")
    tokens = tokens_of([red, wide, red, grey])
    assert words(tokens) == ["red.png", "wide.PNG", "red.png", "grey.png"]
    assert tokens.attrs == {"image": "thumbnail"}
    thumbnails = tokens.constants["thumbnail"]
    assert thumbnails.dims == ("word", "thumbnail_row", "thumbnail_column", "thumbnail_channel")
    assert (thumbnails.shape, thumbnails.dtype, thumbnails.attrs["kind"]) == ((3, 48, 96, 3), np.uint8, "image")
    values = thumbnails.to_numpy().astype(int)
    assert (values[0, :, 36:60] == [255, 0, 0]).all()
    assert (values[0, :, :36] == 255).all()
    assert (values[1, 22:26] == [0, 0, 255]).all()
    assert (values[2, 23:25, 46:50] == 100).all()
    assert (values[2] == 100).sum() == 4 * 2 * 3
    assert words(tokens_of([str(red), str(grey)])) == ["red.png", "grey.png"]


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    clear = picture(tmp_path / "clear.png", (2, 2), (0, 0, 0, 0), "RGBA")
    assert (tokens_of([clear]).constants["thumbnail"].to_numpy() == 255).all()


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(picture(tmp_path / folder / "x.png", (1, 1), (0, 0, 0)))
    assert words(tokens_of(paths)) == [path.as_posix() for path in paths]


def test_words_that_look_like_image_files_are_words_where_there_are_none(tmp_path: Path) -> None:
    assert words(tokens_of(["a.png", "b.png"])) == ["a.png", "b.png"]
    there = picture(tmp_path / "a.png", (1, 1), (0, 0, 0))
    assert not tokens_of([str(there), "word"]).attrs


def test_all_files_that_are_no_images_are_named(tmp_path: Path) -> None:
    there = picture(tmp_path / "a.png", (1, 1), (0, 0, 0))
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(RecordingError) as caught:
        tokens_of([there, tmp_path / "text.png", *(tmp_path / f"{number}.png" for number in range(6))])
    assert len(caught.value.problems) == 6
    assert "text.png: is no image (cannot identify" in str(caught.value.problems[0])
    assert str(caught.value.problems[1]) == f"tokens, {tmp_path}/0.png: there is no such file"
    assert str(caught.value.problems[5]) == "tokens: 2 more image files can't be read"


def test_pictures_need_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = picture(tmp_path / "a.png", (1, 1), (0, 0, 0))
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(RecordingError, match=r"needs Pillow - pip install 'lstmvis-panel\[convert\]'"):
        tokens_of([there])
