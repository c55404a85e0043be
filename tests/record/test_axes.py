"""Rows and steps are told apart where there are as many of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

import lstmvis_panel as lv
from lstmvis_panel.record.entry import record
from lstmvis_panel.schema import RecordingError
from tests.record.torch_models import WORDS, LanguageModel, codes, seeded

if TYPE_CHECKING:
    from pathlib import Path


class TurnedInside(nn.Module):
    """Reads and gives out (row, step), but its recurrent module reads (step, row)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 5)
        self.rnn = nn.LSTM(5, 6)
        self.readout = nn.Linear(6, len(WORDS))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.readout(self.rnn(self.embedding(tokens).transpose(0, 1))[0].transpose(0, 1))


@pytest.mark.parametrize("options", [{"surprisal": True}, {"hooks": "readout"}, {"top": 1, "logits": "readout"}])
def test_a_square_that_nobody_can_tell_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(RecordingError, match="nobody can tell its 5 rows from its 5 steps - let the first batch have"):
        record(seeded(TurnedInside), [codes(5, 5)], tmp_path / "states.h5", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", [{}, {"logits": "readout"}])
def test_another_batch_tells_of_a_square(tmp_path: Path, where: dict[str, Any]) -> None:
    model, square = seeded(TurnedInside).eval(), codes(5, 5)
    options = {"surprisal": True, "top": 1, "hooks": "readout", "saliency": "predicted"} | where
    path = record(model, [codes(4, 5, seed=3), square], tmp_path / "states.h5", **options)
    recording = lv.open_recording(path).isel(step=slice(20, None))
    with torch.no_grad():
        logits = model(square)
    np.testing.assert_allclose(recording["readout"].values.reshape(5, 5, -1), logits, atol=1e-6)
    assert recording["top_predictions"].values.reshape(5, 5).tolist() == logits.argmax(dim=2).tolist()
    given = -logits.log_softmax(dim=2)[:, :-1].gather(2, square[:, 1:, None])[..., 0]
    np.testing.assert_allclose(recording["surprisal"].values.reshape(5, 5)[:, 1:], given, atol=1e-5)
    alone = lv.open_recording(record(model, [square[2:3]], tmp_path / "alone.h5", **options))
    np.testing.assert_allclose(recording["saliency"].values[10:15], alone["saliency"].values, atol=1e-6)


def test_a_square_of_a_model_that_turns_nothing(tmp_path: Path) -> None:
    model, square = seeded(LanguageModel).eval(), codes(6, 6)
    path = record(model, [square], tmp_path / "states.h5", hooks="readout", top=1)
    with torch.no_grad():
        np.testing.assert_allclose(
            lv.open_recording(path)["readout"].values.reshape(6, 6, -1), model(square), atol=1e-6
        )
