"""The example of novels can be built again, from the sources to the recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.schema import sources, validate
from tests.built import build

if TYPE_CHECKING:
    from pathlib import Path


def test_it_can_be_built_in_a_tiny_form(tmp_path: Path) -> None:
    recording = build("novels", tmp_path, clients=("apt-get", "dpkg-deb", "npm"))
    assert validate(recording) == []
    assert recording.sizes["step"] > 1000
    assert set(sources(recording)) == {"cell1", "cell2"}
    assert {"pos", "tag", "entity", "noun_chunk", "surprisal", "top_predictions"} <= set(recording.variables)
    assert (tmp_path / "trial.safetensors").stat().st_size > 1e4
