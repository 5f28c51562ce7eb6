"""The bucket of the weights, and roles that reach no more of it than they need."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from bedplate.platform import declare
from tests.support.declared import Declared, by_label, by_room, declared
from tests.support.endpoints import planned_stack
from tests.support.golden import check_golden

GOLDEN = Path(__file__).with_name("golden")
PREFIX = "Qwen/Qwen3-8B/b968826d9c46dd6066d109eabc6255188de91218"


@cache
def stack() -> tuple[Declared, ...]:
    plan = planned_stack()
    return tuple(declared(lambda: declare(plan)))


def policy(label: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(by_label(stack())[label].inputs["policy"])["Statement"]
    return found


def test_the_bucket_as_rendered() -> None:
    resources = [one for one in by_room(stack(), "ModelWeights use1") if one.token.startswith("aws:")]
    check_golden(GOLDEN / "weights-aws.yaml", [resource.rendered() for resource in resources])


def test_a_worker_reads_its_model_and_nothing_else() -> None:
    listing, reading, key = policy("RolePolicy vision-dev-chat")
    assert reading["Action"] == "s3:GetObject"
    assert [resource.partition("/")[2] for resource in reading["Resource"]] == [f"{PREFIX}/*"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": [f"{PREFIX}/*"]}}
    assert key["Action"] == "kms:Decrypt"


def test_only_the_job_may_write() -> None:
    actions = {action for one in policy("RolePolicy vision-dev-use1-weights") for action in _list(one["Action"])}
    assert "s3:PutObject" in actions
    assert not {action for action in actions if "Delete" in action or action.endswith("*")}
    association = by_label(stack())["PodIdentityAssociation vision-dev-use1-weights"].inputs
    assert (association["namespace"], association["serviceAccount"]) == ("vision-dev-general", "weights")


def test_workers_start_after_their_identity() -> None:
    """A pod that starts before the association exists never gets credentials."""
    workers = by_label(stack())["Deployment chat-deployment-vision-dev-inference-vision-dev-chat"]
    assert "PodIdentityAssociation vision-dev-chat" in workers.depends_on
    (job,) = [one for one in stack() if one.token.endswith(":Job")]
    assert "PodIdentityAssociation vision-dev-use1-weights" in job.depends_on


def test_the_route_comes_after_who_may_use_it() -> None:
    route = next(one for one in stack() if one.token.endswith(":HTTPRoute"))
    assert any(label.startswith("SecurityPolicy ") for label in route.depends_on)
    assert any(label.startswith("Secret ") for label in route.depends_on)


def test_a_stack_without_endpoints_has_no_bucket() -> None:
    from tests.support.declared import declared_stack

    assert not [one for one in declared_stack() if one.token.startswith("aws:s3/") or "serving" in one.token]


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
