"""How long the command takes to start: ``python -m tests.benchmarks.start``.

From typing ``lstmvis serve`` with the bundled examples to the first recording painted in a browser that is open,
and what that is made of. Once more with nothing compiled yet, as right after installing.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from tests.tools.browser import launch_options
from tests.tools.serving import COMMAND, EXAMPLES, free_port, running
from tests.ui.screen import Screen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ASKED = 6.0
"""Seconds from the command to the first paint that are asked for."""

PARTS = ("loading the libraries", "compiled code loaded, first page drawn in vain", "page fetched and painted", "all")
PATIENCE = 300


def started(browser: Browser, folder: Path, compiled: Path | None = None) -> list[float]:
    """Start the server, open a page, and return the seconds that each part took, and all."""
    port, log = free_port(), folder / "server.log"
    environment = {**os.environ, **({"NUMBA_CACHE_DIR": str(compiled)} if compiled else {})}
    log.unlink(missing_ok=True)
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    with ThreadPoolExecutor(1) as watcher:
        first_line = watcher.submit(_written_at, log)
        typed = time.perf_counter()
        with running([COMMAND, "serve", EXAMPLES, "--port", str(port)], port, log, PATIENCE, environment) as server:
            opened = time.perf_counter()
            Screen(page, server.url).open(project="novels", position=2000, selection="2003-2006")
            painted = time.perf_counter()
    page.close()
    loaded = first_line.result()
    return [loaded - typed, opened - loaded, painted - opened, painted - typed]


def _written_at(log: Path) -> float:
    """Wait for the first line, which the command prints when all libraries are loaded."""
    while not (log.exists() and log.stat().st_size):
        time.sleep(0.01)
    return time.perf_counter()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        usual = [started(browser, Path(folder)) for _ in range(times + 1)][1:]
        fresh = started(browser, Path(folder), Path(folder) / "compiled")
        browser.close()
    title = f"from the command to the first paint, bundled examples; {platform.node()}, {platform.machine()}"
    table = Table("part", "asked, s", "median, s", "lowest", "highest", "nothing compiled yet, s", title=title)
    for name, taken, once in zip(PARTS, zip(*usual, strict=True), fresh, strict=True):
        spread = [f"{value:.1f}" for value in (statistics.median(taken), min(taken), max(taken), once)]
        table.add_row(name, f"{ASKED:.0f}" if name == "all" else "", *spread)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
