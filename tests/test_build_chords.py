"""The example of chords can be built again, and reads harmony as a musician would."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from data.chords import harmony
from data.chords.chorales import Note, Piece
from data.chords.corpus import Corpus, Song, corpus_of, held_out
from data.chords.harmony import Chord, Sounding
from data.chords.ngrams import KneserNey
from lstmvis_panel.schema import annotations, sources, validate
from lstmvis_panel.store import bundled_examples, open_recording
from tests.built import build

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NATURAL = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}


def note(name: str, start: float = 0, stop: float = 1, *, octave: int = 0, fermata: bool = False) -> Note:
    """Return a note by its name, such as ``F#``."""
    beside = name.count("#") - name.count("b")
    return Note(
        start, stop, "FCGDAEB".index(name[0]) - 1 + 7 * beside, NATURAL[name[0]] + beside + 12 * octave, fermata
    )


def chord(names: str) -> str:
    """Return the symbol of notes that are named from the lowest to the highest."""
    notes = [note(name, octave=place) for place, name in enumerate(names.split())]
    return str(harmony.chord_of(notes))


def symbol(text: str) -> Chord:
    """Return the chord of a symbol."""
    root = harmony.root_of(text)
    quality, _, bass = text.removeprefix(root).partition("/")
    place = note(root).fifths
    return Chord(place, quality, note(bass).fifths - place if bass else 0)


def chords(text: str) -> list[Chord]:
    return [symbol(each) for each in text.split()]


@pytest.mark.skipif(find_spec("music21") is None, reason="no music21")
def test_it_can_be_built_in_a_tiny_form(tmp_path: Path) -> None:
    recording = build("chords", tmp_path)
    assert validate(recording) == []
    assert recording.sizes["step"] > 200
    assert sources(recording) == ["cell2", "cell1"]
    wanted = {"numeral", "cadence", "fermata", "key", "split", "surprisal", "top_predictions"}
    assert set(annotations(recording)) == wanted
    assert (tmp_path / "trial.safetensors").stat().st_size > 1e4


def test_the_weights_give_what_is_recorded() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    chord_model = import_module("data.chords.model")

    folder = bundled_examples() / "chords"
    recording = open_recording(folder / "chords.h5")
    model, facts = chord_model.load(folder / "model.safetensors")
    assert facts["perplexity"] == recording.attrs["perplexity"]
    document = recording["document"].to_numpy()
    for piece in (0, 5):
        steps = np.flatnonzero(document == piece)
        codes = torch.from_numpy(recording["token"].to_numpy()[steps].astype(np.int64))[None]
        with torch.no_grad():
            logits, cells = model.trace(codes)
            # Its training reads the layers step by step, to have all cell states; that changes nothing.
            np.testing.assert_allclose(logits, model(codes), atol=1e-4)
        for number, name in enumerate(("cell1", "cell2")):
            recorded = recording[name][steps].to_numpy().astype(np.float32)
            assert np.abs(cells[number][0].numpy() - recorded).max() < 1 / 256


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("C E G", "C"),
        ("E G C", "C/E"),
        ("G C E", "C/G"),
        ("C E", "C"),
        ("F A D", "Dm/F"),
        ("F A C D", "Dm7/F"),
        ("B D F", "Bdim"),
        ("G B D F", "G7"),
        ("F# A C", "F#dim"),
        ("Bb D F A", "Bbmaj7"),
        ("F# A C E", "F#m7b5"),
        ("G# B D F", "G#dim7"),
        ("B D F G#", "G#dim7/B"),
        ("Ab Cb Ebb Gbb", "Abdim7"),
        ("C E G#", "Caug"),
        ("E G# C", "Caug/E"),
        ("G C D", "Gsus4"),
        ("D G C", "D7sus4"),
        ("C D G", "None"),
        ("C D E", "None"),
        ("C G", "None"),
    ],
)
def test_notes_make_a_chord(names: str, expected: str) -> None:
    assert chord(names) == expected


def test_every_chord_is_known_again_in_all_keys_and_above_all_its_notes() -> None:
    for root, (quality, intervals) in product(range(-3, 9), harmony.QUALITIES.items()):
        for bass in intervals if "sus" not in quality else (0,):
            notes = [Note(0, 1, root + step, 60 + (root + step) * 7 % 12, fermata=False) for step in intervals]
            lowest = Note(0, 1, root + bass, 36 + (root + bass) * 7 % 12, fermata=False)
            assert harmony.chord_of([*notes, lowest]) == Chord(root, quality, bass)


def test_passing_notes_make_no_chord_and_repeats_are_one() -> None:
    upper = [note("C", 0, 2), note("E", 0, 2), note("G", 0, 2), note("C", 2, 3), note("F", 2, 3), note("A", 2, 3)]
    bass = [note("C", 0, 1, octave=-1), note("D", 1, 1.75, octave=-1), note("E", 1.75, 2, octave=-1)]
    last = note("F", 2, 3, octave=-1)
    found = harmony.merged(harmony.chords_of(Piece("", 0, minor=False, voices=[upper, [*bass, last]])))
    assert found == [Sounding(symbol("C"), 0, 2), Sounding(symbol("F"), 2, 3)]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("C F G C", ("authentic", 2)),
        ("C Am Dm7/F Gsus4 G G7 C", ("authentic", 4)),
        ("C F C/G G C", ("authentic", 3)),
        ("C Am G Gsus4 C", ("authentic", 2)),
        ("C G/B Am E7 Am", ("authentic", 1)),
        ("C Em Bdim/D C", ("authentic", 1)),
        ("C D7/F# G Csus4 C", ("authentic", 3)),
        ("C Am G", ("half", 1)),
        ("C Dm/F E", ("half", 1)),
        ("C Am F C", ("plagal", 1)),
        ("C G Am", ("other", 1)),
        ("Csus4 C", ("other", 1)),
    ],
)
def test_cadences_in_c_major(phrase: str, expected: tuple[str, int]) -> None:
    assert harmony.cadence_of(chords(phrase), 0) == expected
    for fifths in range(-5, 7):
        transposed = [each.transposed(fifths) for each in chords(phrase)]
        assert harmony.cadence_of(transposed, fifths) == expected


