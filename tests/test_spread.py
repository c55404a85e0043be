"""Matching by workers: the same rows as on one machine, for any size of blocks."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import lstmvis_panel as lv
from lstmvis_panel import spread
from lstmvis_panel.hdf5 import lazy_variable
from lstmvis_panel.matching import Cancelled, find_matches, find_matches_and_lengths
from lstmvis_panel.schema import RecordingError
from tests.oracle import Match, Passing
from tests.pooled import PoolAtOnce
from tests.recordings import recording_of
from tests.test_matching import EVERYTHING, Situation, drawn, filters, rows_of, runs, situations
from tests.watched import lazy_states

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBERS = count()
WIDE = situations(most_steps=8, widths=st.sampled_from([63, 64, 65, 130]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files of states."""
    return tmp_path_factory.mktemp("spread")


def in_a_file(states: xr.DataArray, folder: Path) -> xr.DataArray:
    """Return the same states, to be read from an HDF5 file."""
    path = folder / f"{next(NUMBERS)}.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("states", data=states.values)
    with h5py.File(path) as file:
        variable = lazy_variable(states.dims, path, file["states"], states.attrs)
    return xr.DataArray(variable, states.coords, name="states")


@contextmanager
def blocks_of(steps: int) -> Iterator[None]:
    """Let blocks have so many steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "_block_of", lambda _variable: steps)
        yield


def check_blocks(situation: Situation, folder: Path, steps: int, top: int, asked: Passing) -> None:
    """Compare all that can be asked about a situation with what one machine finds, and with the oracle."""
    passing = asked if asked.where is None else asked._replace(where=np.resize(asked.where, len(situation.stored)))
    oracle, selected = situation.oracle(), set(situation.selected)
    candidates = [match for match in oracle.closed(selected) if passing.passes(match)]
    states = in_a_file(situation.in_memory(), folder)
    question = (situation.selected, situation.threshold, *situation.limits)
    for distinct in (True, False):
        options = {"rule": situation.rule, "top": top, "distinct": distinct, **passing._asdict()}
        here = find_matches_and_lengths(situation.in_memory().rename("states"), *question, **options)
        with blocks_of(steps):
            there = find_matches_and_lengths(states, *question, **options, scheduler=PoolAtOnce())
            assert there.searched == here.searched
        assert rows_of(there.matches) == oracle.matches(candidates, top, distinct=distinct)
        xr.testing.assert_identical(there.matches, here.matches)
        xr.testing.assert_identical(there.lengths, here.lengths)


@given(WIDE | situations(), st.integers(1, 5), st.sampled_from([1, 2, 5, EVERYTHING]), filters(st.integers(1, 4)))
@settings(max_examples=60)
def test_blocks_of_any_size_have_the_matches_of_the_definition(
    folder: Path, situation: Situation, steps: int, top: int, passing: Passing
) -> None:
    check_blocks(situation, folder, steps, top, passing)


@given(runs(), st.integers(1, 12), st.sampled_from([1, 3, 9, 27]), filters(st.integers(1, 3)))
@settings(max_examples=60)
def test_runs_longer_than_many_blocks_have_the_matches_of_the_definition(
    folder: Path, situation: Situation, steps: int, top: int, passing: Passing
) -> None:
    check_blocks(situation, folder, steps, top, passing)


@given(runs(), st.integers(3, 15), st.sampled_from([9, EVERYTHING]), st.integers(1, 2))
def test_what_ranges_beyond_borders_make_room_for_are_the_matches_of_the_definition(
    folder: Path, situation: Situation, steps: int, top: int, shortest: int
) -> None:
    check_blocks(situation, folder, steps, top, Passing(shortest))


# ---------------------------------------------------------------------------------------------- at borders, as drawn


def test_what_a_range_beyond_a_border_makes_room_for_is_found(folder: Path) -> None:
    states = in_a_file(
        drawn(
            # 012345 6789ab
            "     ###    ",
            "     ###    ",
            "  ####      ",
            "###         ",
        ),
        folder,
    )
    pool = PoolAtOnce()
    with blocks_of(6):
        matches = find_matches(states, range(4), 0.5, top=3, scheduler=pool)
    # 2:6 is the best that lies in the first block, and hides 0:3 until 5:8 hides it.
    assert rows_of(matches) == [Match(5, 3, 2, 4), Match(0, 3, 1, 4)]
    assert pool.asked.count("distinct") == 2 + 1


def test_a_range_over_all_blocks_is_one_match_and_no_step_is_read_often(folder: Path) -> None:
    states = xr.DataArray(np.ones((60_000, 130), np.int8), dims=("step", "state"))
    states[30_000, 7] = 0
    states = in_a_file(states, folder)
    pool = PoolAtOnce()
    with blocks_of(1_000):
        matches = find_matches(states, range(130), 0.5, distinct=False, scheduler=pool)
    assert rows_of(matches) == [Match(0, 30_000, 130, 130), Match(30_001, 29_999, 130, 130), Match(0, 60_000, 129, 130)]
    # Each part is packed once, and gone through once more for the states that are not selected.
    assert pool.asked.count("pack_part") == 60
    assert pool.asked.count("see_all") == 59
    assert pool.largest < 20 * 130 + 5_000


@pytest.mark.parametrize("distinct", [True, False])
def test_of_a_million_ties_only_the_best_travel(folder: Path, distinct: bool) -> None:  # noqa: FBT001
    on = (np.arange(2_000_001) % 2 == 0)[:, np.newaxis].astype(np.int8)
    states = in_a_file(xr.DataArray(on, dims=("step", "state")), folder)
    pool = PoolAtOnce()
    with blocks_of(250_000):
        matches = find_matches(states, [0], 0.5, top=3, min_length=1, distinct=distinct, scheduler=pool)
    assert matches.start.values.tolist() == [0, 2, 4]
    assert matches.candidates == 1_000_001
    assert pool.largest < 5_000


# -------------------------------------------------------------------------------------------- what workers can't open


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 1)])
def test_hardly_any_states_or_steps(folder: Path, shape: tuple[int, int]) -> None:
    states = in_a_file(xr.DataArray(np.ones(shape), dims=("step", "state")), folder)
    for selected in ([], [0]):
        matches = find_matches(states, selected, 0.5, min_length=1, scheduler=PoolAtOnce())
        xr.testing.assert_identical(matches, find_matches(states, selected, 0.5, min_length=1))


def test_part_of_a_source_is_searched_like_all_of_it(folder: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2, (40, 9), np.int8)
    states = in_a_file(xr.DataArray(values, dims=("step", "state")), folder)[7:31, ::2]
    with blocks_of(5):
        there = find_matches(states, [0, 3], 0.5, scheduler=PoolAtOnce())
    xr.testing.assert_identical(there, find_matches(states.load(), [0, 3], 0.5))
    assert there.sizes["match"] > 0


def test_states_in_no_file_are_refused(tmp_path: Path) -> None:
    recording = recording_of([[0.9], [0.9]])
    lv.save_recording(recording, tmp_path / "states.h5")
    loaded = lv.open_recording(tmp_path / "states.h5")["hidden"].load()
    for states in (recording["hidden"], loaded, lazy_states(loaded.values)[0]):
        with pytest.raises(RecordingError, match=r"hidden: lies in no file .* - save the recording to HDF5 or Zarr"):
            find_matches(states, [0], 0.5, scheduler=PoolAtOnce())


@pytest.mark.parametrize("patience", [0, 1, 4, 5, 9, 12])
def test_a_search_that_is_ended_leaves_workers_nothing(folder: Path, patience: int) -> None:
    states, pool = in_a_file(drawn("## ## ## ##", "# ### # ###"), folder), PoolAtOnce()
    answers = [True, *[False] * patience]
    with blocks_of(3), pytest.raises(Cancelled):
        find_matches(states, [0, 1], 0.5, cancelled=answers.pop, scheduler=pool)
    assert len(pool.cancelled) >= 4, "what is kept of each block among it"
