"""The bundled example: a model that tags the motifs of seven proteins, as in section 5.3 of the paper."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn.metrics import average_precision_score

from lstmvis_panel.matching import find_matches
from lstmvis_panel.schema import document_edges, labels, sources, validate, words
from lstmvis_panel.selection import select_states
from lstmvis_panel.store import bundled_examples, open_projects, open_recording
from tests.documented import stated, table

if TYPE_CHECKING:
    import xarray as xr

FOLDER = bundled_examples() / "dna"
PATH = FOLDER / "dna.h5"
SCENE = Path(__file__).parents[1] / "docs" / "examples" / "dna.md"
WEIGHTS = PATH.with_name("model.safetensors")
PROFILES = {
    "CTCF": "MA0139.2",
    "SP1": "MA0079.5",
    "TP53": "MA0106.3",
    "RELA": "MA0107.1",
    "ESR1": "MA0112.4",
    "GABPA": "MA0062.4",
    "CEBPA": "MA0102.5",
}
PROTEINS = list(PROFILES)
THRESHOLD = 0.25
WINDOW = 1000
ROUNDING = 1 / 512
"""States are kept to multiples of 1/256."""


@pytest.fixture(scope="module")
def recording() -> xr.Dataset:
    return open_recording(PATH).load()


@pytest.fixture(scope="module")
def texts(recording: xr.Dataset) -> list[str]:
    """The bases of each document."""
    edges = document_edges(recording)
    return ["".join(words(recording, start, stop)) for start, stop in pairwise(edges)]


def sites_of(recording: xr.Dataset, protein: str) -> list[tuple[int, int]]:
    """Start and stop of each run of bases in sites, document by document."""
    edges = document_edges(recording)
    found = []
    for first, last in pairwise(edges):
        inside = np.concatenate([[0], recording[protein].to_numpy()[first:last] == 1, [0]]).astype(int)
        changes = first + np.flatnonzero(np.diff(inside))
        found += list(zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True))
    return found


def test_it_is_a_valid_recording_and_small_enough_to_ship(recording: xr.Dataset) -> None:
    assert validate(recording) == []
    assert recording.sizes["step"] == 10_000
    assert PATH.stat().st_size + WEIGHTS.stat().st_size < 7e6


def test_the_start_page_can_list_it() -> None:
    project = open_projects(PATH.parent)["dna"]
    assert project.error is None
    assert project.title == "DNA"
    assert [source.name for source in project.sources] == [
        "hidden1_forward",
        "cell1_forward",
        "hidden1_backward",
        "cell1_backward",
        "convolution",
    ]
    said = [str(source) for source in project.sources]
    assert said[0] == "hidden1_forward · layer 1 hidden (10,000 x 64)"
    assert said[2] == "hidden1_backward · layer 1 hidden (10,000 x 64)"
    assert said[4] == "convolution · output (10,000 x 64)"
    tracks = [track for protein in PROTEINS for track in (protein, f"{protein}_predicted")]
    assert project.annotations == tracks + [f"{protein}_chance" for protein in PROTEINS]


def test_its_text_is_dna_that_was_held_out(recording: xr.Dataset, texts: list[str]) -> None:
    assert [len(text) for text in texts] == [WINDOW] * 10
    assert set("".join(texts)) == set("ACGT")
    names = labels(recording, "document")
    chromosome, first, last = recording.attrs["held_out"].replace(":", "-").split("-")
    assert (chromosome, first, last) == ("chr22", "20820000", "21000000")
    places = [name.replace(":", "-").split("-") for name in names]
    assert {place[0] for place in places} == {"chr22"}
    starts, stops = (np.array([int(place[end]) for place in places]) for end in (1, 2))
    assert (stops - starts == WINDOW).all()
    assert (stops[:-1] <= starts[1:]).all()
    assert starts[0] >= int(first)
    assert stops[-1] <= int(last)


@pytest.mark.parametrize("protein", PROTEINS)
def test_tracks_are_sites_the_models_chance_and_its_verdict(recording: xr.Dataset, protein: str) -> None:
    for name in (protein, f"{protein}_predicted"):
        assert labels(recording, name).tolist() == ["no site", "site"]
        assert set(recording[name].to_numpy().tolist()) == {0, 1}
    limit = np.float32(recording.attrs["predicted_from_chance"])
    called = recording[f"{protein}_chance"].to_numpy() >= limit
    np.testing.assert_array_equal(recording[f"{protein}_predicted"] == 1, called)


@pytest.mark.parametrize("protein", PROTEINS)
def test_sites_are_the_words_that_match_a_jaspar_profile(recording: xr.Dataset, texts: list[str], protein: str) -> None:
    """Base by base, word by word, by the definition; a site cut by a document's edge can't be seen from within."""
    jaspar = pytest.importorskip("pyjaspar")
    assert recording.attrs["profiles"][protein] == PROFILES[protein]
    profile = jaspar.jaspardb(release=recording.attrs["profiles_release"]).fetch_motif_by_id(PROFILES[protein])
    background = dict(zip("ACGT", recording.attrs["background"], strict=True))
    counts = profile.counts.normalize(pseudocounts={base: 0.8 * share for base, share in background.items()})
    odds = {base: list(values) for base, values in counts.log_odds(background).items()}
    size, other = profile.length, str.maketrans("ACGT", "TGCA")
    limit, rounding = recording.attrs["site_threshold_bits"][protein], size * 0.0006

    def score(word: str) -> float:
        strands = (word, word.translate(other)[::-1])
        return max(sum(odds[base][place] for place, base in enumerate(strand)) for strand in strands)

    tracks = recording[protein].to_numpy().reshape(-1, WINDOW) == 1
    for text, track in zip(texts, tracks, strict=True):
        scores = np.array([score(text[start : start + size]) for start in range(len(text) - size + 1)])
        least, most = np.zeros((2, len(text)), dtype=bool)
        for start in range(len(scores)):
            least[start : start + size] |= scores[start] >= limit + rounding
            most[start : start + size] |= scores[start] >= limit - rounding
        assert (track >= least).all()
        most[: size - 1] = most[len(text) - size + 1 :] = True
        assert (track <= most).all()


@pytest.mark.parametrize("protein", PROTEINS)
def test_one_random_word_in_ten_thousand_is_a_site(recording: xr.Dataset, protein: str) -> None:
    jaspar = pytest.importorskip("pyjaspar")
    profile = jaspar.jaspardb(release=recording.attrs["profiles_release"]).fetch_motif_by_id(PROFILES[protein])
    background = np.array(recording.attrs["background"])
    counts = np.array([profile.counts[base] for base in "ACGT"]) + 0.8 * background[:, np.newaxis]
    scores = np.log2(counts / counts.sum(axis=0) / background[:, np.newaxis])
    drawn = np.random.default_rng(1).choice(4, (1_000_000, profile.length), p=background)
    reached = scores[drawn, np.arange(profile.length)].sum(axis=1) >= recording.attrs["site_threshold_bits"][protein]
    # 100 are expected at most; the share is below that where few words have a score near the threshold.
    assert 60 < reached.sum() < 140


@pytest.mark.parametrize("protein", PROTEINS)
def test_sites_are_told_from_the_rest(recording: xr.Dataset, protein: str) -> None:
    """Average precision, on the bases shown and on all that were held out; by chance it would be the base rate."""
    site, chance = recording[protein].to_numpy() == 1, recording[f"{protein}_chance"].to_numpy()
    shown = average_precision_score(site, chance)
    assert recording.attrs["shown_average_precision"][protein] == pytest.approx(shown, abs=1e-4)
    profile, _, *figures = table(FOLDER / "README.md", "protein", "JASPAR profile")[protein]
    assert profile == PROFILES[protein]
    names = ["held_out_base_rate", "held_out_average_precision", "apart_average_precision", "shown_average_precision"]
    assert [recording.attrs[name][protein] for name in names] == [stated(figure) for figure in figures]


def test_sites_are_called_as_well_as_is_said(recording: xr.Dataset) -> None:
    scores = recording.attrs["held_out_f1"]
    assert [scores["CTCF"], scores["RELA"]] == [stated("0.89")] * 2
    others = [score for protein, score in scores.items() if protein not in {"CTCF", "RELA"}]
    assert (min(others), max(others)) == (stated("0.94"), stated("0.97"))


def test_states_and_chances_are_those_of_the_weights_beside_it(recording: xr.Dataset) -> None:
    """The model by its equations, in numpy, on the first document; one step or one gate amiss, and this fails."""
    weights = {name: value.astype(np.float64) for name, value in load_file(WEIGHTS).items()}
    bases = np.eye(4)[recording["token"].to_numpy()[:WINDOW]]
    kernel = weights["convolution.0.weight"]
    reach = kernel.shape[2] // 2
    padded = np.pad(bases, ((reach, reach), (0, 0)))
    around = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2], axis=0)
    seen = np.maximum(np.einsum("tbk,fbk->tf", around, kernel) + weights["convolution.0.bias"], 0)
    np.testing.assert_allclose(recording["convolution"][:WINDOW], seen, atol=ROUNDING + 1e-3)
    forward = lstm(weights, seen, "l0")
    backward = [values[::-1] for values in lstm(weights, seen[::-1], "l0_reverse")]
    for direction, (hidden, cell) in {"forward": forward, "backward": backward}.items():
        np.testing.assert_allclose(recording[f"hidden1_{direction}"][:WINDOW], hidden, atol=ROUNDING + 1e-3)
        np.testing.assert_allclose(recording[f"cell1_{direction}"][:WINDOW], cell, atol=ROUNDING + 1e-3)
    outputs = np.concatenate([forward[0], backward[0]], axis=1)
    chances = sigmoid(outputs @ weights["readout.weight"].T + weights["readout.bias"])
    kept = np.stack([recording[f"{protein}_chance"].to_numpy()[:WINDOW] for protein in PROTEINS], axis=1)
    np.testing.assert_allclose(kept, chances, atol=1e-4)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-values))


def lstm(weights: dict[str, np.ndarray], inputs: np.ndarray, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Hidden and cell states of one direction at every step, both (step, state)."""
    from_input, from_hidden = weights[f"lstm.weight_ih_{layer}"], weights[f"lstm.weight_hh_{layer}"]
    driven = inputs @ from_input.T + weights[f"lstm.bias_ih_{layer}"] + weights[f"lstm.bias_hh_{layer}"]
    hidden = cell = np.zeros(from_hidden.shape[1])
    states = []
    for step in driven:
        entry, keep, candidate, release = np.split(step + from_hidden @ hidden, 4)
        cell = sigmoid(keep) * cell + sigmoid(entry) * np.tanh(candidate)
        hidden = sigmoid(release) * np.tanh(cell)
        states.append((hidden, cell))
    return np.array([state[0] for state in states]), np.array([state[1] for state in states])


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_cell_states_are_not_saturated(recording: xr.Dataset, direction: str) -> None:
    squashed = np.abs(np.tanh(recording[f"cell1_{direction}"].to_numpy().astype(float)))
    assert (squashed > 0.95).mean() < 0.01
    assert recording[f"cell1_{direction}"].attrs["transform"] == "tanh"