def test_a_cadence_ends_where_the_last_voice_arrives_under_the_fermata() -> None:
    sounding = [Sounding(each, at, at + 1) for at, each in enumerate(chords("C F G C F G C"))]
    voice = [note("C", 3, 4, fermata=True), note("C", 5, 7, fermata=True)]
    late = [note("E", 3, 4, fermata=True), note("E", 6, 7, fermata=True)]
    held = harmony.fermatas(Piece("", 0, minor=False, voices=[voice, late]))
    assert held == [(3, 4), (6, 7)]
    found = harmony.cadences(sounding, held, 0)
    assert [(each.start, each.resolution, each.kind) for each in found] == [(1, 3, "authentic"), (4, 6, "authentic")]


@pytest.mark.parametrize(
    ("key", "minor", "symbols", "expected"),
    [
        ("C", False, "C Dm7/F G7 Bdim Fmaj7 Bb Ebm F#dim7 C7", "I ii7 V7 vii° IVmaj7 bVII biii #iv°7 I7"),
        ("A", True, "Am Bm7b5 E7 G#dim C F G F#m7b5 A AmM7", "i iiø7 V7 #vii° III VI VII #viø7 I imaj7"),
        ("F#", False, "F# C#sus4 C# E#dim", "I Vsus4 V vii°"),
    ],
)
def test_numerals(key: str, minor: bool, symbols: str, expected: str) -> None:  # noqa: FBT001 - a test's argument
    tonic = note(key).fifths
    assert " ".join(harmony.numeral(each, tonic, minor=minor) for each in chords(symbols)) == expected


def test_a_model_that_counts_gives_chances_that_add_up() -> None:
    texts = [[0, 1, 2, 0, 1, 3], [2, 0, 1, 2, 2]]
    for order in (1, 2, 3):
        model = KneserNey(texts, order, words=5)
        for before in ([], [0], [0, 1], [4], [3, 3, 0, 1]):
            assert sum(model.chance(before, code) for code in range(5)) == pytest.approx(1)
        assert model.chance([0], 1) >= model.chance([0], 4) > 0
    assert KneserNey(texts, 2, words=5).perplexity(texts) < KneserNey(texts, 1, words=5).perplexity(texts)


def piece(label: str, tune: Sequence[str], below: Sequence[str], tonic: int = 0) -> Piece:
    """Return a piece of three voices: a tune, and two more in parallel below."""
    voices = [
        [note(name, at, at + 1, octave=octave) for at, name in enumerate(names)]
        for octave, names in ((1, tune), (0, below), (-1, below))
    ]
    return Piece(label, tonic, minor=False, voices=voices)


def test_all_settings_of_a_tune_are_held_out_or_none_is() -> None:
    rng = np.random.default_rng(0)
    sides = []
    for _ in range(300):
        tune, first, second = rng.choice(list(NATURAL), (3, 8)).tolist()
        either = [held_out(piece("", tune, below)) for below in (first, second)]
        assert either[0] == either[1]
        sides.append(either[0])
    assert 0.15 < np.mean(sides) < 0.25


def test_a_second_copy_of_a_piece_is_left_out_whatever_its_key() -> None:
    one = piece("one", "CEGECDBC", "EGCCEFGE")
    in_g = replace(one, tonic=1, voices=[[fifth_above(each) for each in voice] for voice in one.voices])
    other = piece("other", "CAFGECDC", "ECAEGEFE")
    assert [song.label for song in corpus_of([one, in_g, other, replace(other, label="again")]).songs] == [
        "one",
        "other",
    ]


def fifth_above(one: Note) -> Note:
    return replace(one, fifths=one.fifths + 1, pitch=one.pitch + 7)


def test_songs_are_read_in_twelve_keys() -> None:
    song = Song("BWV 0", 1, minor=False, chords=chords("G D/F# G"), cadences=[], held_out=False)
    keys = [[str(each.transposed(fifths)) for each in song.chords] for fifths in song.transpositions()]
    assert len({key[0] for key in keys}) == 12
    assert keys[0] == ["Db", "Ab/C", "Db"]
    assert ["G", "D/F#", "G"] in keys
    assert keys[-1] == ["F#", "C#/E#", "F#"]


def test_a_symbol_that_is_not_known_is_read_as_the_nearest_that_is() -> None:
    song = Song("BWV 0", 0, minor=False, chords=chords("C Cmaj7/B Cmaj7/E G7/B Db"), cadences=[], held_out=True)
    corpus = Corpus([song], ["C", "Cmaj7", "G", "C#"])
    assert [corpus.vocabulary[code] for code in corpus.codes(song)] == ["C", "Cmaj7", "Cmaj7", "G", "C#"]
