"""`bedplate report`: the pull-request comment of a preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from bedplate.plan import StackPlan
    from bedplate.report.baseline import Resources
    from bedplate.report.summary import Summary

Host = Literal["github", "gitlab"]


def report(
    preview: Annotated[Path, typer.Argument(help="What `pulumi preview --json` printed, best as a stream of events.")],
    base: Annotated[
        Path | None, typer.Option(help="What was before: a `pulumi stack export`, or another preview of the stack.")
    ] = None,
    caps: Annotated[
        Path | None, typer.Option(help="The caps file of the base branch: policies/caps.yaml there.")
    ] = None,
    stack_file: Annotated[
        Path | None, typer.Option(help="The changed stack file: for its risks, and its cost when the preview failed.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the report for machines.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file instead of printing it.")] = None,
    post: Annotated[
        Host | None,
        typer.Option(
            help="Put it on the pull request: create the stack's comment, or replace its text. The token "
            "comes from GITHUB_TOKEN or GITLAB_TOKEN."
        ),
    ] = None,
    pull_request: Annotated[
        int | None, typer.Option(help="The number of the pull or merge request. Default: from the job's variables.")
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            help="Instead of a number (GitHub): OWNER:BRANCH@COMMIT. Nothing is posted unless the open pull "
            "request from there still has that commit."
        ),
    ] = None,
    author: Annotated[
        str | None, typer.Option(help="Whose comments are ours (GitHub login). Default: github-actions\\[bot].")
    ] = None,
    commit: Annotated[str, typer.Option(help="The commit that was previewed, for the last line of the comment.")] = "",
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Exit 1 when the preview failed, a rule is broken, a cap is passed, or that is unknown.",
        ),
    ] = False,
) -> None:
    """Write one comment about a preview: cost against the caps, what is lost, violations with their fix, changes."""
    from bedplate.files import write_whole
    from bedplate.report.render import marker, render
    from bedplate.report.twin import report_json

    summary = _summary(preview, base, caps, stack_file)
    comment = render(summary, commit=commit)
    text = json.dumps(report_json(summary), indent=2) + "\n" if json_output else comment
    if output is not None:
        write_whole(output, text)
    elif post is None:
        typer.echo(text, nl=False)
    if post is not None:
        from bedplate.report.posting import Target, put_comment

        wanted = Target.from_environment(post, number=pull_request, head=head, author=author)
        typer.echo(put_comment(wanted, marker(summary.preview.stack, summary.preview.project), comment), err=True)
    if check:
        _check(summary)


def _check(summary: Summary) -> None:
    """Exit 1 when a change must not be merged, and say so when that is because it could not be judged."""
    from bedplate.errors import BedplateError

    if summary.verdict == "refused":
        raise typer.Exit(1)
    if summary.unchecked:
        raise BedplateError("not everything could be checked: " + "; ".join(summary.unchecked))


def _summary(preview: Path, base: Path | None, caps: Path | None, stack_file: Path | None) -> Summary:
    from bedplate.cli.project import permitted_types_beside, use_prices_beside, use_prices_of_project
    from bedplate.cost.caps import read_caps
    from bedplate.report.baseline import parse_base
    from bedplate.report.reading import parse_preview, read_text
    from bedplate.report.summary import summarise

    parsed = parse_preview(read_text(preview), str(preview))
    before: Resources | None = None
    if base is not None:
        before = parse_base(read_text(base), str(base), parsed.stack)
    limits = read_caps(caps) if caps else None
    if caps:
        use_prices_beside(caps)
    elif stack_file:
        use_prices_of_project(stack_file)
    plan, unplanned = _plan(stack_file, parsed.stack) if stack_file else (None, "")
    permitted = permitted_types_beside(caps) if caps else ()
    return summarise(parsed, base=before, caps=limits, plan=plan, unplanned=unplanned, permitted=permitted)


def _plan(stack_file: Path, stack: str) -> tuple[StackPlan | None, str]:
    """Return the plan of the changed stack file, or why it has none: a change may bring fields that the base lacks.

    Raises UsageError for a file that is not there, or of another stack.
    """
    from bedplate.errors import InputError, UsageError
    from bedplate.plan import plan_stack
    from bedplate.stack_file.load import load_stack

    if not stack_file.is_file():
        raise UsageError(f"{stack_file} is no file", hint="name the changed stack file, stacks/Pulumi.<stack>.yaml")
    try:
        loaded = load_stack(stack_file)
        plan = plan_stack(loaded.spec, loaded.references)
    except InputError as error:
        first, more = error.problems[0], len(error.problems) - 1
        return None, first.message + (f" (and {more} more problems)" if more else "")
    if f"{plan.team}-{plan.environment}" != stack:
        raise UsageError(f"{stack_file} is the file of {plan.team}-{plan.environment}, and the preview of {stack}")
    return plan, ""