def matches_of_middles(recording: xr.Dataset, protein: str, source: str) -> np.ndarray:
    """Select the two middle bases of each site, and return two shares for each, (site, 2).

    Of the best matches elsewhere, as many as there are other sites: how many lie in sites. Of the other sites: how many
    are among all 50 matches.
    """
    sites = sites_of(recording, protein)
    shares = []
    for start, stop in sites:
        centre = (start + stop) // 2
        selected = select_states(recording[source], centre - 1, centre + 1, THRESHOLD)
        matches = find_matches(recording[source], selected, THRESHOLD)
        ranges = zip(matches["start"].to_numpy(), matches["length"].to_numpy(), strict=True)
        elsewhere = [(first, first + length) for first, length in ranges if first >= stop or first + length <= start]
        others = [site for site in sites if site[0] != start]
        right = [any(overlap(match, site) for site in others) for match in elsewhere[: len(others)]]
        found = [any(overlap(match, site) for match in elsewhere) for site in others]
        shares.append((np.mean(right), np.mean(found)))
    return np.array(shares)


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two ranges share a step."""
    return one[0] < other[1] and other[0] < one[1]


SHARED_OUT = ("", "CTCF", "ESR1", "TP53", "SP1", "RELA", "GABPA", "CEBPA")
"""Header of the tables that say which direction knows which protein."""


@pytest.mark.parametrize("text", [SCENE, FOLDER / "README.md"], ids=["scene", "README"])
@pytest.mark.parametrize("source", ["hidden1_forward", "hidden1_backward"])
def test_selecting_the_middle_of_a_site_finds_the_others(recording: xr.Dataset, source: str, text: Path) -> None:
    """The two directions share the proteins out: what one knows, the other does not."""
    for protein, figure in zip(SHARED_OUT[1:], table(text, *SHARED_OUT)[source], strict=True):
        right, found = matches_of_middles(recording, protein, source).mean(axis=0)
        assert right == stated(figure), protein
        if right > 0.9:
            assert found == 1, protein


def test_by_chance_few_ranges_of_two_bases_lie_in_sites(recording: xr.Dataset) -> None:
    counts = table(FOLDER / "README.md", *SHARED_OUT)["sites selected, each in turn"]
    chances = table(SCENE, *SHARED_OUT)["by chance"]
    for protein, count, chance in zip(SHARED_OUT[1:], counts, chances, strict=True):
        inside = recording[protein].to_numpy() == 1
        assert len(sites_of(recording, protein)) == int(count)
        assert (inside[:-1] | inside[1:]).mean() == stated(chance)


def test_the_scene_of_the_page_is_there(recording: xr.Dataset) -> None:
    """The two bases in the middle of a CTCF site: the twelve best matches elsewhere hold all seven other sites."""
    assert "".join(words(recording, 4748, 4763)) == "TCCAGCAGGTGGCGC"
    selected = select_states(recording["hidden1_forward"], 4754, 4756, THRESHOLD)
    assert len(selected) == 15
    matches = find_matches(recording["hidden1_forward"], selected, THRESHOLD)
    starts = [start for start in matches["start"].to_numpy().tolist() if start != 4754][:12]
    sites = sites_of(recording, "CTCF")
    within = [next((site for site in sites if site[0] <= start < site[1]), None) for start in starts]
    assert None not in within
    assert set(within) == {site for site in sites if site[0] != 4748}


def test_the_convolution_knows_little(recording: xr.Dataset) -> None:
    shares = [matches_of_middles(recording, protein, "convolution").mean(axis=0)[0] for protein in PROTEINS]
    assert (min(shares), max(shares)) == (stated("0 %"), stated("19 %"))


def test_it_opens_at_a_ctcf_site_with_another_in_view(recording: xr.Dataset) -> None:
    view = json.loads(recording.attrs["view"])
    assert view["source"] == sources(recording)[0] == "hidden1_forward"
    assert (view["threshold"], view["left"], view["mapping"]) == (THRESHOLD, 0, "CTCF")
    in_view = [
        start
        for start, stop in sites_of(recording, "CTCF")
        if view["position"] <= start <= stop < view["position"] + 90
    ]
    assert in_view[0] == view["position"]
    assert len(in_view) >= 2
