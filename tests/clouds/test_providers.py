"""What a stack hears that stands on a cloud whose SDK is not installed."""

from __future__ import annotations

import sys

import pytest

from bedplate import clouds
from bedplate.clouds.providers import CloudProviders
from bedplate.errors import BedplateError
from bedplate.plan import plan_stack
from bedplate.stack_file.load import load_stack
from tests.support.examples import ROOT


@pytest.mark.parametrize(
    ("example", "cloud", "module"),
    [("gcp-a4", "gcp", "pulumi_gcp"), ("azure-nd-mi300x", "azure", "pulumi_azure_native")],
)
def test_a_missing_sdk_is_named(example: str, cloud: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"bedplate.clouds.{cloud}", raising=False)
    monkeypatch.delattr(clouds, cloud, raising=False)
    (file,) = (ROOT / "examples" / example).glob("Pulumi.*.yaml")
    plan = plan_stack(load_stack(file).spec)
    cluster = next(iter(plan.clusters.values())).plan
    with pytest.raises(BedplateError, match=f"a cluster on {cloud}, whose SDK {module} is not installed") as raised:
        CloudProviders({}).of(cluster)
    assert f"bedplate[{cloud}]" in raised.value.hint
