"""`bedplate policies`: what the rules say, without an engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bedplate.cli.main import app
from bedplate.errors import InputError, UsageError
from rules.catalogue import ALL
from tests.policies.resources import service
from tests.policies.stack import STACK_URN, Declared, deployment, kubernetes, pool

RUNNER = CliRunner()


def invoke(*arguments: str) -> tuple[int, str]:
    """Run the command; errors of users are raised."""
    done = RUNNER.invoke(app, ["policies", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_list_names_every_rule_once() -> None:
    _, output = invoke("list")
    assert [line.split()[0] for line in output.splitlines() if line.split()[0] in {rule.id for rule in ALL}] == [
        rule.id for rule in ALL
    ]


def test_list_as_json_says_what_stops_where() -> None:
    levels = {}
    for environment in ("dev", "prod"):
        _, output = invoke("list", "--json", "--environment", environment, "--family", "reliability")
        levels[environment] = {rule["id"]: rule["level"] for rule in json.loads(output)}
    assert set(levels["dev"].values()) == {"advises"}
    assert set(levels["prod"].values()) == {"stops"}


def test_caps_stop_everywhere() -> None:
    _, output = invoke("list", "--json", "--environment", "dev", "--family", "cost")
    assert {rule["level"] for rule in json.loads(output) if not rule["exceptions"]} == {"stops"}


def test_explain_says_why_and_what_to_do() -> None:
    _, output = invoke("explain", "security-imds-hop-limit")
    for text in ("the hop limit is 1", "why ", "fix ", "passes ", "fails ", "CKV_AWS_341"):
        assert text in output
    _, output = invoke("explain", "cost-within-caps")
    assert "this rule holds everywhere" in output


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("explain", "cost-within-cap"), "there is no rule", "did you mean 'cost-within-caps'?"),
        (("explain", "zzz"), "there is no rule", "`bedplate policies list` names them."),
        (("list", "--family", "securty"), "there is no family", "did you mean 'security'?"),
        (("list", "--pack", "nowhere"), "there is no policy pack in nowhere", "--pack"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        invoke(*arguments)
    assert hint in caught.value.hint


def test_list_and_explain_load_no_pulumi() -> None:
    program = (
        "import sys\nfrom bedplate.cli.main import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "assert not {'pulumi', 'grpc', 'pulumi_policy'} & sys.modules.keys()\n"
    )
    for command in (["list"], ["explain", "cost-within-caps"]):
        done = subprocess.run([sys.executable, "-c", program, "policies", *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def state(*resources: Declared) -> dict[str, Any]:
    """Return what `pulumi stack export` writes."""
    entries = [
        {
            "urn": resource.urn,
            "type": resource.type,
            "custom": bool(resource.provider),
            "inputs": resource.properties,
            "outputs": {},
            "parent": resource.parent.urn if resource.parent else "",
        }
        for resource in resources
    ]
    return {"version": 3, "deployment": {"resources": entries}}


def preview(*resources: Declared) -> dict[str, Any]:
    """Return what `pulumi preview --json` writes."""
    entries = state(*resources)["deployment"]["resources"]
    return {"config": {}, "steps": [{"op": "create", "urn": entry["urn"], "newState": entry} for entry in entries]}


GOOD = deployment("vision-dev-general", containers=[])
BAD = deployment("vision-dev-general", hostNetwork=True)


@pytest.mark.parametrize("written", [state, preview])
def test_a_file_is_judged(written: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(written(pool(), GOOD)))
    bad.write_text(json.dumps(written(BAD)))
    assert invoke("test", str(good)) == (0, f"{good}: 0 violations stop it, 0 violations advise\n")
    code, output = invoke("test", str(good), str(bad))
    assert code == 1
    assert f"{bad}: 1 violation stops it, 1 violation advises" in output
    assert "stops    security-host-namespaces: web sets spec.template.spec.hostNetwork." in output
    assert "advises  security-image-digests: " in output


def test_a_file_is_judged_as_json(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state(pool("p5.48xlarge", 9))))
    code, output = invoke("test", "--json", str(path))
    (found,) = json.loads(output)
    assert code == 1
    assert {one["rule"] for one in found["refusals"]} == {"cost-of-component-within-caps", "cost-within-caps"}
    assert found["refusals"][0]["urn"] == pool().urn


def test_secrets_of_a_file_are_unknown(tmp_path: Path) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state(deployment("vision-dev-general", hostNetwork=secret))))
    _, output = invoke("test", str(path))
    assert "hostNetwork is not known before the update" in output


@pytest.mark.parametrize(("cloud", "stops"), [("aws", 0), ("gcp", 1)])
def test_the_cluster_of_an_object_is_known_from_a_file(cloud: str, stops: int, tmp_path: Path) -> None:
    provider = f"{STACK_URN.partition('pulumi:pulumi:Stack')[0]}pulumi:providers:kubernetes::use1"
    inside = {"urn": provider, "type": "pulumi:providers:kubernetes", "custom": True, "id": "1"}
    written = state(service())
    written["deployment"]["resources"][0]["provider"] = f"{provider}::1"
    identifier = {"clusterIdentifier": f"{cloud}/somewhere/use1"}
    written["deployment"]["resources"].append(inside | {"inputs": identifier, "outputs": identifier})
    path = tmp_path / "state.json"
    path.write_text(json.dumps(written))
    _, output = invoke("test", str(path))
    assert output.count("stops    security-public-services: ") == stops


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"deployment": {}}', '{"steps": []}', '{"deployment": {"resources": [{}]}}']
)
def test_a_file_with_nothing_to_judge_is_an_error(content: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(content)
    with pytest.raises(InputError):
        invoke("test", str(path))


def test_the_network_policy_of_a_preview_is_found(tmp_path: Path) -> None:
    namespace = kubernetes("core/v1:Namespace", "apps", {"metadata": {"name": "apps"}})
    path = tmp_path / "preview.json"
    path.write_text(json.dumps(preview(namespace)))
    code, output = invoke("test", str(path))
    assert code == 1
    assert "security-network-policies: namespace apps has no network policy" in output
