"""What all tests share."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline anywhere: the first call of a numba function compiles it, and a busy machine is nobody's fault.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples in every run: a change is judged by itself, and a failure comes with what repeats it.
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

RECORDERS = Path(__file__).with_name("record")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Pass over the tests of recorders where there is no PyTorch, unless the environment asks for all of them."""
    if collection_path != RECORDERS or find_spec("torch") is not None:
        return None
    if os.environ.get("REQUIRE_MODELS"):
        pytest.exit(
            "PyTorch is missing: tools/install.sh test-models installs it", returncode=pytest.ExitCode.USAGE_ERROR
        )
    return True
