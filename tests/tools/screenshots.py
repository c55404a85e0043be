"""README's pictures: ``python -m tests.tools.screenshots``.

The bundled example in real Chromium, with the paper's selection of section 5.1 brushed by a real mouse.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.tools.browser import launch_options
from tests.tools.serving import EXAMPLES, serving
from tests.ui.screen import SETTLED, Screen

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SHOTS = (("select-and-match", "light", 1400, 900), ("dark", "dark", 1400, 900), ("narrow", "light", 1000, 700))


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as logs, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        with serving(EXAMPLES, log_file=Path(logs) / "server.log") as server:
            for name, theme, width, height in SHOTS:
                page = browser.new_page(viewport={"width": width, "height": height})
                screen = Screen(page, server.url).open(project="parens", theme=theme, mapping="nesting_level")
                start = next(s for s in screen.steps()[4:] if _reads(screen, s, "(") and _reads(screen, s + 1, "4"))
                screen.brush(start, start + 2)
                screen.wait_for_address(selection=f"{start}-{start + 2}")
                page.locator(".matrix .row:not([hidden])").nth(10).wait_for(timeout=SETTLED)
                screen.hover(2, 1)
                page.locator(".matrix .tip").wait_for(timeout=SETTLED)
                page.wait_for_timeout(1000)
                page.screenshot(path=FOLDER / f"{name}.png")
                print(FOLDER / f"{name}.png")
                page.close()
        browser.close()


def _reads(screen: Screen, step: int, word: str) -> bool:
    return screen.text_of(step).startswith(f"{word} ·")


if __name__ == "__main__":
    main()
