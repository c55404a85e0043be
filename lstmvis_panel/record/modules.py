"""Finding modules in a PyTorch model: recurrent ones, those named, embeddings and the layer before the logits."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING

from torch import nn

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RECURRENT = (nn.LSTM, nn.GRU, nn.RNN, nn.LSTMCell, nn.GRUCell, nn.RNNCell)
GATED = (nn.LSTM, nn.GRU, nn.LSTMCell, nn.GRUCell)
CELLS = (nn.LSTMCell, nn.GRUCell, nn.RNNCell)
SHOWN = 20


def recurrent_modules(model: nn.Module) -> dict[str, nn.Module]:
    """Return all recurrent modules of a model by their paths, the model's own being ``""``; each once."""
    return {name: module for name, module in model.named_modules() if isinstance(module, RECURRENT)}


def chosen_recurrent(model: nn.Module, wanted: str | Iterable[str] | None) -> dict[str, nn.Module]:
    """Return the recurrent modules that are to be recorded.

    Parameters
    ----------
    model
        The model.
    wanted
        Paths of recurrent modules, or of modules that hold some; None for all.

    Raises
    ------
    RecordingError
        If there is no such module, or no recurrent one in it.
    """
    if wanted is None:
        return recurrent_modules(model)
    found: dict[str, nn.Module] = {}
    for name in [wanted] if isinstance(wanted, str) else wanted:
        module = module_named(model, name, "modules")
        below = {
            f"{name}.{path}" if name and path else name + path: part for path, part in recurrent_modules(module).items()
        }
        if not below:
            what = f"{name!r} is {_kind(module)} and holds no recurrent module; the model has {_names(model)}"
            raise RecordingError(Problem("modules", what, "name it in hooks=, to record what it gives out"))
        found |= below
    return found


def module_named(model: nn.Module, name: str, where: str) -> nn.Module:
    """Return a module by its path.

    Raises
    ------
    RecordingError
        If there is none, with the paths that are most like it.
    """
    try:
        return model.get_submodule(name)
    except AttributeError:
        names = [path for path, _ in model.named_modules() if path]
        near = get_close_matches(name, names, n=5, cutoff=0.4) or names[:SHOWN]
        remedy = f"perhaps {', '.join(near)}" if near else "the model has no submodules"
        raise RecordingError(Problem(where, f"the model has no module {name!r}", remedy)) from None


def require_any(model: nn.Module, recurrent: Sequence[str], hooks: Sequence[str]) -> None:
    """Check that there is something to record.

    Raises
    ------
    RecordingError
        If there is not, with what the model holds.
    """
    if recurrent or hooks:
        return
    counts = Counter(type(module).__name__ for module in model.modules() if module is not model)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common(SHOWN)) or "no submodules"
    what = f"has no recurrent module (LSTM, GRU, RNN or a Cell of them); it has {kinds}"
    names = [name for name, _ in model.named_modules() if name][:SHOWN]
    remedy = f"name modules whose output to record, hooks=[...], of {', '.join(names) or 'none'}; or use from_arrays"
    raise RecordingError(Problem(type(model).__name__, what, remedy))


def padding_of(model: nn.Module) -> int | None:
    """Return the code of padding that a model's embeddings name, None where they name none, or several."""
    codes = {module.padding_idx for module in model.modules() if isinstance(module, nn.Embedding)}
    return codes.pop() if len(codes) == 1 else None


def embedding_matrix(model: nn.Module, called: Sequence[nn.Embedding], words: int) -> nn.Embedding:
    """Return the first embedding with a row for each word: of those that were called, else of all.

    Raises
    ------
    RecordingError
        If there is none.
    """
    embeddings = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    for module in [*called, *embeddings]:
        if module.num_embeddings == words:
            return module
    sizes = ", ".join(f"{module.num_embeddings} rows" for module in embeddings) or "none"
    what = f"wants an embedding of the vocabulary's {words} words; the model has {sizes}"
    raise RecordingError(
        Problem("embeddings", what, "give the vocabulary a word for each row, or say embeddings=False")
    )


def output_matrix(model: nn.Module, words: int) -> nn.Linear:
    """Return the last linear module with an output for each word.

    Raises
    ------
    RecordingError
        If there is none.
    """
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    for module in reversed(linear):
        if module.out_features == words:
            return module
    sizes = ", ".join(str(module.out_features) for module in linear) or "none"
    what = f"wants a linear module with the vocabulary's {words} outputs; the model's have {sizes}"
    raise RecordingError(Problem("output_weights", what, "say output_weights=False"))


def _kind(module: nn.Module) -> str:
    return type(module).__name__


def _names(model: nn.Module) -> str:
    return ", ".join(name or "itself" for name in recurrent_modules(model)) or "none"
