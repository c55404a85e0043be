"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No deadline anywhere: the first call of a numba function compiles it, and a busy machine is nobody's fault.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples in every run: a change is judged by itself, and a failure comes with what repeats it.
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
