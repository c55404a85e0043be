"""Which annotations say yes or no."""

from __future__ import annotations

import numpy as np
import pytest

from lstmvis_panel.flags import is_flag, present
from tests.drawn import recording_of

RECORDING = recording_of("abcdef", "#.....")


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        (["no site", "site"], 1),
        (["site", "none"], 0),
        (["fermata"], 0),
        (["O", "gene"], 1),
        (["0", "1"], 1),
        (["False", "True"], 1),
        (["not coding", "coding"], 1),
        (["read", "held out"], None),  # both say something
        (["noun", "verb"], None),  # begins with no, but not with the word
        (["none", "off"], None),
        (["begin", "inside", "outside"], None),
        ([], None),
    ],
)
def test_one_label_says_something(labels: list[str], code: int | None) -> None:
    assert present(labels) == code


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        (np.array([0.0, 1.0, 1.0, 0.0, 0.0, 1.0]), True),
        (np.array([0.0, 1.0, np.nan, 0.0, 0.0, 1.0]), True),
        (np.full(6, np.nan), True),
        (np.array([0.0, 1.0, 0.5, 0.0, 0.0, 1.0]), False),
        (np.array([0.0, 1.0, 2.0, 0.0, 0.0, 1.0]), False),
        (np.array([0.0, 1.0, -1.0, 0.0, 0.0, 1.0]), False),
    ],
)
def test_numbers_are_flags_while_they_are_only_0_and_1(values: np.ndarray, *, flag: bool) -> None:
    recording = RECORDING.assign(there=("step", values, {"kind": "scalar"}))
    assert is_flag(recording, "there") == flag


def test_what_has_more_to_say_is_no_flag() -> None:
    assert not is_flag(RECORDING, "capital")
    assert not is_flag(RECORDING, "place")
    assert not is_flag(RECORDING, "cell")
