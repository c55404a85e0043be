"""Where matches may start: in a document, at words, at values of annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel.schema import RecordingError
from lstmvis_panel.starts import last_starts, starts_in
from tests.drawn import recording_of

if TYPE_CHECKING:
    import xarray as xr

#                        0123456789
RECORDING = recording_of("abCDeabCDe", "..........", documents="0000111111")


def steps(recording: xr.Dataset, document: int | None, starting: str) -> list[int]:
    may = starts_in(recording, document, starting)
    assert may is not None
    assert may.shape == (recording.sizes["step"],)
    return np.flatnonzero(may).tolist()


def test_without_a_filter_a_match_may_start_anywhere() -> None:
    assert starts_in(RECORDING, None, "") is None


@pytest.mark.parametrize(
    ("document", "starting", "expected"),
    [
        (0, "", [0, 1, 2, 3]),
        (1, "", [4, 5, 6, 7, 8, 9]),
        (None, "a b", [0, 5]),  # where the words begin
        (None, "capital:capital", [2, 3, 7, 8]),  # all along
        (None, "place:2..7 capital:capital", [2, 3, 7]),
        (1, "capital:capital", [7, 8]),
        (None, "b place:>3", [6]),
        (0, "z", []),
    ],
)
def test_steps_that_pass(document: int | None, starting: str, expected: list[int]) -> None:
    assert steps(RECORDING, document, starting) == expected


@pytest.mark.parametrize(("document", "starting"), [(2, ""), (-1, ""), (None, "capital:huge")])
def test_what_is_not_there_is_refused(document: int | None, starting: str) -> None:
    with pytest.raises(RecordingError):
        starts_in(RECORDING, document, starting)


def test_the_last_answer_is_kept_until_something_else_is_asked_of_the_recording() -> None:
    recording = RECORDING.copy()
    may = last_starts(recording, None, "a b")
    assert may is not None
    assert np.array_equal(np.flatnonzero(may), [0, 5])
    assert last_starts(RECORDING, 0, "a b") is not may
    assert last_starts(recording, None, "a b") is may
    for document, starting, expected in ((1, "a b", [5]), (1, "capital:capital", [7, 8]), (None, "a b", [0, 5])):
        other = last_starts(recording, document, starting)
        assert other is not None
        assert np.flatnonzero(other).tolist() == expected
    assert last_starts(recording, None, "") is None
