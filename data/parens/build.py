"""Build the bundled example ``parens.h5``: train the model, run it over text it has not seen, record what it does.

Needs the package's extra ``examples``. From the project's folder::

    python -m data.parens.build                                # makes data/parens/parens.h5 again, in minutes
    python -m data.parens.build --quick --out trial.h5         # a tiny form, in seconds, to try the script

The model's weights go beside the recording, as ``model.safetensors`` (``trial.safetensors`` for ``trial.h5``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
import typer
import xarray as xr
from rich.console import Console
from rich.progress import track

from data.parens import findings
from data.parens import model as language_model
from data.parens.language import (
    CLOSE,
    DEEPEST,
    OPEN,
    VOCABULARY,
    entropy,
    generate,
    nesting_levels,
    opened_by,
    true_surprisal,
)
from lstmvis_panel.schema import RecordingError, validate
from lstmvis_panel.store import save_recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUT = Path(__file__).with_name("parens.h5")
SEED, HELD_OUT_SEED = 20, 5
LEAD_IN = 100
"""Steps that the model reads before the recording starts, so that the first recorded step has a past."""

TOP = 3
GRID = 1024
"""States are recorded as multiples of 1/GRID: finer digits show nowhere and would add half to the file."""

EQUAL = 1e-5
SATURATED = 0.95
SHOWN, LEFT_OF_MARK = 38, 3
"""Steps that the app shows at its usual width, and how many of them stand left of the position asked for."""

DESCRIPTION = (
    "A small language model that has learnt to count: parentheses nest up to four deep, and every digit says how deep. "
    "Select a phrase such as ( 4 to find states that follow the nesting."
)

console = Console()


@dataclass(frozen=True)
class HeldOut:
    """Text that the model was not trained on.

    Attributes
    ----------
    read
        Token codes that the model reads, the lead-in first.
    first
        The step of these at which the recording starts.
    """

    read: NDArray[np.int64]
    first: int

    @property
    def recorded(self) -> NDArray[np.int64]:
        """Token codes that are recorded."""
        return self.read[self.first :]


def held_out(steps: int) -> HeldOut:
    """Draw text to record; the recorded part starts where no parenthesis is open."""
    read = generate(np.random.default_rng(HELD_OUT_SEED), 1, 4 * LEAD_IN + steps)[0]
    all_closed = np.flatnonzero(np.cumsum(opened_by(read)) == 0) + 1
    first = int(all_closed[all_closed >= LEAD_IN][0])
    return HeldOut(read[: first + steps], first)


def record(model: language_model.Model, text: HeldOut) -> xr.Dataset:
    """Run the model over the text and return what it did, as a recording."""
    read = torch.from_numpy(text.read)[None]
    with torch.no_grad():
        traced = language_model.trace(model, read, language_model.start(1))
        apart = language_model.largest_difference(model, read, traced)
    console.print(f"Cell states and outputs are within {apart:.1e} of PyTorch's own.")
    if apart > EQUAL:
        raise SystemExit(f"These are not the model's states: {EQUAL} was allowed.")
    variables = token_variables(text) | state_variables(traced, text) | tracks(text) | predictions(traced, text)
    recording = xr.Dataset(variables)
    about = {"title": "Parentheses", "description": DESCRIPTION, "view": json.dumps(telling_view(recording))}
    return recording.assign_attrs(about | facts(recording, text))


def token_variables(text: HeldOut) -> dict[str, xr.Variable]:
    """Return the recorded tokens and the vocabulary."""
    return {
        "token": xr.Variable("step", text.recorded.astype(np.int32), {"kind": "token", "labels": "vocabulary"}),
        "vocabulary": xr.Variable("word", np.array(VOCABULARY, dtype=object), {"kind": "labels"}),
    }


def state_variables(traced: language_model.Trace, text: HeldOut) -> dict[str, xr.Variable]:
    """Return cell states and outputs; the second layer first, where the nesting shows best."""
    variables = {}
    for layer in reversed(range(language_model.LAYERS)):
        for role, values, transform in (("cell", traced.cells, "tanh"), ("output", traced.outputs, "none")):
            name = f"{role}{layer + 1}"
            kept = np.round(values[layer][0, text.first :].numpy() * GRID) / GRID
            attrs = {"kind": "states", "layer": layer + 1, "role": role, "transform": transform, "unsigned": 0}
            variables[name] = xr.Variable(("step", f"{name}_state"), kept.astype(np.float16), attrs)
    return variables


def tracks(text: HeldOut) -> dict[str, xr.Variable]:
    """Return the categorical tracks: nesting level and kind of token."""
    kinds = np.full(len(text.recorded), 2)
    kinds[text.recorded == OPEN] = 0
    kinds[text.recorded == CLOSE] = 1
    levels = [f"L{level}" for level in range(DEEPEST + 1)]
    meaning = "Level that a digit states, or that a parenthesis opens or closes: ( 4 ) lies on level 4 as a whole."
    return categorical("nesting_level", nesting_levels(text.recorded), levels, meaning) | categorical(
        "token_kind", kinds, ["open", "close", "digit"], "Kind of the token."
    )


def categorical(name: str, codes: NDArray[np.int64], labels: list[str], description: str) -> dict[str, xr.Variable]:
    """Return a categorical track and its labels."""
    attrs = {"kind": "categorical", "labels": f"{name}_label", "description": description}
    return {
        name: xr.Variable("step", codes.astype(np.int8), attrs),
        f"{name}_label": xr.Variable(f"{name}_label", np.array(labels, dtype=object), {"kind": "labels"}),
    }


def predictions(traced: language_model.Trace, text: HeldOut) -> dict[str, xr.Variable]:
    """Return how surprising each token was, and what the model expects after it."""
    chances = traced.logits[0].double().softmax(dim=1).numpy()
    before, after = chances[text.first - 1 : -1], chances[text.first :]
    surprisal = -np.log(np.take_along_axis(before, text.recorded[:, None], axis=1)[:, 0])
    best = np.argsort(-after, axis=1, kind="stable")[:, :TOP]
    dims = ("step", "top_predictions_rank")
    surprisal_attrs = {
        "kind": "scalar",
        "units": "nats",
        "range": [0.0, float(np.ceil(surprisal.max() * 2) / 2)],
        "description": "How surprising the token was to the model that had read all before it: -log of its chance.",
    }
    best_attrs = {
        "kind": "prediction",
        "labels": "vocabulary",
        "weights": "top_predictions_weight",
        "description": "What the model, having read this step's token, expects at the NEXT step; likeliest first.",
    }
    weight_attrs = {"kind": "weights", "description": "Chance that the model gives to each prediction."}
    weights = np.take_along_axis(after, best, axis=1)
    return {
        "surprisal": xr.Variable("step", surprisal.astype(np.float32), surprisal_attrs),
        "top_predictions": xr.Variable(dims, best.astype(np.int32), best_attrs),
        "top_predictions_weight": xr.Variable(dims, weights.astype(np.float32), weight_attrs),
    }


def telling_view(recording: xr.Dataset) -> dict[str, str | int | float]:
    """Return where to open the recording: where the steps shown hold the most lengths of level-4 phrases."""
    starts = findings.phrases(recording, DEEPEST)
    closing = np.flatnonzero(recording["token"].to_numpy() == CLOSE)
    starts = starts[starts < closing[-1]]
    ends = closing[np.searchsorted(closing, starts)]
    windows = [(starts >= first) & (ends < first + SHOWN) for first in starts - LEFT_OF_MARK]
    kinds = [(len(set((ends - starts)[inside])), int(inside.sum())) for inside in windows]
    best = max(range(len(starts)), key=lambda number: kinds[number], default=None)
    position = 0 if best is None else int(starts[best])
    return {"source": findings.SOURCE, "position": position, "threshold": findings.THRESHOLD}


def facts(recording: xr.Dataset, text: HeldOut) -> dict[str, float | int | str]:
    """Return the model's figures, to be kept with the recording; losses are in nats per token."""
    cells = [recording[name].to_numpy().astype(np.float64) for name in ("cell1", "cell2")]
    return {
        "loss": float(recording["surprisal"].mean(dtype=np.float64)),
        "loss_floor": float(true_surprisal(text.read)[text.first :].mean()),
        "language_entropy": entropy(),
        "loss_units": "nats per token",
        "saturated_share": float(np.mean([np.abs(np.tanh(cell)) > SATURATED for cell in cells])),
        "torch_version": str(torch.__version__),
        "made_by": "data/parens/build.py",
    }


