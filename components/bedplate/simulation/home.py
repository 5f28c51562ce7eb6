"""The home of a project's simulations: a scratch copy of the project, an engine's home, states, and the world.

project/     the copy that the engine works on; made anew from the checkout for every command
pulumi/      PULUMI_HOME: no login and no plugin of the user's
backend/     the states, in a file backend
world.json   what the simulated clouds hold
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.engine.cache import cache_directory
from bedplate.errors import BedplateError, UsageError
from bedplate.simulation import project_files
from bedplate.simulation.world_file import World, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_COPIED = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
    | {".hypothesis", ".tox", ".pulumi", ".idea", ".vscode"}
)
_MARK = "simulation.json"
_COPIED = "copied.json"


@dataclass(frozen=True, slots=True)
class Home:
    """One folder that holds everything of a project's simulations."""

    folder: Path

    @property
    def project(self) -> Path:
        """The scratch copy of the project."""
        return self.folder / "project"

    @property
    def pulumi(self) -> Path:
        """The engine's home."""
        return self.folder / "pulumi"

    @property
    def backend(self) -> Path:
        """The file backend."""
        return self.folder / "backend"

    def world(self) -> World:
        """Read the world."""
        return World(self.folder / "world.json")

    def prepare(self, origin: Path, stacks: Path | None = None) -> None:
        """Make the folders, and a fresh copy of the project; what commands wrote into the copy is kept.

        `stacks` is a folder with further stack files, which stand beside the project's own in the copy. Raises
        `UsageError` when it holds none.
        """
        self.pulumi.mkdir(parents=True, exist_ok=True)
        self.backend.mkdir(exist_ok=True)
        write_atomically(self.folder / _MARK, json.dumps({"project": str(origin)}) + "\n")
        salts = self._salts()
        _copy(origin, self.project, self.folder)
        self._write_project_files(origin)
        self._add_stack_files(stacks)
        self._write_stack_files(origin, stacks, salts)

    def stack_files(self) -> dict[str, Path]:
        """Return the stack files of the copy by stack name."""
        found = _stack_files(self._stack_folder())
        return {file.name.removeprefix("Pulumi.").removesuffix(".yaml"): file for file in found}

    def restore_stack_file(self, origin: Path, stack: str, stacks: Path | None = None) -> None:
        """Write a stack file of the copy anew: `pulumi stack init` rewrites scalars when it adds its salt."""
        file = self.stack_files().get(stack)
        source = self._source(file, origin, stacks) if file else None
        if file and source and source.exists():
            salt = project_files.encryption_salt(file)
            write_atomically(file, project_files.simulated_stack_file(source, salt))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other simulations out; raises `BedplateError` while one runs. A dead one's lock is gone with it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise BedplateError(
                f"another simulation runs in {self.folder}", hint="wait for it, or use --home"
            ) from None
        try:
            yield
        finally:
            os.close(descriptor)

    def reset(self) -> None:
        """Delete everything of these simulations; a folder that is none is refused."""
        if not self.folder.exists():
            return
        if not (self.folder / _MARK).exists() and any(self.folder.iterdir()):
            raise UsageError(f"{self.folder} is not the home of a simulation", hint="nothing was deleted")
        with self.locked():
            shutil.rmtree(self.folder)

    def _stack_folder(self) -> Path:
        return self.project / project_files.read_project(self.project / "Pulumi.yaml").stack_folder

    def _salts(self) -> dict[str, str]:
        if not (self.project / "Pulumi.yaml").exists():
            return {}
        return {stack: project_files.encryption_salt(file) for stack, file in self.stack_files().items()}

    def _write_project_files(self, origin: Path) -> None:
        for name in ("Pulumi.yaml", "PulumiPolicy.yaml"):
            for file in self.project.rglob(name):
                source = origin / file.relative_to(self.project)
                if source.exists():
                    write_atomically(file, project_files.simulated_project_file(source, source.parent))

    def _add_stack_files(self, stacks: Path | None) -> None:
        if stacks is None:
            return
        files = _stack_files(stacks)
        if not files:
            raise UsageError(
                f"{stacks} holds no stack file", hint="stack files are named Pulumi.<team>-<environment>.yaml"
            )
        for file in files:
            shutil.copy2(file, self._stack_folder() / file.name)

    def _source(self, file: Path, origin: Path, stacks: Path | None) -> Path:
        """Return what a stack file of the copy was copied from."""
        further = stacks / file.name if stacks else None
        return further if further and further.exists() else origin / file.relative_to(self.project)

    def _write_stack_files(self, origin: Path, stacks: Path | None, salts: dict[str, str]) -> None:
        for stack, file in self.stack_files().items():
            source = self._source(file, origin, stacks)
            if source.exists():
                write_atomically(file, project_files.simulated_stack_file(source, salts.get(stack, "")))


def default_home(project: Path) -> Home:
    """Return where a project's simulations live: in the user's cache, a folder per path of a project."""
    digest = hashlib.sha256(str(project).encode()).hexdigest()[:12]
    return Home(cache_directory(os.environ, Path.home()) / "simulations" / f"{project.name}-{digest}")


def find_project(start: Path) -> Path:
    """Return the folder of the Pulumi project that a folder belongs to; raises `UsageError` where there is none."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "Pulumi.yaml").exists():
            return folder
    raise UsageError(f"no Pulumi.yaml in {start} or above it", hint="run it in a project")


def _stack_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("Pulumi.*.yaml")) if folder.is_dir() else []


def _copy(origin: Path, target: Path, home: Path) -> None:
    """Make the copy like the original; files that commands wrote beside the copied ones stay."""
    record = home / _COPIED
    before = set(json.loads(record.read_text())) if record.exists() else set()
    copied = set()
    for source in _files(origin, home):
        relative = source.relative_to(origin)
        file = target / relative
        copied.add(str(relative))
        if not _is_copy(file, source):
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name(f".{file.name}.copy")
            try:
                shutil.copy2(source, draft)
            except FileNotFoundError:  # gone since it was listed: an editor's or a test's own file
                copied.discard(str(relative))
                continue
            draft.replace(file)
    for gone in before - copied:
        (target / gone).unlink(missing_ok=True)
    write_atomically(record, json.dumps(sorted(copied)))


def _is_copy(file: Path, source: Path) -> bool:
    if not file.is_file():
        return False
    ours, theirs = file.stat(), source.stat()
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _files(folder: Path, home: Path) -> Iterator[Path]:
    for item in sorted(folder.iterdir()):
        if item.name in _NOT_COPIED or item.resolve() == home.resolve():
            continue
        if item.is_dir():
            if not (item / "pyvenv.cfg").exists():
                yield from _files(item, home)
        elif item.is_file():
            yield item
