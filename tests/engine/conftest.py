"""Projects on simulated clouds for every test of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.projects import Simulated, new_project
from tests.support.engine import installed_engine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def simulated(tmp_path: Path) -> Simulated:
    installed_engine()
    return new_project(tmp_path)
