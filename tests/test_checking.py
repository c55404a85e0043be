"""All problems of a recording on disk, also of one that can't be opened, and of its link to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import pytest

import lstmvis_panel as lv
from lstmvis_panel.checking import problems_of
from tests.recordings import recording_of

if TYPE_CHECKING:
    from pathlib import Path


def save_side(path: Path, linked: str, documents: list[str]) -> None:
    """Save three steps, one for each document, linked with another file."""
    recording = recording_of([[0.5], [0.25], [0.0]]).assign_attrs(linked=linked, side=path.stem)
    labels = ("name", documents, {"kind": "labels"})
    recording = recording.drop_vars("document", errors="ignore").assign(document_label=labels)
    lv.save_recording(recording.assign_coords(document=("step", [0, 1, 2], {"labels": "document_label"})), path)


def test_a_file_that_can_not_be_opened_is_read_all_the_same(tmp_path: Path) -> None:
    lv.save_recording(recording_of([[0.5, 0.0], [0.25, 0.0]]), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["token"][1] = 99
        file["hidden"][1, 1] = float("nan")
    with pytest.raises(lv.RecordingError, match="code 99"):
        lv.open_recording(tmp_path / "a.h5")
    fatal, warning = problems_of(tmp_path / "a.h5")
    assert "code 99 at step 1" in fatal.what
    assert warning.what == "1 of 4 values are NaN, the first at step 1, hidden_state 1"


def test_both_sides_are_there(tmp_path: Path) -> None:
    save_side(tmp_path / "a.h5", "b.h5", ["x", "y", "z"])
    save_side(tmp_path / "b.h5", "a.h5", ["x", "y", "z"])
    assert problems_of(tmp_path / "a.h5") == problems_of(tmp_path / "b.h5") == []


@pytest.mark.parametrize(
    ("linked", "documents", "said"),
    [
        (None, [], "names b.h5, which can't be opened beside it"),
        ("c.h5", ["x", "y", "z"], "names b.h5, which does not name a.h5 in turn"),
        ("a.h5", ["x", "z", "y"], "names b.h5, which has other documents"),
    ],
)
def test_a_link_that_leads_nowhere(tmp_path: Path, linked: str | None, documents: list[str], said: str) -> None:
    save_side(tmp_path / "a.h5", "b.h5", ["x", "y", "z"])
    if linked is not None:
        save_side(tmp_path / "b.h5", linked, documents)
    (problem,) = problems_of(tmp_path / "a.h5")
    assert problem.what.startswith(said)
    assert problem.where == "recording, attribute linked"
    assert not problem.fatal
    assert problem.remedy
