"""`bedplate demo`: a team's stack through its whole life, on the real engine and simulated clouds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from bedplate.plan import StackPlan
    from bedplate.simulation.demo import DemoProject, Outcome

LARGER, TOO_LARGE = 5, 40
POOL = "machine: g6.2xlarge\n        nodes: {min: 1, max: "


def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Keep the demo's project, states and world in this folder, which must be empty.")
    ] = None,
) -> None:
    """Preview, create, repeat, change and destroy a stack on simulated clouds; needs no account."""
    from tempfile import TemporaryDirectory

    from bedplate.errors import UsageError
    from bedplate.files import refusals_told, working_folder
    from bedplate.simulation.demo import DemoProject
    from bedplate.simulation.home import find_project

    origin = find_project(working_folder())
    if keep is None:
        with TemporaryDirectory(prefix="bedplate-demo-") as scratch:
            _tell(DemoProject.copied(origin, Path(scratch)))
        return
    with refusals_told(keep, "the folder of the demo"):
        if keep.exists() and any(keep.iterdir()):
            raise UsageError(f"{keep} is not empty", hint="name a folder that is, or that does not exist")
        keep.mkdir(parents=True, exist_ok=True)
    _tell(DemoProject.copied(origin, keep))


def _tell(project: DemoProject) -> None:
    from bedplate.cli.terminal import console
    from bedplate.simulation.demo import POLICIES, STACK_FILE

    out = console()
    out.print(f"[bold]{STACK_FILE}[/bold] on simulated clouds: nothing real is read or changed.\n")
    policies = ("--policy-pack", POLICIES)
    _step(out, project, "Preview with the policy pack", "preview", *policies)
    _step(out, project, "Create it", "up", "--yes", "--skip-preview")
    before = project.plan()
    _answer(out, project, before)
    _step(out, project, "Once more, nothing has changed", "up", "--yes", "--skip-preview", "--expect-no-changes")
    current = next(pool.max_nodes for pool in before.node_pools if pool.name == "l4")
    project.edit(f"{POOL}{current}", f"{POOL}{LARGER}")
    change = _step(out, project, f"A change: l4 up to {LARGER} nodes", "preview", "--diff", *policies)
    _show_change(out, project, before, change)
    project.edit(f"{POOL}{LARGER}", f"{POOL}{TOO_LARGE}")
    refusal = _step(out, project, f"Too much: l4 up to {TOO_LARGE} nodes", "preview", refused=True)
    _show_refusal(out, refusal)
    project.edit(f"{POOL}{TOO_LARGE}", f"{POOL}{current}")
    _step(out, project, "Destroy it", "destroy", "--yes", "--skip-preview")
    left = project.resources_left()
    out.print(f"   the simulated clouds hold {left} resources" if left else "   the simulated clouds are empty")


def _step(out: Console, project: DemoProject, title: str, *command: str, refused: bool = False) -> Outcome:
    """Run one command and print how it ended; raises BedplateError with its whole output when it ended otherwise."""
    from bedplate.errors import BedplateError

    with out.status(f"{title}: pulumi {' '.join(command)}"):
        outcome = project.pulumi(*command)
    if outcome.succeeded is refused:
        raise BedplateError(f"{title}: pulumi {' '.join(command)} did not end as it should\n\n{outcome.output}")
    counts = ", ".join(f"{number} {what}" for what, number in outcome.counts.items() if what != "errored")
    ending = "[red]refused[/red]" if refused else f"[green]{counts}[/green]"
    out.print(f"[bold]{title}[/bold]  {ending}  [dim]pulumi {' '.join(command)}, {outcome.seconds:.1f} s[/dim]")
    return outcome


def _answer(out: Console, project: DemoProject, plan: StackPlan) -> None:
    from bedplate.cli.plan_view import show_cost, show_decisions

    out.print()
    show_decisions(out, plan)
    show_cost(out, plan, project.cap(plan))
    out.print()


def _show_change(out: Console, project: DemoProject, before: StackPlan, outcome: Outcome) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from bedplate.cost.compare import changed_lines
    from bedplate.cost.summary import dollars, signed_dollars
    from bedplate.simulation.demo import changed_resources

    for block in changed_resources(outcome.output):
        out.print(Padding(Text(block), (0, 0, 0, 3)))
    after = project.plan()
    for change in changed_lines(before.cost, after.cost):
        line = change.line
        more, rest = signed_dollars(change.max_per_hour), signed_dollars(change.baseline_per_month)
        out.print(f"   {line.owner}: {line.item}: {more} an hour with everything up, {rest} a month at rest")
    cap = project.cap(after)
    if cap is not None:
        month = dollars(after.cost.max_per_month)
        out.print(f"   everything up {month} a month, under the cap of ${cap.monthly_usd:,}\n")


def _show_refusal(out: Console, outcome: Outcome) -> None:
    from rich.text import Text

    from bedplate.simulation.demo import section

    for line in section(outcome.output, "Diagnostics").splitlines()[1:]:
        out.print(Text(f"   {line.strip()}"))
    out.print()
