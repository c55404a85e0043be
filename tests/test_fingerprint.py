from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lstmvis_panel import open_recording, save_recording
from lstmvis_panel.fingerprint import fingerprint
from tests.drawn import recording_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import xarray as xr

RECORDING = recording_of("abCdeabCde", ".##....##.", "####......", documents="0000011111")


def test_a_recording_is_known_again_from_a_file(tmp_path: Path) -> None:
    print_ = fingerprint(RECORDING)
    assert len(print_) == 16
    save_recording(RECORDING, tmp_path / "drawn.h5")
    assert fingerprint(open_recording(tmp_path / "drawn.h5")) == print_


def turned(recording: xr.Dataset, step: int) -> xr.Dataset:
    values = recording.cell.values.copy()
    values[step, 1] += 0.125
    return recording.assign(cell=recording.cell.copy(data=values))


@pytest.mark.parametrize(
    "change",
    [
        lambda r: turned(r, 0),
        lambda r: turned(r, 9),
        lambda r: r.isel(step=slice(0, 9)),
        lambda r: r.assign(token=r.token.copy(data=r.token.values[::-1])),
        lambda r: r.assign(vocabulary=r.vocabulary.copy(data=np.array(list("ABCde"), object))),
        lambda r: r.assign_coords(document=("step", [0] * 6 + [1] * 4)),
        lambda r: r.rename(cell="output"),
        lambda r: r.assign(cell=r.cell.astype("float64").assign_attrs(r.cell.attrs)),
        lambda r: r.assign(cell=r.cell.assign_attrs(transform="tanh")),
    ],
)
def test_another_recording_is_told_apart(change: Callable[[xr.Dataset], xr.Dataset]) -> None:
    assert fingerprint(change(RECORDING)) != fingerprint(RECORDING)


def test_titles_and_annotations_make_no_difference() -> None:
    assert fingerprint(RECORDING.drop_vars("place").assign_attrs(title="Other")) == fingerprint(RECORDING)
