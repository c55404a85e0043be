"""Pictures of the bundled examples, in real Chromium, with the paper's selections brushed by a real mouse.

``python -m tests.tools.screenshots [NAME ...]`` draws those of README and docs again; with ``--scenes FOLDER`` every
scene, or those that are named, in both themes and both sizes of window, to be looked at.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.tools.browser import launch_options
from tests.tools.serving import EXAMPLES, serving
from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Browser

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
WIDE, NARROW = (1400, 900), (1000, 700)
THEMES, SIZES = ("light", "dark"), (WIDE, NARROW)


@dataclass(frozen=True)
class Scene:
    """What is opened, the start page without a project, and which words are brushed.

    Parameters
    ----------
    words
        The first like them that are shown are brushed, if no step is given.
    query
        What is opened.
    start
        The step of the first word.
    """

    words: tuple[str, ...] = ()
    query: dict[str, Any] = field(default_factory=dict)
    start: int | None = None


@dataclass(frozen=True)
class Picture:
    """A scene as it is seen, in a window or as the whole page."""

    path: Path
    scene: str
    theme: str = "light"
    size: tuple[int, int] = WIDE
    whole: bool = False


NOVELS = {"project": "novels", "source": "cell2", "threshold": 0.1, "left": 1, "position": 3139}
NOUNS = {**NOVELS, "mapping": "noun_chunk"}
VERBS = {**NOVELS, "mapping": "verb_chunk", "position": 9180}
DNA = {"project": "dna", "left": 0, "threshold": 0.25, "mapping": "CTCF"}
SITES = [name + end for name in ("CTCF", "SP1", "TP53", "RELA", "ESR1", "GABPA", "CEBPA") for end in ("", "_predicted")]

SCENES = {
    "start": Scene(),
    "figure-4": Scene(("the", "tremendous", "whale"), {**NOVELS, "threshold": 0.2, "right": 1}),
    "figure-6": Scene(("(", "4"), {"project": "parens", "mapping": "nesting_level"}),
    "figure-7a": Scene(("the", "tremendous", "whale"), NOUNS),
    "figure-7b": Scene(("had", "gained"), VERBS, start=9182),
    "figure-9": Scene(("A", "G"), {**DNA, "position": 4748, "word_width": 12, "tracks": ",".join(SITES)}, start=4754),
    "chords": Scene(("Bm7b5/F", "Bm7b5/D", "E", "E7"), {"project": "chords"}),
    "dna": Scene(("A", "G"), DNA, start=4754),
}

PICTURES = (
    Picture(FOLDER / "select-and-match.png", "figure-6"),
    Picture(FOLDER / "dark.png", "figure-6", theme="dark"),
    Picture(FOLDER / "narrow.png", "figure-6", size=NARROW),
    Picture(FOLDER / "chords.png", "chords"),
    Picture(FOLDER / "novels.png", "figure-7a"),
    Picture(FOLDER / "dna.png", "dna"),
)


def main() -> None:
    """Take README's and the docs' pictures, or those of all scenes; or those of them that are named."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", help="a picture of docs/pictures, or a scene; all if none is named")
    parser.add_argument("--scenes", type=Path, metavar="FOLDER", help="take scenes, and write them there")
    asked = parser.parse_args()
    if asked.scenes is None:
        pictures = [picture for picture in PICTURES if not asked.names or picture.path.stem in asked.names]
    else:
        pictures = views_of(asked.names or SCENES, asked.scenes)
    with tempfile.TemporaryDirectory() as logs, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        with serving(EXAMPLES, log_file=Path(logs) / "server.log") as server:
            for picture in pictures:
                picture.path.parent.mkdir(parents=True, exist_ok=True)
                _take(picture, browser, server.url)
                print(picture.path, flush=True)
        browser.close()


def views_of(names: Iterable[str], folder: Path) -> list[Picture]:
    """Return each scene in both themes and both sizes of window."""
    return [
        Picture(folder / f"{name}-{size[0]}-{theme}.png", name, theme, size, whole=True)
        for name, theme, size in product(names, THEMES, SIZES)
    ]


def _take(picture: Picture, browser: Browser, url: str) -> None:
    width, height = picture.size
    page, scene = browser.new_page(viewport={"width": width, "height": height}), SCENES[picture.scene]
    if scene.query:
        _replay(scene, Screen(page, url).open(theme=picture.theme, **scene.query))
    else:
        page.goto(f"{url}/lstmvis?theme={picture.theme}")
        page.locator("article.card").first.wait_for(timeout=SETTLED)
    page.wait_for_timeout(1000)
    page.screenshot(path=picture.path, full_page=picture.whole)
    page.close()


def _replay(scene: Scene, screen: Screen) -> None:
    """Brush what the scene is of, and point at a match."""
    steps = screen.steps()[3:] if scene.start is None else [scene.start]
    start = next(step for step in steps if _reads(screen, step, scene.words))
    screen.brush(start, start + len(scene.words))
    screen.wait_for_address(selection=f"{start}-{start + len(scene.words)}")
    rows = screen.page.locator(".matrix .row:visible")
    rows.nth(1).wait_for(timeout=SETTLED)
    rows.nth(2).scroll_into_view_if_needed()
    screen.hover(2, 1)
    screen.page.locator(".matrix .tip").wait_for(timeout=SETTLED)


def _reads(screen: Screen, step: int, words: tuple[str, ...]) -> bool:
    return all(screen.text_of(step + place).startswith(f"{word} ·") for place, word in enumerate(words))


if __name__ == "__main__":
    main()
