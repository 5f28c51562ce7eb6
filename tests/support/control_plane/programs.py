"""The programs of a control plane: built once from tools/control-plane, and kept in the cache outside the clone."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
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

NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "credentials")

_PACKAGES = (
    "go.etcd.io/etcd/server/v3",
    *(f"k8s.io/kubernetes/cmd/{name}" for name in NAMES if name.startswith("kube")),
    "./credentials",
)
_BUILT_AS = {"server": "etcd"}
"""Go names a program after its package's folder."""

_VERSION = "k8s.io/component-base/version"
_KEY_LENGTH = 16


@dataclass(frozen=True)
class Recipe:
    """The Go sources in one folder."""

    directory: Path

    @cached_property
    def version(self) -> str:
        """The release of Kubernetes, without the leading `v`."""
        return self._find(r"^(?:require|\t| )*k8s\.io/kubernetes v(\S+)")

    @cached_property
    def module(self) -> GoModule:
        """How it is built. Built from modules, the programs do not know their own version unless they are told."""
        major, minor, _ = self.version.split(".", 2)
        facts = {"gitVersion": f"v{self.version}", "gitMajor": major, "gitMinor": minor}
        flags = " ".join(["-s -w", *(f"-X {_VERSION}.{name}={value}" for name, value in facts.items())])
        return GoModule(self.directory, self._find(r"^go (\S+)"), flags)

    def key(self, go: GoRelease) -> str:
        """Return the name of the folder in which what this recipe gives is kept."""
        names = ("go.mod", "go.sum", "credentials/main.go")
        parts = {name: (self.directory / name).read_bytes() for name in names}
        context = (self.module.linker_flags, go.version, go.platform)
        return f"{self.version}-{digest(parts | {'context': ' '.join(context).encode()})[:_KEY_LENGTH]}"

    def _find(self, pattern: str) -> str:
        match = re.search(pattern, (self.directory / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
        assert match is not None, f"tools/control-plane/go.mod has no line {pattern}"
        return match[1]


RECIPE = Recipe(Path(__file__).resolve().parents[3] / "tools" / "control-plane")


def install(progress: Progress | None = None) -> Path:
    """Return the folder with the programs, after building them if need be. Raises BedplateError."""
    go = installed_go()
    if go is None:
        raise BedplateError(
            "no `go` on PATH: the control plane is built from Go modules",
            hint=f"Install Go {RECIPE.module.minimum_go} or newer.",
        )
    kept = cache_directory(os.environ, Path.home()) / "control-plane"
    target = kept / RECIPE.key(go)
    if _is_complete(target):
        return target
    watched = progress or Silence()
    with exclusive(kept, watched):
        if not _is_complete(target):  # whoever had the lock may have built it
            _build(kept, target, watched)
    return target


def _build(kept: Path, target: Path, progress: Progress) -> None:
    progress.stage(f"Building Kubernetes {RECIPE.version} and etcd from Go modules (minutes, once per machine)")
    with workspace(kept) as work:
        try:
            go_build(RECIPE.module, _PACKAGES, work, progress)
        except BuildError as failure:
            raise BedplateError(f"the control plane cannot be built: {failure.reason}", hint=failure.remedy) from None
        for built, name in _BUILT_AS.items():
            (work / built).rename(work / name)
        publish(work, target)


def _is_complete(directory: Path) -> bool:
    return all(os.access(directory / name, os.X_OK) for name in NAMES)
