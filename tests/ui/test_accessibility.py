"""What axe finds wrong by WCAG 2.1, levels A and AA: names, roles, contrast, in both themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.ui.screen import SETTLED, Screen

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.tools.serving import Server

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def violations(page: Page) -> list[str]:
    """Return a line for each thing that is wrong, with the element."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_start_page(page: Page, server: Server, theme: str) -> None:
    page.goto(f"{server.url}/lstmvis?theme={theme}")
    expect(page.locator("article.card")).to_have_count(4, timeout=SETTLED)
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_recording_with_a_selection_and_its_matches(page: Page, server: Server, theme: str) -> None:
    screen = Screen(page, server.url).open(
        project="novels", source="cell2", threshold=0.1, position=3139, selection="3142-3145", left=1, theme=theme
    )
    screen.wait_for_rows(50)
    assert violations(page) == []
