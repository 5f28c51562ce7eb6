"""What the other clouds' code costs a stack of one cloud: a preview of stacks/Pulumi.vision-dev.yaml, now and before.

Before is the last commit that knew AWS alone; another one can be named as the first argument. The stack file and the
policy pack play no part: each commit previews its own stack file. Target: the CPU does not grow.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import cpu_seconds, machine, median_of

from bedplate import simulation

PROJECT = Path(__file__).resolve().parents[1]
ONE_CLOUD = "6e4f90d"
COMMAND = (
    *("preview", "--stack", "vision-dev"),
    *("--non-interactive", "--color=never", "--suppress-progress"),
)
RUNS = 7


def main() -> None:
    """Print the CPU seconds of both previews, and their ratio."""
    commit = sys.argv[1] if len(sys.argv) > 1 else ONE_CLOUD
    with TemporaryDirectory(prefix="bedplate-benchmark-") as scratch:
        before = Path(scratch) / "before"
        git("worktree", "add", "--detach", str(before), commit)
        try:
            (before / ".venv").symlink_to(PROJECT / ".venv")
            then = median_of(RUNS, lambda: cpu_seconds(lambda: preview(before, Path(scratch) / "then")))
            now = median_of(RUNS, lambda: cpu_seconds(lambda: preview(PROJECT, Path(scratch) / "now")))
        finally:
            git("worktree", "remove", "--force", str(before))
    print(f"machine: {machine()}; median of {RUNS} runs")
    print(f"one cloud      {then:.2f} s CPU ({commit})")
    print(f"all clouds     {now:.2f} s CPU, {now / then:.2f} × before")


def preview(project: Path, home: Path) -> None:
    """Preview a project's stack with the project's own code; ends the benchmark with its output when it fails."""
    variables = {**os.environ, "PYTHONPATH": str(project / "components")}
    done = simulation.run(project, COMMAND, home=home, env=variables, capture=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def git(*arguments: str) -> None:
    """Run git in the project."""
    subprocess.run(["git", *arguments], cwd=PROJECT, check=True, capture_output=True)


if __name__ == "__main__":
    main()
