"""Build the bundled example ``chords.h5``: train a model on Bach's chorales as chord symbols, record what it does.

Needs the package's extra ``examples``. From the project's folder::

    python -m data.chords.build                                # all of it: some half an hour
    python -m data.chords.build --keep-weights                 # records again what data/chords/model.safetensors does
    python -m data.chords.build --quick --out trial.h5         # a tiny form, in seconds, to try the script

The model's weights go beside the recording, as ``model.safetensors`` (``trial.safetensors`` for ``trial.h5``).
"""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
import typer
import xarray as xr
from rich.console import Console
from rich.progress import track

from data.chords import chorales, findings, scenes
from data.chords import model as chord_model
from data.chords.corpus import Corpus, Song, corpus_of
from data.chords.harmony import CADENCES
from data.chords.ngrams import KneserNey
from lstmvis_panel.record import Batch, record
from lstmvis_panel.schema import RecordingError, sources, validate
from lstmvis_panel.store import open_recording, save_recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OUT = Path(__file__).with_name("chords.h5")
SEED = 371
EPOCHS, QUICK_EPOCHS = 14, 2
QUICK_PIECES = tuple(f"BWV {number}" for number in (255, 257, 259, 262, 269, 270, 271, 273, 275, 276, 277, 278))
QUICK_SIZE = chord_model.Size(states=16, embedding=8)
READ_EVERY = 3
"""Of the pieces that the model was trained on, every third is recorded; of those held out, all."""

TOP = 5
GRID = 256
"""Cell states are recorded as multiples of 1/GRID: finer digits show nowhere and would add half to the file."""

SATURATED = 0.95
LONGEST_CONTEXT = 4
DESCRIPTION = (
    "A model of Bach's chorales as chord symbols; no corpus of pop songs, which the paper used, was to be had. "
    "Select what leads to a cadence, such as Bm7b5/D E E7 before A, to find states that stay on until it is reached."
)

console = Console()


def read_corpus(*, quick: bool) -> Corpus:
    """Read the chorales and turn them into chord symbols."""

    def tell(scores: Iterable[Path]) -> Iterable[Path]:
        return track(list(scores), "Reading scores", console=console)

    with warnings.catch_warnings():
        # music21 says what it finds odd in a score; nothing of that concerns notes.
        warnings.simplefilter("ignore")
        return corpus_of(chorales.read(QUICK_PIECES if quick else (), tell))


def baselines(corpus: Corpus) -> dict[str, float]:
    """Return the perplexities of models that only count, on the songs held out."""
    songs, unread = chord_model.texts(corpus), [corpus.codes(song) for song in corpus.unread]
    names = {1: "unigram", 2: "bigram", 3: "trigram", LONGEST_CONTEXT: f"{LONGEST_CONTEXT}-gram"}
    return {
        f"perplexity_{name}": KneserNey(songs, order, len(corpus.vocabulary)).perplexity(unread)
        for order, name in names.items()
    }


