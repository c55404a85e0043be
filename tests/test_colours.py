"""Values in, colours out: stable, distinct, readable, blank where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from lstmvis_panel.colours import READABLE, annotation_scale, contrast, count_scale, ink_on, number_text, title, titled
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.style import DARK, FOREMOST, LIGHT, THEMES, mix

THEME = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=list(THEMES))

NAN = float("nan")


def labelled(codes: list[int], texts: list[str]) -> xr.Dataset:
    return xr.Dataset(
        {
            "tag": ("step", np.array(codes, np.int32), {"kind": "categorical", "labels": "tag_label"}),
            "tag_label": ("tag_label", np.array(texts), {"kind": "labels"}),
        }
    )


def components(values: list[list[float]], **attrs: object) -> xr.Dataset:
    return xr.Dataset({"value": (("step", "component"), np.array(values, np.float32), {"kind": "vector", **attrs})})


def measured(values: list[float], **attrs: object) -> xr.Dataset:
    return xr.Dataset({"surprise_of_word": ("step", np.array(values), {"kind": "scalar", **attrs})})


# -- match count ------------------------------------------------------------------------------------------------------


@THEME
def test_count_runs_from_nothing_to_all(theme):
    scale = count_scale(2, theme)
    assert scale.colour(0) == theme.ramp[0]
    assert scale.colour(2) == theme.ramp[1]
    assert len({scale.colour(n) for n in (0, 1, 2)}) == 3


@pytest.mark.parametrize("total", [0, 1, 2, 9, 255, 256, 5000])
def test_count_places_rise_with_the_count(total):
    scale = count_scale(total, LIGHT)
    places = scale.places(np.arange(total + 1))
    assert places[0] == 0
    assert places[-1] == len(scale.colours) - 1
    assert (np.diff(places) >= 0).all()
    assert len(set(places.tolist())) == min(total + 1, 256)


@pytest.mark.parametrize(
    ("total", "count", "text"), [(9, 1, "1 of 9 states on"), (1, 1, "1 of 1 state on"), (0, 0, "0 of 0 states on")]
)
def test_count_in_words(total, count, text):
    assert count_scale(total, LIGHT).text(count) == text


# -- weights of predictions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "limits"), [([0.1, 0.4], (0, 1)), ([0.0, 1.0], (0, 1)), ([-3.0, 0.5], (-3, 0.5)), ([2.0, 7.0], (2, 7))]
)
def test_weights_that_can_be_chances_have_the_range_of_chances(weights, limits):
    ranked = xr.Dataset({"weight": (("step", "rank"), np.array([weights]), {"kind": "weights"})})
    scale = annotation_scale(ranked, "weight", LIGHT)
    assert scale.limits == limits
    assert (scale.colour(limits[0]), scale.colour(limits[1])) == LIGHT.weights


# -- labels -----------------------------------------------------------------------------------------------------------


def test_each_label_has_its_own_colour_in_the_labels_order():
    #                                 NOUN is more frequent, yet DET stands first among the labels
    scale = annotation_scale(labelled([1, 1, 0, 1], ["DET", "NOUN"]), "tag", LIGHT)
    assert [scale.colour(code) for code in (0, 1)] == list(LIGHT.categories[:2])
    assert scale.legend == [(LIGHT.categories[0], "DET"), (LIGHT.categories[1], "NOUN")]


@pytest.mark.parametrize(
    ("texts", "ends"), [(["no site", "site"], (0, 1)), (["yes", "no"], (1, 0)), (["fermata"], (1,))]
)
def test_no_and_yes_are_the_ends_of_a_number_from_0_to_1(texts, ends):
    flag, chance = labelled([0, 0], texts), measured([0.0, 1.0])
    scale = annotation_scale(flag, "tag", DARK)
    number = annotation_scale(chance, "surprise_of_word", DARK)
    assert [scale.colour(code) for code in range(len(texts))] == [number.colour(end) for end in ends]
    assert [text for _, text in scale.legend] == texts
    assert scale.colour(-1) is None


def test_rare_labels_share_the_colour_of_the_rest():
    many = len(LIGHT.categories)
    # label 0 occurs once, each of the others twice: one more label than there are colours
    codes = [0, *range(1, many + 1), *range(1, many + 1)]
    scale = annotation_scale(labelled(codes, [f"t{i}" for i in range(many + 1)]), "tag", LIGHT)
    assert scale.colour(0) == LIGHT.rest
    assert [scale.colour(code) for code in range(1, many + 1)] == list(LIGHT.categories)
    assert scale.legend[-1] == (LIGHT.rest, "other")


def test_the_most_frequent_labels_take_the_foremost_colours_in_their_own_order():
    rare = 2
    #                     each label once, all but two of them once more
    codes = [*range(FOREMOST + rare), *range(rare, FOREMOST + rare)]
    scale = annotation_scale(labelled(codes, [f"t{i}" for i in range(FOREMOST + rare)]), "tag", LIGHT)
    colours = [scale.colour(code) for code in range(FOREMOST + rare)]
    assert colours[rare:] == list(LIGHT.categories[:FOREMOST])
    assert colours[:rare] == list(LIGHT.categories[FOREMOST : FOREMOST + rare])
    assert [text for _, text in scale.legend] == [f"t{i}" for i in range(FOREMOST + rare)]


def test_a_label_that_never_occurs_takes_no_colour():
    scale = annotation_scale(labelled([0, 2], ["a", "b", "c"]), "tag", LIGHT)
    assert [scale.colour(code) for code in (0, 1, 2)] == [LIGHT.categories[0], LIGHT.rest, LIGHT.categories[1]]


@pytest.mark.parametrize("code", [-1, 2, 99])
def test_codes_without_a_label_are_blank_and_unsaid(code):
    scale = annotation_scale(labelled([0, 1, -1], ["a", "b"]), "tag", LIGHT)
    assert scale.colour(code) is None
    assert scale.text(code) == ""


@pytest.mark.parametrize(("label", "text"), [("NOUN", "NOUN"), ("4", "tag 4"), ("(", "tag ("), ("é", "é")])
def test_a_label_without_letters_is_said_with_its_title(label, text):
    assert annotation_scale(labelled([0], [label]), "tag", LIGHT).text(0) == text


def test_themes_give_a_label_the_same_place():
    recording = labelled([0, 1, 1, 2, 2, 2], ["a", "b", "c"])
    light, dark = (annotation_scale(recording, "tag", theme) for theme in (LIGHT, DARK))
    codes = np.array([[2, 1], [0, -1]])
    np.testing.assert_array_equal(light.places(codes), dark.places(codes))
    np.testing.assert_array_equal(light.places(codes), [[2, 1], [0, -1]])
    assert dark.colour(2) == DARK.categories[2]


def test_an_annotation_is_read_through_once():
    recording = labelled([0, 1], ["a", "b"])
    before = annotation_scale(recording, "tag", LIGHT)
    recording["tag"].values[:] = 1
    assert annotation_scale(recording, "tag", LIGHT) == before


def test_two_recordings_do_not_share_what_was_read():
    for texts, codes in ((["a", "b"], [0, 1]), (["a", "b", "c"], [2, 2])):
        scale = annotation_scale(labelled(codes, texts), "tag", LIGHT)
        assert {text for _, text in scale.legend} >= {texts[code] for code in codes}


# -- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recording", "limits"),
    [
        (measured([1, 2], range=[0, 10]), (0, 10)),
        (measured([3, NAN, -1, np.inf]), (-1, 3)),
        (measured([2, 2]), (2, 3)),
        (measured([NAN, NAN]), (0, 1)),
        (measured([]), (0, 1)),
    ],
    ids=["given", "of the data", "all the same", "no number", "no step"],
)
def test_limits_of_a_scalar(recording, limits):
    assert annotation_scale(recording, "surprise_of_word", LIGHT).limits == limits


@THEME
def test_vectors_with_negative_components_have_two_ramps_that_meet_at_0(theme):
    scale = annotation_scale(components([[-3, 1], [NAN, 2]]), "value", theme)
    assert scale.limits == (-3, 3)
    negative, zero, positive = theme.signed
    given = [(-9, negative), (-3, negative), (-1e-9, zero), (0, zero), (3, positive), (np.inf, positive), (NAN, None)]
    assert [scale.colour(value) for value, _ in given] == [colour for _, colour in given]
    assert len(set(scale.colours)) == len(scale.colours) - 1  # each a colour of its own, but for 0 on both sides


@pytest.mark.parametrize(
    ("recording", "limits"),
    [(components([[1, 2]]), (1, 2)), (components([[1, 2]], range=[0, 8]), (0, 8)), (components([[NAN]]), (0, 1))],
    ids=["of the data", "given", "no number"],
)
def test_vectors_without_negative_components_have_the_ramp_of_a_scalar(recording, limits):
    scale = annotation_scale(recording, "value", LIGHT)
    assert scale.limits == limits
    assert (scale.colours[0], scale.colours[-1]) == LIGHT.scale


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (np.float32(0.1), "0.1"),
        (-1.23456, "−1.23"),
        (12.0, "12"),
        (999999999.0, "1000000000"),
        (1e9, "1e9"),
        (1.5e300, "1.5e300"),
        (0.00012345, "0.000123"),
        (0.000001234, "1.23e−6"),
        (np.inf, "inf"),
    ],
)
def test_numbers_in_few_digits(value, text):
    assert number_text(value) == text


def test_numbers_in_more_digits():
    assert [number_text(value, 6) for value in (0.123456789, 1234.5678, 1e-9)] == ["0.123457", "1234.57", "1e−9"]


@THEME
def test_a_scalar_runs_between_its_ends_and_stays_there_beyond(theme):
    scale = annotation_scale(measured([], range=[0, 10]), "surprise_of_word", theme)
    low, high = theme.scale
    given = [(-np.inf, low), (-5, low), (0, low), (10, high), (99, high), (np.inf, high), (NAN, None)]
    assert [scale.colour(value) for value, _ in given] == [colour for _, colour in given]
    assert (np.diff(scale.places(np.linspace(0, 10, 200))) >= 0).all()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "surprise of word 0.5"),
        (0.12345, "surprise of word 0.123"),
        (1234.0, "surprise of word 1230"),
        (-2.0, "surprise of word −2"),
        (NAN, ""),
    ],
)
def test_a_number_in_words(value, text):
    assert annotation_scale(measured([0, 1]), "surprise_of_word", LIGHT).text(value) == text


def test_numbers_are_told_apart_by_both_ends_in_the_legend():
    scale = annotation_scale(measured([], range=[0, 2.5]), "surprise_of_word", LIGHT)
    assert scale.legend == [(LIGHT.scale[0], "0"), (LIGHT.scale[1], "2.5")]


def test_ends_have_the_digits_that_their_range_deserves():
    scale = annotation_scale(measured([], range=[0.00124, 18.4986]), "surprise_of_word", LIGHT)
    assert [text for _, text in scale.legend] == ["0", "18.5"]


# -- all of them ------------------------------------------------------------------------------------------------------


def test_places_are_where_a_picture_has_its_colours():
    """Bokeh maps a level linearly from the limits to the colours; the words' background must agree."""
    scale = annotation_scale(measured([], range=[0, 64]), "surprise_of_word", LIGHT)
    np.testing.assert_array_equal(scale.places(np.array([0.0, 0.99, 1.0, 31.5, 63.99, 64.0])), [0, 0, 1, 31, 63, 63])


