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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.engine.cache import cache_directory
from bedplate.errors import BedplateError, InputError, UsageError
from bedplate.files import refusals_told
from bedplate.simulation import project_files
from bedplate.simulation.scratch_copy import copy_files
from bedplate.simulation.world_file import World, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARK = "simulation.json"
_PROJECT_FILES = ("Pulumi.yaml", "PulumiPolicy.yaml")
_STACK_FILES = "Pulumi.*.yaml"


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

    def prepare(self, origin: Path, stacks: Path | None = None) -> dict[str, InputError]:
        """Make the folders, and a fresh copy of the project; what commands wrote into the copy is kept.

        `stacks` is a folder with further stack files, which stand beside the project's own in the copy. Returns what
        is wrong with stack files that cannot be read, by stack name: another stack can do without them. Raises
        `UsageError` when the folder of further ones holds none, `InputError` for a project file that cannot be read.
        """
        with refusals_told(self.folder, "the home of a simulation"):
            self.pulumi.mkdir(parents=True, exist_ok=True)
            self.backend.mkdir(exist_ok=True)
            write_atomically(self.folder / _MARK, json.dumps({"project": str(origin)}) + "\n")
        folder = Path(project_files.read_project(origin / "Pulumi.yaml").stack_folder)
        further = _further_stack_files(stacks)
        salts = self._salts()
        left = copy_files(origin, self.project, self.folder, rewritten=partial(_is_rewritten, folder))
        for relative in left:
            if relative.name in _PROJECT_FILES:
                text = project_files.simulated_project_file(origin / relative, (origin / relative).parent)
                write_atomically(self.project / relative, text)
        sources = {file.name: origin / file for file in left if file.name not in _PROJECT_FILES} | further
        return self._write_stack_files(folder, sources, salts)

    def stack_files(self) -> dict[str, Path]:
        """Return the stack files of the copy by stack name."""
        return {_stack_of(file): file for file in _stack_files(self.project / self.stack_folder())}

    def stack_folder(self) -> Path:
        """Return where the stack files are, relative to the project."""
        return Path(project_files.read_project(self.project / "Pulumi.yaml").stack_folder)

    def restore_stack_file(self, origin: Path, stack: str, stacks: Path | None = None) -> None:
        """Write a stack file of the copy anew: `pulumi stack init` rewrites scalars when it adds its salt."""
        file = self.stack_files().get(stack)
        source = self._source(file, origin, stacks) if file else None
        if file and source and source.exists():
            salt = project_files.encryption_salt(file)
            write_atomically(file, project_files.simulated_stack_file(source, salt))

    def is_one(self) -> bool:
        """Return whether something was simulated in the folder."""
        return (self.folder / _MARK).is_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other simulations out; raises `BedplateError` while one runs. A dead one's lock is gone with it."""
        with refusals_told(self.folder, "the home of a simulation"):
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
        with refusals_told(self.folder, "reset"):
            if not self.folder.exists():
                return
            if not self.is_one() and not _is_empty_folder(self.folder):
                raise UsageError(f"{self.folder} is not the home of a simulation", hint="nothing was deleted")
            with self.locked():
                shutil.rmtree(self.folder)

    def _salts(self) -> dict[str, str]:
        """The simulation's own encryption salts by stack name, which stand in the copies of the stack files."""
        try:
            files = self.stack_files()
        except InputError:  # there is no copy yet
            return {}
        return {stack: _salt(file) for stack, file in files.items()}

    def _write_stack_files(
        self, folder: Path, sources: Mapping[str, Path], salts: Mapping[str, str]
    ) -> dict[str, InputError]:
        """Write the copies, and return what is wrong with those that could not be made.

        What stands for such a one keeps the stack's salt and nothing else: it leads to nothing real, and the stack's
        state can be read once the file is mended.
        """
        wrong = {}
        for name, source in sources.items():
            file = self.project / folder / name
            stack = _stack_of(file)
            salt = salts.get(stack, "")
            try:
                text = project_files.simulated_stack_file(source, salt)
            except InputError as error:
                wrong[stack] = error
                text = project_files.with_salt("", salt)
            write_atomically(file, text)
        return wrong

    def _source(self, file: Path, origin: Path, stacks: Path | None) -> Path:
        """Return what a stack file of the copy was copied from."""
        further = stacks / file.name if stacks else None
        return further if further and further.exists() else origin / file.relative_to(self.project)


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


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _is_rewritten(stack_folder: Path, file: Path) -> bool:
    return file.name in _PROJECT_FILES or (file.parent == stack_folder and file.match(_STACK_FILES))


def _further_stack_files(stacks: Path | None) -> dict[str, Path]:
    if stacks is None:
        return {}
    files = _stack_files(stacks)
    if not files:
        hint = "stack files are named Pulumi.<team>-<environment>.yaml"
        raise UsageError(f"{stacks} holds no stack file", hint=hint)
    return {file.name: file for file in files}


def _salt(copy: Path) -> str:
    try:
        return project_files.encryption_salt(copy)
    except InputError:  # what stands there is made anew in any case
        return ""


def _stack_of(file: Path) -> str:
    return file.name.removeprefix("Pulumi.").removesuffix(".yaml")


def _stack_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(_STACK_FILES)) if folder.is_dir() else []
