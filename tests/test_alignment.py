from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lstmvis_panel import alignment, open_recording, save_recording
from lstmvis_panel.alignment import align_matches, displayed, state_window, steps_around, take_steps, tokens_at
from tests.drawn import recording_of
from tests.valued import BLANK, IMAGES, STEPS, images, numbers, vectors

if TYPE_CHECKING:
    from pathlib import Path

#             0123456789
RECORDING = recording_of("abcdefghij", "#.#.#.#.#.", documents="0000111122")


def test_a_window_knows_its_steps_and_stops_at_the_ends() -> None:
    assert state_window(RECORDING.cell, 2, 5).step.values.tolist() == [2, 3, 4]
    assert state_window(RECORDING.cell, -1, 2).step.values.tolist() == [0, 1]
    assert state_window(RECORDING.cell, 8, 30).step.values.tolist() == [8, 9]
    assert state_window(RECORDING.cell, 30, 40).sizes["step"] == 0


def test_half_floats_are_widened_without_loss() -> None:
    halves = RECORDING.cell.astype(np.float16)
    window = state_window(halves, 0, 10)
    assert window.dtype == np.float32
    assert (window.values == halves.values).all()


def test_windows_around_starts_are_blank_outside_the_document() -> None:
    steps = steps_around(RECORDING, np.array([0, 3, 4, 9]), 2, 3)
    assert steps.offset.values.tolist() == [-2, -1, 0, 1, 2]
    assert steps.values.tolist() == [
        [-1, -1, 0, 1, 2],
        [1, 2, 3, -1, -1],
        [-1, -1, 4, 5, 6],
        [-1, 8, 9, -1, -1],
    ]


def test_no_start_gives_no_window() -> None:
    assert steps_around(RECORDING, np.array([], int), 2, 3).shape == (0, 5)


def test_values_are_taken_where_there_is_a_step() -> None:
    steps = steps_around(RECORDING, np.array([3]), 1, 2)
    assert take_steps(RECORDING.place, steps).values.tolist() == [[2.0, 3.0, 0.0]]
    assert take_steps(RECORDING.cell, steps).shape == (1, 3, 1)


def test_tanh_is_drawn_only_where_the_source_asks() -> None:
    plain = RECORDING.cell
    assert (displayed(plain) == plain).all()
    bent = displayed(plain.assign_attrs(kind="states", transform="tanh"))
    assert np.allclose(bent, np.tanh(plain))


def test_the_selected_states_on_are_counted_where_there_is_a_step() -> None:
    #                           0123456789
    recording = recording_of("abcdefghij", "###.......", "#.#.......", "##########", documents="0000111122")
    table = xr.Dataset({"start": ("match", [1, 8])})
    aligned = align_matches(recording, recording.cell, np.array([0, 1]), 0.5, table, 2, 4)
    assert aligned.on_count.values.tolist() == [[0, 2, 1, 2, 0, 0], [0, 0, 0, 0, 0, 0]]
    assert aligned.aligned_step.values.tolist() == [[-1, 0, 1, 2, 3, -1], [-1, -1, 8, 9, -1, -1]]


def test_the_selected_states_on_are_counted_by_their_own_thresholds_and_rule() -> None:
    #                           0123456789
    recording = recording_of("abcdefghij", "###.......", "#.#.......", "##########")
    table = xr.Dataset({"start": ("match", [0])})
    source = (recording, recording.cell)
    below = align_matches(*source, np.array([0, 1]), 0.5, table, 0, 4, rule="below")
    assert below.on_count.values.tolist() == [[0, 1, 0, 2]]
    each = align_matches(*source, np.array([0, 2]), [0.5, 9.0, -2.0], table, 0, 4)
    assert each.on_count.values.tolist() == [[2, 2, 2, 1]]


def test_counting_reads_a_file_as_well_as_memory(tmp_path: Path) -> None:
    recording = recording_of("abcdefghij" * 100, "###......." * 100, "#.#......." * 100)
    save_recording(recording, tmp_path / "drawn.h5")
    lazy = open_recording(tmp_path / "drawn.h5")
    table = xr.Dataset({"start": ("match", [0, 255, 511, 998])})
    counts = [align_matches(r, r["cell"], np.array([1]), 0.5, table, 3, 20).on_count for r in (recording, lazy)]
    assert (counts[0] == counts[1]).all()
    assert counts[0].sum() > 0


# -- tokens that are no words -----------------------------------------------------------------------------------------


def test_words_are_nothing_else() -> None:
    assert not tokens_at(RECORDING, steps_around(RECORDING, np.array([3]), 1, 2)).variables


