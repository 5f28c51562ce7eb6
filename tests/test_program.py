from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from bedplate import program
from bedplate.errors import BedplateError, InputError
from bedplate.simulation.demo import DemoProject
from tests.support.engine import new_workspace
from tests.support.stacks import CLUSTER, STACK, SYSTEM, changed

PROJECT = Path(__file__).parents[1]
CAPS = """\
max_machine_price_age_days: 365
max_service_price_age_days: 1460
allow_undated_spot_prices: true
default:
  dev: {hourly_usd: 500, monthly_usd: 400000}
"""
PLATFORM = {
    "team": "platform",
    "environment": "dev",
    "clusters": {"use1": CLUSTER | {"device_plugins": ["nvidia", "efa"]}},
    "node_pools": {"system": SYSTEM},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "caps.yaml").write_text(CAPS)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.platform-dev.yaml").write_text(json.dumps({"config": {"bedplate:stack": PLATFORM}}))
    return tmp_path


def configured(stack: dict[str, Any]) -> None:
    pulumi.runtime.set_all_config({"bedplate:stack": json.dumps(stack)})


def test_a_stack_within_its_cap_is_planned(project: Path) -> None:
    configured(STACK)
    plan = program.planned(project)
    assert [pool.name for pool in plan.node_pools] == ["system", "l4", "h100"]


def test_a_stack_without_a_file_is_told_which_one_lacks(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi.runtime.set_all_config({})
    monkeypatch.setattr(pulumi, "get_stack", lambda: "speech-dev")
    with pytest.raises(BedplateError, match=r"^stacks/Pulumi\.speech-dev\.yaml is missing, or holds no bedplate:stack"):
        program.planned(project)


def test_a_stack_over_its_cap_is_refused_without_a_policy_pack(project: Path) -> None:
    configured(changed(STACK, {"node_pools.h100.nodes.max": 40}))
    with pytest.raises(BedplateError, match=r"nothing was declared:\n.* above the cap of \$500.00"):
        program.planned(project)


def test_without_caps_nothing_may_be_declared(project: Path) -> None:
    (project / "policies" / "caps.yaml").unlink()
    configured(STACK)
    with pytest.raises(BedplateError, match="no spending caps"):
        program.planned(project)


def test_a_platform_stack_is_read_from_the_file_beside(project: Path) -> None:
    on_platform = changed(
        STACK,
        {
            "clusters": {"use1": {"stack": "platform-dev", "name": "use1"}},
            "node_pools": {"l4": STACK["node_pools"]["l4"]},
        },
    )
    configured(on_platform)
    assert program.planned(project).references["use1"].plan.full_name == "platform-dev-use1"


def test_a_mistake_is_named_by_its_field(project: Path) -> None:
    configured(changed(STACK, {"node_pools.l4.machine": "g6.2xlrge"}))
    with pytest.raises(InputError, match=r"node_pools\.l4\.machine: .*did you mean 'g6\.2xlarge'"):
        program.planned(project)


def test_a_mistake_of_a_user_ends_without_a_traceback(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(changed(STACK, {"environment": "production"}))
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(project))
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", messages.append)
    with pytest.raises(SystemExit) as stopped:
        program.run()
    assert stopped.value.code == program.ALREADY_SHOWN
    assert "environment" in messages[0]


def test_a_secret_inside_the_stack_is_refused_before_it_reaches_the_state(project: Path) -> None:
    pulumi.runtime.set_all_config({"bedplate:stack": json.dumps(STACK)}, ["bedplate:stack"])
    with pytest.raises(BedplateError, match="would reach the state in plain text"):
        program.planned(project)


@pytest.mark.engine
def test_the_engine_tells_the_program_of_a_secret_inside_the_stack(tmp_path: Path) -> None:
    """The value is decrypted by then; only the engine knows that it was a secret."""
    workspace = new_workspace(tmp_path)
    copy = DemoProject.copied(PROJECT, tmp_path / "copy").folder
    file = copy / "stacks" / "Pulumi.vision-dev.yaml"
    file.write_text("".join(line for line in file.open() if "secure:" not in line))  # encrypted for nobody
    assert workspace.pulumi("stack", "init", "vision-dev", cwd=copy).returncode == 0
    secret = ("config", "set", "--secret", "--path", "bedplate:stack.cost_center", "cc-1")
    assert workspace.pulumi(*secret, cwd=copy).returncode == 0
    run = workspace.pulumi("preview", cwd=copy)
    assert run.returncode != 0
    assert "would reach the state in plain text" in run.stdout
    assert "unhandled" not in run.stdout
