"""What a recording holds, in figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from lstmvis_panel.cli import app
from lstmvis_panel.store import save_recording
from lstmvis_panel.summary import as_text, notes, summarize
from tests.recordings import recording_of, two_sentences

if TYPE_CHECKING:
    from pathlib import Path


def test_figures_are_those_of_the_values_after_the_transform() -> None:
    source = summarize(two_sentences()).sources[0]
    values = np.tanh(np.array([[2, 0], [2, 2], [2, 0], [-2, 0]] * 2, dtype=np.float32))
    assert (source.name, source.role, source.transform, source.dtype) == ("lstm/cell", "cell", "tanh", "float16")
    assert (source.steps, source.states) == (8, 2)
    assert (source.least, source.greatest) == pytest.approx((values.min(), values.max()))
    assert source.mean == pytest.approx(values.mean())
    assert source.saturated == pytest.approx(np.mean(np.abs(values) > 0.95))


def test_no_share_is_given_of_gates_and_of_values_that_nothing_bounds() -> None:
    by_name = {source.name: source for source in summarize(two_sentences()).sources}
    assert {name for name, source in by_name.items() if source.saturated is None} == set(by_name) - {"lstm/cell"}
    assert summarize(recording_of([[0.0, 3.0]] * 4)).sources[0].saturated is None


@pytest.mark.parametrize(("value", "is_said"), [(3.0, True), (0.3, False)])
def test_a_hint_is_given_when_most_values_are_saturated(value: float, is_said: bool) -> None:  # noqa: FBT001
    summary = summarize(recording_of(np.full((6, 2), value), transform="tanh"))
    assert ("penalty" in as_text(summary)) is is_said
    assert len(notes(summary)) == is_said


def test_values_that_are_no_numbers_are_counted_apart() -> None:
    summary = summarize(recording_of([[0.5, np.nan], [np.inf, 0.25]]))
    source = summary.sources[0]
    assert (source.least, source.greatest, source.mean, source.not_finite) == (0.25, 0.5, 0.375, 2)
    assert "2 values of hidden" in as_text(summary)


def test_a_partial_recording_says_so_and_what_to_do() -> None:
    recording = recording_of([[0.5], [0.25]]).assign_attrs(partial=1)
    assert "resume=True" in as_text(summarize(recording))


def test_the_other_side_of_a_model_is_named() -> None:
    recording = recording_of([[0.5], [0.25]]).assign_attrs(side="encoder", linked="mine.decoder.h5")
    assert "The encoder of a model, linked with mine.decoder.h5 by document" in as_text(summarize(recording))


def test_the_command_prints_a_line_for_each_source_and_annotation(tmp_path: Path) -> None:
    save_recording(two_sentences(), tmp_path / "two.h5")
    done = CliRunner().invoke(app, ["info", str(tmp_path / "two.h5")])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert any(line.startswith("lstm/cell") and "8 x 2" in line and "float16" in line for line in lines)
    assert any(line.startswith("pos") and "labels" in line for line in lines)
    assert "8 steps" in lines[0]
    assert "2 documents" in lines[0]


def test_the_command_says_what_is_wrong_with_no_recording(tmp_path: Path) -> None:
    (tmp_path / "none.h5").write_bytes(b"none")
    done = CliRunner().invoke(app, ["info", str(tmp_path / "none.h5")])
    assert done.exit_code == 1
    assert "none.h5" in done.output
    assert "Traceback" not in done.output
