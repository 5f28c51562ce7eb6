"""What an engine is built from, and the key under which the result is kept.

The Go modules lie in tools/engine: go.mod and go.sum pin the Pulumi CLI and everything below it, and
language-host/ is our Python language host. A change of any of these, of the Go release or of the platform is
another engine.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
HOST_PACKAGE = "./language-host"

_CLI_MODULE = "github.com/pulumi/pulumi/pkg/v3"
_KEY_LENGTH = 16


@dataclass(frozen=True)
class Recipe:
    """The Go sources in one folder."""

    directory: Path

    @cached_property
    def version(self) -> str:
        """The version of the Pulumi CLI that go.mod pins, without the leading `v`."""
        return _first(rf"^\s*{re.escape(_CLI_MODULE)} v(\S+)", self._modules, "the version of the Pulumi CLI")

    @cached_property
    def minimum_go(self) -> str:
        """The oldest Go release that go.mod accepts, for example `1.25.11`."""
        return _first(r"^go (\S+)", self._modules, "the Go version")

    @cached_property
    def linker_flags(self) -> str:
        """Flags that leave out the symbol table (a third of the size) and say which version this is."""
        return f"-s -w -X {SDK_MODULE}/go/common/version.Version=v{self.version}"

    @cached_property
    def modules_digest(self) -> str:
        """Identifies what the Pulumi CLI is built from."""
        return digest(
            {
                "go.mod": self._modules.encode(),
                "go.sum": (self.directory / "go.sum").read_bytes(),
                "flags": self.linker_flags.encode(),
            }
        )

    @cached_property
    def sources_digest(self) -> str:
        """Identifies what the whole engine is built from; the tests of the language host are not part of it."""
        sources = {
            path.relative_to(self.directory).as_posix(): path.read_bytes()
            for path in self.directory.glob("language-host/*.go")
            if not path.name.endswith("_test.go")
        }
        return digest({"modules": self.modules_digest.encode()} | sources)

    @cached_property
    def _modules(self) -> str:
        return (self.directory / "go.mod").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class GoRelease:
    """An installed Go: `version` as in `go1.26.8`, `platform` as in `linux/amd64`."""

    version: str
    platform: str


def find_recipe() -> Recipe | None:
    """Return the recipe of the clone that this package runs from, or None in an installed wheel."""
    directory = Path(__file__).resolve().parents[3] / "tools" / "engine"
    return Recipe(directory) if (directory / "go.sum").is_file() else None


def parse_go_version(answer: str) -> GoRelease | None:
    """Read the answer of `go version`: `go version go1.26.8 linux/amd64`."""
    words = answer.split()
    if words[:2] != ["go", "version"] or len(words) < 4:
        return None
    return GoRelease(words[2], words[-1])


def engine_key(recipe: Recipe, go: GoRelease) -> str:
    """Return the name of the folder in which the engine of this recipe is kept."""
    parts = {"sources": recipe.sources_digest, "go": go.version, "platform": go.platform}
    return f"built-{recipe.version}-{digest({name: text.encode() for name, text in parts.items()})[:_KEY_LENGTH]}"


def digest(parts: dict[str, bytes]) -> str:
    """Return a SHA-256 over named parts, whatever their order; lengths keep neighbours apart."""
    total = hashlib.sha256()
    for name, content in sorted(parts.items()):
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _first(pattern: str, text: str, what: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise ValueError(f"tools/engine/go.mod does not name {what}")
    return match[1]
