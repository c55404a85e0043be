"""The example of parentheses can be built again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.schema import sources, validate
from tests.built import build

if TYPE_CHECKING:
    from pathlib import Path


def test_it_can_be_built_in_a_tiny_form(tmp_path: Path) -> None:
    recording = build("parens", tmp_path)
    assert validate(recording) == []
    assert recording.sizes["step"] == 500
    assert sources(recording) == ["cell2", "output2", "cell1", "output1"]
    assert (tmp_path / "trial.safetensors").stat().st_size > 1e6
