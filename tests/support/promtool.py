"""Prometheus's own evaluation of PromQL: `promtool test rules` on series that a test writes down."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.go_programs import TOOLS, GoPrograms, install

PROMTOOL = GoPrograms(
    TOOLS / "promtool",
    title="promtool",
    version_of="github.com/prometheus/prometheus",
    packages=("github.com/prometheus/prometheus/cmd/promtool",),
    names=("promtool",),
    # without it, the clients of twenty clouds and registries are compiled, which only a server would use
    tags=("remove_all_sd",),
)


def prometheus_version() -> str:
    """Return the release of Prometheus whose promtool this is: its modules are called v0.314.0 for 3.14.0."""
    _, minor, patch = PROMTOOL.version.split(".")
    return f"{int(minor) // 100}.{int(minor) % 100}.{patch}"


def check_rules(groups: Mapping[str, Any], tests: Sequence[Mapping[str, Any]], directory: Path) -> None:
    """Run tests, each with its own series, against groups of rules; fails with what promtool says."""
    _write(directory / "rules.yaml", groups)
    _write(directory / "tests.yaml", {"rule_files": ["rules.yaml"], "evaluation_interval": "15s", "tests": list(tests)})
    answer = subprocess.run(
        [install(PROMTOOL) / "promtool", "test", "rules", "tests.yaml"],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML that has one reading
