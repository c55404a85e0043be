"""The bundled example: a model of Bach's chorales, and what section 5.4 of the paper finds in one of pop songs."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from data.chords import findings
from data.chords.harmony import CADENCES, root_of
from lstmvis_panel.schema import annotations, document_edges, labels, sources, validate
from lstmvis_panel.selection import select_states
from lstmvis_panel.store import bundled_examples, open_projects, open_recording

if TYPE_CHECKING:
    import xarray as xr

FOLDER = bundled_examples() / "chords"


@pytest.fixture(scope="module")
def recording() -> xr.Dataset:
    return open_recording(FOLDER / "chords.h5").load()


@pytest.fixture(scope="module")
def found(recording: xr.Dataset) -> dict[str, findings.Shares]:
    return {shares.into: shares for shares in findings.all_shares(recording)}


@pytest.fixture(scope="module")
def scene(recording: xr.Dataset) -> findings.Scene:
    scene = findings.best_scene(recording)
    assert scene is not None
    return scene


def test_it_is_a_valid_recording_and_small_enough_to_ship(recording: xr.Dataset) -> None:
    assert validate(recording) == []
    assert recording.sizes["step"] > 10_000
    assert sum((FOLDER / name).stat().st_size for name in ("chords.h5", "model.safetensors")) < 6e6


def test_the_start_page_can_list_it() -> None:
    project = open_projects(FOLDER)["chords"]
    assert project.error is None
    assert project.title == "Chords"
    assert "no corpus of pop songs" in project.description
    assert [source.name for source in project.sources] == ["cell2", "cell1"]
    assert all(source.states == 128 for source in project.sources)


def test_it_has_the_tracks_that_it_should(recording: xr.Dataset) -> None:
    wanted = ["numeral", "cadence", "fermata", "surprisal", "top_predictions", "key", "split"]
    assert sorted(annotations(recording)) == sorted(wanted)
    assert list(labels(recording, "cadence")) == list(CADENCES)
    assert recording["top_predictions"].shape[1] == 5
    assert all(label.startswith("BWV ") for label in labels(recording, "document"))


def test_repeats_are_merged(recording: xr.Dataset) -> None:
    token, document = recording["token"].to_numpy(), recording["document"].to_numpy()
    assert not ((token[1:] == token[:-1]) & (document[1:] == document[:-1])).any()


def test_pieces_are_held_out_as_a_whole(recording: xr.Dataset) -> None:
    edges, split = document_edges(recording), findings.texts(recording, "split")
    assert all(len(set(split[start:stop])) == 1 for start, stop in pairwise(edges))
    assert len(findings.pieces(recording, findings.HELD_OUT)) == recording.attrs["pieces_held_out"]
    assert (split == findings.HELD_OUT).sum() == recording.attrs["chords_held_out"]


def test_a_numeral_is_the_chord_seen_from_the_key(recording: xr.Dataset) -> None:
    """The tonic of a piece in G major is G, its dominant D; in A minor they are Am and E."""
    key, numeral, token = (findings.texts(recording, name) for name in ("key", "numeral", "token"))
    for name, degree, symbol in (("G major", "I", "G"), ("G major", "V", "D"), ("A minor", "i", "Am")):
        symbols = {text.partition("/")[0] for text in token[(key == name) & (numeral == degree)]}
        assert symbols == {symbol}
    assert {root_of(text) for text in token[(key == "A minor") & (numeral == "V")]} == {"E"}


def test_cadences_end_under_fermatas(recording: xr.Dataset) -> None:
    """After a fermata a cadence is over, unless another begins; each has two chords or more."""
    cadence, fermata = recording["cadence"].to_numpy(), recording["fermata"].to_numpy() >= 0
    assert (cadence[fermata] >= 0).all()
    ends = np.flatnonzero((cadence[:-1] >= 0) & (cadence[1:] != cadence[:-1]))
    assert fermata[ends].all()
    assert (cadence[np.flatnonzero(fermata) - 1] == cadence[fermata]).all()
    for split in (findings.READ, findings.HELD_OUT):
        spans = findings.cadences(recording, split).spans
        assert ((spans[:, 1] - spans[:, 0]) >= 1).all()
        document = recording["document"].to_numpy()
        assert (document[spans[:, 0]] == document[spans[:, 1]]).all()


def test_authentic_cadences_go_from_a_dominant_to_its_tonic(recording: xr.Dataset) -> None:
    token = findings.texts(recording, "token")
    spans = findings.cadences(recording, findings.HELD_OUT)
    into_g = [(token[end - 1], token[end]) for _, end in spans.to("G")]
    roots = {root_of(before) for before, last in into_g if not last.startswith("Gsus")}
    assert roots <= {"D", "F#", "G"}
    assert {last.partition("/")[0] for _, last in into_g} <= {"G", "Gm"}


def test_the_model_foresees_chords_better_than_counting_does(recording: xr.Dataset) -> None:
    attrs = recording.attrs
    assert attrs["perplexity"] < 0.9 * min(attrs[f"perplexity_{name}"] for name in ("trigram", "4-gram"))
    assert attrs["perplexity_trigram"] < attrs["perplexity_bigram"] < attrs["perplexity_unigram"]
    surprisal = recording["surprisal"].to_numpy()
    first = np.zeros(len(surprisal), dtype=bool)
    first[document_edges(recording)[:-1]] = True
    assert (np.isnan(surprisal) == first).all()
    unread = (findings.texts(recording, "split") == findings.HELD_OUT) & ~first
    assert np.exp(surprisal[unread].mean(dtype=float)) == pytest.approx(attrs["perplexity"], rel=0.01)


def test_predictions_are_for_the_step_after(recording: xr.Dataset) -> None:
    predicted, chance = recording["top_predictions"].to_numpy(), recording["top_predictions_weight"].to_numpy()
    assert (np.diff(chance, axis=1) <= 0).all()
    foreseen = predicted[:-1] == recording["token"].to_numpy()[1:, None]
    surprisal = np.broadcast_to(recording["surprisal"].to_numpy()[1:, None], foreseen.shape)
    foreseen &= ~np.isnan(surprisal)
    assert foreseen.any(axis=1).mean() > 0.5
    np.testing.assert_allclose(-np.log(chance[:-1][foreseen]), surprisal[foreseen], atol=1e-3)


def test_cell_states_are_not_saturated(recording: xr.Dataset) -> None:
    values = np.tanh(np.stack([recording[name].to_numpy().astype(np.float32) for name in sources(recording)]))
    assert (np.abs(values) > 0.95).mean() == pytest.approx(recording.attrs["saturated_share"], abs=1e-6)
    assert recording.attrs["saturated_share"] < 0.05


def test_by_chance_is_counted_range_by_range(recording: xr.Dataset) -> None:
    """Of the pieces' ranges as long as a cadence, other than cadences, the share that one state is on through."""
    split = findings.HELD_OUT
    watched, within = findings.Watched("cell2", 5, 0.2), findings.pieces(recording, split)[:20]
    is_on = findings.on_steps(recording, watched)
    spans = findings.cadences(recording, split).spans
    spans = spans[spans[:, 1] < within[-1, 1]]
    shares = []
    for length in spans[:, 1] - spans[:, 0]:
        taken = {tuple(span) for span in spans.tolist() if span[1] - span[0] == length}
        ranges = [(end - length, end) for first, stop in within.tolist() for end in range(first + length, stop)]
        others = [(start, end) for start, end in ranges if (start, end) not in taken]
        shares.append(np.mean([is_on[start:end].all() and not is_on[end] for start, end in others]))
    assert findings.elsewhere(is_on[:, None], spans, within)[0] == pytest.approx(np.mean(shares))


