"""`bedplate plan` of a full stack, the whole process: target 0.5 s CPU, and no Pulumi imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from measure import command_cpu, machine, median_of

PROJECT = Path(__file__).resolve().parents[1]
STACK = PROJECT / "stacks" / "Pulumi.vision-dev.yaml"
RUNS = 11


def main() -> None:
    """Print CPU seconds, their ratio to an empty Python process, and what was imported."""
    bedplate = str(Path(sys.executable).with_name("bedplate"))
    empty = median_of(RUNS, lambda: command_cpu([sys.executable, "-c", "pass"]))
    plan = median_of(RUNS, lambda: command_cpu([bedplate, "plan", str(STACK)]))
    as_json = median_of(RUNS, lambda: command_cpu([bedplate, "plan", "--json", str(STACK)]))
    print(f"machine: {machine()}; median of {RUNS} runs")
    print(f"empty Python process   {empty:.3f} s CPU")
    print(f"bedplate plan          {plan:.3f} s CPU, {plan / empty:.1f} × the empty process (target 0.5 s)")
    print(f"bedplate plan --json   {as_json:.3f} s CPU, {as_json / empty:.1f} × the empty process")
    modules = imported(["plan", str(STACK)])
    heavy = sorted({name.split(".")[0] for name in modules} & {"pulumi", "grpc", "boto3", "google"})
    print(f"modules imported       {len(modules)}, of Pulumi or a cloud: {', '.join(heavy) or 'none'}")


def imported(arguments: list[str]) -> list[str]:
    """Return the names of the modules that a command has imported when it ends."""
    code = (
        "import sys; from bedplate.cli.main import main; sys.argv = ['bedplate', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return run.stderr.split()


if __name__ == "__main__":
    main()
