"""From notes to chord symbols, their functions and their cadences.

All names are places on the line of fifths: F is -1, C 0, G 1, D 2 ... B flat -2, F sharp 6. Seven places on, the letter
is the same and sharper by a semitone; twelve places on, the key of a piano is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from data.chords.chorales import Note, Piece

FLATTEST, SHARPEST = -8, 12
"""Places of F flat and B sharp. What lies beyond is named as its neighbour on the piano is."""

PIANO = 12
"""Places on the line of fifths after which the piano's keys repeat."""

FEWEST_VOICES = 3
SHORTEST = 0.5
"""Quarter notes that a sonority has to last to be a chord; a shorter one is made by a passing note."""

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 1),
    "m": (0, -3, 1),
    "dim": (0, -3, -6),
    "aug": (0, 4, 8),
    "sus4": (0, -1, 1),
    "7": (0, 4, 1, -2),
    "maj7": (0, 4, 1, 5),
    "m7": (0, -3, 1, -2),
    "m7b5": (0, -3, -6, -2),
    "dim7": (0, -3, -6, -9),
    "mM7": (0, -3, 1, 5),
    "7sus4": (0, -1, 1, -2),
}
"""The intervals of each quality above the root, on the line of fifths."""

FIFTH, FOURTH, LEADING_TONE, MINOR_THIRD = 1, -1, 5, -3
WITHOUT_FIFTH = ("", "m", "7", "maj7", "m7")
"""Qualities that are told without their fifth too."""

TRIADS = {"7": "", "maj7": "", "m7": "m", "mM7": "m", "m7b5": "dim", "dim7": "dim", "7sus4": "sus4"}
"""The triad that a chord of four notes is built on."""

COMMON = {"dim": "m", "aug": "", "sus4": ""}
"""The triad that one of the rarer triads is nearest to."""

DEGREES = ("I", "V", "II", "VI", "III", "VII", "IV")
"""Degrees in the order of the line of fifths."""

SUFFIXES = {quality: quality.removeprefix("m") if quality != "maj7" else quality for quality in QUALITIES} | {
    "dim": "°",
    "dim7": "°7",
    "m7b5": "ø7",
    "mM7": "maj7",
    "aug": "+",
}

CADENCES = ("authentic", "half", "plagal", "other")
DOMINANTS, LEADING_TONE_CHORDS = ("", "7", "sus4", "7sus4"), ("dim", "m7b5", "dim7")
BEFORE_DOMINANTS = {2: ("m", "m7", "dim", "m7b5", "", "7"), -1: ("", "m", "maj7", "m7"), 6: LEADING_TONE_CHORDS}
"""Chords that lead to a dominant: on the second, the fourth and the raised fourth degree."""


@dataclass(frozen=True)
class Chord:
    """A chord symbol.

    Attributes
    ----------
    root
        The root, on the line of fifths.
    quality
        One of `QUALITIES`.
    bass
        The lowest note's interval above the root, on the line of fifths; 0 where the root is the lowest.
    """

    root: int
    quality: str
    bass: int = 0

    def __str__(self) -> str:
        """Return the symbol: ``Dm7/F``."""
        below = f"/{name(self.root + self.bass)}" if self.bass else ""
        return f"{name(self.root)}{self.quality}{below}"

    def transposed(self, fifths: int) -> Chord:
        """Return the chord so many fifths higher, named within the limits."""
        return replace(self, root=_within(self.root + fifths))

    def plainer(self) -> Chord:
        """Return the chord above its root; there already, its triad; a major or minor triad in the end."""
        quality = self.quality
        return replace(self, bass=0) if self.bass else replace(self, quality=(TRIADS | COMMON).get(quality, quality))


@dataclass(frozen=True)
class Sounding:
    """A chord and when it sounds, in quarter notes from the piece's beginning."""

    chord: Chord
    start: float
    stop: float


@dataclass(frozen=True)
class Cadence:
    """A cadence: what leads to the chord under a fermata.

    Attributes
    ----------
    start
        Position of the chord that it begins with.
    resolution
        Position of the chord under the fermata, after ``start``.
    kind
        One of `CADENCES`.
    """

    start: int
    resolution: int
    kind: str


