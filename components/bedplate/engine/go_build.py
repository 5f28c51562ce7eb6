"""Builds the parts of an engine from Go modules."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bedplate.engine.go_toolchain import GoModule, go_build, module_directory
from bedplate.engine.model import LANGUAGE_HOST, SHIM
from bedplate.engine.recipe import CLI_PACKAGE, HOST_PACKAGE, SDK_MODULE

if TYPE_CHECKING:
    from pathlib import Path

    from bedplate.engine.model import Progress
    from bedplate.engine.recipe import Recipe


def build_engine(recipe: Recipe, output: Path, ready_cli: Path | None, progress: Progress) -> None:
    """Put `pulumi`, the language host and its shim into a folder. Raises BuildError.

    `ready_cli` is a Pulumi CLI of the same modules that was built before.
    """
    module = GoModule(recipe.directory, recipe.minimum_go, recipe.linker_flags)
    if ready_cli is None:
        progress.stage(f"Building Pulumi {recipe.version} from Go modules (minutes, once per machine)")
        go_build(module, [CLI_PACKAGE], output / "pulumi", progress)
    else:
        shutil.copy2(ready_cli, output / "pulumi")
    progress.stage("Building the Python language host")
    go_build(module, [HOST_PACKAGE], output / LANGUAGE_HOST, progress)
    shim = output / SHIM
    # the build has just put the SDK into Go's module cache
    shutil.copyfile(module_directory(module, SDK_MODULE) / "python" / "cmd" / SHIM, shim)
    shim.chmod(0o755)
