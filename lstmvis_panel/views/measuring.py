"""Quantiles that a session lacks, computed off the server's loop."""

from __future__ import annotations

from functools import partial

import param

from lstmvis_panel.session import Session
from lstmvis_panel.views.background import Newest, at_first


class Measuring(param.Parameterized):
    """Measures what a session lacks, in a thread; it stops reading once that is no longer asked for.

    Parameters
    ----------
    session
        The visitor's session.
    """

    session: Session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._newest = Newest("The reading of quantiles")
        if session.lacking is not None:
            at_first(self.measure, self.finish)

    @param.depends("session.lacking", watch=True)
    def measure(self) -> None:
        """Measure what is lacking now."""
        if self.session.lacking is None:
            self._newest.drop()
        else:
            # What can't be measured, the session knows by itself.
            self._newest.ask(partial(self.session.read_quantiles, *self.session.lacking), self._take, self._take)

    def finish(self) -> None:
        """Measure here and now what is lacking: code that reads the states has no loop to wait in."""
        self._newest.drop()
        self.session.measure()

    def _take(self, _answer: object) -> None:
        self.session.take_quantiles()
