"""What all tests share: where the real data and the examples are, and how hypothesis searches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, and no time limit per example: the machine may be busy.
settings.register_profile("sciinstruct", deadline=None, derandomize=True, database=None)
settings.load_profile("sciinstruct")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data named by SCIINSTRUCT_DATA; the test is skipped where it is not set."""
    named = os.environ.get("SCIINSTRUCT_DATA")
    if not named:
        pytest.skip("SCIINSTRUCT_DATA does not name a folder of real data")
    return Path(named)


@pytest.fixture(scope="session")
def examples() -> Path:
    """The examples that come with the repository."""
    return Path(__file__).resolve().parents[1] / "examples"
