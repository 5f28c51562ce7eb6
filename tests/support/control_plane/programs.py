"""The programs of a control plane: Kubernetes and etcd, unchanged, and a small one that makes credentials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import go_programs
from tests.support.go_programs import TOOLS, GoPrograms

if TYPE_CHECKING:
    from bedplate.engine.model import Progress

_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
_VERSION = "k8s.io/component-base/version"


def _programs() -> GoPrograms:
    """Built from modules, the programs do not know their own version unless they are told."""
    programs = GoPrograms(
        TOOLS / "control-plane",
        title="a Kubernetes control plane",
        version_of="k8s.io/kubernetes",
        packages=(
            "go.etcd.io/etcd/server/v3",
            *(f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES),
            "./credentials",
        ),
        names=("etcd", *_KUBERNETES, "credentials"),
        sources=("credentials/main.go",),
        built_as={"server": "etcd"},
    )
    major, minor, _ = programs.version.split(".", 2)
    facts = {"gitVersion": f"v{programs.version}", "gitMajor": major, "gitMinor": minor}
    return replace(programs, facts={f"{_VERSION}.{name}": value for name, value in facts.items()})


PROGRAMS = _programs()


def install(progress: Progress | None = None) -> Path:
    """Return the folder with the programs, after building them if need be. Raises BedplateError."""
    return go_programs.install(PROGRAMS, progress)
