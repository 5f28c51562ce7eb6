"""Programs that tests need, built once from Go modules of tools/ and kept in the cache outside the clone."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.engine.cache import cache_directory, exclusive, publish, workspace
from bedplate.engine.go_toolchain import BuildError, GoModule, go_build, installed_go
from bedplate.engine.model import Silence
from bedplate.engine.recipe import digest
from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from bedplate.engine.model import Progress
    from bedplate.engine.recipe import GoRelease

TOOLS = Path(__file__).resolve().parents[2] / "tools"

_KEY_LENGTH = 16


@dataclass(frozen=True)
class GoPrograms:
    """What a folder of tools/ gives.

    `version_of` is the module whose version in go.mod names the result. `names` are the programs by which a kept
    result is known to be whole; `built_as` renames those that Go calls by another name, after their package's folder.
    `facts` are variables that the linker sets, `sources` the files in the folder that are compiled.
    """

    directory: Path
    title: str
    version_of: str
    packages: tuple[str, ...]
    names: tuple[str, ...]
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    built_as: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def version(self) -> str:
        """The version of the main module, without the leading `v`."""
        return self.find(rf"^(?:require|\t| )*{re.escape(self.version_of)} v(\S+)")

    @cached_property
    def module(self) -> GoModule:
        """How it is built."""
        flags = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in self.facts.items())])
        return GoModule(self.directory, self.find(r"^go (\S+)"), flags, self.tags)

    def key(self, go: GoRelease) -> str:
        """Return the name of the folder in which the result is kept."""
        parts = {name: (self.directory / name).read_bytes() for name in ("go.mod", "go.sum", *self.sources)}
        context = (self.module.linker_flags, go.version, go.platform, *self.tags)
        return f"{self.version}-{digest(parts | {'context': ' '.join(context).encode()})[:_KEY_LENGTH]}"

    def find(self, pattern: str) -> str:
        """Return what a pattern's group matches in go.mod."""
        match = re.search(pattern, (self.directory / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
        assert match is not None, f"tools/{self.directory.name}/go.mod has no line {pattern}"
        return match[1]


def install(programs: GoPrograms, progress: Progress | None = None) -> Path:
    """Return the folder with the programs, after building them if need be. Raises BedplateError."""
    go = installed_go()
    if go is None:
        raise BedplateError(
            f"no `go` on PATH: {programs.title} is built from Go modules",
            hint=f"Install Go {programs.module.minimum_go} or newer.",
        )
    kept = cache_directory(os.environ, Path.home()) / programs.directory.name
    target = kept / programs.key(go)
    if _is_complete(programs, target):
        return target
    watched = progress or Silence()
    with exclusive(kept, watched):
        if not _is_complete(programs, target):  # whoever had the lock may have built it
            _build(programs, kept, target, watched)
    return target


def _build(programs: GoPrograms, kept: Path, target: Path, progress: Progress) -> None:
    progress.stage(f"Building {programs.title} from Go modules (minutes, once per machine)")
    with workspace(kept) as work:
        try:
            # Go makes a file of one package's program unless the folder is known as one
            output = work if len(programs.packages) > 1 else work / programs.names[0]
            go_build(programs.module, programs.packages, output, progress)
        except BuildError as failure:
            raise BedplateError(f"{programs.title} cannot be built: {failure.reason}", hint=failure.remedy) from None
        for built, name in programs.built_as.items():
            (work / built).rename(work / name)
        publish(work, target)


def _is_complete(programs: GoPrograms, directory: Path) -> bool:
    return all(os.access(directory / name, os.X_OK) for name in programs.names)