def name(fifths: int) -> str:
    """Return the name of a place on the line of fifths: ``F#`` for 6, ``Bb`` for -2."""
    octave, letter = divmod(fifths + 1, 7)
    return "FCGDAEB"[letter] + ("#" * octave if octave > 0 else "b" * -octave)


def root_of(symbol: str) -> str:
    """Return the name of a symbol's root: ``F#`` for ``F#m7/A``."""
    return symbol[0] + "".join(takewhile("#b".__contains__, symbol[1:]))


def _within(fifths: int) -> int:
    while fifths > SHARPEST:
        fifths -= PIANO
    while fifths < FLATTEST:
        fifths += PIANO
    return fifths


def _semitones(fifths: int) -> int:
    return fifths * 7 % 12


def _shapes() -> dict[frozenset[int], str]:
    """Return the quality that each set of semitones above a root makes."""
    whole = {frozenset(map(_semitones, intervals)): quality for quality, intervals in QUALITIES.items()}
    without = {frozenset(map(_semitones, set(QUALITIES[q]) - {FIFTH})): q for q in WITHOUT_FIFTH}
    return whole | without


SHAPES = _shapes()


def chord_of(notes: Sequence[Note]) -> Chord | None:
    """Return the chord that notes make together, None where it has no name.

    A chord that could have several roots, as diminished sevenths and augmented triads have, has the one that its notes'
    names speak for, else the lowest note.
    """
    lowest = min(notes, key=lambda note: note.pitch)
    found = []
    for note in notes:
        quality = SHAPES.get(frozenset((each.pitch - note.pitch) % 12 for each in notes))
        if quality is None:
            continue
        intervals = {_semitones(interval): interval for interval in QUALITIES[quality]}
        bass = intervals[(lowest.pitch - note.pitch) % 12]
        misspelt = sum(each.fifths - note.fifths not in QUALITIES[quality] for each in notes)
        found.append((misspelt, bass != 0, Chord(_within(note.fifths), quality, bass)))
    if not found:
        return None
    chord = min(found, key=lambda each: each[:2])[2]
    if chord.quality == "sus4" and chord.bass == FIFTH:
        # G C D above D resolve to D7, not to G.
        return Chord(lowest.fifths, "7sus4")
    # Suspended above another note, it would be guesswork what resolves to what.
    return None if chord.quality in {"sus4", "7sus4"} and chord.bass else chord


def chords_of(piece: Piece) -> list[Sounding]:
    """Return the chords of a piece, one after the other; where notes make no chord, the one before goes on."""
    notes = [note for voice in piece.voices for note in voice]
    edges = sorted({edge for note in notes for edge in (note.start, note.stop)})
    found: list[Sounding] = []
    for start, stop in pairwise(edges):
        together = [note for note in notes if note.start <= start and note.stop >= stop]
        chord = None
        if len(together) >= FEWEST_VOICES:
            chord = chord_of(together)
        if found and (chord in {None, found[-1].chord} or stop - start < SHORTEST):
            found[-1] = replace(found[-1], stop=stop)
        elif chord is not None:
            found.append(Sounding(chord, start, stop))
    return found


def merged(chords: Iterable[Sounding]) -> list[Sounding]:
    """Return chords of which no two neighbours are the same."""
    kept: list[Sounding] = []
    for each in chords:
        if kept and kept[-1].chord == each.chord:
            kept[-1] = replace(kept[-1], stop=each.stop)
        else:
            kept.append(each)
    return kept


