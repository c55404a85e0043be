"""Colours that mean something are told apart, also by the colour-blind, in both themes."""

from __future__ import annotations

import numpy as np
import pytest

from lstmvis_panel.colours import READABLE, contrast
from lstmvis_panel.style import DARK, FOREMOST, LIGHT, THEMES, ramp
from tests.vision import EYES, apart, seen

THEME = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=list(THEMES))
EYE = pytest.mark.parametrize("eye", EYES)

FULL = "all cones"


def least(colours: tuple[str, ...], eye: str) -> float:
    """Return how far apart the two colours are that are nearest to each other."""
    lab = seen(colours, eye)
    return float(apart(lab[:, None], lab)[np.triu_indices(len(lab), 1)].min())


def difference(one: str, other: str, eye: str) -> float:
    return float(apart(*seen((one, other), eye)))


# From the table of 34 pairs by which Sharma, Wu and Dalal check programs: hues around 0 and 275 degrees, greys.
@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_is_ciede2000(one, other, far):
    assert apart(np.array(one), np.array(other)) == pytest.approx(far, abs=1e-4)


@pytest.mark.parametrize(
    ("eye", "alike"),
    [
        ("protanopia", ("#a00000", "#333300")),
        ("deuteranopia", ("#c02020", "#6a6a00")),
        ("tritanopia", ("#0070c0", "#008080")),
    ],
)
def test_eyes_without_some_cones_see_greys_as_all_do_and_confuse_colours(eye, alike):
    assert seen(("#ffffff", "#808080"), eye) == pytest.approx(np.array([[100, 0, 0], [53.585, 0, 0]]), abs=1e-3)
    assert difference(*alike, eye) < difference(*alike, FULL) / 3


@THEME
@EYE
def test_labels_are_told_apart_the_frequent_ones_best(theme, eye):
    assert len(theme.categories) == 12
    assert least(theme.categories, eye) >= (9 if eye == FULL else 6)
    assert least(theme.categories[:FOREMOST], eye) >= (15 if eye == FULL else 10)


@THEME
@EYE
def test_a_label_looks_neither_like_the_rest_nor_like_paper(theme, eye):
    assert min(difference(colour, theme.rest, eye) for colour in theme.categories) >= 6
    assert min(difference(colour, theme.card, eye) for colour in theme.categories) >= 9


@THEME
def test_words_can_be_read_in_ink_on_every_label(theme):
    assert min(contrast(theme.ink, colour) for colour in theme.categories) >= READABLE


@THEME
def test_text_can_be_read_on_whatever_it_stands(theme):
    papers = (theme.card, theme.page, theme.quiet)
    pairs = [(text, paper) for text in (theme.ink, theme.muted, theme.accent) for paper in papers]
    pairs += [(theme.threshold, theme.card), (theme.on_accent, theme.accent)]
    assert [pair for pair in pairs if contrast(*pair) < READABLE] == []


@THEME
@EYE
@pytest.mark.parametrize("ends", ["ramp", "scale", "weights", "density"])
def test_numbers_run_one_way_between_light_and_dark(theme, eye, ends):
    low, high = getattr(theme, ends)
    lightness = seen(tuple(ramp(low, high, 16)), eye)[:, 0]
    assert difference(low, high, eye) >= 19
    assert len(set(np.sign(np.diff(lightness)).tolist())) == 1


@THEME
@EYE
def test_below_and_above_0_are_told_apart(theme, eye):
    low, zero, high = theme.signed
    assert least(theme.signed, eye) >= 20
    assert difference(ramp(low, zero, 3)[1], ramp(zero, high, 3)[1], eye) >= 10


@THEME
@EYE
def test_selected_lines_the_threshold_and_all_other_lines_are_told_apart(theme, eye):
    assert least((theme.accent, theme.threshold, *theme.density), eye) >= 15
