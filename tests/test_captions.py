from __future__ import annotations

import pytest

from lstmvis_panel.captions import Fact, file_name


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Drawn · cell", "drawn-cell"),
        ("../../etc/passwd", "etc-passwd"),
        ("Война и мир", "война-и-мир"),
        ("C:\\a\x00b", "c-a-b"),
        ("…", "recording"),
        ("", "recording"),
    ],
)
def test_any_name_gives_a_file_a_name(name: str, file: str) -> None:
    assert file_name(name) == file


def test_a_fact_is_plain_text() -> None:
    assert str(Fact("threshold ", "0.300", " · ≥")) == "threshold 0.300 · ≥"
