"""What a model expects next, handed over as scores of all words or as the likeliest, as variables of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from lstmvis_panel.record.argument_kinds import unlisted_problems
from lstmvis_panel.record.array_parts import Given, array_of, plain, renamed
from lstmvis_panel.record.outputs import are_chances, top_predictions
from lstmvis_panel.schema import STEP, VOCABULARY, Kind, Problem, RecordingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lstmvis_panel.record.extent import Extent
    from lstmvis_panel.record.labels import LabelSet

MATRIX = 2


@dataclass(frozen=True)
class Scores:
    """What a model scores or expects of all words, of which the likeliest are recorded.

    Parameters
    ----------
    name
        Name of the prediction.
    array
        Shape (step, word) or (document, step, word): logits or chances.
    top
        How many are recorded.
    is_chances
        Whether they are chances.
    """

    name: str
    array: Any
    top: int
    is_chances: bool

    def block(self, extent: Extent, number: int, start: int, stop: int) -> dict[str, xr.Variable]:
        """Return the predictions at some steps of a document."""
        scores = extent.read(self.array, number, start, stop)
        scores = scores.astype(np.result_type(scores.dtype, np.float32), copy=False)
        if self.is_chances:
            # A chance of 0 stays one: exp(-inf).
            with np.errstate(divide="ignore"):
                scores = np.log(scores)
        return prediction_variables(self.name, *top_predictions(scores, self.top))


def prediction_of(name: str, given: Any, extent: Extent, vocabulary: LabelSet, top: int) -> Scores | Given:
    """Return a prediction: codes or words with weights, or the likeliest of what is scored for all words.

    Raises
    ------
    RecordingError
        If it has other steps, ranks or words than expected, or NaN.
    """
    where = f"predictions[{name!r}]"
    if isinstance(given, tuple) and len(given) == MATRIX:
        return Given(_listed(name, where, given, extent, vocabulary))
    try:
        array, _ = array_of(given)
    except ValueError as error:
        raise RecordingError(Problem(where, f"is no array ({error})")) from None
    lead = (len(extent.lengths), extent.width) if extent.width is not None else (extent.steps,)
    expected = (*lead, len(vocabulary.texts))
    if array.dtype.kind not in "fV" or tuple(array.shape) != expected:
        what = f"is {array.dtype}, shape {tuple(array.shape)}; floats of shape {expected} were expected"
        raise RecordingError(Problem(where, what, "give scores of all words, or a tuple (codes, weights)"))
    first = extent.read(array, *next(extent.runs(64))).astype(np.float32)
    is_chances = are_chances(first)
    for number, start, stop in extent.runs(1024):
        scores = extent.read(array, number, start, stop).astype(np.float32)
        if said := _score_problem(scores, is_chances=is_chances):
            raise RecordingError(Problem(where, f"{said} at steps {start:,} to {stop:,} of document {number}"))
    return Scores(name, array, min(top, len(vocabulary.texts)), is_chances=is_chances)


def prediction_variables(
    name: str, codes: NDArray[np.int32], weights: NDArray[np.float32] | None
) -> dict[str, xr.Variable]:
    """Return predicted codes and their weights, shape (step, rank) both, as variables."""
    dims = (STEP, f"{name}_rank")
    attrs = {"kind": Kind.PREDICTION.value, "labels": VOCABULARY}
    if weights is None:
        return {name: xr.Variable(dims, codes, attrs)}
    weight = f"{name}_weight"
    return {
        name: xr.Variable(dims, codes, attrs | {"weights": weight}),
        weight: xr.Variable(dims, weights, {"kind": Kind.WEIGHTS.value}),
    }


def _score_problem(scores: NDArray[np.float32], *, is_chances: bool) -> str:
    """Return what no chances can be made of; logits of -inf, for words that are ruled out, are well."""
    if np.isnan(scores).any():
        return "holds NaN"
    if not np.isfinite(scores.max(axis=1)).all():
        return "holds infinity, or -inf for all words,"
    if is_chances and not are_chances(scores):
        return "holds chances that are negative or don't add up to 1, unlike those of the first steps,"
    return ""


def _listed(
    name: str, where: str, given: tuple[Any, Any], extent: Extent, vocabulary: LabelSet
) -> dict[str, xr.Variable]:
    """Return predictions that are listed: codes or words, and weights or None."""
    given = plain(given[0]), plain(given[1])
    wrong = [*unlisted_problems(where, given[0])]
    wrong += [] if given[1] is None else unlisted_problems(f"{where}, weights", given[1])
    if wrong:
        raise RecordingError(wrong)
    best = extent.flatten(given[0], where)
    try:
        with renamed(where):
            codes = _codes(best, vocabulary)
    except RecordingError:
        raise
    except (TypeError, ValueError) as error:
        what = f"holds neither codes nor words, as many at each step ({error})"
        raise RecordingError(Problem(where, what)) from None
    count = len(vocabulary.texts)
    if codes.min() < -1 or codes.max() >= count:
        what = f"has codes from {codes.min()} to {codes.max()}; the vocabulary has 0 to {count - 1}"
        raise RecordingError(Problem(where, what, "codes are positions in the vocabulary, or -1"))
    if given[1] is None:
        return prediction_variables(name, codes.astype(np.int32), None)
    where = f"{where}, weights"
    flat = extent.flatten(given[1], where)
    try:
        weights = np.asarray(flat, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise RecordingError(Problem(where, f"are no numbers, as many at each step ({error})")) from None
    if weights.shape != codes.shape or np.isnan(weights).any():
        what = f"have the shape {weights.shape}{' and hold NaN' if np.isnan(weights).any() else ''}"
        raise RecordingError(Problem(where, f"{what}; numbers of shape {codes.shape} were expected"))
    return prediction_variables(name, codes.astype(np.int32), weights)


def _codes(rows: Any, vocabulary: LabelSet) -> NDArray[Any]:
    if isinstance(next((item for row in rows for item in row), None), str):
        codes = np.full((len(rows), max(map(len, rows))), -1, np.int32)
        for place, row in enumerate(rows):
            codes[place, : len(row)] = vocabulary.encode(list(row))
        return codes
    array = np.asarray(rows)
    if array.dtype.kind not in "iu" or array.ndim != MATRIX or not array.size:
        raise ValueError(f"{array.dtype}, shape {array.shape}")
    return array
