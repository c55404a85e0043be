"""Going on with what an earlier run left: only with its model and its batches, and not where all is done."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import torch

import lstmvis_panel as lv
from lstmvis_panel.record import record
from lstmvis_panel.record.batch import Batch
from lstmvis_panel.schema import RecordingError
from tests.record.torch_models import WORDS, LanguageModel, codes, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCHES = [codes(2, 4, seed=seed) for seed in range(4)]


def cut_off(model: Any, path: Path, batches: list[Any], after: int, **options: Any) -> bytes:
    """Record some batches, fail, and return what the partial file holds then."""

    def interrupted() -> Iterator[Any]:
        yield from batches[:after]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        record(model, interrupted(), path, **options)
    return path.with_name(f"{path.stem}.partial.h5").read_bytes()


def other_weights() -> LanguageModel:
    model = seeded(LanguageModel)
    with torch.no_grad():
        # No state of the first batch shows it.
        model.readout.bias[3] += 0.25
    return model


@pytest.mark.parametrize(
    ("model", "batches", "says"),
    [
        (other_weights(), BATCHES, r"states\.partial\.h5: is of another model"),
        (seeded(LanguageModel), [BATCHES[0], BATCHES[2], *BATCHES[2:]], "has other tokens, .* in its first 2 batches"),
        (seeded(LanguageModel), [codes(2, 4, seed=9), *BATCHES[1:]], "has other tokens, .* in its first 2 batches"),
        (seeded(LanguageModel), [BATCHES[0], Batch(BATCHES[1], documents=["a", "b"])], "has other tokens, documents"),
        (seeded(LanguageModel), BATCHES[:1], r"ends after 1; states\.partial\.h5 has 2 of them already"),
    ],
)
def test_something_else_is_refused_and_changes_nothing(tmp_path: Path, model: Any, batches: Any, says: str) -> None:
    path = tmp_path / "states.h5"
    before = cut_off(seeded(LanguageModel), path, BATCHES, 2, vocabulary=WORDS)
    with pytest.raises(RecordingError, match=says):
        record(model, batches, path, vocabulary=WORDS, resume=True)
    assert (tmp_path / "states.partial.h5").read_bytes() == before
    assert not path.exists()
    record(seeded(LanguageModel), BATCHES, path, vocabulary=WORDS, resume=True)
    assert lv.open_recording(path).sizes["step"] == 32


def test_a_run_that_was_cut_off_at_its_end_is_completed(tmp_path: Path) -> None:
    path = tmp_path / "states.h5"
    cut_off(seeded(LanguageModel), path, BATCHES, 4)
    record(seeded(LanguageModel), BATCHES, path, resume=True)
    recording = lv.open_recording(path)
    assert recording.sizes["step"] == 32
    assert "partial" not in recording.attrs


def test_a_complete_recording_is_left_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = record(seeded(LanguageModel), BATCHES, tmp_path / "states.h5", vocabulary=WORDS)
    before = path.read_bytes()
    with caplog.at_level(logging.WARNING, "lstmvis_panel"):
        assert record(seeded(LanguageModel), BATCHES, path, vocabulary=WORDS, resume=True) == path
    assert caplog.messages == ["states.h5 is complete: it was left as it is."]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("model", "batches", "says"),
    [
        (other_weights(), BATCHES, r"states\.h5: is of another model.*leave out resume"),
        (seeded(LanguageModel), BATCHES[::-1], r"has other tokens, .* than states\.h5"),
        (seeded(LanguageModel), BATCHES[:3], r"ends after 3; states\.h5 has 4 of them already"),
        (seeded(LanguageModel), [*BATCHES, BATCHES[0]], r"states\.h5: is complete with 4 batches; there are more"),
    ],
)
def test_a_complete_recording_of_something_else_is_said(tmp_path: Path, model: Any, batches: Any, says: str) -> None:
    path = record(seeded(LanguageModel), BATCHES, tmp_path / "states.h5", vocabulary=WORDS)
    before = path.read_bytes()
    with pytest.raises(RecordingError, match=says):
        record(model, batches, path, vocabulary=WORDS, resume=True)
    assert path.read_bytes() == before
    record(model, batches, path, vocabulary=WORDS)
    assert lv.open_recording(path).sizes["step"] == 8 * len(batches)


def test_weights_are_told_by_their_values_and_not_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "states.h5"
    cut_off(seeded(LanguageModel).bfloat16(), path, BATCHES, 2, modules="rnn")
    wrapped = torch.nn.Sequential(seeded(LanguageModel).bfloat16())
    record(wrapped, BATCHES, path, resume=True, modules="0.rnn")
    assert lv.open_recording(path).sizes["step"] == 32


def test_what_is_no_recording_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "states.h5"
    path.write_bytes(b"text")
    record(seeded(LanguageModel), BATCHES, path, resume=True)
    assert lv.open_recording(path).sizes["step"] == 32
