"""The example of parentheses can be built again."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel.schema import sources, validate
from lstmvis_panel.store import open_recording
from tests.built import build
from tests.tools.serving import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path


def test_it_can_be_built_in_a_tiny_form(tmp_path: Path) -> None:
    recording = build("parens", tmp_path)
    assert validate(recording) == []
    assert recording.sizes["step"] == 500
    assert sources(recording) == ["cell2", "output2", "cell1", "output1"]
    assert (tmp_path / "trial.safetensors").stat().st_size > 1e6


def test_the_weights_give_what_is_recorded() -> None:
    torch = pytest.importorskip("torch")
    load_file = pytest.importorskip("safetensors.torch").load_file

    language_model = import_module("data.parens.model")

    recording = open_recording(EXAMPLES / "parens" / "parens.h5")
    weights = load_file(EXAMPLES / "parens" / "model.safetensors")
    model = language_model.new_model()
    for name, part in model.parts().items():
        prefix = f"{name}."
        part.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    # The recorder's lead-in is not in the file: after so many steps it has no part in the states any more.
    tokens = torch.from_numpy(recording["token"].to_numpy()[:600].astype(np.int64))[None]
    with torch.no_grad():
        traced = language_model.trace(model, tokens, language_model.start(1))
    for number in (1, 2):
        recorded = recording[f"cell{number}"][400:600].to_numpy().astype(np.float32)
        assert np.abs(traced.cells[number - 1][0, 400:].numpy() - recorded).max() < 2 / 1024
