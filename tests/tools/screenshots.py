"""The pictures in README and docs: ``python -m tests.tools.screenshots [NAME ...]``.

The bundled examples in real Chromium, with the paper's selections brushed by a real mouse.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.tools.browser import launch_options
from tests.tools.serving import EXAMPLES, serving
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


@dataclass(frozen=True)
class Scene:
    """A picture: what is opened, and which words are brushed: the first like them, if no step is given."""

    name: str
    words: tuple[str, ...]
    query: dict[str, Any] = field(default_factory=dict)
    theme: str = "light"
    size: tuple[int, int] = (1400, 900)
    start: int | None = None


PARENS = {"project": "parens", "mapping": "nesting_level"}
NOVELS = {
    "project": "novels",
    "source": "cell2",
    "threshold": 0.1,
    "position": 3139,
    "left": 1,
    "mapping": "noun_chunk",
}
DNA = {"project": "dna", "left": 0, "threshold": 0.25, "mapping": "CTCF"}
SCENES = (
    Scene("select-and-match", ("(", "4"), PARENS),
    Scene("dark", ("(", "4"), PARENS, theme="dark"),
    Scene("narrow", ("(", "4"), PARENS, size=(1000, 700)),
    Scene("chords", ("Bm7b5/F", "Bm7b5/D", "E", "E7"), {"project": "chords"}),
    Scene("novels", ("the", "tremendous", "whale"), NOVELS),
    Scene("dna", ("A", "G"), DNA, start=4754),
)


def main() -> None:
    """Take all pictures, or those that are named."""
    wanted = sys.argv[1:] or [scene.name for scene in SCENES]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as logs, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        with serving(EXAMPLES, log_file=Path(logs) / "server.log") as server:
            for scene in SCENES:
                if scene.name in wanted:
                    print(_take(scene, browser, server.url))
        browser.close()


def _take(scene: Scene, browser: Browser, url: str) -> Path:
    page = browser.new_page(viewport={"width": scene.size[0], "height": scene.size[1]})
    screen = Screen(page, url).open(theme=scene.theme, **scene.query)
    steps = screen.steps()[3:] if scene.start is None else [scene.start]
    start = next(step for step in steps if _reads(screen, step, scene.words))
    screen.brush(start, start + len(scene.words))
    screen.wait_for_address(selection=f"{start}-{start + len(scene.words)}")
    page.locator(".matrix .row:not([hidden])").nth(10).wait_for(timeout=SETTLED)
    page.locator(".matrix .row").nth(2).scroll_into_view_if_needed()
    screen.hover(2, 1)
    page.locator(".matrix .tip").wait_for(timeout=SETTLED)
    page.wait_for_timeout(1000)
    path = FOLDER / f"{scene.name}.png"
    page.screenshot(path=path)
    page.close()
    return path


def _reads(screen: Screen, step: int, words: tuple[str, ...]) -> bool:
    return all(screen.text_of(step + place).startswith(f"{word} ·") for place, word in enumerate(words))


if __name__ == "__main__":
    main()
