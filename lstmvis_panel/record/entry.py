"""`record`: hidden states out of a model of any library, to a file that the app opens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstmvis_panel.record.options import STATES, Options
from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


def record(  # noqa: PLR0913 - one function for all that can be recorded; most calls need three arguments
    model: Any,
    batches: Iterable[Any],
    path: str | os.PathLike[str],
    *,
    vocabulary: Any = None,
    modules: str | Sequence[str] | Mapping[str, Any] | None = None,
    states: Sequence[str] = STATES,
    gates: bool = False,
    hooks: str | Sequence[str] | Mapping[str, Sequence[str]] = (),
    top: int = 0,
    logits: str | Callable[[Any], Any] | None = None,
    surprisal: bool = False,
    saliency: str | tuple[str, int] | None = None,
    embeddings: bool = False,
    output_weights: bool = False,
    dtype: Any = None,
    compress: bool = False,
    progress: bool = True,
    resume: bool = False,
    title: str = "",
    description: str = "",
    attrs: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Sequence[str]] | None = None,
    call: Callable[..., Any] | None = None,
    carry: bool = False,
    padding: int | None = None,
    tokenizer: Any = None,
) -> Path:
    """Run a model over batches and write what its hidden states do to a file, while it runs.

    >>> from lstmvis_panel.record import record
    >>> record(model, batches, "states.h5", vocabulary=vocabulary)  # doctest: +SKIP

    Of PyTorch models, all `torch.nn.LSTM`, `GRU`, `RNN` and their Cells are recorded, wherever in the model they are:
    hidden states and cell states of each layer and direction at every step. The model runs in evaluation mode and
    without gradients, and is left as it was.

    Parameters
    ----------
    model
        A `torch.nn.Module`, a model of transformers, or a Keras model.
    batches
        Any number of batches, one after the other: integer codes (row, step); tuples or dicts of what the model's
        forward takes; or `Batch`, which can say more. Every row is a document. One that is left out of memory between
        batches, such as a generator, is enough.
    path
        Where to: ``.h5``, ``.hdf5`` or ``.nc``. Until all is recorded, ``<stem>.partial<suffix>`` beside it holds what
        is done, and can be opened. A model with several sides writes ``<stem>.<side><suffix>``, each of which names the
        other in its attribute ``linked``; their documents are the same.
    vocabulary
        The words in the order of their codes, or a dict of words and codes. Left out, words are the codes.
    modules
        Paths of the recurrent modules to record, or of modules that hold some; all if left out. For a model with
        several sides, a dict: ``{"encoder": "encoder", "decoder": "decoder"}``, the side with the logits last.
        ``vocabulary`` and ``hooks`` may be such dicts too.
    states
        "hidden", "cell": which states.
    gates
        Whether to record gates: an LSTM's input, forget and output gates and its candidate, a GRU's reset and update
        gates and its candidate.
    hooks
        Paths of further modules whose output to record, (row, step, ...), (step, row, ...), or a step at a time.
    top
        How many predictions of the next token to record at each step, with their chances.
    logits
        Where the model's logits (row, step, word) are, if not in its output: a function of the output, or the path of
        the module that gives them out.
    surprisal
        Whether to record -log of the chance that the model gave to each token, in nats. The first token of a document
        was not predicted: its surprisal is NaN, which is left blank.
    saliency
        "true" or "predicted": how much the score of that token, at the end of the document, depends on each token
        before; a pair with a number of steps, ``("true", 20)``, for windows of that length instead of documents. Of a
        classifier, the score of the document's class. Of a model with several sides, the last has it, for its own
        tokens: a window of a decoder's has no counterpart among an encoder's. See
        `lstmvis_panel.record.saliency.token_saliency`.
    embeddings, output_weights
        Whether to record the matrices by which the model reads words and scores them.
    dtype
        What states are stored as: "float16", "bfloat16", "float32", "float64"; the model's own if left out.
    compress
        Whether to compress, without loss.
    progress
        Whether to show progress on a terminal.
    resume
        Whether to go on with a partial file: batches that are in it are passed over. They must be the same, in the same
        order, and so must the model's weights; else nothing is changed. A recording that is complete stays as it is.
    title, description, attrs
        What the recording says of itself.
    annotations
        By annotation, the texts that its codes stand for; ``{"label": ["negative", "positive"]}`` for `Batch.labels`.
    call
        A function ``(model, *inputs)`` to run the model by, instead of ``model(*inputs)``.
    carry
        Whether batches, of one row each, are consecutive windows of one text: recurrent modules that are called
        without an initial state go on from where the last batch left them. All of it is one document, or several if
        `Batch.documents` names them, each of which starts anew.
    padding
        The code of padding, dropped from both ends of rows that have no `Batch.lengths`; the ``padding_idx`` of the
        model's embeddings if left out.
    tokenizer
        The tokenizer of a model of transformers, whose batches may then be texts.

    Returns
    -------
    pathlib.Path
        The recording; of a model with several sides the first side's.

    Raises
    ------
    RecordingError
        If something can't be recorded as asked, with what to do about it; nothing is written if the first batch can't.
    """
    options = Options(
        vocabulary=vocabulary,
        modules=modules,
        states=states,
        gates=gates,
        hooks=hooks,
        top=top,
        logits=logits,
        surprisal=surprisal,
        saliency=saliency,
        embeddings=embeddings,
        output_weights=output_weights,
        dtype=dtype,
        compress=compress,
        progress=progress,
        resume=resume,
        title=title,
        description=description,
        attrs=attrs,
        annotations=annotations or {},
        call=call,
        carry=carry,
        padding=padding,
    )
    library = library_of(model)
    if tokenizer is not None and library != "transformers":
        what = f"is of use with a model of transformers; this is {type(model).__module__}.{type(model).__name__}"
        raise RecordingError(Problem("tokenizer", what, "give codes as batches, and vocabulary="))
    given: Any = path
    if not isinstance(given, str | os.PathLike):
        what = f"is {path!r}; the name of a file was expected"
        raise RecordingError(Problem("path", what, "for example 'states.h5'"))
    out = Path(path)
    if library == "transformers":
        from lstmvis_panel.record.transformer import record_transformer  # noqa: PLC0415 - needs what may not be there

        return record_transformer(model, batches, out, options, tokenizer)
    if library == "keras":
        from lstmvis_panel.record.keras_model import record_keras  # noqa: PLC0415

        return record_keras(model, batches, out, options)
    from lstmvis_panel.record.pytorch import record_pytorch  # noqa: PLC0415

    return record_pytorch(model, batches, out, options)


def library_of(model: Any) -> str:
    """Return which library a model is of: "torch", "transformers" or "keras".

    Raises
    ------
    RecordingError
        If it is of none of them.
    """
    ancestors = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(model).__mro__}
    # A Keras model on PyTorch is a torch module as well, as is every model of transformers.
    for library, names in (
        ("keras", {"keras.Model", "keras.Layer"}),
        ("transformers", {"transformers.PreTrainedModel"}),
        ("torch", {"torch.Module"}),
    ):
        if ancestors & names:
            return library
    what = f"is {type(model).__module__}.{type(model).__name__}; a torch.nn.Module or a Keras model was expected"
    remedy = "run it yourself, and hand its states to lstmvis_panel.record.from_arrays"
    raise RecordingError(Problem("model", what, remedy))
