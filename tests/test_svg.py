from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from lstmvis_panel import svg

NAMES = "{http://www.w3.org/2000/svg}"


def parsed(*parts: str) -> ET.Element:
    return ET.fromstring(svg.document(parts, 100, 50, "A <title>"))  # noqa: S314 - our own text


def test_a_document_has_its_size_and_title() -> None:
    root = parsed()
    assert (root.attrib["width"], root.attrib["height"], root.attrib["viewBox"]) == ("100", "50", "0 0 100 50")
    assert root.findtext(f"{NAMES}title") == "A <title>"


@pytest.mark.parametrize("said", ["<unk>", "a & b", '"', "'", "naïve", "鯨", "\u202e"])
def test_any_word_can_be_written(said: str) -> None:
    assert parsed(svg.text(said, 1, 2)).findtext(f"{NAMES}text") == said


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\x1b", "\udc80", "\ufffe"])
def test_what_xml_has_no_way_to_write_is_replaced(letter: str) -> None:
    shape = svg.text(f"a{letter}b", 1, 2, aria_label=f"c{letter}")
    root = ET.fromstring(svg.document([shape], 9, 9, f"d{letter}").encode())  # noqa: S314 - our own text
    found = root.find(f"{NAMES}text")
    assert found is not None
    assert (found.text, found.attrib["aria-label"]) == ("a\ufffdb", "c\ufffd")
    assert root.findtext(f"{NAMES}title") == "d\ufffd"


def test_words_are_squeezed_and_never_stretched() -> None:
    wide, narrow = (parsed(svg.text(said, 5, 9, room=30)).find(f"{NAMES}text") for said in ("philosophically", "it"))
    assert wide is not None
    assert narrow is not None
    share = float(wide.attrib["transform"].partition("scale(")[2].split()[0])
    assert share == pytest.approx(30 / svg.width_of("philosophically"), abs=0.001)
    assert "transform" not in narrow.attrib


def test_a_line_is_lifted_where_it_has_no_value() -> None:
    drawn = parsed(svg.polyline(np.array([0.0, 1, 2, 3, 4]), np.array([5.0, 6, np.nan, 7, 8]), stroke_width=2))
    found = drawn.find(f"{NAMES}path")
    assert found is not None
    assert found.attrib["d"] == "M0.0 5.0L1.0 6.0M3.0 7.0L4.0 8.0"
    assert found.attrib["stroke-width"] == "2"


def test_a_window_shows_a_part_of_what_is_in_it() -> None:
    inside = parsed(svg.window([svg.rectangle(-5, 0, 20, 9)], 3, 4, 10, 9)).find(f"{NAMES}svg")
    assert inside is not None
    assert inside.attrib == {"x": "3", "y": "4", "width": "10", "height": "9", "overflow": "hidden"}
    assert len(inside) == 1


def test_pixels_are_held_without_loss() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4), np.uint8)
    image = parsed(svg.picture(pixels, 0, 0, 40, 30)).find(f"{NAMES}image")
    assert image is not None
    data = base64.b64decode(image.attrib["href"].partition(",")[2])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)
