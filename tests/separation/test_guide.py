"""The guide tells the truth: its example is admitted, and the messages that it quotes are the ones people read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.separation.admission import Object, denials, namespace, warnings

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guide/separation.md").read_text(encoding="utf-8")
ROLE = "bedplate.dev/role"
INFERENCE = namespace("vision-dev-inference", "inference")
DEFAULT = namespace("default")


def example() -> Object:
    (text,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    loaded: Object = yaml.safe_load(text)
    return loaded


def test_the_example_is_admitted_without_a_warning() -> None:
    deployment = example()
    where = namespace(deployment["metadata"]["namespace"], "inference")
    pod = {"kind": "Pod", "metadata": {"name": "chat"}, "spec": deployment["spec"]["template"]["spec"]}
    assert denials(deployment, where) == warnings(deployment, where) == denials(pod, where) == []


@pytest.mark.parametrize(
    ("where", "spec"),
    [
        (DEFAULT, {"tolerations": [{"operator": "Exists"}]}),
        (DEFAULT, {"tolerations": [{"key": ROLE, "operator": "Exists"}]}),
        (INFERENCE, {}),
        (DEFAULT, {"nodeName": "node-1"}),
    ],
    ids=["wildcard", "another role", "no selector", "node name"],
)
def test_refusals_read_as_the_guide_quotes_them(where: Object, spec: dict[str, Any]) -> None:
    (message,) = denials({"kind": "Pod", "metadata": {"name": "app"}, "spec": spec}, where)
    assert f"`{message}`" in GUIDE


def test_the_refusal_of_a_new_role_reads_as_the_guide_quotes_it() -> None:
    (message,) = denials(namespace("a", "training"), namespace("a", "training"), namespace("a", "inference"))
    assert f"`{message}`" in GUIDE
