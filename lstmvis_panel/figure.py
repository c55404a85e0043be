"""What is on the screen as one picture: an SVG with text that stays text (sections 4.1 to 4.3 of the paper).

The lines of all states are pixels, as on the screen; everything else is drawn as shapes. Colours, windows and rows are
those of the session, so that the picture shows what the visitor sees. What the page says on hover stands in legends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lstmvis_panel import svg
from lstmvis_panel.captions import by_hand, limits, name_of, states, threshold
from lstmvis_panel.documents import documents_of
from lstmvis_panel.figure_layout import GAP, Block, below_one_another, side_by_side
from lstmvis_panel.figure_legend import legend_of
from lstmvis_panel.figure_lines import lines_of
from lstmvis_panel.figure_matches import matches_of
from lstmvis_panel.figure_states import states_of
from lstmvis_panel.figure_tracks import tracks_of
from lstmvis_panel.figure_words import words_of
from lstmvis_panel.matrix import phrase_of
from lstmvis_panel.style import FONT, THEMES
from lstmvis_panel.track_rows import track_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lstmvis_panel.session import Session
    from lstmvis_panel.style import Theme

MARGIN, LINE = 16, 16
"""px around all that is drawn, and from one line of the title to the next."""


def figure_of(session: Session) -> str:
    """Draw what a session shows.

    Parameters
    ----------
    session
        Its window, selection, layers, tracks and matches.

    Returns
    -------
    str
        An SVG document in the colours of the session's theme.
    """
    theme = THEMES[session.theme]
    blocks = [_title(session, theme), _select(session, theme)]
    if session.matches is not None:
        blocks.append(matches_of(session, session.matches, theme))
    whole = below_one_another(blocks, GAP)
    width, height = whole.width + 2 * MARGIN, whole.height + 2 * MARGIN
    parts = [svg.rectangle(0, 0, width, height, fill=theme.card), svg.group(whole.parts, MARGIN, MARGIN)]
    return svg.document(parts, width, height, name_of(session), font_family=FONT, fill=theme.ink)


def _title(session: Session, theme: Theme) -> Block:
    """What is looked at, what is selected, and where that is."""
    name, lines = name_of(session), (" · ".join(_facts(session)), " · ".join(_place(session)))
    parts = [svg.text(name, 0, LINE - 4, font_weight="bold")]
    parts += [svg.text(said, 0, (at + 2) * LINE - 4, fill=theme.muted) for at, said in enumerate(lines)]
    return Block(parts, max(svg.width_of(said) for said in (name, *lines)), 3 * LINE)


def _facts(session: Session) -> Iterator[str]:
    """What is selected, in the order of the page."""
    if session.selection is not None:
        yield f"“{phrase_of(session.recording, *session.selection)}”"
    if session.refusal:
        yield session.refusal
    if session.by_hand or (session.selection is not None and not session.refusal):
        yield str(states(session))
    yield str(threshold(session, session.source))
    yield limits(session)
    if chosen := by_hand(session):
        yield chosen


def _place(session: Session) -> Iterator[str]:
    """Which steps are shown, and in which document."""
    yield f"steps {session.first:,} to {session.first + session.shown - 1:,} of {session.steps:,}"
    documents = documents_of(session.recording)
    if len(documents) > 1 or documents.names:
        yield f"{documents.label(documents.at(session.position))}, step {session.position:,} marked"
    else:
        yield f"step {session.position:,} marked"


def _select(session: Session, theme: Theme) -> Block:
    """Lines, words, tracks and what their colours mean; the list of states beside them."""
    tracks = [track_of(session.recording, name, session.first, session.shown, theme) for name in session.tracks]
    board = below_one_another(
        [
            *(lines_of(session, source, theme) for source in session.layers),
            words_of(session, theme),
            tracks_of(session, tracks, theme),
            legend_of(session, tracks, theme),
        ]
    )
    return side_by_side([board, states_of(session, board.height, theme)], GAP)
