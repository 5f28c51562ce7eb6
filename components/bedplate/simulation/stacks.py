"""Which stack a simulated command works on: it is made when there is none yet, and those that it builds on come up."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from bedplate.errors import BedplateError, UsageError, listing, nearest
from bedplate.files import as_seen
from bedplate.simulation import project_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bedplate.errors import InputError
    from bedplate.simulation.session import Session

# Commands that work on a stack, which a simulation makes when there is none yet; and those that run the program.
_NEED_A_STACK = frozenset({"up", "update", "preview", "pre", "refresh", "destroy", "dn", "import", "config", "watch"})
_RUN_THE_PROGRAM = frozenset({"up", "update", "preview", "pre", "import", "watch"})
_FLAGS_WITH_A_VALUE = frozenset(
    {"--stack", "-s", "--cwd", "-C", "--color", "--verbose", "-v", "--profiling", "--tracing"}
)
_HELP = frozenset({"--help", "-h"})


def prepare_stacks(
    session: Session,
    origin: Path,
    arguments: Sequence[str],
    wrong: Mapping[str, InputError],
    stacks: Path | None = None,
) -> None:
    """Make the stack that a command works on, and bring up the stacks that it builds on.

    `wrong` is what is wrong with stack files that cannot be read, by stack name. Raises it for a stack that the
    command needs, and `UsageError` when no stack is named or selected, or a new one has no file.
    """
    if command_of(arguments) not in _NEED_A_STACK or not _HELP.isdisjoint(arguments):
        return
    asked = asked_stack(arguments)
    selected = "" if asked else _selected_stack(session)
    stack = asked or selected or _only_stack(session)
    others = _foundations(session, _plain(stack)) if command_of(arguments) in _RUN_THE_PROGRAM else []
    for needed in (*others, _plain(stack)):
        if needed in wrong:
            raise wrong[needed]
    for other in others:
        _bring_up(session, origin, other, stacks)
    if not selected:
        _make(session, origin, stack, stacks, select=not asked)


def command_of(arguments: Sequence[str]) -> str:
    """Return the pulumi command among arguments: the first word that is neither a flag nor a flag's value."""
    words = iter(arguments)
    for word in words:
        if word in _FLAGS_WITH_A_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def asked_stack(arguments: Sequence[str]) -> str:
    """Return the stack that arguments name with `--stack X`, `--stack=X`, `-s X`, `-s=X` or `-sX`; else nothing."""
    for index, argument in enumerate(arguments):
        if argument in ("--stack", "-s"):
            return arguments[index + 1] if index + 1 < len(arguments) else ""
        if argument.startswith("--stack="):
            return argument.removeprefix("--stack=")
        if argument.startswith("-s"):
            return argument.removeprefix("-s").removeprefix("=")
    return ""


def _selected_stack(session: Session) -> str:
    """The stack that `pulumi stack select` chose, or that was made for a project of one; else nothing."""
    selected = session.run(["stack", "--show-name", "--non-interactive"], capture=True)
    selected.raise_if_interrupted("the command had not begun")
    return selected.stdout.strip() if selected.returncode == 0 else ""


def _only_stack(session: Session) -> str:
    """The stack of the project's only stack file; raises `UsageError` where there are several, or none."""
    stacks = list(session.home.stack_files())
    if len(stacks) == 1:
        return stacks[0]
    hint = f"stacks: {listing(stacks)}" if stacks else "there is no stack file; `bedplate init TEAM` writes one"
    raise UsageError("name a stack: --stack STACK", hint=hint)


def _foundations(session: Session, stack: str) -> list[str]:
    """The stacks that a stack builds on, the deepest first."""
    files = session.home.stack_files()
    found: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise BedplateError(f"stacks refer to each other in a circle: {' -> '.join((*path, name))}")
        for other in project_files.referenced_stacks(files[name]) if name in files else []:
            if other not in files:
                meant = nearest(other, files)
                message = f"stack {name} builds on stack {other}, which has no stack file"
                raise UsageError(
                    message + (f"; did you mean {meant!r}?" if meant else ""), hint=f"stacks: {listing(list(files))}"
                )
            visit(other, (*path, name))
            if other not in found:
                found.append(other)

    visit(stack, ())
    return found


def _bring_up(session: Session, origin: Path, stack: str, stacks: Path | None) -> None:
    _make(session, origin, stack, stacks, select=False)
    if json.loads(session.ask("stack", "export", "--stack", stack).stdout)["deployment"].get("resources"):
        return
    print(f"Bringing up stack {stack} first: the stack builds on it.", file=sys.stderr, flush=True)
    done = session.run(["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack], quiet=True)
    done.raise_if_interrupted(f"the next command goes on with stack {stack}")
    if done.returncode != 0:
        raise BedplateError(f"stack {stack} could not be brought up")


def _no_stack_file(folder: Path, name: str, known: Mapping[str, Path]) -> UsageError:
    meant = nearest(name, known)
    message = f"no stack file {as_seen(folder / f'Pulumi.{name}.yaml')}"
    hint = f"stacks: {listing(list(known))}" if known else "`bedplate init TEAM` writes one"
    return UsageError(message + (f"; did you mean {meant!r}?" if meant else ""), hint=hint)


def _plain(stack: str) -> str:
    """A stack's name without its organization and project."""
    return stack.rsplit("/", 1)[-1]


def _make(session: Session, origin: Path, stack: str, stacks: Path | None, *, select: bool) -> None:
    name = _plain(stack)
    known = json.loads(session.ask("stack", "ls", "--json").stdout)
    if any(_plain(entry["name"]) == name for entry in known):
        return
    files = session.home.stack_files()
    if name not in files:
        raise _no_stack_file(origin / session.home.stack_folder(), name, files)
    session.ask("stack", "init", stack, *([] if select else ["--no-select"]))
    session.home.restore_stack_file(origin, name, stacks)