def test_states_have_no_scale():
    recording = xr.Dataset({"cell": (("step", "cell_state"), np.zeros((2, 2)), {"kind": "states"})})
    with pytest.raises(RecordingError, match="cell: has kind states"):
        annotation_scale(recording, "cell", LIGHT)


def test_title_is_the_name_in_words():
    assert title("part_of_speech") == "part of speech"


def test_no_name_is_lost_where_titles_are_the_same():
    names = ["match count", "a_b", "c_d", "a b"]
    assert titled(names) == {"match count": "match count", "a_b": "a_b", "c d": "c_d", "a b": "a b"}
    assert list(titled(names).values()) == names


@THEME
def test_text_is_readable_on_every_colour(theme):
    colours = [*count_scale(200, theme).colours, *theme.categories, theme.rest]
    colours += annotation_scale(measured([0, 1]), "surprise_of_word", theme).colours
    assert [c for c in colours if contrast(ink_on(c, theme), c) < READABLE] == []


def test_contrast_of_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


# -- words on a count's colours --------------------------------------------------------------------------------------


@THEME
def test_words_can_be_read_where_all_selected_states_are_on(theme) -> None:
    assert contrast(theme.ink, mix(theme.card, theme.ramp[1], theme.warmest)) >= READABLE
    assert theme.warmest >= 0.5
