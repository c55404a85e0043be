"""Build the bundled example ``dna.h5``: train a tagger of binding motifs, record it on bases it has not seen.

Needs the package's extra ``examples``. From the project's folder::

    python -m data.dna.build                                # makes data/dna/dna.h5 again: some 20 minutes
    python -m data.dna.build --keep-weights                 # records again what data/dna/model.safetensors does
    python -m data.dna.build --quick --out trial.h5         # a tiny form, in seconds, to try the script

The model's weights go beside the recording, as ``model.safetensors`` (``trial.safetensors`` for ``trial.h5``).
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer
import xarray as xr
from rich.console import Console
from rich.progress import track

from data.dna import findings, genome, motifs
from data.dna import model as tagger
from lstmvis_panel.record import Batch, record
from lstmvis_panel.schema import RecordingError, sources, validate
from lstmvis_panel.store import open_recording, save_recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUT = Path(__file__).with_name("dna.h5")
SEED = 22
SIZE, SHOWN = 1000, 10
"""Bases of a window, which the model reads by itself, and how many windows are recorded."""

LIMIT = 0.5
"""The chance from which a base is called a site: likelier than not."""

GRID = 256
"""States are recorded as multiples of 1/GRID: finer digits show nowhere and would add half to the file."""

SOURCE, THRESHOLD, WORD_WIDTH = "hidden1_forward", 0.25, 12
IN_VIEW = 90
"""Bases that the app shows at this width, on a page of usual width."""

PROTEINS = tuple(motifs.PROFILES)
SITE_LABELS = ("no site", "site")
DESCRIPTION = (
    "A model that reads DNA and tells of each base which of seven proteins' motifs it lies in, on a part of human "
    "chromosome 22 that it was not trained on. Select two bases in the middle of a CTCF site to find the others."
)

console = Console()


@dataclass(frozen=True)
class Tagged:
    """Windows side by side, what the model says of them, and what is true.

    Attributes
    ----------
    windows
        The windows.
    chances
        Chance that each base lies in a site, shape (base, protein).
    sites
        Whether it does, shape (base, protein).
    """

    windows: list[genome.Stretch]
    chances: NDArray[np.float64]
    sites: NDArray[np.bool_]


def tag(model: tagger.Tagger, windows: list[genome.Stretch], sites: NDArray[np.bool_]) -> Tagged:
    """Run the model over windows; ``sites`` are those of the whole sequence."""
    chances = tagger.chances(model, windows).reshape(-1, len(PROTEINS))
    return Tagged(windows, chances, np.concatenate([sites[window.start : window.stop] for window in windows]))


def choose(windows: list[genome.Stretch], sites: NDArray[np.bool_], count: int) -> list[genome.Stretch]:
    """Choose windows that cut no site, one by one so that the protein with the fewest sites has as many as can be."""
    starts = np.diff(sites, axis=0, prepend=False) & sites
    whole = ~(sites & ~starts).any(axis=1)
    windows = [window for window in windows if whole[window.start] and whole[window.stop % len(whole)]]
    here = {window: starts[window.start : window.stop].sum(axis=0) for window in windows}
    total, chosen = np.zeros(len(PROTEINS), dtype=np.int64), []
    for _ in range(min(count, len(windows))):
        left = (window for window in windows if window not in chosen)
        best = max(left, key=lambda window: sorted((total + here[window]).tolist()))
        total += here[best]
        chosen.append(best)
    return sorted(chosen, key=lambda window: window.start)


def train(found: list[motifs.Motif], steps: int) -> tagger.Tagger:
    """Train a model."""
    torch.manual_seed(SEED)
    model = tagger.Tagger(len(found))
    losses = tagger.train(model, tagger.Windows(found, genome.TRAINING), np.random.default_rng(SEED), steps)
    for _ in track(losses, "Training", total=steps, console=console):
        pass
    return model


def record_windows(model: tagger.Tagger, shown: Tagged) -> xr.Dataset:
    """Run the model over the windows to show, and return what it did, with the tracks of all proteins."""
    codes = genome.sequence()
    batches = [
        Batch(torch.from_numpy(codes[window.start : window.stop].copy())[None], documents=[str(window)])
        for window in shown.windows
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = record(
            model,
            batches,
            Path(folder) / OUT.name,
            vocabulary=list(genome.BASES),
            hooks=["convolution"],
            title="DNA",
            description=DESCRIPTION,
            progress=False,
        )
        recording = open_recording(path).load().drop_encoding()
    for name in sources(recording):
        rounded = np.round(recording[name].to_numpy() * GRID) / GRID
        recording[name] = recording[name].copy(data=rounded.astype(np.float16))
    return recording.assign(tracks(shown))


def tracks(shown: Tagged) -> dict[str, xr.Variable]:
    """Return the annotations: of each protein its sites, those the model predicts, and the chances it gives."""
    chances = {}
    found = {"site_label": xr.Variable("site_label", np.array(SITE_LABELS, dtype=object), {"kind": "labels"})}
    for number, (name, matrix) in enumerate(motifs.PROFILES.items()):
        chance = shown.chances[:, number].astype(np.float32)
        found[name] = flag(shown.sites[:, number], f"Whether the base lies in a word that matches JASPAR's {matrix}.")
        found[f"{name}_predicted"] = flag(chance >= LIMIT, f"Whether the model's chance for {name} is {LIMIT} or more.")
        attrs = {"kind": "scalar", "range": [0.0, 1.0], "description": f"The chance that the model gives to {name}."}
        chances[f"{name}_chance"] = xr.Variable("step", chance, attrs)
    return found | chances


def first_of_all(recording: xr.Dataset, name: str) -> xr.Dataset:
    """Return the recording with one variable before all others: the source to open with."""
    names = [name, *(other for other in recording.variables if other != name)]
    variables = {other: recording.variables[other] for other in names}
    return xr.Dataset(variables, attrs=recording.attrs).set_coords(list(recording.coords))


def flag(inside: NDArray[np.bool_], description: str) -> xr.Variable:
    """Return a 0/1 track."""
    attrs = {"kind": "categorical", "labels": "site_label", "description": description}
    return xr.Variable("step", inside.astype(np.int8), attrs)


def by_protein(values: Any) -> dict[str, float]:
    """Return a figure of each protein, with as many digits as mean something."""
    return {name: round(float(value), 5) for name, value in zip(PROTEINS, values, strict=True)}


def facts(found: list[motifs.Motif], apart: Tagged, held_out: Tagged, shown: Tagged) -> dict[str, Any]:
    """Return the figures, to be kept with the recording."""
    called = held_out.chances >= LIMIT
    return {
        "profiles": dict(motifs.PROFILES),
        "profiles_release": motifs.RELEASE,
        "background": genome.composition(genome.sequence()).tolist(),
        "site_threshold_bits": by_protein([motif.threshold * motifs.SCORE_UNIT for motif in found]),
        "predicted_from_chance": LIMIT,
        "assembly": "GRCh37",
        "held_out": str(genome.HELD_OUT),
        "held_out_bases": len(held_out.sites),
        "held_out_base_rate": by_protein(held_out.sites.mean(axis=0)),
        "held_out_average_precision": by_protein(findings.average_precisions(held_out.chances, held_out.sites)),
        "held_out_f1": by_protein(findings.f1_scores(called, held_out.sites)),
        "apart": str(genome.APART),
        "apart_average_precision": by_protein(findings.average_precisions(apart.chances, apart.sites)),
        "shown_average_precision": by_protein(findings.average_precisions(shown.chances, shown.sites)),
        "made_by": "data/dna/build.py",
        "torch_version": str(torch.__version__),
    }


def telling_view(recording: xr.Dataset) -> dict[str, str | int | float]:
    """Return where to open the recording: at the CTCF site with most bases of CTCF sites in view."""
    steps = np.arange(recording.sizes["step"])
    document = recording["document"].to_numpy()
    inside = recording["CTCF"].to_numpy() == 1
    starts = np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]]))
    shown = [(steps >= start) & (steps < start + IN_VIEW) & (document == document[start]) for start in starts]
    position = int(max(zip(shown, starts, strict=True), key=lambda pair: inside[pair[0]].sum())[1]) if shown else 0
    place = {"source": SOURCE, "position": position, "threshold": THRESHOLD, "left": 0}
    # Figure 9 of the paper: what is, above what the model says, protein by protein.
    tracks = ",".join(name for protein in PROTEINS for name in (protein, f"{protein}_predicted"))
    heatmaps = "match count,CTCF,CTCF_predicted"
    return place | {"word_width": WORD_WIDTH, "tracks": tracks, "heatmaps": heatmaps, "mapping": "CTCF"}


def report_finding(recording: xr.Dataset) -> None:
    """Print what comes of selecting the middle of each site in turn."""
    for source in ("hidden1_forward", "hidden1_backward"):
        for name in PROTEINS:
            scenes = findings.select_each_site(recording, name, source, THRESHOLD)
            if scenes:
                right, found, by_chance = np.mean([(at.right, at.found, at.by_chance) for at in scenes], axis=0)
                console.print(
                    f"{source}, {name}, {len(scenes)} sites: {right:.0%} of the best matches lie in sites (by chance "
                    f"{by_chance:.1%}), {found:.0%} of the other sites are among 50; "
                    f"{np.mean([at.states for at in scenes]):.0f} states are on."
                )


def main(
    out: Annotated[Path, typer.Option(help="File to write.")] = OUT,
    steps: Annotated[int, typer.Option(min=1, help="Steps of training, each of 12,800 bases.")] = 5000,
    *,
    keep_weights: Annotated[bool, typer.Option("--keep-weights", help="Take the weights that are there.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="10 steps and two windows, whatever else is said.")] = False,
) -> None:
    """Train the model, record it on bases it has not seen, write the recording and print its figures."""
    torch.set_num_threads(1)  # sums come out the same however many processors there are
    weights = out.with_name("model.safetensors") if out == OUT else out.with_suffix(".safetensors")
    codes = genome.sequence()
    found = motifs.load(genome.composition(codes))
    if not keep_weights:
        tagger.save(train(found, 10 if quick else steps), weights)
    model = tagger.load(weights)
    sites = motifs.sites(found, codes)
    most = SHOWN if quick else None
    apart = tag(model, genome.windows(genome.APART, SIZE)[:most], sites)
    held_out = tag(model, genome.windows(genome.HELD_OUT, SIZE)[:most], sites)
    shown = tag(model, choose(held_out.windows, sites, 2 if quick else SHOWN), sites)
    recording = record_windows(model, shown)
    recording = first_of_all(recording, SOURCE).assign_attrs(facts(found, apart, held_out, shown))
    recording.attrs["view"] = json.dumps(telling_view(recording))
    if problems := validate(recording):
        raise RecordingError(problems)
    save_recording(recording, out, compress=True)
    for name, value in recording.attrs.items():
        console.print(f"{name}: {value}", highlight=False)
    report_finding(recording)
    for path in (out, weights):
        console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
