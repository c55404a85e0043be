"""The bundled example: a model that has learnt to count parentheses, and what section 5.1 of the paper finds in one."""

from __future__ import annotations

import json
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from data.parens import findings
from lstmvis_panel.matching import find_matches
from lstmvis_panel.schema import labels, sources, validate, words
from lstmvis_panel.selection import select_states
from lstmvis_panel.store import bundled_examples, open_projects, open_recording
from tests.documented import stated, table

if TYPE_CHECKING:
    import xarray as xr

PATH = bundled_examples() / "parens" / "parens.h5"
PAGE = Path(__file__).parents[1] / "docs" / "examples" / "parens.md"
THRESHOLD = 0.3
CELLS_AND_OUTPUTS = [("cell1", "output1"), ("cell2", "output2")]


class Text(NamedTuple):
    """The recorded words, how many parentheses are open after each, and the level that each lies on."""

    words: np.ndarray
    open: np.ndarray
    level: np.ndarray


@pytest.fixture(scope="module")
def recording() -> xr.Dataset:
    return open_recording(PATH).load()


@pytest.fixture(scope="module")
def text(recording: xr.Dataset) -> Text:
    read = np.array(words(recording, 0, recording.sizes["step"]))
    opened = np.cumsum((read == "(").astype(int) - (read == ")"))
    return Text(read, opened, opened + (read == ")"))


def test_it_is_a_valid_recording_and_small_enough_to_ship(recording: xr.Dataset) -> None:
    assert validate(recording) == []
    assert recording.sizes["step"] == 10_000
    assert PATH.stat().st_size < 20e6


def test_the_start_page_can_list_it() -> None:
    project = open_projects(PATH.parent)["parens"]
    assert project.error is None
    assert project.title == "Parentheses"
    assert [str(source) for source in project.sources] == [
        "layer 2 cell (10,000 x 300)",
        "layer 2 output (10,000 x 300)",
        "layer 1 cell (10,000 x 300)",
        "layer 1 output (10,000 x 300)",
    ]
    assert project.annotations == ["nesting_level", "token_kind", "surprisal", "top_predictions"]


def test_its_text_is_the_papers_language(text: Text) -> None:
    assert set(text.words) == set("()01234")
    assert text.open.min() == 0
    assert text.open.max() == 4
    digits = np.isin(text.words, list("01234"))
    assert (text.words[digits] == text.open[digits].astype(str)).all()


def test_its_tracks_say_where_the_text_is(recording: xr.Dataset, text: Text) -> None:
    level = labels(recording, "nesting_level")[recording["nesting_level"]]
    assert (level == [f"L{number}" for number in text.level]).all()
    kind = labels(recording, "token_kind")[recording["token_kind"]]
    assert (kind == [{"(": "open", ")": "close"}.get(word, "digit") for word in text.words]).all()


def test_the_model_has_learnt_all_there_is_to_learn(recording: xr.Dataset, text: Text) -> None:
    # A digit is twice as likely as each parenthesis; with none or four open, only one of the two is allowed.
    at_an_end = np.isin(np.concatenate([[0], text.open[:-1]]), [0, 4])
    chance_of_digit, chance_of_parenthesis = np.where(at_an_end, 2 / 3, 1 / 2), np.where(at_an_end, 1 / 3, 1 / 4)
    chances = np.where(np.isin(text.words, ["(", ")"]), chance_of_parenthesis, chance_of_digit)
    floor = -np.log(chances).mean()
    loss = float(recording["surprisal"].mean(dtype=float))
    assert recording.attrs["loss_floor"] == pytest.approx(floor)
    assert recording.attrs["loss"] == pytest.approx(loss)
    assert loss == stated("0.9051")
    assert floor == stated("0.9038")
    # The five levels share the time as 3 : 4 : 4 : 4 : 3.
    entropy = 1 / 3 * (log(3) - 2 / 3 * log(2)) + 2 / 3 * (3 / 2 * log(2))
    assert recording.attrs["language_entropy"] == pytest.approx(entropy) == stated("0.9053")


def test_predictions_are_for_the_step_after(recording: xr.Dataset) -> None:
    predicted, chance = recording["top_predictions"].to_numpy(), recording["top_predictions_weight"].to_numpy()
    assert (np.diff(chance, axis=1) <= 0).all()
    assert (chance.sum(axis=1) <= 1 + 1e-6).all()
    foreseen = predicted[:-1] == recording["token"].to_numpy()[1:, None]
    assert foreseen.any(axis=1).mean() > 0.99
    surprisal = np.broadcast_to(recording["surprisal"].to_numpy()[1:, None], foreseen.shape)
    np.testing.assert_allclose(-np.log(chance[:-1][foreseen]), surprisal[foreseen], atol=1e-4)


def test_surprisal_stays_in_its_range(recording: xr.Dataset) -> None:
    lowest, highest = recording["surprisal"].attrs["range"]
    assert lowest <= recording["surprisal"].min()
    assert recording["surprisal"].max() <= highest


