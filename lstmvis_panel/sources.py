"""The sources of a recording that a session shows, and which value of each is on."""

from __future__ import annotations

import math
import sys
from numbers import Real
from typing import Any

import param
import xarray as xr

from lstmvis_panel import schema
from lstmvis_panel.layers import FIRST_THRESHOLD, Layer
from lstmvis_panel.questions import QUANTILE, VALUE
from lstmvis_panel.selection import Rule


class Thresholds(param.Dict):
    """Finite numbers by the names of sources."""

    __slots__ = ["sources"]

    def __init__(self, **arguments: Any) -> None:
        super().__init__(default={}, **arguments)
        self.sources = ()

    def _validate(self, val: Any) -> None:
        super()._validate(val)
        strange = [str(name) for name in val if name not in self.sources]
        if strange:
            message = f"{self.name} names {', '.join(strange)}; the sources here are {', '.join(self.sources)}."
            raise ValueError(message)
        for name, number in val.items():
            if not (isinstance(number, Real) and math.isfinite(number)):
                message = f"{self.name} of {name} is {number!r}; a finite number was expected."
                raise ValueError(message)


class Sources(param.Parameterized):
    """One source that is matched, others that are stacked with it, each with a threshold of its own.

    Parameters
    ----------
    recording
        The recording, shared with others and never changed.

    Raises
    ------
    RecordingError
        If it has no source.
    """

    recording: xr.Dataset = param.ClassSelector(class_=xr.Dataset, constant=True, doc="What is looked at; read-only.")
    source: str = param.Selector(objects=[], check_on_set=True, doc="Source of states that is shown and matched.")
    stack: list[str] = param.ListSelector(
        default=[], objects=[], check_on_set=True, doc="Sources shown besides, each in a plot."
    )
    thresholds: dict[str, float] = Thresholds(doc="Thresholds of sources that are not matched now.")
    threshold: float = param.Number(
        default=FIRST_THRESHOLD, bounds=(-sys.float_info.max, sys.float_info.max), doc="A state is on from there."
    )
    rule: str = param.Selector(
        objects=[str(rule) for rule in Rule], default=str(Rule.ABOVE), doc="On which side of a threshold a state is on."
    )
    unit: str = param.Selector(objects=[VALUE, QUANTILE], default=VALUE, doc="What thresholds are given in.")

    def __init__(self, recording: xr.Dataset, **constants: Any) -> None:
        sources = schema.sources(recording)
        if not sources:
            what = "has no source of hidden states"
            remedy = "give at least one variable attrs['kind'] = 'states'"
            raise schema.RecordingError(schema.Problem("recording", what, remedy))
        self._layers = {name: Layer(recording[name]) for name in sources}
        self._last: dict[str, dict[str, float]] = {}
        super().__init__(recording=recording, **constants)
        self.param.source.objects = self.param.stack.objects = self.param.thresholds.sources = sources

    @property
    def states(self) -> xr.DataArray:
        """The source's values as stored, lazy, dimensions ``("step", state)``."""
        return self.recording[self.source]

    @property
    def layers(self) -> list[str]:
        """The sources shown, each in a plot, in the recording's order."""
        return [name for name in self._layers if name == self.source or name in self.stack]

    def reach_of(self, source: str) -> float:
        """How far thresholds of a source reach: 1 where its values, or quantiles, stay within that."""
        return 1.0 if self.unit == QUANTILE else self._layers[source].reach

    def step_of(self, source: str) -> float:
        """By how much keys and arrows move a threshold of a source: 0.01, a power of ten more for wide values."""
        return float(10.0 ** (math.floor(math.log10(self.reach_of(source))) - 2))

    def threshold_of(self, source: str) -> float:
        """The threshold of a source that is shown."""
        if source == self.source:
            return self.threshold
        known = self.thresholds.get(source)
        return self._carried(source, self.source, self.threshold) if known is None else known

    def _carried(self, source: str, other: str, threshold: float) -> float:
        """The first threshold of a source: that of another one where it means the same here."""
        alike = self.reach_of(source) == self.reach_of(other) == 1
        return threshold if alike else self._layers[source].first_threshold(self.unit)

    def set_threshold(self, source: str, threshold: float) -> None:
        """Set the threshold of a source that is shown."""
        if source == self.source:
            self.threshold = threshold
        else:
            self.thresholds = {**self.thresholds, source: threshold}

    def _convert(self, old: str, changed: dict[str, param.parameterized.Event]) -> None:
        """Take the thresholds that were last given in the unit, and keep those of the old one."""
        source, threshold, thresholds = (
            changed[name].old if name in changed else getattr(self, name)
            for name in ("source", "threshold", "thresholds")
        )
        self._last[old] = {**thresholds, source: threshold}
        last = self._last.get(self.unit, {})
        values = {
            "threshold": last.get(self.source, self._layers[self.source].first_threshold(self.unit)),
            "thresholds": {name: value for name, value in last.items() if name != self.source},
        }
        self.param.update(**{name: value for name, value in values.items() if name not in changed})

    def _complete(self) -> None:
        """Give each stacked source a threshold of its own, and keep quantiles within 0 and 1."""
        stacked = {name: self.threshold_of(name) for name in self.layers if name != self.source}
        thresholds = {name: self._valid(value) for name, value in {**self.thresholds, **stacked}.items()}
        if thresholds != self.thresholds or self._valid(self.threshold) != self.threshold:
            self.param.update(threshold=self._valid(self.threshold), thresholds=thresholds)

    def _valid(self, threshold: float) -> float:
        return threshold if self.unit == VALUE else round(min(max(threshold, 0.0), 1.0), 3)
