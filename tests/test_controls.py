"""Fields and buttons that views share: what is typed reaches the session within its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from lstmvis_panel.session import Session
from lstmvis_panel.views.controls import number_input
from tests.library import library


@pytest.mark.parametrize(
    ("entry", "position"),
    [
        ({"typed": "12"}, 12), ({"typed": "12.9"}, 12), ({"by": 3}, 103), ({"by": -3}, 97),
        ({"typed": "9999"}, 599), ({"typed": "-5"}, 0), ({"by": 700}, 599),
        ({"typed": ""}, 100), ({"typed": "inf"}, 100),
    ],
)  # fmt: skip
def test_a_number_is_kept_within_its_bounds_and_shown(entry: dict[str, Any], position: int) -> None:
    session = Session(library(), position=100)
    field = number_input(session.param.position, "step", step=1, width=86)
    assert field.shown == "100"
    field._handle_msg(entry)
    assert (session.position, field.shown) == (position, str(position))
