"""What the word matrix shows: words, values in words, colours, each blank outside the document."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from lstmvis_panel import matrix
from lstmvis_panel.alignment import steps_around, tokens_at
from lstmvis_panel.colours import READABLE, contrast, count_scale
from lstmvis_panel.matrix import (
    FAINTEST,
    fills_of,
    phrase_of,
    remark_of,
    rows_of,
    strip_height,
    strip_of,
    texts_of,
    tokens_of,
)
from lstmvis_panel.schema import words
from lstmvis_panel.style import DARK, LIGHT, mix
from tests.drawn import recording_of
from tests.valued import BLANK, IMAGES, NUMBERS, images, numbers, vectors

# Two rows of three steps, one before the start; the first row's start is the first step of its document.
#
#   row 0   -  a  b      counts  -  2  0
#   row 1   c  a  a              1  2  2
WORDS = np.array([["?", "a", "b"], ["c", "a", "a"]], dtype=object)
INSIDE = xr.DataArray([[False, True, True], [True, True, True]], dims=("match", "offset"))
COUNTS = xr.DataArray([[0, 2, 0], [1, 2, 2]], dims=("match", "offset"))
TABLE = xr.Dataset({"start": ("match", [40, 7]), "length": ("match", [2, 1])})


def whole(sent):
    """Return whole numbers as the browser reads them."""
    return np.frombuffer(sent, "<i4").tolist()


def test_rows():
    rows = rows_of(WORDS, INSIDE, TABLE, own=1, before=1)
    assert whole(rows.pop("codes")) == [-1, 1, 2, 3, 1, 1]
    assert rows == {
        "texts": ["?", "a", "b", "c"],
        "starts": [40, 7],
        "lengths": [2, 1],
        "own": 1,
        "before": 1,
        "columns": 3,
    }


def test_without_the_selection_s_own_row():
    assert rows_of(WORDS, INSIDE, TABLE, own=None, before=1)["own"] == -1


def test_values_in_words_are_sent_once_each():
    said = remark_of(COUNTS, INSIDE, count_scale(2, DARK))
    assert said["texts"] == ["0 of 2 states on", "1 of 2 states on", "2 of 2 states on"]
    assert whole(said["codes"]) == [-1, 2, 0, 1, 2, 2]


def test_colours_and_inks_that_can_be_read_on_them():
    fills = fills_of(COUNTS, INSIDE, count_scale(2, DARK), DARK)
    assert whole(fills["places"]) == [-1, 2, 0, 1, 2, 2]
    assert fills["ink"] == DARK.ink
    pairs = zip(fills["colours"], fills["inks"], strict=True)
    assert all(contrast(colour, ink) >= READABLE for colour, ink in pairs)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_under_the_mask_colours_fade_and_can_still_be_read_on(theme):
    scale = count_scale(2, theme)
    full, masked = (fills_of(COUNTS, INSIDE, scale, theme, share) for share in (None, COUNTS / 2))
    shown, faded = (
        [fills["colours"][place] if place >= 0 else None for place in whole(fills["places"])]
        for fills in (full, masked)
    )
    assert faded == [
        None,
        shown[1],
        mix(theme.card, shown[2], FAINTEST),
        mix(theme.card, shown[3], (1 + FAINTEST) / 2),
        shown[4],
        shown[5],
    ]
    assert all(contrast(c, ink) >= READABLE for c, ink in zip(masked["colours"], masked["inks"], strict=True))


# -- tokens that are no words -----------------------------------------------------------------------------------------

#                      0123456789
LETTERS = recording_of("abcdefghij", "#.........")


def around(recording, *starts):
    """Tokens at each start and the step after."""
    return tokens_at(recording, steps_around(recording, np.array(starts), 0, 2))


def test_words_stay_words():
    strip = strip_of(LETTERS, 2, 3, LIGHT)
    assert strip == {"words": ["c", "d", "e"]}
    assert tokens_of(LETTERS, around(LETTERS, 2), LIGHT) == {}
    assert texts_of(LETTERS, around(LETTERS, 2), WORDS) is WORDS
    assert strip_height(LETTERS) == 24
    assert phrase_of(LETTERS, 1, 4) == "b c d"
    assert phrase_of(LETTERS, 0, 10) == "a b c d … h i j"


def test_of_many_steps_only_those_are_read_that_are_said(monkeypatch):
    read = []
    monkeypatch.setattr(matrix, "words", lambda _, *steps: read.append(steps) or words(LETTERS, *steps))
    assert phrase_of(LETTERS, 0, 10) == "a b c d … h i j"
    assert read == [(0, 4), (7, 10)]
    size = LETTERS.sizes["step"]
    assert phrase_of(LETTERS, size - 2, size + 5) == " ".join(words(LETTERS, size - 2, size))
    assert phrase_of(LETTERS, size + 2, size + 50) == ""


def test_numbers_are_sent_as_they_are_and_said_in_digits():
    recording = numbers()
    sent = tokens_of(recording, around(recording, 0, BLANK - 1), DARK)
    values = np.frombuffer(sent["values"], "<f8")
    np.testing.assert_array_equal(values, [NUMBERS[0], NUMBERS[1], NUMBERS[(BLANK - 1) % 5], np.nan])
    assert (sent["kind"], sent["title"], sent["low"], sent["high"]) == ("number", "value", -2, 2)
    assert sent["ends"] == ["−2", "2"]
    assert (sent["ink"], sent["card"], sent["warm"]) == (DARK.ink, DARK.card, DARK.ramp[1])
    words = np.full((2, 2), "n", object)
    assert texts_of(recording, around(recording, 0, BLANK - 1), words).tolist() == [["−1", "−0.5"], ["−0.5", "–"]]
    assert phrase_of(recording, 1, 3) == "−0.5 0"


def test_a_number_is_said_more_exactly_where_it_stands_alone():
    recording = numbers().assign(value=("step", np.full(400, np.pi), {"kind": "scalar"}))
    assert strip_of(recording, 0, 2, LIGHT)["words"] == ["3.14159", "3.14159"]
    assert phrase_of(recording, 0, 1) == "3.14"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.0, "1234"),
        (-12345678.0, "−12345678"),
        (1234.5, "1230"),
        (2e9, "2e9"),
        (1.23456e300, "1.23e300"),
        (-0.0, "0"),
    ],
)
def test_whole_numbers_are_said_in_full(value, text):
    recording = numbers().assign(value=("step", np.full(400, value), {"kind": "scalar"}))
    words = np.full((1, 2), "n", object)
    assert texts_of(recording, around(recording, 0), words).tolist() == [[text, text]]


def test_vectors_are_sent_with_their_colours():
    recording = vectors()
    sent = tokens_of(recording, around(recording, 0, BLANK), LIGHT)
    values = np.frombuffer(sent["values"], "<f4").reshape(2, 2, sent["components"])
    np.testing.assert_array_equal(values, recording.value.values[[[0, 1], [BLANK, BLANK + 1]]])
    assert (sent["kind"], sent["low"], sent["high"], sent["ends"]) == ("vector", -1, 1, ["−1", "1"])
    assert (sent["colours"][0], sent["colours"][-1]) == (LIGHT.signed[0], LIGHT.signed[2])
    words = np.full((2, 2), "n", object)
    assert texts_of(recording, around(recording, 0, BLANK), words)[:, 0].tolist() == [
        "3 components, −1 to 1",
        "3 components",
    ]
    assert phrase_of(recording, 1_0, 1_1) == "step 10"
    assert phrase_of(recording, 10, 13) == "steps 10 to 12"


@pytest.mark.parametrize("most", [1, 2, 5, 7, 8])
def test_many_components_are_averaged_with_their_neighbours(most):
    recording = vectors(7)
    sent = tokens_of(recording, around(recording, 3), LIGHT, most)
    values = recording.value.values[3:5]
    count = min(most, 7)
    expected = [[v[i * 7 // count : (i + 1) * 7 // count].mean() for i in range(count)] for v in values]
    assert sent["components"] == count
    np.testing.assert_allclose(np.frombuffer(sent["values"], "<f4").reshape(2, count), expected, rtol=1e-6)


def test_images_are_sent_once_each():
    recording = images(2, 3)
    sent = tokens_of(recording, around(recording, 1, 5), LIGHT)
    assert (sent["kind"], sent["rows"], sent["columns"], sent["places"]) == ("image", 2, 3, [0, 1, 0, 1])
    colours = list(IMAGES.values())
    pixels = np.frombuffer(sent["pixels"], np.uint8).reshape(2, 6, 3)
    assert pixels.tolist() == [[list(colours[1])] * 6, [list(colours[2])] * 6]
    assert strip_of(recording, 1, 2, LIGHT)["words"] == ["green.png", "blue.png"]
    assert phrase_of(recording, 0, 2) == "red.png green.png"


def test_blank_cells_have_no_image():
    recording = images()
    assert tokens_of(recording, around(recording, 399), LIGHT)["places"] == [0, -1]


@pytest.mark.parametrize(
    ("components", "height"), [(1, 66), (3, 66), (16, 54), (59, 65), (60, 66), (61, 66), (500, 66)]
)
def test_each_component_has_whole_pixels_while_there_is_room(components, height):
    assert strip_height(vectors(components)) == height


def test_what_is_shown_does_not_change_the_strips_height():
    assert strip_height(numbers()) == 56
    assert strip_height(images(1, 60)) == strip_height(images(60, 1)) == 44
