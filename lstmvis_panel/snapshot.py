"""What is on the screen as one HTML file: the picture, the matches as a table, and how to get them again."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lstmvis_panel.svg import legal

if TYPE_CHECKING:
    import pandas as pd

    from lstmvis_panel.style import Theme

LOOK = """
body { margin: 24px; background: %(page)s; color: %(ink)s; font: 14px/1.45 %(font)s; }
main { max-width: max-content; }
svg { max-width: 100%%; height: auto; border: 1px solid %(line)s; border-radius: 8px; }
table { border-collapse: collapse; font-size: 12px; margin: 8px 0 24px; }
th, td { padding: 3px 8px; border-bottom: 1px solid %(line)s; text-align: left; }
th { position: sticky; top: 0; background: %(page)s; }
pre { padding: 12px; background: %(card)s; border: 1px solid %(line)s; border-radius: 8px; overflow: auto; }
p { color: %(muted)s; }
"""


def snapshot_of(title: str, figure: str, table: pd.DataFrame | None, cell: str, theme: Theme, font: str) -> str:
    """Lay a page together that needs nothing from elsewhere.

    Parameters
    ----------
    title
        What was looked at.
    figure
        An SVG document.
    table
        The matches, as from `matches_table`; None where there are none.
    cell
        Code that finds them again.
    theme, font
        Colours and letters of the page.

    Returns
    -------
    str
        HTML. No script, and no address of another file.
    """
    colours = {name: getattr(theme, name) for name in ("page", "ink", "line", "card", "muted")}
    parts = [f"<h1>{escape(title)}</h1>", figure]
    if table is not None:
        count = len(table)
        parts += [
            f"<h2>{count:,} match{'' if count == 1 else 'es'}</h2>",
            table.to_html(index=False, border=0, na_rep=""),
        ]
    parts += ["<h2>The same without the app</h2>", f"<pre>{escape(cell)}</pre>"]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{LOOK % {**colours, "font": font}}</style>'
    body = legal("".join(parts))
    return f'<!doctype html><html lang="en"><head>{legal(head)}</head><body><main>{body}</main></body></html>'
