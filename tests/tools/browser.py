"""The browser that tests, screenshots and latency measurements drive: how it is found, had and started.

``python -m tests.tools.browser`` makes sure that there is one: a Chromium on the PATH, else Debian's package
when root on Debian, else Playwright's own download. Where there is none, one line says why.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    # Chromium by itself calls its maker at every start; the tests count every request that leaves the page.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def on_path() -> str | None:
    """Return the Chromium on the PATH, None if there is none that starts.

    Ubuntu's ``chromium-browser`` may be a script that only says where to get the real one: hence the trial.
    """
    found = filter(None, map(shutil.which, NAMES))
    return next((path for path in found if _run([path, "--version"]) is None), None)


def launch_options() -> dict[str, Any]:
    """Return what ``playwright.chromium.launch`` takes: the Chromium on the PATH, else Playwright's own."""
    path = on_path()
    return {"args": list(ARGUMENTS)} | ({"executable_path": path} if path else {})


def ensure() -> list[str]:
    """Make sure that there is a browser, and that Playwright can drive it.

    Returns
    -------
    list of str
        Empty if there is one now, else what was tried and how it failed.
    """
    driver, failures = _driver_failure(), []
    if on_path() and not driver:
        return []
    if os.geteuid() == 0 and _is_debian():
        print("Installing Debian's Chromium for the browser tests ...", flush=True)
        failures, driver = _install_debian_packages(), _driver_failure()
    if driver:
        return [*failures, f"Playwright's driver: {driver}"]
    if not on_path() and not _playwright_has_one():
        print("Downloading Playwright's Chromium for the browser tests ...", flush=True)
        failure = _run([sys.executable, "-m", "playwright", "install", "chromium"])
        if failure:
            return [*failures, f"Playwright's download: {failure}"]
    return _try_to_start()


def _driver_failure() -> str | None:
    return _run([sys.executable, "-m", "playwright", "--version"])


def _install_debian_packages() -> list[str]:
    apt = ["apt-get", "--quiet", "--yes", "--option=DPkg::Lock::Timeout=300"]
    # A slim Debian has neither the library that Playwright's driver needs nor a font, without which no text is drawn.
    packages = ["chromium", "fonts-dejavu-core", "fonts-liberation", "libatomic1"]
    update = _run([*apt, "update"])
    failure = _run([*apt, "install", "--no-install-recommends", *packages], {"DEBIAN_FRONTEND": "noninteractive"})
    return [f"Debian's package: {update or failure}"] if failure else []


def _is_debian() -> bool:
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


def _playwright_has_one() -> bool:
    with sync_playwright() as playwright:
        return os.path.exists(playwright.chromium.executable_path)  # noqa: PTH110  # it may be an empty string


def _try_to_start() -> list[str]:
    with sync_playwright() as playwright:
        try:
            playwright.chromium.launch(**launch_options()).close()
        except PlaywrightError as error:
            return [f"Chromium does not start: {_telling_line(str(error))}"]
    return []


def _run(command: Sequence[str], environment: dict[str, str] | None = None) -> str | None:
    """Run a command in silence; return None if it went well, else the line of its output that tells most."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | (environment or {}),
            check=False,
        )
    except OSError as error:
        return str(error)
    return _telling_line(done.stdout) if done.returncode else None


def _telling_line(output: str) -> str:
    """Return the line that names the cause: apt's and Node's errors have a mark, Playwright frames some in a box."""
    lines = [line for line in (line.strip(" ║╔╗╚╝═") for line in output.splitlines()) if line]
    causes = [line for line in lines if re.search(r"^E: |^Error|missing|doesn't exist", line)]
    return (causes or lines[-1:] or ["no output"])[0]


def main() -> int:
    """Make sure that there is a browser; return the exit code."""
    failures = ensure()
    if failures:
        print(
            f"make: no browser for the tests: {'; '.join(failures)}. "
            f"Install Chromium so that one of {', '.join(NAMES)} is on the PATH.",
            file=sys.stderr,
        )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