def check(recording: xr.Dataset) -> None:
    """Stop if the recording is not as the app expects it."""
    if problems := validate(recording):
        raise RecordingError(problems)


def main(
    out: Annotated[Path, typer.Option(help="File to write.")] = OUT,
    steps: Annotated[int, typer.Option(min=100, help="Steps to record.")] = 10_000,
    epochs: Annotated[int, typer.Option(min=1, help="Rounds of training, each of 128,000 tokens.")] = 12,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="One epoch and 500 steps, whatever else is said.")] = False,
) -> None:
    """Train the model, record it on text it has not seen, write the recording and print its figures."""
    if quick:
        epochs, steps = 1, 500
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # sums come out the same however many processors there are
    model = language_model.new_model()
    windows = language_model.train(model, np.random.default_rng(SEED), epochs)
    total = epochs * language_model.WINDOWS_PER_EPOCH
    for _ in track(windows, "Training", total=total, console=console):
        pass
    recording = record(model, held_out(steps))
    check(recording)
    save_recording(recording, out)
    weights = out.with_name("model.safetensors") if out == OUT else out.with_suffix(".safetensors")
    language_model.save(model, weights)
    for name, value in recording.attrs.items():
        console.print(f"{name}: {value}", highlight=False)
    for line in findings.report(recording):
        console.print(line, highlight=False)
    for path in (out, weights):
        console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
