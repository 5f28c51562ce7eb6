"""`bedplate policies list|explain|test`: the rules of the policy pack, and what they say about a file."""

from __future__ import annotations

import json as json_module
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bedplate.errors import UsageError, nearest
from bedplate.files import working_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

app = typer.Typer(help="Look up the rules of the policy pack, and judge a preview or a state.", no_args_is_help=True)

PackOption = Annotated[
    Path | None, typer.Option("--pack", help="The folder of the pack; by default the project's `policies`.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_rules(
    family: Annotated[str | None, typer.Option(help="One family, for example `security`.")] = None,
    environment: Annotated[str, typer.Option(help="Say which rules only advise in this environment.")] = "prod",
    pack: PackOption = None,
    json: JsonOption = False,
) -> None:
    """List the rules, with their family and whether they stop a deployment in an environment."""
    rules = _rules(pack)
    families = tuple(dict.fromkeys(rule.family for rule in rules))
    if family is not None and family not in families:
        raise UsageError(f"there is no family {family!r}", hint=_did_you_mean(family, families))
    chosen = [rule for rule in rules if family in (None, rule.family)]
    levels = {rule.id: _level(rule, environment, pack) for rule in chosen}
    if json:
        print(json_module.dumps([_record(rule) | {"level": levels[rule.id]} for rule in chosen], indent=2))
        return
    from rich.table import Table

    from bedplate.cli.terminal import console

    table = Table("rule", f"in {environment}", "demands", box=None, header_style="bold", pad_edge=False)
    for rule in chosen:
        table.add_row(rule.id, levels[rule.id], rule.demands)
    console().print(table)


@app.command("explain")
def explain(
    rule: Annotated[str, typer.Argument(help="The id that messages begin with, for example `cost-within-caps`.")],
    pack: PackOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a rule demands, why, and how to keep to it."""
    rules = {one.id: one for one in _rules(pack)}
    found = rules.get(rule)
    if found is None:
        raise UsageError(f"there is no rule {rule!r}", hint=_did_you_mean(rule, rules))
    if json:
        print(json_module.dumps(_record(found), indent=2))
        return
    print(_explanation(found))


@app.command("test")
def judge(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Outputs of `pulumi preview --json --show-sames` or `pulumi stack export`.", metavar="FILE…"
        ),
    ],
    pack: PackOption = None,
    json: JsonOption = False,
) -> None:
    """Judge previews and states by the rules, without an engine; exits 1 when something would be stopped."""
    _prepare(pack)
    settings = import_module("rules.model").Settings()
    judge_file = import_module("rules.files").judge_file
    judged = {str(file): judge_file(file, settings).verdicts for file in files}
    if json:
        print(json_module.dumps([_verdicts_record(name, one) for name, one in judged.items()], indent=2))
    else:
        for name, verdicts in judged.items():
            print(_verdicts_text(name, verdicts))
    if any(verdicts.refusals for verdicts in judged.values()):
        raise typer.Exit(1)


def _rules(pack: Path | None) -> Sequence[Any]:
    _prepare(pack)
    rules: Sequence[Any] = import_module("rules.catalogue").ALL
    return rules


def _prepare(pack: Path | None) -> None:
    """Make the pack's own folder importable, as the engine does it; raises UsageError when there is none."""
    folder = _folder(pack)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _folder(pack: Path | None) -> Path:
    here = working_folder()
    places = [here / pack] if pack else [place / "policies" for place in (here, *here.parents)]
    for place in places:
        if (place / "PulumiPolicy.yaml").is_file() and (place / "rules" / "catalogue.py").is_file():
            return place
    looked = str(pack) if pack else "policies of this folder and those above"
    raise UsageError(f"there is no policy pack in {looked}", hint="Name its folder with --pack.")


def _level(rule: Any, environment: str, pack: Path | None) -> str:
    settings = import_module("rules.pack_settings").read_pack_settings(_folder(pack) / "settings.yaml")
    advises = rule.waivable and settings.is_advice(rule.id, environment)
    return "advises" if advises or rule.id == "governance-unused-exceptions" else "stops"


def _did_you_mean(word: str, allowed: Iterable[str]) -> str:
    meant = nearest(word, allowed)
    return f"did you mean {meant!r}?" if meant else "`bedplate policies list` names them."


def _record(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.id,
        "family": rule.family,
        "demands": rule.demands,
        "reason": rule.reason,
        "fix": rule.fix,
        "references": list(rule.references),
        "passes": rule.passes,
        "fails": rule.fails,
        "exceptions": rule.waivable,
    }


def _explanation(rule: Any) -> str:
    lines = [rule.id, "", rule.demands, "", f"why     {rule.reason}", f"fix     {rule.fix}"]
    if rule.passes:
        lines += [f"passes  {rule.passes}", f"fails   {rule.fails}"]
    if rule.references:
        lines.append(f"see     {', '.join(rule.references)}")
    loosened = "policies/exceptions.yaml" if rule.waivable else "none: this rule holds everywhere"
    return "\n".join([*lines, f"leave   {loosened}"])


def _verdicts_record(name: str, verdicts: Any) -> dict[str, Any]:
    return {
        "file": name,
        "refusals": [_violation_record(one) for one in verdicts.refusals],
        "advice": [_violation_record(one) for one in verdicts.advice],
    }


def _violation_record(violation: Any) -> dict[str, str]:
    return {
        "rule": violation.rule.id,
        "urn": violation.urn,
        "problem": violation.problem,
        "remedy": violation.remedy,
    }


def _verdicts_text(name: str, verdicts: Any) -> str:
    lines = [f"{name}: {_count(verdicts.refusals, 'stops', 'stop')} it, {_count(verdicts.advice, 'advises', 'advise')}"]
    lines += [f"  stops    {one.message}" for one in verdicts.refusals]
    return "\n".join([*lines, *(f"  advises  {one.message}" for one in verdicts.advice)])


def _count(found: Sequence[Any], one: str, many: str) -> str:
    return f"{len(found)} violation {one}" if len(found) == 1 else f"{len(found)} violations {many}"
