"""Figures as what they are made of: every shape with its place, so that it can be held to the data."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from lstmvis_panel.figure import figure_of
from lstmvis_panel.session import Session
from tests.drawn import recording_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

NAMES = "{http://www.w3.org/2000/svg}"

#   step      0 1 2 3 4   5 6 7 8 9
#   document  0           1
#   word      a b C d e   a b C d e
#   site        # #         #
WORDS, DOCUMENTS, ROWS = "abCdeabCde", "0000011111", (".##....##.", ".##....#..", "####......")


@dataclass(frozen=True)
class Shape:
    """A shape of a figure: what it is, where its own corner or point lies, how it looks, what it says."""

    kind: str
    x: float
    y: float
    look: dict[str, str]
    text: str

    def number(self, name: str) -> float:
        """An attribute that is a number."""
        return float(self.look[name])

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width, height."""
        return self.x, self.y, self.number("width"), self.number("height")

    @property
    def pixels(self) -> np.ndarray:
        """What a picture holds, uint8 (y, x, RGBA)."""
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(self.look["href"].partition(",")[2]))))


class Figure:
    """What a figure is made of: that of a session, or one that has been saved."""

    def __init__(self, shown: Session | str) -> None:
        figure = shown if isinstance(shown, str) else figure_of(shown)
        self.root = ET.fromstring(figure)  # noqa: S314 - our own text
        self.shapes = list(_placed(self.root, 0, 0))

    def all(self, kind: str, **look: object) -> list[Shape]:
        """Shapes of a kind that look so, in the order in which they are drawn; ``_`` stands for ``-``."""
        wanted = {name.replace("_", "-"): str(value) for name, value in look.items()}
        return [shape for shape in self.shapes if shape.kind == kind and wanted.items() <= shape.look.items()]

    @property
    def texts(self) -> list[str]:
        """All that is written."""
        return [shape.text for shape in self.all("text")]

    def said(self, text: str) -> Shape:
        """Where a text stands; the first of equal ones."""
        return next(shape for shape in self.all("text") if shape.text == text)

    @property
    def plots(self) -> list[Shape]:
        """The plots of lines from the top."""
        return self.all("svg")


def _placed(element: ET.Element, x: float, y: float) -> Iterator[Shape]:
    for child in element:
        kind, look = child.tag.removeprefix(NAMES), child.attrib
        moved = re.match(r"translate\((\S+) (\S+?)\)", look.get("transform", ""))
        here = [float(look.get(name, 0)) for name in (("x1", "y1") if kind == "line" else ("x", "y"))]
        across, down = map(float, moved.groups()) if moved else here
        yield Shape(kind, x + across, y + down, look, child.text or "")
        yield from _placed(child, x + across, y + down) if kind in {"g", "svg", "defs"} else ()


def recording(**annotations: object) -> xr.Dataset:
    """Return three states over two documents, with annotations of each kind."""
    drawn = recording_of(WORDS, *ROWS, documents=DOCUMENTS)
    predicted, weights = np.tile([0, 1, 2], (10, 1)), np.tile([0.5, 0.125, 0.25], (10, 1))
    attrs = {"kind": "prediction", "labels": "vocabulary", "weights": "top_weight"}
    return drawn.assign(
        site=("step", [0, 1, 1, 0, 0, 0, 1, 0, 0, 0], {"kind": "categorical", "labels": "site_label"}),
        site_label=("site_label", np.array(["no site", "site"]), {"kind": "labels"}),
        loss=("step", [0, 3, -1, 1, np.nan, 0, 0, 9, 0, 2], {"kind": "scalar", "range": [-1, 3]}),
        top=(("step", "rank"), predicted, attrs),
        top_weight=(("step", "rank"), weights, {"kind": "weights"}),
        **annotations,
    )  # fmt: skip


def looking(shown: xr.Dataset | None = None, **look: object) -> Session:
    """Return a session that has selected the steps 1 and 2, where all three states are on, and has its matches."""
    held = recording() if shown is None else shown
    session = Session(held, **{"threshold": 0.5, "left": 0, "selection": (1, 3), "tracks": [], **look})
    session.measure()
    if session.query is not None:
        session.matches = session.search(session.query)
    return session
