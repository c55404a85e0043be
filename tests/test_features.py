"""The page that sets the original's features beside ours names tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "features.md").read_text(encoding="utf-8")
NAME = r"`([\w/]+\.py)::(test_\w+)`"
NAMED = sorted(set(re.findall(NAME, PAGE)))


def test_every_row_names_a_test() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    rows = [line for line in lines if not line.endswith("| test |") and "---" not in line]
    assert len(rows) > 100
    assert [row for row in rows if len(re.findall(NAME, row)) != 1] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
