"""The example of DNA can be built again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel.schema import sources, validate
from tests.built import build

if TYPE_CHECKING:
    from pathlib import Path


def test_it_can_be_built_in_a_tiny_form(tmp_path: Path) -> None:
    recording = build("dna", tmp_path, clients=("apt-get", "dpkg-deb"))
    assert validate(recording) == []
    assert recording.sizes["step"] == 2000
    assert len(set(recording["document"].to_numpy().tolist())) == 2
    assert sources(recording)[0] == "hidden1_forward"
    assert len(sources(recording)) == 5
    assert (tmp_path / "trial.safetensors").stat().st_size > 1e5
