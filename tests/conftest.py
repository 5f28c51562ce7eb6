"""What holds for every test."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bedplate import catalog

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")

# A shell that starts the tests in the background has interrupts ignored, and every process started here would inherit
# that: tests that interrupt one would test nothing.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def prices_of_the_catalog() -> Iterator[None]:
    """Let no test leave prices of a project behind: commands take those of the project that they work on."""
    yield
    catalog.use_own_prices(Path("no such folder"))
