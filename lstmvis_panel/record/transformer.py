"""Recording models of the transformers library: every layer's hidden states, text by text."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis_panel.record import hidden_states, state_space
from lstmvis_panel.record.earlier import BatchesRead, fingerprint
from lstmvis_panel.record.modules import module_named, recurrent_modules
from lstmvis_panel.record.progress import shown
from lstmvis_panel.record.pytorch import paths_of, record_pytorch, weights_of
from lstmvis_panel.record.readable import WORD_START, WORD_START_LABELS, Readable, readable_vocabulary
from lstmvis_panel.record.reading import DECODER, ENCODER, Reader, Reading
from lstmvis_panel.record.steps import Appender, Steps, Track
from lstmvis_panel.record.texts import CODES
from lstmvis_panel.record.transformer_outputs import PREDICTED, Outputs, class_names
from lstmvis_panel.record.vocabulary import Vocabulary
from lstmvis_panel.record.watching import Watch
from lstmvis_panel.record.writer import Writer
from lstmvis_panel.schema import STEP, VOCABULARY, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import nn

    from lstmvis_panel.record.options import Options

log = logging.getLogger(__name__)
LABEL = "label"
LARGE = 1 << 20


def record_transformer(model: nn.Module, batches: Any, path: Path, options: Options, tokenizer: Any = None) -> Path:
    """Record a model of the transformers library; see `lstmvis_panel.record.record`.

    Sources are ``layer00`` (what the first layer reads: embeddings) to ``layerNN``, the hidden states that the model
    returns. With "cell" among ``states``, as it is by default, the states of state-space models are recorded too, as
    ``layer01/state`` and so on; they are large, and the text is read once more for them, token by token. ``modules``
    chooses sources by name. Of an encoder-decoder both sides are recorded, to ``<stem>.encoder.h5`` and
    ``<stem>.decoder.h5``, with the same documents; the decoder's tokens are those that it reads, so that its
    predictions are about the next step.

    A model with an LSTM, GRU or RNN in it is recorded as any PyTorch model.

    Predictions of a masked language model, which has read all of the text, are about their own step; so is its
    surprisal, which is no more than how sure it is of a token that it sees.

    Parameters
    ----------
    model
        The model.
    batches
        Texts; lists of them; dicts of tensors as the tokenizer returns them; `Batch` of any of these. For an
        encoder-decoder pairs of texts (source, target), or tensors with ``labels`` or ``decoder_input_ids``. What
        becomes of long texts, `Reader` says.
    path
        Where to.
    options
        What was asked for.
    tokenizer
        The model's tokenizer: it makes codes of texts, and words of codes, without their marks (`readable`).

    Returns
    -------
    pathlib.Path
        The recording; of an encoder-decoder the encoder's.

    Raises
    ------
    RecordingError
        If something can't be read or recorded as asked.
    """
    if recurrent_modules(model):
        readable = None if tokenizer is None else readable_vocabulary(tokenizer, _codes_of(model))
        words = readable.texts if readable and options.vocabulary is None else options.vocabulary
        return record_pytorch(model, batches, path, replace(options, vocabulary=words))
    recorder = _Recorder.of(model, options, tokenizer)
    with ExitStack() as stack:
        writers: dict[str, Writer] = {}
        read = BatchesRead()
        for reading in shown(recorder.reader.readings(batches), path.name, progress=options.progress):
            read.add(reading.sides.values())
            read.check([*writers.values()])
            if writers and all(read.count <= writer.done for writer in writers.values()):
                recorder.skip(reading)
                continue
            for found in recorder.run(reading):
                if not writers:
                    writers = recorder.writers(stack, path, found)
                    read.check([*writers.values()])
                recorder.append(found, {name: each for name, each in writers.items() if read.count > each.done})
            for writer in writers.values():
                if read.count > writer.done:
                    writer.commit(read.count, read.fingerprint)
        if not read.count:
            raise RecordingError(
                Problem("batches", "has no texts and no batches", "a used-up iterator gives none again")
            )
        read.check_all([*writers.values()])
    return paths_of(path, recorder.sides)[0]


@dataclass
class _Recorder:
    """Runs a model over what it reads and hands on what it did, side by side.

    Attributes
    ----------
    reader
        Makes batches of what was given.
    sides
        The names of the model's sides, ``""`` for the only one; logits are about the last.
    watch
        Runs the model.
    appenders
        One for each side.
    outputs
        Finds scores of words and classes.
    readable
        What the tokenizer's tokens read like, None without a tokenizer.
    """

    model: Any
    options: Options
    reader: Reader
    sides: tuple[str, ...]
    watch: Watch
    appenders: dict[str, Appender]
    outputs: Outputs
    readable: Readable | None
    states: dict[state_space.State, int] | None = None

    @classmethod
    def of(cls, model: Any, options: Options, tokenizer: Any) -> _Recorder:
        """Look at the model and say what will be recorded of it."""
        if options.carry:
            what = "has no meaning for a model of the transformers library: it reads each text from its start"
            raise RecordingError(Problem("carry", what, "leave it out, and give whole texts"))
        if options.gates:
            what = "are not to be had of a model of the transformers library"
            raise RecordingError(Problem("gates", what, "leave it out, or name modules whose output to record, hooks="))
        sides = (ENCODER, DECODER) if model.config.is_encoder_decoder else ("",)
        parts = {side: options.of_side(side) for side in sides}
        size = _codes_of(model)
        readable = None if tokenizer is None else readable_vocabulary(tokenizer, size)
        vocabularies = {side: _vocabulary(part, readable, size) for side, part in parts.items()}
        reader = Reader(model, tokenizer, vocabularies, options.padding)
        labels = {LABEL: class_names(model)} | {name: list(texts) for name, texts in options.annotations.items()}
        is_linked = len(sides) > 1
        causal = bool(model.can_generate() or is_linked)
        appenders = {side: Appender(vocabularies[side], parts[side], labels, causal, is_linked) for side in sides}
        hooked = {path: module_named(model, path, "hooks") for path in _hooks(options)}
        scores = module_named(model, options.logits, "logits") if isinstance(options.logits, str) else None
        watch = Watch(
            model, recurrent={}, hooked=hooked, roles=frozenset(), scores=scores, gradients=options.saliency is not None
        )
        outputs = Outputs(model, options, len(vocabularies[sides[-1]]), causal)
        return cls(model, options, reader, sides, watch, appenders, outputs, readable)

    def run(self, reading: Reading) -> Iterator[dict[str, Steps]]:
        """Run the model over a batch and yield what it did, by side: all at once, or document by document."""
        found, trace = hidden_states.run(self.watch, reading, self.options)
        steps: dict[str, Steps] = {}
        for side, layers in zip(self.sides, found, strict=True):
            rows = reading.sides[side]
            tracks = hidden_states.tracks(layers, self.options.dtype_name)
            if side == self.sides[-1]:
                tracks |= hidden_states.activations(trace, rows, self.options.dtype_name)
                steps[side] = self.outputs.added(Steps(rows, tracks), trace)
            else:
                steps[side] = Steps(rows, tracks)
            steps[side] = self._with_words(steps[side])
        state_sizes = self._state_sizes(reading)
        if not state_sizes:
            yield {side: self._chosen(each, side) for side, each in steps.items()}
            return
        for part in self._with_states(steps[""], reading, state_sizes):
            yield {"": self._chosen(part, "")}

    def append(self, found: dict[str, Steps], writers: dict[str, Writer]) -> None:
        """Append steps to the files that do not have them yet."""
        for side, steps in found.items():
            if side in writers:
                self.appenders[side].append(steps, writers[side])
            else:
                self.appenders[side].skip(steps.rows)

    def skip(self, reading: Reading) -> None:
        """Pass over a batch that an earlier run has written."""
        for side, rows in reading.sides.items():
            self.appenders[side].skip(rows)

    def writers(self, stack: ExitStack, path: Path, found: dict[str, Steps]) -> dict[str, Writer]:
        """Open a file for each side, now that all is known to be well."""
        writers, model = {}, fingerprint(weights_of(self.model))
        paths = paths_of(path, self.sides)
        for side, out in zip(self.sides, paths, strict=True):
            others = [other.name for other in paths if other != out]
            linked = {"side": side, "linked": others[0]} if others else {}
            writer = Writer(
                out,
                title=self.options.title or out.stem,
                description=self.options.description,
                attrs={**(self.options.attrs or {}), **linked},
                constants=self.outputs.constants(scores_words=side == self.sides[-1]),
                labels=self._labels(side, found[side]),
                compress=self.options.compress,
                resume=self.options.resume,
                model=model,
            )
            writers[side] = stack.enter_context(writer)
        return writers

    def _labels(self, side: str, steps: Steps) -> dict[str, list[str]]:
        appender = self.appenders[side]
        found = {VOCABULARY: list(appender.vocabulary.words or ())}
        used = set(steps.rows.annotations or ())
        used |= {LABEL} if steps.rows.labels is not None or steps.classes is not None else set()
        found |= {f"{name}_label": list(texts) for name, texts in appender.labels.items() if name in used and texts}
        if WORD_START in steps.tracks:
            found[f"{WORD_START}_label"] = list(WORD_START_LABELS)
        if PREDICTED in steps.tracks:
            found[f"{PREDICTED}_label"] = class_names(self.model)
        return found

    def _chosen(self, steps: Steps, side: str) -> Steps:
        """Return steps with those sources only that ``modules`` names."""
        wanted = self.appenders[side].options.modules
        if wanted is None:
            return steps
        wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        sources = [name for name, track in steps.tracks.items() if track.attrs["kind"] == Kind.STATES.value]
        strange = [str(name) for name in wanted if name not in sources]
        if strange:
            what = f"has {', '.join(strange)}, which this model has not"
            raise RecordingError(Problem("modules", what, f"choose among {', '.join(sources)}"))
        hooked = _hooks(self.options)
        kept = {
            name: track
            for name, track in steps.tracks.items()
            if name not in sources or name in wanted or name in hooked
        }
        return replace(steps, tracks=kept)

    def _with_words(self, steps: Steps) -> Steps:
        """Return steps with where words begin."""
        if self.readable is None:
            return steps
        values = np.zeros(steps.rows.shape, np.int8)
        attrs: dict[str, Any] = {}
        for row, (start, stop) in enumerate(zip(steps.rows.starts, steps.rows.stops, strict=True)):
            found = self.readable.word_starts(steps.rows.tokens[row, start:stop])
            values[row, start:stop], attrs = found.to_numpy(), dict(found.attrs)
        return replace(steps, tracks={**steps.tracks, WORD_START: Track(values, (STEP,), attrs)})

    def _state_sizes(self, reading: Reading) -> dict[state_space.State, int]:
        """Return the states of a state-space model, none of others, or where they are not wanted."""
        if self.states is None:
            wanted = "cell" in self.options.roles and self.sides == ("",) and self.options.call is None
            names = self.options.modules
            named = names is None or any("/" in name for name in ([names] if isinstance(names, str) else names))
            takes = hidden_states.takes(self.model, "use_cache")
            reads = wanted and named and takes
            self.states = state_space.state_sizes(self.model, reading.inputs[CODES]) if reads else {}
            size = sum(self.states.values()) * hidden_states.bytes_of(self.model, self.options.dtype_name)
            if size > LARGE and names is None:
                log.warning("The model's states take %.1f MB a step: states=['hidden'] leaves them out.", size / 1e6)
        return self.states

    def _with_states(self, steps: Steps, reading: Reading, sizes: dict[state_space.State, int]) -> Iterator[Steps]:
        """Yield the steps of each row part by part, with the states of a state-space model."""
        rows, dtype = steps.rows, self.options.dtype_name
        size = sum(sizes.values()) * hidden_states.bytes_of(self.model, dtype)
        for row, (first, last) in enumerate(zip(rows.starts.tolist(), rows.stops.tolist(), strict=True)):
            codes = reading.inputs[CODES][row : row + 1, first:last]
            for part, states in state_space.in_parts(self.model, codes, size):
                steps_of_row = slice(first + part.start, first + part.stop)
                yield hidden_states.with_states(_part(steps, row, steps_of_row), states, dtype)


def _part(steps: Steps, row: int, part: slice) -> Steps:
    """Return some steps of one row."""
    rows, one = steps.rows, slice(row, row + 1)
    length = part.stop - part.start
    cut = replace(
        rows,
        tokens=rows.tokens[one, part],
        starts=np.zeros(1, np.int64),
        stops=np.array([length]),
        documents=None if rows.documents is None else rows.documents[one],
        labels=None if rows.labels is None else rows.labels[one],
        annotations={name: values[one, part] for name, values in (rows.annotations or {}).items()} or None,
    )
    first = int(rows.starts[row])
    logits = None if steps.logits is None else steps.logits[one, part]
    before = steps.logits[row, part.start - 1] if steps.logits is not None and part.start > first else None
    tracks = {name: replace(track, values=track.values[one, part]) for name, track in steps.tracks.items()}
    return Steps(cut, tracks, logits, before, None if steps.classes is None else steps.classes[one])


def _hooks(options: Options) -> tuple[str, ...]:
    return (options.hooks,) if isinstance(options.hooks, str) else tuple(options.hooks)


def _codes_of(model: Any) -> int:
    """Return how many codes a model knows."""
    weight = getattr(model.get_input_embeddings(), "weight", None)
    return int(weight.shape[0]) if weight is not None else int(model.config.vocab_size)


def _vocabulary(options: Options, readable: Readable | None, size: int) -> Vocabulary:
    """Return the words of a side's codes: those given, else the tokenizer's, else the codes themselves."""
    if options.vocabulary is not None:
        given = Vocabulary.of(options.vocabulary)
        if given.words is not None and len(given) < size:
            what = f"has {len(given)} words; the model knows {size} codes"
            raise RecordingError(
                Problem("vocabulary", what, "give each code a word, in their order; '' for unused ones")
            )
        return given
    return Vocabulary.numbered(size) if readable is None else Vocabulary.of(readable.texts[:size])
