"""Rendered manifests, kept beside the tests: `BEDPLATE_UPDATE_GOLDEN=1 pytest tests/...` rewrites them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def check_golden(path: Path, documents: Sequence[Any]) -> None:
    """Compare documents with a YAML file, or rewrite the file when BEDPLATE_UPDATE_GOLDEN is set."""
    # Through JSON: what two places share is written twice, not as an anchor that no reader follows.
    plain = json.loads(json.dumps(list(documents)))
    text = yaml.safe_dump_all(plain, sort_keys=False, width=1000)
    if os.environ.get("BEDPLATE_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: run the test with BEDPLATE_UPDATE_GOLDEN=1 and review it"
    assert path.read_text(encoding="utf-8") == text, "run with BEDPLATE_UPDATE_GOLDEN=1 and review the difference"
