"""`bedplate cost`: what stacks cost, what is in a state or a preview, tokens, training runs, and own against rented."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from bedplate.cost.report import CostReport
    from bedplate.plan import StackPlan


class ShowByDefault(TyperGroup):
    """A group in which `cost FILE` is short for `cost show FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `show` before arguments that begin with no command."""
        named = args[:1] and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named or not args else ["show", *args])


app = typer.Typer(
    cls=ShowByDefault,
    help="Show what stacks cost at rest, as expected and with everything up: `bedplate cost STACK_FILE…`.",
    no_args_is_help=True,
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines to read.")]


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 10**12:
        raise typer.BadParameter(f"{text!r} is no number")
    return value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date such as 2026-11-21") from None


@app.command()
def show(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Stack files: stacks/Pulumi.<team>-<environment>.yaml.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="A state: the output of `pulumi stack export`.")] = None,
    preview: Annotated[Path | None, typer.Option(help="The output of `pulumi preview --json --show-sames`.")] = None,
    today: Annotated[
        date | None,
        typer.Option(parser=_day, metavar="DATE", help="The day from which prices are old. Default: today."),
    ] = None,
    json_output: JsonOption = False,
    focus: Annotated[bool, typer.Option("--focus", help="Print JSON whose lines have the columns of FOCUS.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a page of documentation.")] = False,
) -> None:
    """Show what stack files, a state or a preview cost, line by line, with where each price is from."""
    from bedplate.errors import UsageError

    day = today or datetime.now(UTC).date()
    reports = _reports(files or [], state, preview, day)
    if not reports:
        raise UsageError("name a stack file, or --state or --preview with a file", hint="bedplate cost show --help")
    if json_output or focus:
        from bedplate.cost.report import report_json

        typer.echo(json.dumps({"costs": [report_json(one, day, focus=focus) for one in reports]}, indent=2))
    elif markdown:
        from bedplate.cost.markdown import cost_page

        typer.echo(cost_page(reports), nl=False)
    else:
        from bedplate.cli.cost_view import show_report
        from bedplate.cli.terminal import console

        for report in reports:
            show_report(console(), report, day)


def _reports(files: list[Path], state: Path | None, preview: Path | None, today: date) -> list[CostReport]:
    from bedplate.cost.report import graph_report, stack_report

    reports = [stack_report(str(file), _planned(file)) for file in files]
    if state or preview:
        from bedplate.cost.graph.estimate import graph_cost
        from bedplate.cost.graph.resources import read_preview, read_state

        graphs = [(path, read(path)) for path, read in ((state, read_state), (preview, read_preview)) if path]
        reports += [graph_report(str(path), graph_cost(graph, today)) for path, graph in graphs]
    return reports


UsdPerHour = Annotated[
    Decimal | None, typer.Option(parser=_decimal, metavar="USD", help="Price of a node for an hour.")
]
StackFile = Annotated[Path | None, typer.Option(help="Take the price from a pool of this stack file.")]
Pool = Annotated[str, typer.Option(help="The pool of the stack file.")]


@app.command()
def tokens(
    tokens_per_second: Annotated[
        Decimal, typer.Option(parser=_decimal, metavar="N", help="Tokens that a busy node makes in a second.")
    ],
    usd_per_hour: UsdPerHour = None,
    stack_file: StackFile = None,
    pool: Pool = "",
    json_output: JsonOption = False,
) -> None:
    """Show what a million tokens cost at several utilizations, on a node of a price or of a pool."""
    from bedplate.cost.tokens import token_prices

    offers = _node_prices(usd_per_hour, stack_file, pool)
    prices = [(name, usd, token_prices(usd, tokens_per_second)) for name, usd in offers]
    if json_output:
        found = [
            {"node": name, "usd_per_hour": f"{usd:f}", "prices": [_plain(asdict(price)) for price in rows]}
            for name, usd, rows in prices
        ]
        typer.echo(json.dumps({"tokens_per_second": f"{tokens_per_second:f}", "nodes": found}, indent=2))
        return
    from bedplate.cli.cost_view import show_tokens
    from bedplate.cli.terminal import console

    for name, usd, rows in prices:
        show_tokens(console(), name, usd, rows)


@app.command()
def training(
    nodes: Annotated[int, typer.Option(min=1, help="Nodes of the run, all at once.")],
    hours: Annotated[Decimal, typer.Option(parser=_decimal, metavar="N", help="Hours from start to end.")],
    usd_per_hour: UsdPerHour = None,
    stack_file: StackFile = None,
    pool: Pool = "",
    json_output: JsonOption = False,
) -> None:
    """Show what a training run costs: node-hours at the price of a node or of a pool's nodes."""
    from bedplate.cost.tokens import training_run

    offers = _node_prices(usd_per_hour, stack_file, pool)
    runs = [(name, usd, training_run(usd, nodes, hours)) for name, usd in offers]
    if json_output:
        found = [{"node": name, "usd_per_hour": f"{usd:f}", **_plain(asdict(run))} for name, usd, run in runs]
        typer.echo(json.dumps({"runs": found}, indent=2))
        return
    for name, usd, run in runs:
        typer.echo(f"{name}: {run.node_hours:,f} node-hours at ${usd:,.4f} are ${run.usd:,.2f}")


@app.command()
def compare(
    file: Annotated[Path, typer.Argument(help="What to compare: docs/guide/cost.md describes the file.")],
    json_output: JsonOption = False,
) -> None:
    """Compare own hardware, cloud machines and hosted APIs at the same load."""
    from bedplate.cost.comparison import compare as compare_ways
    from bedplate.cost.comparison_spec import read_comparison

    found = compare_ways(read_comparison(file), file)
    if json_output:
        typer.echo(json.dumps(_plain(asdict(found)), indent=2))
        return
    from bedplate.cli.cost_view import show_comparison
    from bedplate.cli.terminal import console

    show_comparison(console(), found)


def _node_prices(usd_per_hour: Decimal | None, stack_file: Path | None, pool: str) -> list[tuple[str, Decimal]]:
    """Return nodes by name with the price of an hour: the one that is given, or each offer of a pool with its disk."""
    from bedplate.errors import UsageError, listing, nearest

    if (usd_per_hour is None) == (stack_file is None):
        raise UsageError("give either --usd-per-hour, or --stack-file and --pool")
    if stack_file is None:
        return [("a node", usd_per_hour or Decimal(0))]
    from bedplate.cost.estimate import node_prices

    pools = {one.name: one for one in _planned(stack_file).node_pools}
    if pool not in pools:
        meant = nearest(pool, pools)
        hint = f"did you mean {meant!r}?" if meant else f"It has {listing(tuple(pools))}."
        raise UsageError(f"{stack_file} has no pool {pool!r}", hint=hint)
    return node_prices(pools[pool])


def _planned(file: Path) -> StackPlan:
    """Return the plan of a stack file, with the prices of its project first."""
    from bedplate.cli.project import use_prices_of_project
    from bedplate.plan import plan_stack
    from bedplate.stack_file.load import load_stack

    use_prices_of_project(file)
    loaded = load_stack(file)
    return plan_stack(loaded.spec, loaded.references)


def _plain(value: Any) -> Any:
    """Return a value with amounts as text, as everywhere in JSON output."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    return value
