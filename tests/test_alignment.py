from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from lstmvis_panel import open_recording, save_recording
from lstmvis_panel.alignment import align_matches, displayed, state_window, steps_around, take_steps
from tests.drawn import recording_of

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


def test_counting_reads_a_file_as_well_as_memory(tmp_path: Path) -> None:
    recording = recording_of("abcdefghij" * 100, "###......." * 100, "#.#......." * 100)
    save_recording(recording, tmp_path / "drawn.h5")
    lazy = open_recording(tmp_path / "drawn.h5")
    table = xr.Dataset({"start": ("match", [0, 255, 511, 998])})
    counts = [align_matches(r, r["cell"], np.array([1]), 0.5, table, 3, 20).on_count for r in (recording, lazy)]
    assert (counts[0] == counts[1]).all()
    assert counts[0].sum() > 0
