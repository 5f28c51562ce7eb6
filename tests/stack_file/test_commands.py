"""`bedplate validate`, `init` and `schema` as processes and as functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.cost.caps import excesses, read_caps
from bedplate.errors import UsageError
from bedplate.plan import plan_stack
from bedplate.stack_file.load import load_stack
from bedplate.stack_file.reference import reference_page
from tests.stack_file.commands import run
from tests.stack_file.texts import GOOD, NAME

ROOT = Path(__file__).parent.parent.parent

VALIDATE = """
import sys, typer
from bedplate.cli.validate import validate
try:
    typer.run(validate)
finally:
    print("heavy:", sorted({name.partition(".")[0] for name in sys.modules} & {"pulumi", "grpc", "boto3"}))
"""


def python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_validate_imports_no_pulumi(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(GOOD)
    result = python(VALIDATE, str(path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{path}: valid\nheavy: []\n"


def test_validate_prints_no_colours_into_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(GOOD.replace("max: 4", "max: [/red]"))
    result = python(VALIDATE, str(path), TERM="xterm-256color")
    assert result.returncode == 2
    assert "\x1b" not in result.stdout
    assert "must be a whole number, not a list" in result.stdout


def test_init_writes_a_file_that_is_valid(tmp_path: Path) -> None:
    result = run("init", "vision", "--directory", str(tmp_path / "stacks"))
    path = tmp_path / "stacks" / NAME
    assert result.exit_code == 0
    assert "Replace runner_access" in result.output
    spec = load_stack(path).spec
    assert list(spec.node_pools) == ["general", "inference"]
    assert spec.cost_center == "vision"
    assert (spec.node_pools["inference"].machine, spec.node_pools["inference"].nodes.max) == ("g6.2xlarge", 4)
    assert [file.name for file in path.parent.iterdir()] == [NAME]


@pytest.mark.parametrize(
    ("provider", "capacities"),
    [
        ("aws", ["spot", "on-demand"]),
        ("gcp", ["spot", "on-demand"]),
        ("azure", ["spot", "on-demand"]),
        ("existing", ["owned"]),
    ],
)
def test_init_writes_for_every_provider_and_its_comments_are_valid_too(
    provider: str, capacities: list[str], tmp_path: Path
) -> None:
    result = run("init", "vision", "--provider", provider, "--directory", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "Replace" in result.output
    path = tmp_path / NAME
    assert load_stack(path).spec.clusters["main"].provider == provider  # type: ignore[union-attr]
    head, _, pool = path.read_text().partition("      # large:")
    path.write_text(head + ("      # large:" + pool).replace("      # ", "      "))
    assert [offer.capacity for offer in load_stack(path).spec.node_pools["large"].all_offers()] == capacities


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure", "existing"])
def test_what_init_writes_is_priced_and_within_the_default_cap(provider: str, tmp_path: Path) -> None:
    run("init", "vision", "--provider", provider, "--directory", str(tmp_path))
    plan = plan_stack(load_stack(tmp_path / NAME).spec)
    cap = read_caps(ROOT / "policies" / "caps.yaml").of("nobody", "dev")
    assert [excess.message for excess in excesses(plan.cost, cap, "nobody", "dev")] == []


def test_init_knows_that_an_existing_cluster_has_no_region(tmp_path: Path) -> None:
    result = run("init", "vision", "--provider", "existing", "--region", "us-east-1", "--directory", str(tmp_path))
    assert isinstance(result.exception, UsageError)
    assert not list(tmp_path.iterdir())


def test_init_takes_what_it_is_given(tmp_path: Path) -> None:
    access = ("--runner-access", "198.51.100.0/24", "--runner-access", "192.0.2.0/24")
    result = run("init", "on", "--environment", "prod", "--region", "eu-west-1", *access, "--directory", str(tmp_path))
    assert result.exit_code == 0
    assert "Replace" not in result.output
    path = tmp_path / "Pulumi.on-prod.yaml"
    assert "Replace" not in path.read_text()
    cluster: Any = load_stack(path).spec.clusters["main"]
    assert cluster.runner_access == ("198.51.100.0/24", "192.0.2.0/24")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Vision",), "team: 'Vision' must be lower-case"),
        (("vision", "--environment", "test"), "environment: 'test' is not possible here"),
        (("vision", "--provider", "gpc"), "clusters.main.provider: 'gpc' is not possible here"),
        (("vision", "--region", "us-est-1"), "clusters.main.region: 'us-est-1' is no region of aws"),
        (("vision", "--runner-access", "0.0.0.0/0"), "0.0.0.0/0 opens the API server to everybody"),
        (("vision", "--provider", "google"), "did you mean 'gcp'?"),
        (("vision", "--provider", "AKS"), "did you mean 'azure'?"),
        (("vision", "--runner-access", "198.51.100.7/24"), "write 198.51.100.0/24, or 198.51.100.7/32 for that addr"),
        (("vision", "--runner-access", "x]\n        secure: y"), "runner_access[0]"),
    ],
)
def test_init_refuses_bad_words_and_writes_nothing(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = run("init", *arguments, "--directory", str(tmp_path / "stacks"))
    assert isinstance(result.exception, UsageError)
    assert message in result.exception.message
    assert not (tmp_path / "stacks").exists()


@pytest.mark.parametrize("team", ["", "a b"])
def test_init_speaks_of_what_was_typed_alone(team: str, tmp_path: Path) -> None:
    refused = run("init", team, "--directory", str(tmp_path))
    assert isinstance(refused.exception, UsageError)
    assert f"team: {team!r} must be" in refused.exception.message
    assert "cost_center" not in refused.exception.message


def test_init_replaces_a_file_only_when_forced(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("config: {}\n")
    refused = run("init", "vision", "--directory", str(tmp_path))
    assert isinstance(refused.exception, UsageError)
    assert path.read_text() == "config: {}\n"
    assert run("init", "vision", "--directory", str(tmp_path), "--force").exit_code == 0
    assert load_stack(path).name == "vision-dev"


@pytest.mark.parametrize("line", ["encryptionsalt: v1:abc", "encryptedkey: abc", "config: {a:b: {secure: x}}"])
def test_init_never_loses_encrypted_secrets(line: str, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(line)
    refused = run("init", "vision", "--directory", str(tmp_path), "--force")
    assert isinstance(refused.exception, UsageError)
    assert path.read_text() == line


@pytest.mark.parametrize(
    ("project", "folder", "shown"),
    [
        ("name: x\nstackConfigDir: stacks\n", ".", "stacks"),
        ("name: x\nstackConfigDir: stacks\n", "stacks", "."),
        ("name: x\n", "deep/below", "PROJECT"),
    ],
)
def test_init_writes_where_the_engine_looks(
    project: str, folder: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(project)
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    result = run("init", "vision")
    path = Path(shown.replace("PROJECT", str(tmp_path))) / NAME
    assert f"Wrote {path}\n" in result.output
    assert load_stack(path).name == "vision-dev"


def test_init_outside_of_a_project_asks_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("init", "vision")
    assert isinstance(result.exception, UsageError)
    assert "--directory" in result.exception.hint
    assert list(tmp_path.iterdir()) == []


def test_init_says_when_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "stacks").write_text("a file, not a folder")
    refused = run("init", "vision", "--directory", str(tmp_path / "stacks"))
    assert isinstance(refused.exception, UsageError)
    assert "cannot be written" in refused.exception.message


def referenced(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"]} if "$ref" in schema else set()
        return own.union(*map(referenced, schema.values()))
    return set().union(*map(referenced, schema)) if isinstance(schema, list) else set()


def test_schema_describes_the_whole_file() -> None:
    schema = json.loads(run("schema").output)
    assert schema["properties"]["config"]["required"] == ["bedplate:stack"]
    assert referenced(schema) <= {f"#/$defs/{name}" for name in schema["$defs"]}
    stack = schema["$defs"]["StackSpec"]
    assert stack["additionalProperties"] is False
    assert all("description" in field for field in stack["properties"].values())
    assert '"null"' not in json.dumps(schema)


def test_schema_knows_every_key_of_a_stack_that_init_writes(tmp_path: Path) -> None:
    run("init", "vision", "--directory", str(tmp_path))
    stack = yaml.safe_load((tmp_path / NAME).read_text())["config"]["bedplate:stack"]
    definitions = json.loads(run("schema").output)["$defs"]
    assert set(stack) <= set(definitions["StackSpec"]["properties"])
    assert set(stack["clusters"]["main"]) <= set(definitions["AwsClusterSpec"]["properties"])
    assert set(stack["node_pools"]["general"]) <= set(definitions["NodePoolSpec"]["properties"])


def test_the_reference_page_is_what_the_models_say() -> None:
    page = ROOT / "docs" / "reference" / "stack-file.md"
    assert page.read_text(encoding="utf-8") == reference_page(), (
        "bedplate schema --markdown > docs/reference/stack-file.md"
    )
    assert run("schema", "--markdown").output == reference_page()


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language."""
    return [part.partition("```")[0] for part in page.split(f"```{language}\n")[1:]]


def test_the_guide_shows_a_valid_file_and_what_validate_says_of_a_wrong_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "guide" / "stack-file.md").read_text(encoding="utf-8")
    example = blocks(page, "yaml")[0]
    shown = next(block for block in blocks(page, "") if block.startswith("$ bedplate validate"))
    monkeypatch.chdir(tmp_path)
    path = Path("stacks") / NAME
    path.parent.mkdir()
    path.write_text(example, encoding="utf-8")
    assert run("validate", str(path)).output == f"{path}: valid\n"
    wrong = example.replace("g6.2xlarge, nodes: {min: 0", "g6.2xlrge, nodes: {min: 5")
    path.write_text(wrong, encoding="utf-8")
    assert shown == f"$ bedplate validate {path}\n{run('validate', str(path)).output}"
