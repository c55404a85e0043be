"""What the examples are made from: packages of public registries, fetched by the registries' own clients."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER_VARIABLE = "LSTMVIS_SOURCES"


class SourceError(RuntimeError):
    """A package could not be had; the message says which, why and what to do."""


def folder() -> Path:
    """Return where fetched packages are kept: the user's cache, or what ``LSTMVIS_SOURCES`` names."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("lstmvis-panel") / "sources"


def from_npm(package: str, version: str) -> Path:
    """Return the unpacked folder of a package of the npm registry.

    Raises
    ------
    SourceError
        If npm is missing or the package can't be fetched.
    """
    file_name = f"{package.lstrip('@').replace('/', '-')}-{version}.tgz"

    def fetch(into: Path) -> None:
        _run(["npm", "pack", f"{package}@{version}"], into, file_name)

    def unpack(archive: Path, into: Path) -> None:
        with tarfile.open(archive) as tar:
            tar.extractall(into, filter="data")

    return _kept(file_name, fetch, unpack) / "package"


def from_debian(package: str) -> Path:
    """Return the unpacked folder of a Debian package; nothing is installed.

    Raises
    ------
    SourceError
        If apt is missing or the package can't be fetched.
    """

    def fetch(into: Path) -> None:
        try:
            _run(["apt-get", "download", "-qq", package], into, f"{package}.deb")
        except SourceError:
            # A machine that never asked what there is; a user who may not ask is told by the second attempt.
            _run(["apt-get", "update", "-qq"], into, f"{package}.deb")
            _run(["apt-get", "download", "-qq", package], into, f"{package}.deb")
        next(into.glob(f"{package}_*.deb")).rename(into / f"{package}.deb")

    def unpack(archive: Path, into: Path) -> None:
        _run(["dpkg-deb", "--extract", str(archive), str(into)], into, archive.name)

    return _kept(f"{package}.deb", fetch, unpack)


def _kept(file_name: str, fetch: Callable[[Path], None], unpack: Callable[[Path, Path], None]) -> Path:
    """Return the unpacked folder of an archive, fetching what is not there yet; half an archive never stays."""
    place = folder()
    unpacked = place / Path(file_name).stem
    if unpacked.is_dir():
        return unpacked
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as name:
        beside = Path(name)
        archive = place / file_name
        if not archive.is_file():
            fetch(beside)
            archive = beside / file_name
        (beside / "unpacked").mkdir()
        unpack(archive, beside / "unpacked")
        try:
            (beside / "unpacked").rename(unpacked)
        except OSError:
            # Another build was quicker.
            if not unpacked.is_dir():
                raise
    return unpacked


def _run(command: Sequence[str], into: Path, file_name: str) -> None:
    remedy = f"Fetch it by hand, as {folder() / file_name}, and start again."
    program = shutil.which(command[0])
    if program is None:
        raise SourceError(f"{file_name} is fetched by {command[0]}, which is not on this machine. {remedy}")
    done = subprocess.run(  # noqa: S603 - the registries' own clients
        [program, *command[1:]], cwd=into, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it did not say why"]
        raise SourceError(f"{' '.join(command)} failed: {lines[-1]}. {remedy}")
