"""The engine built from Go modules, for machines that can reach a Go module proxy and nothing else."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.engine.cache import engines_directory, publish, workspace
from bedplate.engine.go_build import build_engine
from bedplate.engine.go_toolchain import BuildError, installed_go
from bedplate.engine.model import LANGUAGE_HOST, SHIM, Engine, Progress, Unavailable
from bedplate.engine.path_source import read_version
from bedplate.engine.recipe import GoRelease, Recipe, engine_key, find_recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WAY = "build from Go modules"
_MANIFEST = "engine.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a built engine says about itself, in a file beside it."""

    version: str
    sources: str
    modules: str
    go: str
    platform: str


def installed_build() -> Engine | None:
    """Return the engine that was built before from this clone's recipe, if there is one.

    With a Go on PATH it must be the engine of that Go release; without one, any engine of the recipe does.
    """
    recipe = find_recipe()
    if recipe is None:
        return None
    go = installed_go()
    for directory, manifest in built_engines(engines_directory()):
        if is_engine_of(manifest, recipe, go):
            return Engine(directory / "pulumi", manifest.version, "built")
    return None


def is_engine_of(manifest: Manifest, recipe: Recipe, go: GoRelease | None) -> bool:
    """Say whether a built engine is what the recipe would give with this Go release."""
    if manifest.sources != recipe.sources_digest:
        return False
    return go is None or (manifest.go, manifest.platform) == (go.version, go.platform)


def build(progress: Progress) -> Engine | Unavailable:
    """Build the engine, which takes minutes, unless the Go release or the modules cannot be had."""
    recipe, go = find_recipe(), installed_go()
    if sys.platform == "win32":
        return Unavailable(WAY, "the language host is not written for Windows", "use WSL, or install Pulumi")
    if recipe is None:
        return Unavailable(WAY, "an installed package has no Go sources", "run Bedplate from a clone")
    if go is None:
        return Unavailable(WAY, "no `go` on PATH", f"install Go {recipe.minimum_go} or newer")
    engines = engines_directory()
    target = engines / engine_key(recipe, go)
    with workspace(engines) as work:
        try:
            build_engine(recipe, work, _same_cli(engines, recipe, go), progress)
        except BuildError as failure:
            return Unavailable(WAY, failure.reason, failure.remedy)
        if read_version(work / "pulumi") != recipe.version:
            return Unavailable(WAY, "what was built does not run", "report this as a defect of Bedplate")
        _write_manifest(work, recipe, go)
        publish(work, target)
    return Engine(target / "pulumi", recipe.version, "built")


def built_engines(directory: Path) -> Sequence[tuple[Path, Manifest]]:
    """Return the complete engines in a folder, in a fixed order. A folder that cannot be read is not one."""
    found = []
    for path in sorted(directory.glob(f"built-*/{_MANIFEST}")):
        manifest = _read_manifest(path)
        if manifest and all(os.access(path.parent / name, os.X_OK) for name in ("pulumi", LANGUAGE_HOST, SHIM)):
            found.append((path.parent, manifest))
    return found


def _same_cli(engines: Path, recipe: Recipe, go: GoRelease) -> Path | None:
    """Return a Pulumi CLI that was built from the same modules, so that only the language host is built."""
    for directory, manifest in built_engines(engines):
        if (manifest.modules, manifest.go, manifest.platform) == (recipe.modules_digest, go.version, go.platform):
            return directory / "pulumi"
    return None


def _read_manifest(path: Path) -> Manifest | None:
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write_manifest(directory: Path, recipe: Recipe, go: GoRelease) -> None:
    content = {
        "version": recipe.version,
        "sources": recipe.sources_digest,
        "modules": recipe.modules_digest,
        "go": go.version,
        "platform": go.platform,
    }
    (directory / _MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
