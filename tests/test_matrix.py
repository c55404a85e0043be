"""What the word matrix shows: words, values in words, colours, each blank outside the document."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from lstmvis_panel.colours import READABLE, contrast, count_scale
from lstmvis_panel.matrix import fills_of, remark_of, rows_of
from lstmvis_panel.style import DARK

# Two rows of three steps, one before the start; the first row's start is the first step of its document.
#
#   row 0   -  a  b      counts  -  2  0
#   row 1   c  a  a              1  2  2
WORDS = np.array([["?", "a", "b"], ["c", "a", "a"]], dtype=object)
INSIDE = xr.DataArray([[False, True, True], [True, True, True]], dims=("match", "offset"))
COUNTS = xr.DataArray([[0, 2, 0], [1, 2, 2]], dims=("match", "offset"))
TABLE = xr.Dataset({"start": ("match", [40, 7]), "length": ("match", [2, 1])})


def test_rows():
    assert rows_of(WORDS, INSIDE, TABLE, own=1, before=1) == {
        "words": [[None, "a", "b"], ["c", "a", "a"]],
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
    assert said["codes"] == [-1, 2, 0, 1, 2, 2]


def test_colours_and_inks_that_can_be_read_on_them():
    fills = fills_of(COUNTS, INSIDE, count_scale(2, DARK), DARK)
    assert fills["places"] == [-1, 2, 0, 1, 2, 2]
    assert fills["ink"] == DARK.ink
    pairs = zip(fills["colours"], fills["inks"], strict=True)
    assert all(contrast(colour, ink) >= READABLE for colour, ink in pairs)


def test_all_of_it_can_be_sent():
    scale = count_scale(2, DARK)
    sent = [
        rows_of(WORDS, INSIDE, TABLE, 0, 1),
        remark_of(COUNTS, INSIDE, scale),
        fills_of(COUNTS, INSIDE, scale, DARK),
    ]
    assert json.loads(json.dumps(sent)) == sent
