"""What `record` was asked to do, checked as far as that needs no model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lstmvis_panel.schema import Problem, RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

STATES = ("hidden", "cell")
DTYPES = ("float16", "bfloat16", "float32", "float64")
WHICH = ("true", "predicted")


@dataclass(frozen=True)
class Saliency:
    """Whose score saliency explains ("true" or "predicted" token), and how many steps a window has (None: all)."""

    which: str
    window: int | None = None


@dataclass(frozen=True)
class Options:
    """The arguments of `record`, which says what each means."""

    vocabulary: Any = None
    modules: Any = None
    states: Sequence[str] = STATES
    gates: bool = False
    hooks: Any = ()
    top: int = 0
    logits: str | Callable[[Any], Any] | None = None
    surprisal: bool = False
    saliency: Any = None
    embeddings: bool = False
    output_weights: bool = False
    dtype: Any = None
    compress: bool = False
    progress: bool = True
    resume: bool = False
    title: str = ""
    description: str = ""
    attrs: Mapping[str, Any] | None = None
    annotations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    call: Callable[..., Any] | None = None
    carry: bool = False
    padding: int | None = None

    def __post_init__(self) -> None:
        """Check what can be checked before a model is looked at."""
        if problems := list(self._problems()):
            raise RecordingError(problems)

    @property
    def roles(self) -> frozenset[str]:
        """What is kept of recurrent modules: "hidden", "cell", "gates"."""
        return frozenset(self.states) | ({"gates"} if self.gates else frozenset())

    @property
    def dtype_name(self) -> str | None:
        """The name of the dtype that states are stored in; None for the model's own."""
        return None if self.dtype is None else _dtype_name(self.dtype)

    @property
    def salient(self) -> Saliency | None:
        """What saliency was asked for."""
        if self.saliency is None:
            return None
        return Saliency(self.saliency) if isinstance(self.saliency, str) else Saliency(*self.saliency)

    @property
    def predicts(self) -> bool:
        """Whether anything needs the model's logits."""
        return bool(self.top or self.surprisal or self.saliency is not None)

    def of_side(self, side: str) -> Options:
        """Return the options of one of several sides, such as "encoder": its own of those that name sides."""
        if not side:
            return self

        def own(value: Any) -> Any:
            # A vocabulary may well have a word "encoder", whose code it gives.
            names_sides = isinstance(value, dict) and side in value and not isinstance(value[side], int)
            return value[side] if names_sides else value

        return replace(self, modules=own(self.modules), hooks=own(self.hooks) or (), vocabulary=own(self.vocabulary))

    def _problems(self) -> Iterator[Problem]:
        states = (self.states,) if isinstance(self.states, str) else self.states
        for name in states:
            if name not in STATES:
                yield Problem("states", f"has {name!r}; 'hidden', 'cell' were expected", "for gates say gates=True")
        if isinstance(self.states, str):
            yield Problem("states", f"is the text {self.states!r}; a list was expected", f"states=[{self.states!r}]")
        yield from self._type_problems()
        top: Any = self.top
        if not isinstance(top, int) or isinstance(top, bool) or top < 0:
            what = f"is {top!r}; a whole number of predictions a step was expected"
            yield Problem("top", what, "leave it out for none")
        if self.dtype is not None and _dtype_name(self.dtype) not in DTYPES:
            yield Problem(
                "dtype", f"is {self.dtype!r}; {', '.join(DTYPES)} was expected", "leave it out for the model's"
            )
        yield from self._saliency_problems()

    def _type_problems(self) -> Iterator[Problem]:
        for name in ("modules", "hooks"):
            given = getattr(self, name)
            values = [*given.values()] if isinstance(given, dict) else [given]
            if not all(_are_paths(value) for value in values if value is not None):
                what = f"is {given!r}; paths of modules were expected"
                yield Problem(name, what, f"for example {name}=['encoder.rnn']")
        call: Any = self.call
        if call is not None and not callable(call):
            what = f"is {call!r}; a function (model, *inputs) was expected"
            yield Problem("call", what, "call=lambda model, *inputs: ...")

    def _saliency_problems(self) -> Iterator[Problem]:
        wanted = self.saliency
        if wanted is None or wanted in WHICH:
            return
        pair = isinstance(wanted, tuple | list) and len(wanted) == len(WHICH) and wanted[0] in WHICH
        if not pair or not isinstance(wanted[1], int) or wanted[1] < 1:
            what = f"is {wanted!r}; 'true' or 'predicted', or one of them and a window's steps, was expected"
            yield Problem("saliency", what, "for example saliency=('true', 20)")


def _are_paths(value: Any) -> bool:
    """Tell whether a value is a path, or several."""
    if isinstance(value, str):
        return True
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(path, str) for path in value)


def _dtype_name(dtype: Any) -> str:
    """Return ``float16`` for ``torch.float16``, ``numpy.float16`` and the text."""
    return getattr(dtype, "__name__", None) or str(dtype).removeprefix("torch.")