def test_a_single_state_stays_on_through_a_cadence(found: dict[str, findings.Shares]) -> None:
    """The paper's finding, for cadences into each of the usual chords; chosen on other pieces than it is told of."""
    single = [shares for root, shares in found.items() if root != findings.ANY]
    assert len(single) >= 7
    assert sum(shares.cadences for shares in single) > 250
    assert np.average([shares.share for shares in single], weights=[shares.cadences for shares in single]) > 0.7
    assert np.average([shares.begun for shares in single], weights=[shares.cadences for shares in single]) > 0.5
    for shares in single:
        assert shares.share > 4 * shares.elsewhere
        assert shares.share > shares.other + 0.25


def test_no_single_state_tells_cadences_in_all_keys(found: dict[str, findings.Shares]) -> None:
    shares = found[findings.ANY]
    assert 2 * shares.elsewhere < shares.share < 0.6


def test_a_cadence_selected_finds_others_of_several_lengths(recording: xr.Dataset, scene: findings.Scene) -> None:
    selected = select_states(
        recording[scene.watched.source], scene.start, scene.resolution, scene.watched.threshold, right=1
    )
    assert len(selected) == scene.states <= findings.MOST_STATES
    assert scene.watched.state in selected
    assert scene.share > 0.8
    assert len(scene.lengths) >= 4
    assert scene.base < 0.15


def test_it_opens_at_the_scene(recording: xr.Dataset, scene: findings.Scene) -> None:
    assert json.loads(recording.attrs["view"]) == scene.view
    assert findings.texts(recording, "split")[scene.start] == findings.HELD_OUT