def fermatas(piece: Piece) -> list[tuple[float, float]]:
    """Return when the fermatas of a piece are held, each as one span whatever number of voices have it."""
    held = sorted((note.start, note.stop) for voice in piece.voices for note in voice if note.fermata)
    spans: list[tuple[float, float]] = []
    for start, stop in held:
        if spans and start < spans[-1][1]:
            # All voices have arrived where the last of them has.
            spans[-1] = (start, max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return spans


def cadences(chords: Sequence[Sounding], held: Sequence[tuple[float, float]], tonic: int) -> list[Cadence]:
    """Return the cadences of a piece.

    Parameters
    ----------
    chords
        Its chords.
    held
        When its fermatas are held, as from `fermatas`.
    tonic
        The tonic of its key, on the line of fifths.
    """
    found: list[Cadence] = []
    for start, stop in held:
        sounding = [at for at, each in enumerate(chords) if each.start < stop and each.stop > start]
        if not sounding:
            continue
        resolution = next((at for at in sounding if chords[at].start >= start), sounding[-1])
        before = found[-1].resolution if found else -1
        if resolution - 1 > before:
            symbols = [each.chord for each in chords[before + 1 : resolution + 1]]
            kind, length = cadence_of(symbols, tonic)
            found.append(Cadence(resolution - length, resolution, kind))
    return found


def cadence_of(phrase: Sequence[Chord], tonic: int) -> tuple[str, int]:
    """Return the kind of cadence that a phrase ends in, and how many chords lead to its last one.

    authentic
        The last chord is a major or minor triad, and the one before it is its dominant: a major triad or dominant
        seventh a fifth above, suspended or not, or a diminished chord on its leading tone. The cadence begins with the
        first of the dominants (the last chord with its fifth in the bass is one of them), or with the chords on the
        second, fourth or raised fourth degree right before these.
    half
        Else, the last chord is a major triad on the fifth degree of the piece's key; or any major triad, and the one
        before it is minor, a tone lower, with its third in the bass (a Phrygian cadence).
    plagal
        Else, the last chord is the tonic, and the one before it lies a fifth below.
    other
        Else. It begins, as the half and the plagal cadence do, with the one chord before the last.

    Chords right before the last that delay it on its own root, as ``Gsus4`` does ``G``, lead to it too.

    Parameters
    ----------
    phrase
        Its chords, at least two.
    tonic
        The tonic of the piece's key, on the line of fifths.
    """
    last, approach = phrase[-1], phrase[:-1]
    delays = _run(approach, lambda chord: _same(chord.root, last.root) and chord.bass == last.bass)
    approach = approach[: len(approach) - delays]
    if not approach:
        return "other", 1
    if last.quality in {"", "m"} and _dominant(approach[-1], last.root):
        dominants = _run(approach, lambda chord: _dominant(chord, last.root) or _six_four(chord, last.root))
        earlier = approach[: len(approach) - dominants]
        return "authentic", delays + dominants + _run(earlier, lambda chord: _before_dominant(chord, last.root))
    if last.quality == "" and (_same(last.root, tonic + FIFTH) or _phrygian(approach[-1], last)):
        return "half", delays + 1
    if _same(last.root, tonic) and _same(approach[-1].root, tonic + FOURTH):
        return "plagal", delays + 1
    return "other", delays + 1


def _run(chords: Sequence[Chord], belongs: Callable[[Chord], bool]) -> int:
    """Return how many chords at the end belong."""
    return next((count for count, chord in enumerate(reversed(chords)) if not belongs(chord)), len(chords))


def _same(one: int, other: int) -> bool:
    return (one - other) % PIANO == 0


def _dominant(chord: Chord, tonic: int) -> bool:
    above = _same(chord.root, tonic + FIFTH) and chord.quality in DOMINANTS
    return above or (_same(chord.root, tonic + LEADING_TONE) and chord.quality in LEADING_TONE_CHORDS)


def _six_four(chord: Chord, tonic: int) -> bool:
    return _same(chord.root, tonic) and chord.bass == FIFTH and chord.quality in {"", "m"}


def _before_dominant(chord: Chord, tonic: int) -> bool:
    return any(
        _same(chord.root, tonic + degree) and chord.quality in qualities
        for degree, qualities in BEFORE_DOMINANTS.items()
    )


def _phrygian(chord: Chord, last: Chord) -> bool:
    return _same(last.root, chord.root + 2) and chord.quality in {"m", "m7"} and chord.bass == MINOR_THIRD


def numeral(chord: Chord, tonic: int, *, minor: bool) -> str:
    """Return what a chord is in a key: ``ii7``, ``V``, ``vii°``; the bass is left out.

    Degrees are counted on the key's scale, in minor the natural one; ``#`` and ``b`` say what lies beside it. Minor and
    diminished triads are written small.
    """
    above = (chord.root - tonic + 5) % PIANO - 5
    beside = (above + (4 if minor else 1)) // 7
    degree = DEGREES[above % 7]
    triad = TRIADS.get(chord.quality, chord.quality)
    degree = degree.lower() if triad in {"m", "dim"} else degree
    return ("#" * beside if beside > 0 else "b" * -beside) + degree + SUFFIXES[chord.quality]
