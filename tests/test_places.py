"""The next place where the selected states are on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmvis_panel import places
from lstmvis_panel.matching import Cancelled
from lstmvis_panel.places import next_on
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.selection import criterion_of
from tests.drawn import recording_of
from tests.oracle import on_states
from tests.watched import lazy_states

#                          0123456789
STATES = recording_of("abcdefghij", " ##   ### ", " #    ##  ", "#        #")["cell"]
HALF = criterion_of(STATES, 0.5, 0, 0)


@pytest.mark.parametrize(
    ("selected", "step", "after", "before"),
    [
        ([0, 1], 0, 1, None),
        ([0, 1], 1, 6, None),
        ([0, 1], 6, 7, 1),
        ([0, 1], 7, None, 6),
        ([0], 2, 6, 1),
        ([2], 0, 9, None),
        ([2], -1, 0, None),
        ([2], -100, 0, None),
        ([2], 10, None, 9),
        ([2], 100, None, 9),
        ([0, 1, 2], 5, None, None),
        ([], 5, None, None),
    ],
)
def test_the_next_place_is_found(selected: list[int], step: int, after: int | None, before: int | None) -> None:
    assert next_on(STATES, selected, HALF, step) == after
    assert next_on(STATES, selected, HALF, step, forward=False) == before


def test_some_of_the_states_may_do() -> None:
    assert [next_on(STATES, [0, 1, 2], HALF, step, least=1) for step in (0, 2, 8)] == [1, 6, 9]
    assert next_on(STATES, [0, 1, 2], HALF, 2, least=2) == 6
    assert next_on(STATES, [0, 1, 2], HALF, 5, least=2, forward=False) == 1
    assert next_on(STATES, [0], HALF, 0, least=2) is None


def test_rules_and_thresholds_of_single_states_are_followed() -> None:
    assert next_on(STATES, [0, 1], criterion_of(STATES, 0.5, 0, 0, "below"), 0) == 3
    assert next_on(STATES, [0, 1], criterion_of(STATES, 0.5, 0, 0, "beyond"), 0) == 1
    assert next_on(STATES, [0, 2], criterion_of(STATES, [2, 2, -2], 0, 0), 0) is None
    assert next_on(STATES, [1, 2], criterion_of(STATES, [2, 0.5, -2], 0, 0), 1) == 6


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 40), st.just(4)), elements=st.sampled_from([-1.0, 0.2, 0.5, 1.0])),
    st.sets(st.integers(0, 3)),
    st.integers(-2, 42),
    st.integers(1, 9),
    st.sampled_from(["none", "tanh"]),
)
def test_every_place_is_found(
    values: np.ndarray,
    selected: set[int],
    step: int,
    at_once: int,
    transform: str,
) -> None:
    states, _ = lazy_states(values, transform=transform)
    criterion = criterion_of(states, 0.4, 0, 0)
    on = [at for at, states_on in enumerate(on_states(values, 0.4, transform)) if selected and selected <= states_on]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "STEPS_AT_ONCE", at_once)
        for source in (states, states.copy().load()):
            assert next_on(source, [*selected], criterion, step) == min((at for at in on if at > step), default=None)
            back = next_on(source, [*selected], criterion, step, forward=False)
            assert back == max((at for at in on if at < step), default=None)


def test_a_long_recording_is_read_no_further_than_needed() -> None:
    values = np.zeros((100_000, 200), np.float32)
    values[[10, 40_000, 99_990]] = 1
    states, file = lazy_states(values)
    criterion = criterion_of(states, 0.5, 0, 0)
    assert next_on(states, [3, 5], criterion, 5) == 10
    assert next_on(states, [3, 5], criterion, 99_995, forward=False) == 99_990
    assert sum(stop - start for start, stop in file.reads) < 50_000
    assert next_on(states, [3, 5], criterion, 99_990, forward=False) == 40_000


def test_a_search_that_nobody_waits_for_ends() -> None:
    with pytest.raises(Cancelled):
        next_on(STATES, [2], HALF, 0, cancelled=lambda: True)


def test_a_state_that_is_none_is_told_of() -> None:
    with pytest.raises(RecordingError, match="selected: names 3 - cell has the states 0 to 2"):
        next_on(STATES, [3], HALF, 0)
