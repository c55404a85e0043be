"""What the wheel and the source archive carry, and that a wheel installed elsewhere finds its examples."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]

# hatchling builds what lies in the current folder
BUILD = "import sys; from hatchling import build; getattr(build, sys.argv[1])(sys.argv[2])"


def built(kind: str, folder: Path) -> Path:
    """Return the archive that the build makes in a folder."""
    subprocess.run([sys.executable, "-c", BUILD, f"build_{kind}", folder], cwd=ROOT, check=True, capture_output=True)
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_carries_the_package_and_what_its_pages_need(wheel: Path) -> None:
    package = ROOT / "lstmvis_panel"
    expected = {
        f"lstmvis_panel/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.suffix in {".css", ".js", ".py", ".typed"}
    }
    assert expected <= set(ZipFile(wheel).namelist())


def test_the_wheel_carries_of_the_examples_what_a_reader_needs(wheel: Path) -> None:
    inside = {Path(name) for name in ZipFile(wheel).namelist() if name.startswith("lstmvis_panel/examples/")}
    assert {path.parent.name for path in inside} == {path.name for path in (ROOT / "data").iterdir() if path.is_dir()}
    assert {path.suffix for path in inside} <= {".dict", ".h5", ".hdf5", ".md", ".nc", ".txt", ".yml"}


def test_nothing_else_travels_in_the_wheel(wheel: Path) -> None:
    folders = {Path(name).parts[0] for name in ZipFile(wheel).namelist()}
    assert {folder.rpartition(".")[2] for folder in folders} == {"lstmvis_panel", "dist-info"}


def test_installed_elsewhere_it_opens_its_own_examples_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    ZipFile(wheel).extractall(installed)  # noqa: S202  # our own, just built
    code = """
from lstmvis_panel import store
folder = store.bundled_examples()
projects = store.open_projects(folder)
print(folder, *projects, *(project.error for project in projects.values()), sep="\\n")
"""
    run = [sys.executable, "-c", code]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    said = subprocess.run(run, cwd=elsewhere, env=environment, check=True, capture_output=True, text=True).stdout
    place, *projects = said.splitlines()
    assert place == str(installed / "lstmvis_panel" / "examples")
    examples, errors = projects[: len(projects) // 2], projects[len(projects) // 2 :]
    assert sorted(examples) == sorted(path.name for path in (ROOT / "data").iterdir() if any(path.glob("*.h5")))
    assert set(errors) == {"None"}


def test_the_source_archive_is_enough_to_build_and_test(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path)) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    needed = ["Makefile", "data/parens/build.py", "pyproject.toml", "tests/conftest.py", "tools/install.sh"]
    assert inside >= {*needed, "README.md", "LICENSE", "CHANGELOG.md", "lstmvis_panel/__init__.py"}
    assert not [name for name in inside if name.startswith((".venv", ".git/"))]
