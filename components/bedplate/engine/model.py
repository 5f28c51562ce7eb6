"""The words of this room: an engine, why one cannot be had, and how a long installation reports itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pathlib import Path

Origin = Literal["path", "official", "built"]
"""Where an engine comes from: PATH, the official download, or Go modules built on this machine."""

Status = Literal["ok", "warning", "broken"]

LANGUAGE_HOST = "pulumi-language-python"
"""The plugin that runs Python programs; the engine looks for it beside itself, then on PATH."""

SHIM = "pulumi-language-python-exec"
"""The script of the Pulumi SDK that the language host gives to Python; it lies beside the host."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A Pulumi engine that can run Python programs. `version` is written without a leading `v`."""

    pulumi: Path
    version: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why one way to get an engine leads nowhere, and what would change that."""

    way: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of `doctor`. `remedy` is empty where nothing is wrong."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


class Progress(Protocol):
    """What a long installation tells the person who waits for it."""

    def stage(self, text: str) -> None:
        """Begin a stage, which may take minutes."""

    def detail(self, text: str) -> None:
        """Say where the stage stands; called often, so that showing all of it is not an obligation."""


class Silence:
    """The progress of an installation that nobody watches."""

    def stage(self, text: str) -> None:
        """Say nothing."""

    def detail(self, text: str) -> None:
        """Say nothing."""
