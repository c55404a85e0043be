"""Bits packed in one go, against the one definition of "on"; and the threads that do it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstmvis_panel import threads
from lstmvis_panel.compiled import words_for
from lstmvis_panel.packing import Packing
from lstmvis_panel.selection import Criterion, Rule
from lstmvis_panel.threads import over_ranges

DTYPES = [np.dtype(name) for name in ("f2", "f4", "f8", ">f4", ">f8", "i1", "u2", "i8")]
LIMITS = st.sampled_from([0.0, -0.0, 0.1, -0.1, 1.5, np.nan, -np.inf, 1e300, 65504.0, 65520.0]) | st.floats(-3, 3)


@st.composite
def blocks(draw: st.DrawFn) -> np.ndarray:
    """Draw a block (step, state): any dtype, memory order and part of a larger array."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(st.tuples(st.integers(1, 6), st.sampled_from([1, 2, 7, 8, 9, 63, 64, 65, 130])))
    if dtype.kind == "f":
        near = np.float32(0.1)
        few = [np.nan, np.inf, -np.inf, -0.0, 0.0, float(near), float(np.nextafter(near, np.float32(0))), -float(near)]
        elements = st.sampled_from(np.array(few).astype(dtype).tolist()) | st.floats(-2, 2, width=16)
    else:
        elements = st.sampled_from([0, 1, 2, 3, np.iinfo(dtype).max, np.iinfo(dtype).min])
    values = draw(hnp.arrays(dtype, shape, elements=elements, fill=elements))
    ways = {
        "rows": lambda: values,
        "columns": lambda: np.asfortranarray(values),
        "part of a tile": lambda: np.repeat(values.T, 3, axis=1)[:, : len(values)].T,
        "every second state": lambda: np.repeat(values, 2, axis=1)[:, ::2],
        "backwards": lambda: values[::-1],
        "one step again and again": lambda: np.broadcast_to(values[:1], shape),
    }
    return ways[draw(st.sampled_from(sorted(ways)))]()


@given(blocks(), st.sampled_from(Rule), st.data())
@settings(max_examples=300)
def test_packed_bits_are_those_of_the_definition(values: np.ndarray, rule: Rule, data: st.DataObject) -> None:
    width = values.shape[1]
    limit: Any = np.float64(data.draw(LIMITS))
    if data.draw(st.booleans()):
        limit = np.array(data.draw(st.lists(LIMITS, min_size=width, max_size=width)))
    states = np.array(sorted(data.draw(st.sets(st.integers(0, width - 1), min_size=1))), np.int64)
    criterion = Criterion(limit, 0, 0, rule)
    words = np.full((len(values), words_for(len(states))), 2**64 - 1, np.uint64)
    Packing(criterion, states, values.dtype).into(values, words)
    unpacked = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    np.testing.assert_array_equal(unpacked[:, : len(states)], criterion.on(values[:, states], states))
    assert not unpacked[:, len(states) :].any()


@pytest.mark.parametrize("cores", [1, 3])
def test_each_step_is_worked_on_once(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "CORES", cores)
    counts = np.zeros(100, np.int64)

    def count(begin: int, end: int, check: Any) -> None:
        check()
        counts[begin:end] += 1

    over_ranges(100, 7, count, lambda: None)
    assert counts.tolist() == [1] * 100


def test_whoever_asked_is_asked_in_his_own_thread_and_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "CORES", 3)
    running, asked = threading.Barrier(4), []

    def work_until_told(_begin: int, _end: int, check: Any) -> None:
        if not asked:
            running.wait()
        while True:
            check()

    def poll() -> None:
        if not asked:
            running.wait()
        asked.append(threading.current_thread())
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        over_ranges(100, 1, work_until_told, poll)
    assert asked == [threading.current_thread()]


def test_what_goes_wrong_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "CORES", 3)

    def fail(begin: int, _end: int, check: Any) -> None:
        if begin == 40:
            raise OSError("the disk is gone")
        while begin > 40:
            check()

    with pytest.raises(OSError, match="the disk is gone"):
        over_ranges(100, 10, fail, lambda: None)
