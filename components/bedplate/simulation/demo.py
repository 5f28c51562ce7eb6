"""The life of a stack on simulated clouds, step by step: what `bedplate demo` shows."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate import simulation
from bedplate.cost.caps import CAPS_FILE, read_caps
from bedplate.errors import BedplateError, UsageError
from bedplate.files import refusals_told
from bedplate.plan import plan_stack
from bedplate.simulation.project_files import simulated_project_file
from bedplate.stack_file.load import load_stack

if TYPE_CHECKING:
    from bedplate.cost.caps import Cap
    from bedplate.plan import StackPlan

STACK = "vision-dev"
STACK_FILE = Path("stacks") / f"Pulumi.{STACK}.yaml"
POLICIES = "policies"
QUIET = ("--stack", STACK, "--non-interactive", "--color=never", "--suppress-progress")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one command of the engine ended. `counts` is its own summary, for example `{"created": 103}`."""

    succeeded: bool
    seconds: float
    counts: dict[str, int]
    output: str


@dataclass(frozen=True, slots=True)
class DemoProject:
    """A copy of the project of which the demo may change the stack file, and the home of its simulations."""

    folder: Path
    home: Path

    @staticmethod
    def copied(origin: Path, scratch: Path) -> DemoProject:
        """Copy what a stack needs: the program, the policies, and the one stack file.

        Raises `UsageError` when the project is another one than Bedplate's, or nothing can be written to `scratch`.
        """
        for needed in (Path(POLICIES), Path("__main__.py"), STACK_FILE):
            if not (origin / needed).exists():
                hint = "the demo shows Bedplate's own project: run it there"
                raise UsageError(f"{origin} holds no {needed}", hint=hint)
        folder = scratch / "project"
        with refusals_told(scratch, "the folder of the demo"):
            shutil.copytree(origin / POLICIES, folder / POLICIES, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy2(origin / "__main__.py", folder)
            (folder / "stacks").mkdir()
            shutil.copy2(origin / STACK_FILE, folder / STACK_FILE)
            for name in (Path("Pulumi.yaml"), Path(POLICIES) / "PulumiPolicy.yaml"):
                text = simulated_project_file(origin / name, (origin / name).parent)
                (folder / name).write_text(text, encoding="utf-8")
        return DemoProject(folder, scratch / "home")

    def plan(self) -> StackPlan:
        """Plan the stack as its file stands now."""
        loaded = load_stack(self.folder / STACK_FILE)
        return plan_stack(loaded.spec, loaded.references)

    def cap(self, plan: StackPlan) -> Cap | None:
        """Return the team's spending cap."""
        return read_caps(self.folder / CAPS_FILE).of(plan.team, plan.environment)

    def edit(self, before: str, after: str) -> None:
        """Change one line of the stack file; raises BedplateError when the file no longer holds it."""
        path = self.folder / STACK_FILE
        text = path.read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise BedplateError(f"the demo changes {before!r} in {STACK_FILE}, which is not there exactly once")
        path.write_text(text.replace(before, after), encoding="utf-8")

    def pulumi(self, *arguments: str) -> Outcome:
        """Run a pulumi command on simulated clouds; raises `StoppedError` when somebody stops it."""
        start = time.monotonic()
        done = simulation.run(self.folder, [*arguments, *QUIET], home=self.home, capture=True)
        done.raise_if_interrupted("nothing real was made")
        output = done.stdout + done.stderr
        return Outcome(done.returncode == 0, time.monotonic() - start, resource_counts(output), output)

    def resources_left(self) -> int:
        """Return how many resources the simulated clouds hold."""
        return sum(1 for _ in simulation.world(self.home))


def section(output: str, heading: str) -> str:
    """Return what the engine printed under a heading, up to the next empty line; empty where it printed none.

    >>> section("Diagnostics:\\n  error: no\\n\\nResources:\\n  1 errored\\n", "Diagnostics")
    '  error: no'
    """
    _, found, text = f"\n{output}".rpartition(f"\n{heading}:\n")
    return text.split("\n\n", 1)[0].rstrip() if found else ""


def resource_counts(output: str) -> dict[str, int]:
    """Read the engine's closing summary.

    >>> resource_counts("Resources:\\n    ~ 3 to update\\n    100 unchanged\\n\\nDuration: 2s\\n")
    {'to update': 3, 'unchanged': 100}
    """
    lines = section(output, "Resources").splitlines()
    pairs = (re.fullmatch(r"\s+(?:\S+ )?(\d+) ([a-z -]+)", line) for line in lines)
    return {match[2]: int(match[1]) for match in pairs if match}


def changed_resources(diff: str) -> list[str]:
    """Return, from the text of `pulumi preview --diff`, the cloud resources that change, each with its changed lines.

    Components are left out: they repeat what their resources say.
    """
    blocks: list[list[str]] = []
    keep = False
    for line in diff.partition("\nResources:\n")[0].splitlines():
        start = re.match(r"\s*(\S+) ([\w-]+:[\w./-]+:\w+): \((\w[\w-]*)\)", line)
        if start:
            keep = start[3] in ("create", "update", "delete", "replace") and not start[2].startswith("bedplate:")
            if keep:
                blocks.append([f"{start[1]} {start[2]} ({start[3]})"])
        elif keep and re.match(r"\s*[~+-] ", line):
            blocks[-1].append(line)
        elif keep and (name := re.search(r"\[urn=[^\]]*::([^:\]]+)\]", line)):
            blocks[-1][0] += f" {name[1]}"
    return ["\n".join(block) for block in blocks]
