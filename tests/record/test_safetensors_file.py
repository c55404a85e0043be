"""Tensors of a file that stay on disk until they are looked at, against the format's own package."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lstmvis_panel.record import from_arrays
from lstmvis_panel.record.convert import convert
from lstmvis_panel.record.safetensors_file import BrainFloats, read_safetensors
from lstmvis_panel.schema import RecordingError
from lstmvis_panel.store import open_recording

if TYPE_CHECKING:
    from pathlib import Path

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.uint8, torch.bool)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (0, 2)])
def test_every_tensor_is_what_was_written(tmp_path: Path, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    numbers = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 3
    tensors = {"b": torch.ones(5, dtype=torch.int8), "a/weight": numbers.to(dtype)}
    save_file(tensors, tmp_path / "x.safetensors", metadata={"format": "pt"})
    found = read_safetensors(tmp_path / "x.safetensors")
    assert found.keys() == tensors.keys()
    values = found["a/weight"][...]
    assert found["a/weight"].shape == shape
    expected = tensors["a/weight"].float() if dtype is torch.bfloat16 else tensors["a/weight"]
    assert np.array_equal(values, expected.numpy())
    assert values.dtype == expected.numpy().dtype


def test_bfloat16_is_recorded_as_such(tmp_path: Path) -> None:
    exact = torch.randn(8, 3, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    save_file({"hidden": exact}, tmp_path / "x.safetensors")
    (tmp_path / "tokens.txt").write_text("\n".join("abcdefgh"))
    out = convert([tmp_path / "x.safetensors"], tmp_path / "out.h5", tokens=tmp_path / "tokens.txt")
    hidden = open_recording(out)["hidden"]
    assert hidden.attrs["recorded_dtype"] == "bfloat16"
    assert torch.equal(torch.from_numpy(hidden.to_numpy()).to(torch.bfloat16), exact)


def test_tensors_are_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    steps = 1 << 16
    states = torch.arange(steps).remainder(128).to(torch.bfloat16)[:, None].expand(steps, 512).contiguous()
    save_file({"hidden": states}, tmp_path / "x.safetensors")
    tracemalloc.start()
    sources = read_safetensors(tmp_path / "x.safetensors")
    recording = from_arrays(np.zeros(steps, np.int64), sources, path=tmp_path / "out.h5")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < steps * 512 * 4 // 2
    assert np.array_equal(recording["hidden"][:, 7], np.arange(steps) % 128)


def test_a_slice_reads_what_it_asks_for() -> None:
    halves = np.array([[0x3F80, 0x4000], [0xC040, 0x7F80]], np.uint16)
    assert np.array_equal(BrainFloats(halves)[1:], [[-3, np.inf]])
    assert len(BrainFloats(halves)) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "can't be read: it is no safetensors file"),
        (b"\xff" * 100, "can't be read: it is no safetensors file"),
        ({"a": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}, "a: holds F8_E4M3; F64, F32"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, "a: ends at byte .* it is cut off"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes | dict[str, object], says: str) -> None:
    if isinstance(content, dict):
        header = json.dumps(content).encode()
        content = len(header).to_bytes(8, "little") + header
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(RecordingError, match=says):
        read_safetensors(tmp_path / "x.safetensors")
