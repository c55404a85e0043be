"""The notebook that comes with the project runs from top to bottom, in a kernel, and says what the paper found."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.tools.jupyter import EXECUTE, environment

NOTEBOOK = Path(__file__).parents[1] / "apps" / "lstmvis.ipynb"


def cells(path: Path) -> dict[str, dict[str, Any]]:
    """Return the code cells of a notebook by their ids."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return {cell["id"]: cell for cell in notebook["cells"] if cell["cell_type"] == "code"}


def text_of(cell: dict[str, Any]) -> str:
    """Return the last that a cell printed or returned, as text."""
    output = cell["outputs"][-1]
    lines = output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"]
    return "".join(lines)


def test_the_notebook_is_kept_without_outputs() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(NOTEBOOK).values())


def test_the_notebook_runs_and_finds_level_4(tmp_path: Path) -> None:
    done = tmp_path / "done.ipynb"
    command = [EXECUTE, f"--output={done}", NOTEBOOK]
    ended = subprocess.run(
        command, env=environment(tmp_path / "home"), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    run = cells(done)
    shown = [output.get("data", {}) for output in run["explore"]["outputs"]]
    assert any("data-root-id" in "".join(data.get("text/html", "")) for data in shown)
    assert text_of(run["selected"]).startswith("array([ 15,  22,  26,")
    assert text_of(run["set"]) == "(26, 51)"
    phrases = [line[6:].strip() for line in text_of(run["compute"]).splitlines()]
    assert len(phrases) == 10
    assert all(re.fullmatch(r"\((?: 4)+", phrase) for phrase in phrases)
    assert len({len(phrase) for phrase in phrases}) > 3
