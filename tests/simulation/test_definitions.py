"""Definitions of custom resources in folders: which are found, and what is said of those that are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate import catalog
from bedplate.errors import UsageError
from bedplate.services.gateway import shared_gateway
from bedplate.serving.gateway import gateway_manifests
from bedplate.serving.monitoring import monitoring_manifests
from bedplate.serving.scaling import scaled_object
from bedplate.simulation.definitions import read_definitions
from bedplate.simulation.session import run
from tests.support.endpoints import endpoint_plan

SERVER = "https://127.0.0.1:6443"


def definition(group: str = "keda.sh", kind: str = "ScaledObject", version: str = "v1alpha1") -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": version, "served": True}, {"name": "v0", "served": False}],
        },
    }


def folder(tmp_path: Path, *documents: Any, name: str = "some/crds.yaml") -> Path:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    return tmp_path


def test_what_a_chart_renders_beside_its_definitions_is_left_out(tmp_path: Path) -> None:
    settings = {"kind": "ConfigMap", "data": {"keda.sh": "ScaledObject CustomResourceDefinition"}}
    made = definition() | {"status": {"storedVersions": ["v1alpha1"]}}
    found = read_definitions([folder(tmp_path, settings, None, definition("other.sh"), made)])
    assert found.find("keda.sh/v1alpha1", "ScaledObject") == definition()


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("keda.sh/v1", "ScaledObject"), ("keda.sh/v0", "ScaledObject"), ("keda.sh/v1alpha1", "Scaled"), ("v1", "Pod")],
    ids=["another version", "a version that is not served", "another kind", "a kind of Kubernetes itself"],
)
def test_what_is_not_defined_is_not_found(tmp_path: Path, api_version: str, kind: str) -> None:
    assert read_definitions([folder(tmp_path, definition())]).find(api_version, kind) is None


def test_json_is_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "crd.json").write_text(json.dumps(definition(), indent=1))
    assert read_definitions([tmp_path]).find("keda.sh/v1alpha1", "ScaledObject") == definition()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such folder"),
        ("kind: ConfigMap", "no file in it holds a CustomResourceDefinition"),
    ],
    ids=["no folder", "no definitions"],
)
def test_a_folder_without_definitions_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    place = tmp_path / "crds"
    if text is not None:
        place.mkdir()
        (place / "a.yaml").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_definitions([place])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# keda.sh ScaledObject\nkind: CustomResourceDefinition\nspec: {{ .Values }}", "cannot be read as YAML"),
        ("# keda.sh ScaledObject\nkind: CustomResourceDefinition\nspec: {}", "lacks a name, group, kind or versions"),
    ],
    ids=["a template", "half of it"],
)
def test_a_file_that_is_no_definition_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "crd.yaml").write_text(text)
    with pytest.raises(UsageError, match=f"crd.yaml: .*{said}"):
        read_definitions([tmp_path]).find("keda.sh/v1alpha1", "ScaledObject")


def test_who_defines_a_missing_kind_is_told(tmp_path: Path) -> None:
    chart = catalog.chart("keda")
    without = read_definitions([]).why_missing("keda.sh/v1alpha1", "ScaledObject", SERVER)
    assert f"the chart keda {chart.version} defines it" in without
    assert "--crds" in without
    assert SERVER in without
    given = read_definitions([folder(tmp_path, definition("other.sh"))])
    assert f"{tmp_path} lacks its definition too" in given.why_missing("keda.sh/v1alpha1", "ScaledObject", SERVER)
    assert "no chart known here defines it" in given.why_missing("example.com/v1", "Widget", SERVER)


def test_every_custom_resource_of_an_endpoint_has_a_chart() -> None:
    plan = endpoint_plan()
    every = [scaled_object(plan), *monitoring_manifests(plan), *gateway_manifests(plan)]
    every += shared_gateway("aws", "internal")
    groups = {one["apiVersion"].rpartition("/")[0] for one in every}
    charts = {group: catalog.defining_chart(group) for group in groups if "." in group.removesuffix("k8s.io")}
    assert len(charts) >= 4
    assert [group for group, chart in charts.items() if chart is None] == []


def test_definitions_without_a_server_make_no_sense(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    with pytest.raises(UsageError, match="--crds without --kubeconfig"):
        run(tmp_path, ["preview"], home=tmp_path / "home", crds=[tmp_path])
