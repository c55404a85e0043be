"""The chorales as chord symbols: without the same one twice, some held out, in all keys."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from data.chords import harmony

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from data.chords.chorales import Piece
    from data.chords.harmony import Cadence, Chord

FOLDS, HELD_OUT = 10, (0, 1)
"""Pieces fall into so many parts of much the same size by their tunes; these parts are held out."""

INCIPIT = 6
"""Intervals of the melody that tell a tune from others."""

SAME = 0.85
"""Pieces whose chords agree to this share, whatever their keys, are one piece in two copies."""

LEAST = 20
"""Occurrences in the text to train on that a kind of chord needs to be told from the plainer one."""

FLATTEST_TONIC = {False: -5, True: -2}
"""Tonics of D flat major and B flat minor: pieces are transposed to these and the eleven keys of ever more sharps."""


@dataclass(frozen=True)
class Song:
    """A piece as the model reads it.

    Attributes
    ----------
    label
        ``BWV 269``.
    tonic, minor
        Its key.
    chords
        Its chord symbols; no two neighbours are the same.
    cadences
        Its cadences; they count chords.
    held_out
        Whether the model was not trained on it, nor on any other setting of its tune.
    """

    label: str
    tonic: int
    minor: bool
    chords: list[Chord]
    cadences: list[Cadence]
    held_out: bool

    @property
    def key(self) -> str:
        """The name of its key: ``G major``."""
        return f"{harmony.name(self.tonic)} {'minor' if self.minor else 'major'}"

    def numerals(self) -> list[str]:
        """Return what each chord is in the piece's key."""
        return [harmony.numeral(chord, self.tonic, minor=self.minor) for chord in self.chords]

    def transpositions(self) -> list[int]:
        """Return by how many fifths to go to each of the twelve keys."""
        first = FLATTEST_TONIC[self.minor]
        return [tonic - self.tonic for tonic in range(first, first + harmony.PIANO)]


@dataclass(frozen=True)
class Corpus:
    """All songs, and the symbols that those to train on have in any key, the most frequent first."""

    songs: list[Song]
    vocabulary: list[str]

    @property
    def read(self) -> list[Song]:
        """Songs to train on."""
        return [song for song in self.songs if not song.held_out]

    @property
    def unread(self) -> list[Song]:
        """Songs held out."""
        return [song for song in self.songs if song.held_out]

    def codes(self, song: Song, fifths: int = 0) -> NDArray[np.int64]:
        """Return the codes of a song's chords, so many fifths higher."""
        known = {symbol: code for code, symbol in enumerate(self.vocabulary)}
        return np.array([_code(chord.transposed(fifths), known) for chord in song.chords], dtype=np.int64)


def corpus_of(pieces: Sequence[Piece]) -> Corpus:
    """Turn pieces into songs, without a piece's second copy, and collect the vocabulary."""
    sounding = {piece.label: harmony.merged(harmony.chords_of(piece)) for piece in pieces}
    in_c = {p.label: [str(each.chord.transposed(-p.tonic)) for each in sounding[p.label]] for p in pieces}
    kept = [piece for number, piece in enumerate(pieces) if not _is_copy(piece, pieces[:number], in_c)]
    kinds = Counter(
        (each.chord.quality, each.chord.bass) for p in kept if not held_out(p) for each in sounding[p.label]
    )
    common = {kind for kind, count in kinds.items() if count >= LEAST} | {("", 0), ("m", 0)}
    songs = [_song(piece, sounding[piece.label], common) for piece in kept]
    counts = Counter(
        str(chord.transposed(fifths))
        for song in songs
        if not song.held_out
        for fifths in song.transpositions()
        for chord in song.chords
    )
    return Corpus(songs, sorted(counts, key=lambda symbol: (-counts[symbol], symbol)))


def _song(piece: Piece, sounding: Iterable[harmony.Sounding], common: set[tuple[str, int]]) -> Song:
    chords = harmony.merged(harmony.Sounding(_folded(s.chord, common), s.start, s.stop) for s in sounding)
    found = harmony.cadences(chords, harmony.fermatas(piece), piece.tonic)
    return Song(piece.label, piece.tonic, piece.minor, [s.chord for s in chords], found, held_out(piece))


def _folded(chord: Chord, common: set[tuple[str, int]]) -> Chord:
    return next((near for near in _nearest(chord) if (near.quality, near.bass) in common), chord)


def _code(chord: Chord, known: dict[str, int]) -> int:
    """Return the code of a chord, or of the nearest one that the vocabulary has."""
    for near in _nearest(chord):
        if str(near) in known:
            return known[str(near)]
    raise KeyError(str(chord))


def _nearest(chord: Chord) -> Iterator[Chord]:
    """Yield a chord, ever plainer ones, and the same by their other names."""
    for fifths in (0, harmony.PIANO, -harmony.PIANO):
        near, plainer = None, replace(chord, root=chord.root + fifths)
        while near != plainer:
            near, plainer = plainer, plainer.plainer()
            yield near


def held_out(piece: Piece) -> bool:
    """Tell by a piece's tune whether it is held out: no tune is both read and held out."""
    melody = [note.pitch for note in piece.voices[0][: INCIPIT + 1]]
    tune = ",".join(str(after - before) for before, after in pairwise(melody))
    return zlib.crc32(tune.encode()) % FOLDS in HELD_OUT


def _is_copy(piece: Piece, earlier: Sequence[Piece], chords: dict[str, list[str]]) -> bool:
    """Tell whether a piece is a copy of one before it."""
    matcher = SequenceMatcher(None, b=chords[piece.label], autojunk=False)
    for other in earlier:
        matcher.set_seq1(chords[other.label])
        if matcher.real_quick_ratio() > SAME and matcher.quick_ratio() > SAME and matcher.ratio() > SAME:
            return True
    return False
