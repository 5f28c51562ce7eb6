"""The Go half of the engine: its own tests, its style, and that its modules are pinned."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from bedplate.engine.go_toolchain import build_variables, installed_go
from bedplate.engine.recipe import find_recipe

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.engine,
    # Go is needed only where no `pulumi` can be installed or downloaded; CI has it.
    pytest.mark.skipif(installed_go() is None, reason="no `go` on PATH"),
]


@pytest.fixture(scope="module")
def sources() -> Path:
    recipe = find_recipe()
    assert recipe is not None
    return recipe.directory


def run_go(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env=build_variables(os.environ),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.parametrize("command", [("go", "vet", "./..."), ("go", "test", "./...")], ids=" ".join)
def test_the_language_host_is_sound(sources: Path, command: tuple[str, ...]) -> None:
    result = run_go(sources, *command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_language_host_is_formatted(sources: Path) -> None:
    result = run_go(sources, "gofmt", "-l", ".")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


def test_no_file_names_where_modules_are_downloaded_from(sources: Path) -> None:
    """Whether the modules come from a public proxy, a private one or a mirror is for each machine to say."""
    for path in [*sources.rglob("*.go"), sources / "go.mod", sources / "go.sum"]:
        text = path.read_text(encoding="utf-8")
        assert "GOPROXY" not in text, path
