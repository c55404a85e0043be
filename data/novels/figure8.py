"""Draw figure 8 of the paper anew: PCA of the states that are on through noun phrases and verb phrases.

Needs the package's extra ``examples``. From the project's folder::

    python -m data.novels.figure8
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from data.novels import findings
from lstmvis_panel.store import open_recording

RECORDING = Path(__file__).with_name("novels.h5")
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "novels-phrases.png"
FOLDS = 5


def main(
    recording: Annotated[Path, typer.Argument(help="A recording that data/novels/build.py made.")] = RECORDING,
    picture: Annotated[Path, typer.Argument(help="File to draw.")] = PICTURE,
) -> None:
    """Project the patterns of all chunks of two words or more, say how well they part, and draw them."""
    opened = open_recording(recording)
    spans = [findings.longer(findings.chunks(opened, name)) for name in ("noun_chunk", "verb_chunk")]
    patterns = np.concatenate([findings.patterns(opened, some) for some in spans]).astype(float)
    is_verb = np.repeat([False, True], [len(some) for some in spans])
    pca = PCA(2)
    places = pca.fit_transform(patterns)
    divide = LogisticRegression(class_weight="balanced")
    parted = cross_val_score(divide, places, is_verb, scoring="balanced_accuracy", cv=FOLDS).mean()
    print(f"{len(spans[0])} noun phrases, {len(spans[1])} verb phrases")
    print(f"A straight line parts them in the plane with a balanced accuracy of {parted:.1%} ({FOLDS} folds).")
    figure = Figure(figsize=(6.4, 4.8), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    for kind, colour, label in ((False, "#d62728", "noun phrase"), (True, "#1f77b4", "verb phrase")):
        chosen = places[is_verb == kind]
        axes.scatter(*chosen.T, s=6, alpha=0.5, linewidths=0, color=colour, label=f"{label} ({len(chosen)})")
    first, second = pca.explained_variance_ratio_
    axes.set(xlabel=f"first component ({first:.0%} of the variance)", ylabel=f"second component ({second:.0%})")
    axes.legend(frameon=False, markerscale=3)
    axes.spines[["top", "right"]].set_visible(False)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture)
    print(picture)


if __name__ == "__main__":
    typer.run(main)
