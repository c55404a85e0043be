"""What no file of the repository may mention: a place on one machine, or a host that is asked for scripts.

And how heavy the files of the examples may be.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WEB = {".css", ".html", ".js", ".mjs", ".ts"}
TEXT = WEB | {".cff", ".ini", ".ipynb", ".json", ".md", ".py", ".sh", ".toml", ".yaml", ".yml"}

MACHINE_PATH = re.compile(r"(?<![\w.~$])/(?:work|tmp|root|home/\w+|Users/\w+)/[\w.]")
OTHER_HOST = re.compile(r"https?://(?!localhost|127\.0\.0\.1|www\.w3\.org/)|[\"'(]//\w", re.IGNORECASE)
CONTENT_NETWORK = re.compile(r"\b(?:cdn\.|cdnjs|jsdelivr|unpkg|esm\.sh|skypack|googleapis|gstatic)", re.IGNORECASE)
BARE_IMPORT = re.compile(r"\b(?:from|import)\s*\(?\s*[\"'](?![./])")


def text_files(folder: str) -> list[Path]:
    """Return the text files below a folder of the repository, but what tools leave behind."""
    files = [path for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts and path.is_file()]
    return [path for path in files if path.suffix in TEXT or not path.suffix]


def mentions(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    """Return ``file:line: what was found`` for each place where a pattern is found."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for found in pattern.finditer(line)
    ]


HEAVIEST = 60e6
"""Bytes that the examples may have all together, recordings and weights included: they are fetched with every clone."""

PACKAGE_FILES = text_files("lstmvis_panel")
WEB_FILES = [path for path in PACKAGE_FILES if path.suffix in WEB]
TOP_FILES = [path for path in ROOT.iterdir() if path.suffix in TEXT or path.name == "Makefile"]
FOLDERS = (".ci", "apps", "data", "lstmvis_panel", "tests", "tools")


def test_no_file_names_a_place_on_one_machine() -> None:
    files = TOP_FILES + [path for folder in FOLDERS for path in text_files(folder)]
    assert mentions(MACHINE_PATH, files) == []


def test_scripts_and_styles_ask_no_other_host() -> None:
    assert {path.suffix for path in WEB_FILES} >= {".css", ".js"}
    assert mentions(OTHER_HOST, WEB_FILES) == []


def test_scripts_import_only_files_beside_them() -> None:
    assert mentions(BARE_IMPORT, [path for path in WEB_FILES if path.suffix != ".css"]) == []


def test_nothing_in_the_package_names_a_content_network() -> None:
    assert mentions(CONTENT_NETWORK, PACKAGE_FILES) == []


def test_the_examples_are_light_enough_to_be_cloned() -> None:
    files = [path for path in (ROOT / "data").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.parent.name for path in files if path.suffix == ".safetensors"} == {
        "chords",
        "dna",
        "novels",
        "parens",
    }
    assert sum(path.stat().st_size for path in files) < HEAVIEST


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE_PATH, "open('{}tmp/x.h5')"),
        (MACHINE_PATH, "see {}home/ada/data"),
        (OTHER_HOST, "fetch('https:{}/example.org/x')"),
        (OTHER_HOST, "@import url({}/fonts.example.org/x.css)"),
        (CONTENT_NETWORK, "https:{}/cdn.example.org/x.js"),
        (BARE_IMPORT, "import * as d3 from 'd3'"),
        (BARE_IMPORT, "import 'https:{}/example.org/x.js'"),
        (BARE_IMPORT, "const d3 = await import('d3')"),
    ],
)
def test_what_must_not_be_shipped_is_found(pattern: re.Pattern[str], line: str) -> None:
    # The slash is set in here, since these lines are shipped too.
    assert pattern.search(line.format("/"))


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE_PATH, "#!/usr/bin/env python3"),
        (MACHINE_PATH, "https://example.org/work/x and data/tmp/x"),
        (OTHER_HOST, "document.createElementNS('http://www.w3.org/2000/svg', 'g') // drawn"),
        (BARE_IMPORT, "import { press } from './gesture.js'"),
        (BARE_IMPORT, "export default { render }; root.append('x')"),
    ],
)
def test_what_may_be_shipped_passes(pattern: re.Pattern[str], line: str) -> None:
    assert not pattern.search(line)
