"""The notes of Bach's chorales, as the package music21 carries them; read once, then kept in the user's cache.

Reading all of them takes music21 some two minutes, and what comes of it is the same every time.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.sources import SourceError, folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
SUFFIXES = (".mxl", ".xml")
FORM = 1
"""Counts the forms that the cache has had; it is part of the file's name."""


@dataclass(frozen=True)
class Note:
    """A note of a voice.

    Attributes
    ----------
    start, stop
        When it sounds, in quarter notes from the piece's beginning.
    fifths
        Its name as a place on the line of fifths: ... F -1, C 0, G 1, D 2 ... B flat -2, F sharp 6.
    pitch
        Its MIDI number: 60 is middle C.
    fermata
        Whether a fermata stands on it.
    """

    start: float
    stop: float
    fifths: int
    pitch: int
    fermata: bool


@dataclass(frozen=True)
class Piece:
    """A chorale.

    Attributes
    ----------
    label
        Its number in the catalogue of Bach's works: ``BWV 269``.
    tonic
        The tonic that music21's key analysis finds, on the line of fifths.
    minor
        Whether that key is minor.
    voices
        The notes of the singing voices, from the highest to the lowest; instruments are left out.
    """

    label: str
    tonic: int
    minor: bool
    voices: list[list[Note]]


def read(only: Sequence[str] = (), tell: Callable[[Iterable[Path]], Iterable[Path]] = iter) -> list[Piece]:
    """Return all chorales of music21's corpus for four or more singing voices, in the order of their labels.

    Parameters
    ----------
    only
        Labels of the pieces to read; all if empty. Some pieces are read from their scores, all from the cache.
    tell
        Wraps the scores that have to be read, to show how far it is.

    Raises
    ------
    SourceError
        If music21 is missing, or there without its corpus.
    """
    found = scores()
    if only:
        pieces = [_piece(path) for path in tell([path for path in found if label_of(path) in only])]
        return [piece for piece in pieces if piece is not None]
    kept = folder() / f"chorales-music21-{version('music21')}-{FORM}.json"
    if kept.is_file():
        return [_from_json(piece) for piece in json.loads(kept.read_text(encoding="utf-8"))]
    pieces = [piece for piece in map(_piece, tell(found)) if piece is not None]
    _write(json.dumps([asdict(piece) for piece in pieces], separators=(",", ":")), kept)
    return pieces


def scores() -> list[Path]:
    """Return the scores of the corpus, in the order of their labels."""
    spec = find_spec("music21")
    if spec is None or spec.origin is None:
        raise SourceError(
            "The chorales come with music21, which is not installed: pip install 'lstmvis-panel[examples]'"
        )
    corpus = Path(spec.origin).parent / "corpus" / "bach"
    paths = [path for path in corpus.glob("bwv*") if path.suffix in SUFFIXES]
    if not paths:
        raise SourceError(
            f"There are no scores in {corpus}: this music21 comes without its corpus. Install it from PyPI."
        )
    return sorted(paths, key=lambda path: [(part.isdigit(), part.zfill(4)) for part in re.split(r"(\d+)", path.stem)])


def label_of(path: Path) -> str:
    """Return ``BWV 10.7`` for ``bwv10.7.mxl``."""
    return f"BWV {path.stem.removeprefix('bwv')}"


def _piece(path: Path) -> Piece | None:
    """Read a score; None if it is not for singing voices."""
    from music21 import converter  # noqa: PLC0415 - takes seconds, and the cache makes it needless

    score = converter.parse(path, forceSource=True)
    parts = [part for voice in VOICES for part in score.parts if str(part.partName or "").startswith(voice)]
    if len(parts) < len(VOICES):
        return None
    key = score.analyze("key")
    return Piece(label_of(path), _fifths(key.tonic), key.mode == "minor", [_notes(part) for part in parts])


def _notes(part: Any) -> list[Note]:
    found = []
    for note in part.flatten().notes:
        # Where a voice divides, its highest note is the one that sings on.
        pitch = max(note.pitches, key=lambda each: each.ps)
        start, length = float(note.offset), float(note.duration.quarterLength)
        fermata = any("Fermata" in each.classes for each in note.expressions)
        if length > 0:
            found.append(Note(round(start, 4), round(start + length, 4), _fifths(pitch), round(pitch.ps), fermata))
    return found


def _fifths(pitch: Any) -> int:
    """Return a pitch's place on the line of fifths."""
    return "FCGDAEB".index(pitch.step) - 1 + 7 * round(pitch.alter)


def _from_json(piece: dict[str, Any]) -> Piece:
    voices = [[Note(**note) for note in voice] for voice in piece["voices"]]
    return Piece(piece["label"], piece["tonic"], piece["minor"], voices)


def _write(text: str, path: Path) -> None:
    """Write the cache as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