def train(
    corpus: Corpus, size: chord_model.Size, epochs: int
) -> tuple[chord_model.ChordModel, dict[str, float | int | str]]:
    """Train a model, and return it with what is known of it."""
    model = chord_model.ChordModel(corpus.vocabulary, size)
    songs = chord_model.texts(corpus)
    per_epoch = -(-len(songs) // chord_model.BATCH)
    losses: list[float] = []
    batches = chord_model.train(model, songs, np.random.default_rng(SEED), epochs)
    for loss in track(batches, "Training", total=epochs * per_epoch, console=console):
        losses.append(loss)
        if len(losses) % per_epoch == 0:
            unread = chord_model.perplexity(model, [corpus.codes(song) for song in corpus.unread])
            said = f"perplexity {np.exp(np.mean(losses[-per_epoch:])):.2f}, on songs held out {unread:.2f}"
            console.print(f"Epoch {len(losses) // per_epoch} of {epochs}: {said}", highlight=False)
    facts = {
        "epochs": epochs,
        "perplexity": unread,
        "pieces_read": len(corpus.read),
        "pieces_held_out": len(corpus.unread),
    }
    counts = {
        "chords_read": sum(len(song.chords) for song in corpus.read),
        "chords_held_out": sum(len(song.chords) for song in corpus.unread),
    }
    return model, facts | counts | baselines(corpus)


def record_songs(model: chord_model.ChordModel, corpus: Corpus, songs: Sequence[Song], path: Path) -> xr.Dataset:
    """Run the model over songs and return what it did, with what there is to say of their harmony."""
    record(
        model,
        [Batch(torch.from_numpy(corpus.codes(song))[None], documents=[song.label]) for song in songs],
        path,
        vocabulary=corpus.vocabulary,
        states=("cell",),
        top=TOP,
        surprisal=True,
        progress=False,
    )
    recording = open_recording(path).load()
    for name in sources(recording):
        states = recording.variables[name]
        recording[name] = (states.dims, np.round(states.to_numpy() * GRID).astype(np.float16) / GRID, states.attrs)
    recording = recording.assign(tracks(songs))
    # The app lists sources and tracks in this order: layer 2 first, where cadences show best.
    first = [*reversed(sources(recording)), "numeral", "cadence", "fermata"]
    variables = {name: recording.variables[name] for name in (*first, *recording.data_vars)}
    return xr.Dataset(variables, {name: recording.variables[name] for name in recording.coords}, recording.attrs)


def tracks(songs: Sequence[Song]) -> dict[str, xr.Variable]:
    """Return the categorical tracks of all songs, one after the other."""
    numerals = [numeral for song in songs for numeral in song.numerals()]
    cadences = [each for song in songs for each in cadence_track(song)]
    fermatas = [each for song in songs for each in fermata_track(song)]
    split = [findings.HELD_OUT if song.held_out else findings.READ for song in songs for _ in song.chords]
    keys = [song.key for song in songs for _ in song.chords]
    return (
        categorical("numeral", numerals, "What the chord is in the piece's key; the bass is left out.")
        | categorical("cadence", cadences, "From the first chord of a cadence to the chord under its fermata.")
        | categorical("fermata", fermatas, "Where a phrase ends: the chord on which a cadence resolves.")
        | categorical("key", keys, "The key that music21's analysis finds for the piece.")
        | categorical("split", split, "Whether the model was trained on the piece, or the piece was held out.")
    )


def cadence_track(song: Song) -> list[str]:
    """Return the kind of cadence that each chord belongs to, empty where it belongs to none."""
    kinds = [""] * len(song.chords)
    for cadence in song.cadences:
        kinds[cadence.start : cadence.resolution + 1] = [cadence.kind] * (cadence.resolution + 1 - cadence.start)
    return kinds


def fermata_track(song: Song) -> list[str]:
    """Return ``fermata`` for chords that end a phrase."""
    ends = {cadence.resolution for cadence in song.cadences}
    return ["fermata" if at in ends else "" for at in range(len(song.chords))]


def categorical(name: str, texts: Sequence[str], description: str) -> dict[str, xr.Variable]:
    """Return a categorical track and its labels, cadences in their own order, others by frequency; empty is none."""
    different, counts = np.unique([text for text in texts if text], return_counts=True)
    labels = [str(label) for label in different[np.argsort(-counts, kind="stable")]]
    labels = [kind for kind in CADENCES if kind in labels] if name == "cadence" else labels
    codes = np.array([labels.index(text) if text else -1 for text in texts], dtype=np.int16)
    attrs = {"kind": "categorical", "labels": f"{name}_label", "description": description}
    return {
        name: xr.Variable("step", codes, attrs),
        f"{name}_label": xr.Variable(f"{name}_label", np.array(labels, dtype=object), {"kind": "labels"}),
    }


def saturated_share(recording: xr.Dataset) -> float:
    """Return the share of cell states whose tanh lies beyond +-0.95."""
    values = [recording[name].to_numpy().astype(np.float32) for name in sources(recording)]
    return float(np.mean([np.abs(np.tanh(value)) > SATURATED for value in values]))


def main(
    out: Annotated[Path, typer.Option(help="File to write; the weights go beside it.")] = OUT,
    *,
    keep_weights: Annotated[bool, typer.Option("--keep-weights", help="Train nothing: read the weights.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A dozen pieces, 2 x 16 states, two epochs.")] = False,
) -> None:
    """Train the model, record it, write the recording and print its figures."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # sums come out the same however many processors there are
    torch.set_flush_denormal(True)
    weights = out.with_name("model.safetensors") if out == OUT else out.with_suffix(".safetensors")
    corpus = read_corpus(quick=quick)
    if not keep_weights:
        size, epochs = (QUICK_SIZE, QUICK_EPOCHS) if quick else (chord_model.Size(), EPOCHS)
        chord_model.save(*train(corpus, size, epochs), path=weights)
    # Recorded is what the weights in the file do, not what they were before they were rounded.
    model, facts = chord_model.load(weights)
    corpus = Corpus(corpus.songs, model.vocabulary)
    songs = [*corpus.unread, *corpus.read[::READ_EVERY]]
    with tempfile.TemporaryDirectory() as folder:
        recording = record_songs(model, corpus, songs, Path(folder) / "exact.h5")
    about: dict[str, float | int | str] = {
        "title": "Chords",
        "description": DESCRIPTION,
        "made_by": "data/chords/build.py",
    }
    about |= {"saturated_share": saturated_share(recording), "torch_version": str(torch.__version__)}
    recording = recording.assign_attrs(about | facts)
    chosen = findings.choose(recording)
    played = scenes.scenes(recording, chosen)
    if played.best:
        recording = recording.assign_attrs(view=json.dumps(played.best.view))
    if problems := validate(recording):
        raise RecordingError(problems)
    save_recording(recording, out, compress=True)
    for name, value in recording.attrs.items():
        console.print(f"{name}: {value}", highlight=False)
    for line in findings.report(recording, chosen) + scenes.report(played):
        console.print(line, highlight=False)
    for path in (out, weights):
        console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
