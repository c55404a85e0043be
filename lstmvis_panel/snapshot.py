"""What is on the screen as one HTML file: the picture, selected states, matches, and how to get them again."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lstmvis_panel.svg import legal

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    import pandas as pd

    from lstmvis_panel.style import Theme

LOOK = """
body { margin: 24px; background: %(page)s; color: %(ink)s; font: 14px/1.45 %(font)s; }
main { max-width: max-content; }
svg { max-width: 100%%; height: auto; border: 1px solid %(line)s; border-radius: 8px; }
table { border-collapse: collapse; font-size: 12px; margin: 8px 0 24px; }
th, td { padding: 3px 8px; border-bottom: 1px solid %(line)s; text-align: left; }
th { position: sticky; top: 0; background: %(page)s; }
ul { display: flex; flex-wrap: wrap; gap: 4px; max-width: 960px; padding: 0; list-style: none; font-size: 12px; }
li { min-width: 20px; padding: 1px 4px; border: 1px solid %(line)s; border-radius: 5px; text-align: center; }
li.out { color: %(muted)s; border-style: dashed; }
pre { padding: 12px; background: %(card)s; border: 1px solid %(line)s; border-radius: 8px; overflow: auto; }
"""


def snapshot_of(title: str, figure: str, sections: Iterable[str], theme: Theme, font: str) -> str:
    """Lay a page together that needs nothing from elsewhere.

    Parameters
    ----------
    title
        What was looked at.
    figure
        An SVG document.
    sections
        What follows: HTML, as the other functions here make it.
    theme, font
        Colours and letters of the page.

    Returns
    -------
    str
        HTML. No script, and no address of another file.
    """
    colours = {name: getattr(theme, name) for name in ("page", "ink", "line", "card", "muted")}
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{LOOK % {**colours, "font": font}}</style>'
    body = legal("".join([f"<h1>{escape(title)}</h1>", figure, *sections]))
    return f'<!doctype html><html lang="en"><head>{legal(head)}</head><body><main>{body}</main></body></html>'


def states_section(heading: str, states: Iterable[tuple[int, str]], matched: Container[int]) -> str:
    """List selected states.

    Parameters
    ----------
    heading
        How many there are.
    states
        The number of each, and what is said of it where it is pointed at.
    matched
        Those that are matched; the others are pale.
    """
    items = "".join(
        f'<li title="{escape(remark)}"{"" if state in matched else " class=out"}>{state}</li>'
        for state, remark in states
    )
    return f"<h2>{escape(heading)}</h2><ul>{items}</ul>" if items else ""


def table_section(table: pd.DataFrame) -> str:
    """List matches, as from `matches_table`."""
    count = len(table)
    heading = f"<h2>{count:,} match{'' if count == 1 else 'es'}</h2>"
    return heading + str(table.to_html(index=False, border=0, na_rep=""))


def code_section(cell: str) -> str:
    """Show code that finds the same again."""
    return f"<h2>The same without the app</h2><pre>{escape(cell)}</pre>"