def test_numbers_and_vectors_are_blank_where_there_is_no_step() -> None:
    for recording in (numbers(), vectors()):
        steps = steps_around(recording, np.array([0, BLANK, STEPS - 1]), 1, 2)
        found, values = tokens_at(recording, steps).token_value.values, recording.value.values
        expected = np.full((3, 3, *values.shape[1:]), np.nan)
        for row, column in np.argwhere(steps.values >= 0):
            expected[row, column] = values[steps.values[row, column]]
        assert np.array_equal(found, expected, equal_nan=True)
        assert found.dtype == (np.float64 if values.ndim == 1 else np.float32)


def test_components_beyond_a_float32_stay_at_the_end() -> None:
    recording = vectors().assign(value=(("step", "component"), np.full((STEPS, 2), 1e300), {"kind": "vector"}))
    assert tokens_at(recording, steps_around(recording, np.array([5]), 0, 1)).token_value.values.tolist() == [
        [[np.inf, np.inf]]
    ]


def test_each_picture_is_there_once() -> None:
    recording = images()
    steps = steps_around(recording, np.array([0, 4, 9]), 1, 1)  # -1, 0; 3, 4; 8, 9: pictures -, 0; 3, 0; 0, 1
    found = tokens_at(recording, steps, most=24)
    assert found.token_picture.values.tolist() == [[-1, 0], [2, 0], [0, 1]]
    assert found.pictures.values.tolist() == recording.thumbnail.values[[0, 1, 3]].tolist()


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_pictures_come_from_a_file_as_from_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(alignment, "BLOCK_BYTES", size)  # each on its own, or all that lie between
    save_recording(images(), tmp_path / "images.h5")
    lazy = open_recording(tmp_path / "images.h5")
    steps = steps_around(lazy, np.arange(0, STEPS, 7), 3, 20)
    xr.testing.assert_identical(tokens_at(lazy, steps), tokens_at(images(), steps))


def test_no_step_shows_no_picture() -> None:
    steps = steps_around(images(), np.array([], int), 3, 20)
    assert tokens_at(images(), steps).sizes["pictures"] == 0


@given(
    arrays.arrays(np.uint8, st.tuples(st.just(4), st.integers(1, 60), st.integers(1, 60), st.just(3))),
    st.integers(1, 40),
)
def test_large_pictures_are_shrunk_to_the_mean_of_their_parts(pictures: np.ndarray, most: int) -> None:
    dims = ("word", "thumbnail_row", "thumbnail_column", "thumbnail_channel")
    recording = images().drop_vars("thumbnail").assign(thumbnail=(dims, pictures, {"kind": "image"}))
    found = tokens_at(recording, steps_around(recording, np.array([0]), 0, 4), most).pictures.values
    (_, rows, columns, _), (_, height, width, _) = found.shape, pictures.shape
    assert max(rows, columns) == min(most, max(height, width))
    scale = max(rows, columns) / max(height, width)
    assert all(count == max(1, round(size * scale)) for count, size in ((rows, height), (columns, width)))
    ends = [[round(i * size // count) for i in range(count + 1)] for size, count in ((height, rows), (width, columns))]
    for y in range(rows):
        for x in range(columns):
            part = pictures[:, ends[0][y] : ends[0][y + 1], ends[1][x] : ends[1][x + 1]].astype(float)
            assert np.abs(part.mean(axis=(1, 2)) - found[:, y, x]).max() <= 1.01  # rounded once along each side


def test_what_stands_around_matches_has_the_tokens_too() -> None:
    table = xr.Dataset({"start": ("match", [1, 11])})
    aligned = align_matches(images(), images().cell, np.array([0]), 0.5, table, 1, 2)
    assert aligned.token_picture.values.tolist() == [[0, 1, 2], [2, 3, 0]]
    assert aligned.pictures.sizes["pictures"] == len(IMAGES)
    assert aligned.sizes["match"] == 2


@given(
    st.lists(st.integers(0, 199), max_size=12),
    st.integers(0, 4),
    st.integers(1, 5),
    st.sampled_from([0, 1, 40, 1 << 15]),
)
def test_windows_that_are_read_together_are_as_if_read_alone(starts, before, after, along) -> None:
    recording = recording_of("ab" * 100, "#." * 100, documents="0" * 90 + "1" * 110)
    steps = steps_around(recording, np.array(starts, np.int64), before, after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "READ_ALONG", along)
        taken = take_steps(recording.place, steps)
    assert taken.values.tolist() == np.where(steps.values >= 0, steps.values, 0).tolist()