@pytest.mark.parametrize(("cell", "output"), CELLS_AND_OUTPUTS)
def test_outputs_are_the_squashed_cells_behind_a_gate(recording: xr.Dataset, cell: str, output: str) -> None:
    """An LSTM's output is tanh(cell) times a gate between 0 and 1; one step amiss, and this fails."""
    squashed, out = np.tanh(recording[cell].to_numpy().astype(float)), recording[output].to_numpy().astype(float)
    rounding = 2e-3
    assert (np.abs(out) <= np.abs(squashed) + rounding).all()
    assert (out * squashed >= -rounding).all()


@pytest.mark.parametrize("cell", ["cell1", "cell2"])
def test_cell_states_are_not_saturated(recording: xr.Dataset, cell: str) -> None:
    squashed = np.abs(np.tanh(recording[cell].to_numpy().astype(float)))
    assert (squashed > 0.95).mean() < 0.01
    assert recording[cell].attrs["transform"] == "tanh"


def test_it_opens_where_phrases_on_level_4_crowd(recording: xr.Dataset, text: Text) -> None:
    view = json.loads(recording.attrs["view"])
    assert view["source"] == sources(recording)[0]
    assert view["threshold"] == THRESHOLD
    shown = slice(view["position"] - 3, view["position"] + 35)
    phrases = [part for part in "".join(text.words[shown]).split(")") if part.endswith("4")]
    assert len({part.count("4") for part in phrases}) >= 3


@pytest.mark.parametrize("left", [0, 1])
@pytest.mark.parametrize("source", ["cell2", "output2", "cell1", "output1"])
def test_selecting_a_phrase_on_level_4_finds_phrases_on_level_4(
    recording: xr.Dataset, text: Text, source: str, left: int
) -> None:
    """The paper's finding: ``( 4`` matches ``( 4 4 4`` and the like. Wherever it is selected, in every source."""
    phrases = np.flatnonzero((text.words[:-1] == "(") & (text.words[1:] == "4"))
    assert len(phrases) > 300
    for start in phrases[::20]:
        selected = select_states(recording[source], start, start + 2, THRESHOLD, left)
        matches = find_matches(recording[source], selected, THRESHOLD, left)
        ranges = zip(matches["start"].to_numpy(), matches["length"].to_numpy(), strict=True)
        on_level_4 = [(text.level[first : first + length] == 4).all() for first, length in ranges]
        assert len(on_level_4) == 50
        assert np.mean(on_level_4) > 0.95
        assert len(set(matches["length"].to_numpy())) >= 3


@pytest.mark.parametrize("left", [0, 1])
def test_wherever_it_is_selected_all_its_matches_lie_on_level_4(recording: xr.Dataset, left: int) -> None:
    """The figures of the text beside the recording."""
    found = findings.select_each(recording, 4, left)
    assert len(found.states) == 392
    assert (found.states.min(), found.states.max()) == [(80, 82), (26, 31)][left]
    assert found.on_level.min() == 1
    assert (found.lengths.min(), found.lengths.max()) == (8, 13)
    assert np.bincount(found.lengths).argmax() == [8, 9][left]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_all_levels_are_as_the_page_says(recording: xr.Dataset, level: int) -> None:
    """To level 4 no parenthesis can be added, to the others it can: with a limit their matches may go on into it."""
    page = table(PAGE, "selected", "selections", "of all steps")
    selections, base, free_whole, begin, limited_whole, lengths = page[f"( {level}"]
    free, limited = (findings.select_each(recording, level, left) for left in (0, 1))
    assert len(free.states) == len(limited.states) == int(selections)
    assert free.base == stated(base)
    assert free.on_level.min() == stated(free_whole)
    assert limited.begin_alike.min() == stated(begin)
    assert limited.on_level.mean() == stated(limited_whole)
    assert f"{free.lengths.min()} to {free.lengths.max()}" == lengths


def test_the_scene_of_the_page_is_there(recording: xr.Dataset) -> None:
    selected = select_states(recording["cell2"], 2978, 2980, THRESHOLD, left=1)
    assert words(recording, 2978, 2980) == ["(", "4"]
    assert words(recording, 3099, 3101) == ["(", "2"]
    assert len(selected) == 26
    assert len(select_states(recording["cell2"], 2978, 2980, THRESHOLD)) == 82
    matches = find_matches(recording["cell2"], selected, THRESHOLD, left=1)
    assert matches["start"].to_numpy()[:2].tolist() == [1066, 3508]
    assert sorted(set(matches["length"].to_numpy().tolist())) == [5, 6, 7, 8, 9, 10, 11, 13, 15]
    assert (matches["overlap"] == 26).all()
    assert (recording["nesting_level"].to_numpy()[matches["start"]] == 4).all()


def test_some_states_tell_level_4_alone(recording: xr.Dataset, text: Text) -> None:
    on = np.tanh(recording["cell2"].to_numpy().astype(float)) >= THRESHOLD
    four_are_open = text.open == 4
    assert (on == four_are_open[:, None]).all(axis=0).sum() == 23
