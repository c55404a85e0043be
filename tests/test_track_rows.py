"""What the tracks under the words show, of recordings that are drawn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import xarray as xr

from lstmvis_panel.colours import READABLE, annotation_scale, contrast, ink_on
from lstmvis_panel.style import DARK, LIGHT, Theme, mix
from lstmvis_panel.track_rows import addable, track_of
from tests.drawn import recording_of

# Documents end after c and after f; numbers of a word are its place in the alphabet.
#
#   step       0 1 2   3 4 5   6 7
#   word       a b c   a b c   a b
WORDS, DOCUMENTS = "abcabcab", "00011122"


def recording(**annotations: Any) -> xr.Dataset:
    return recording_of(WORDS, "#.......", documents=DOCUMENTS).assign(annotations)


def labelled(codes: list[int], *labels: str) -> xr.Dataset:
    return recording(
        tag=("step", codes, {"kind": "categorical", "labels": "tag_label", "description": "What it is."}),
        tag_label=("tag_label", np.array(labels, object), {"kind": "labels"}),
    )


def predicted(codes: list[list[int]], weights: list[list[float]] | None = None, **attrs: str) -> xr.Dataset:
    """Predictions of all eight steps, one row of ranks a step."""
    attrs = {"kind": "prediction", "labels": "vocabulary", **attrs}
    if weights is None:
        return recording(top=(("step", "rank"), codes, attrs))
    return recording(
        top=(("step", "rank"), codes, {**attrs, "weights": "top_weight"}),
        top_weight=(("step", "rank"), np.array(weights), {"kind": "weights"}),
    )


def spelled(track: dict[str, Any], row: int = 0) -> str:
    """The texts of a row, a dot for none."""
    return " ".join("." if code < 0 else track["texts"][code] for code in track["rows"][row]["codes"])


# -- labels -----------------------------------------------------------------------------------------------------------


def test_labels_of_the_steps_shown_each_sent_once() -> None:
    track = track_of(labelled([0, 1, 1, -1, 2, 0, 0, 0], "noun", "verb", "noise"), "tag", 1, 5, LIGHT)
    assert (track["name"], track["title"], track["about"], track["look"]) == ("tag", "tag", "What it is.", "labels")
    assert track["texts"] == ["verb", "noise", "noun"]
    assert track["rows"] == [{"label": "tag", "places": [1, 1, -1, 2, 0], "codes": [0, 0, -1, 1, 2]}]
    assert track["legend"] == [list(pair) for pair in zip(LIGHT.categories, ["noun", "verb", "noise"], strict=False)]
    assert not track["gradual"]


def test_colours_are_those_of_the_match_view_whatever_is_shown() -> None:
    tagged = labelled([2, 1, 1, -1, 2, 0, 0, 0], "noun", "verb", "noise")
    scale = annotation_scale(tagged, "tag", DARK)
    for first in (0, 3, 5):
        track = track_of(tagged, "tag", first, 3, DARK)
        drawn = [None if place < 0 else track["colours"][place] for place in track["rows"][0]["places"]]
        assert drawn == [scale.colour(code) for code in tagged.tag.values[first : first + 3].tolist()]


def test_rare_labels_share_a_colour_and_keep_their_text() -> None:
    count = len(LIGHT.categories) + 2
    names = [f"tag {number}" for number in range(count)]
    steps = [*range(count), *range(count - 2)]  # the last two occur once, the others twice
    tagged = xr.Dataset(
        {
            "tag": ("step", steps, {"kind": "categorical", "labels": "tag_label"}),
            "tag_label": ("tag_label", np.array(names, object), {"kind": "labels"}),
        }
    )
    track = track_of(tagged, "tag", count - 3, 3, LIGHT)
    assert spelled(track) == " ".join(names[-3:])
    assert [track["colours"][place] for place in track["rows"][0]["places"]] == [
        LIGHT.categories[-1], LIGHT.rest, LIGHT.rest,
    ]  # fmt: skip
    assert track["legend"][-1] == [LIGHT.rest, "other"]


def test_a_label_that_denies_is_blank_and_the_track_a_flag() -> None:
    track = track_of(labelled([0, 1, 1, -1, 0, 0, 0, 1], "no site", "site"), "tag", 0, 5, LIGHT)
    assert track["look"] == "flags"
    assert track["rows"][0]["places"] == [-1, 1, 1, -1, -1]
    assert spelled(track) == "no site site site . no site"
    assert track["legend"] == [[LIGHT.scale[0], "no site"], [LIGHT.scale[1], "site"]]


def test_numbers_that_are_0_or_1_are_flags_in_the_same_colours() -> None:
    there = recording(there=("step", [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0], {"kind": "scalar"}))
    track = track_of(there, "there", 0, 4, LIGHT)
    assert (track["look"], spelled(track)) == ("flags", "0 1 0 1")
    assert [place >= 0 and track["colours"][place] for place in track["rows"][0]["places"]] == [
        False, LIGHT.scale[1], False, LIGHT.scale[1],
    ]  # fmt: skip


# -- numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_are_bars_within_their_range_and_blanks_are_none() -> None:
    values = np.array([0, 2, 4, np.nan, 9, -9, 0, 0], np.float32)
    track = track_of(recording(loss=("step", values, {"kind": "scalar", "range": [0, 8]})), "loss", 0, 6, LIGHT)
    (row,) = track["rows"]
    assert track["look"] == "numbers"
    assert row["bars"] == [0, 0.25, 0.5, None, 1, 0]
    assert track["base"] == 0
    assert spelled(track) == "0 2 4 . 9 −9"
    assert (row["places"][0], row["places"][3], row["places"][4]) == (0, -1, len(track["colours"]) - 1)
    assert track["legend"] == [[track["colours"][0], "0"], [track["colours"][-1], "8"]]
    assert track["ends"] == ["0", "8"]
    assert track["gradual"]


@pytest.mark.parametrize(
    ("limits", "ends"),
    [
        ([0.00124, 18.512], ["0", "18.5"]),
        ([0, 1], ["0", "1"]),
        ([-0.5, 0.251], ["−0.5", "0.251"]),
        ([1200, 1234], ["1200", "1234"]),
        ([-1e-7, 1e-7], ["−1e−7", "1e−7"]),
    ],
)
def test_the_ends_of_a_range_are_said_as_exactly_as_its_length_deserves(limits: list[float], ends: list[str]) -> None:
    halves = recording(loss=("step", np.full(8, 0.5), {"kind": "scalar", "range": limits}))
    assert track_of(halves, "loss", 0, 2, LIGHT)["ends"] == ends


def test_bars_stand_on_0_where_it_lies_within_the_range() -> None:
    values = np.array([-1, 3, 0, 1, 0, 0, 0, 0.5])
    track = track_of(recording(slope=("step", values, {"kind": "scalar"})), "slope", 0, 3, LIGHT)
    assert track["base"] == 0.25
    assert track["rows"][0]["bars"] == [0, 1, 0.25]


def test_bars_stand_on_the_edge_where_0_lies_outside() -> None:
    far = {"kind": "scalar", "range": [10, 20]}
    below = {"kind": "scalar", "range": [-20, -10]}
    values = np.linspace(10, 20, 8)
    numbers = recording(far=("step", values, far), below=("step", -values, below))
    assert track_of(numbers, "far", 0, 3, LIGHT)["base"] == 0
    assert track_of(numbers, "below", 0, 3, LIGHT)["base"] == 1


# -- predictions ------------------------------------------------------------------------------------------------------

A, B, C = range(3)


def test_predictions_come_best_first_whatever_the_files_order() -> None:
    weights = [[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.1, 0.2, 0.3], *[[0.4, 0.3, 0.2]] * 5]
    track = track_of(predicted([[A, B, C]] * 8, weights), "top", 0, 3, LIGHT)
    assert [row["label"] for row in track["rows"]] == ["top 1", "2", "3"]
    assert [spelled(track, rank) for rank in range(3)] == ["b a c", "c b b", "a c a"]
    assert track["rows"][0]["weights"] == ["0.7", "0.5", "0.3"]
    assert track["rows"][0]["places"][0] > track["rows"][1]["places"][0] > track["rows"][2]["places"][0]
    assert [text for _, text in track["legend"]] == ["0", "1"]  # chances, whatever the greatest is


def test_predictions_without_weights_stay_in_the_files_order_without_colour() -> None:
    track = track_of(predicted([[C, A], [A, B], *[[B, B]] * 6]), "top", 0, 2, LIGHT)
    assert [spelled(track, rank) for rank in range(2)] == ["c a", "a b"]
    assert [row["places"] for row in track["rows"]] == [[-1, -1], [-1, -1]]
    assert [row["weights"] for row in track["rows"]] == [["", ""], ["", ""]]
    assert track["legend"] == []


def test_what_is_no_prediction_comes_last() -> None:
    weights = [[0.9, 0.1, np.nan], *[[0.4, 0.3, 0.2]] * 7]
    track = track_of(predicted([[-1, A, B], *[[A, -1, C]] * 7], weights), "top", 0, 2, LIGHT)
    assert [spelled(track, rank) for rank in range(3)] == ["a a", "b c", ". ."]


def test_the_true_next_word_is_marked_within_its_document_only() -> None:
    # a b c | a b c | a b: after c comes an a, but in the next document; after the last b there is nothing.
    track = track_of(predicted([[A, B]] * 8), "top", 0, 8, LIGHT)
    assert track["rows"][0]["true"] == []
    assert track["rows"][1]["true"] == [0, 3, 6]
    assert track_of(predicted([[C, A]] * 8), "top", 1, 7, LIGHT)["rows"][0]["true"] == [0, 3]


def test_the_next_word_is_known_at_the_edge_of_what_is_shown() -> None:
    assert track_of(predicted([[B]] * 8), "top", 0, 1, LIGHT)["rows"][0]["true"] == [0]
    assert track_of(predicted([[B]] * 8), "top", 7, 1, LIGHT)["rows"][0]["true"] == []


def test_the_next_word_is_known_by_its_text_where_labels_have_an_order_of_their_own() -> None:
    other = predicted([[0]] * 8, labels="other_label").assign(
        other_label=("other_label", np.array(["b", "x"], object), {"kind": "labels"})
    )
    assert track_of(other, "top", 0, 8, LIGHT)["rows"][0]["true"] == [0, 3, 6]


def test_all_ranks_that_there_are_have_a_row() -> None:
    track = track_of(predicted([[A, B, C, A, B, C, A]] * 8), "top", 0, 2, LIGHT)
    assert [row["label"] for row in track["rows"]] == ["top 1", "2", "3", "4", "5", "6", "7"]
    assert [spelled(track, rank) for rank in range(7)] == ["a a", "b b", "c c", "a a", "b b", "c c", "a a"]


def test_weights_beyond_0_and_1_have_the_range_of_the_recording() -> None:
    track = track_of(predicted([[A, B]] * 8, [[-2, 6]] * 8), "top", 0, 2, LIGHT)
    assert [text for _, text in track["legend"]] == ["−2", "6"]
    assert spelled(track) == "b b"


# -- all of them ------------------------------------------------------------------------------------------------------


def test_only_the_steps_shown_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    tagged = labelled([0, 1] * 4, "noun", "verb")
    track_of(tagged, "tag", 0, 2, LIGHT)  # the colours have been looked for in all of it
    take = xr.DataArray.isel

    def watched(self: xr.DataArray, indexers: Any = None, **others: Any) -> xr.DataArray:
        taken = take(self, indexers, **others)
        read.append(taken.sizes["step"])
        return taken

    monkeypatch.setattr(xr.DataArray, "isel", watched)
    track_of(tagged, "tag", 3, 2, LIGHT)
    assert read == [2]


def test_all_of_it_can_be_sent() -> None:
    everything = predicted([[A, B]] * 8, [[0.2, 0.3]] * 8)
    for name in ("capital", "place", "top"):
        track = track_of(everything, name, 2, 4, DARK)
        assert json.loads(json.dumps(track, allow_nan=False)) == track


def test_what_can_be_added_is_grouped_by_kind() -> None:
    everything = predicted([[A]] * 8)
    assert addable(everything, []) == [
        ["Labels", [["capital", "capital"]]], ["Numbers", [["place", "place"]]], ["Predictions", [["top", "top"]]],
    ]  # fmt: skip
    assert addable(everything, ["place", "capital"]) == [["Predictions", [["top", "top"]]]]
    assert addable(everything, ["place", "capital", "top"]) == []


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_texts_can_be_read_on_faded_colours_too(theme: Theme) -> None:
    weighed = predicted([[A, B]] * 8, [[0, 1]] * 8)
    weights = track_of(weighed, "top", 0, 2, theme)["colours"]
    for colour in (*theme.categories, theme.rest, *weights):
        ink = ink_on(colour, theme)
        for strength in (0.2, 0.5, 1):
            assert contrast(mix(theme.card, colour, strength), ink) >= READABLE
