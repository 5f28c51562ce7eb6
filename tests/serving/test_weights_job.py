"""The job that fills the bucket: what becomes of it when it fails, and when its token is corrected."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime import rpc

from bedplate.errors import dotted
from bedplate.platform import declare
from bedplate.serving.weights import JOB_DEADLINE_SECONDS, TOKEN_DIGEST, fill_job, job_name, token_digest
from tests.support import declared as recording
from tests.support.endpoints import CHAT, planned, planned_stack, problems

GATED = {"chat.model": "llama-3.1-8b-instruct", "chat.token": {"secret": "hf_token"}}
TOKEN = "hf_" + "a1B2c3D4e5F6" * 3


def job(digest: str | None = None) -> dict[str, Any]:
    weights = planned(GATED).weights
    assert weights is not None
    return fill_job(weights, "sidecar", "https://bucket", "us-east-1", digest)


def test_a_job_that_gives_up_leaves_its_pods_and_what_they_said() -> None:
    pod = job()["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_it_tries_for_an_hour_and_gives_up_within_its_deadline() -> None:
    waits = [min(10 * 2**number, 360) for number in range(job()["spec"]["backoffLimit"])]
    assert 3600 < sum(waits) < JOB_DEADLINE_SECONDS


def test_a_job_is_gone_before_the_next_one_of_its_name_is_declared() -> None:
    """Nobody waits for its deletion, so it must not take any time."""
    assert job()["metadata"]["annotations"] == {
        "pulumi.com/skipAwait": "true",
        "pulumi.com/deletionPropagationPolicy": "background",
    }


def test_another_token_is_another_pod_of_the_same_job() -> None:
    weights = planned(GATED).weights
    assert weights is not None
    digests = {token_digest(weights, token) for token in (TOKEN, TOKEN[:-1], "token-of-the-team")}
    jobs = [job(digest) for digest in digests]
    assert len(digests) == 3
    assert {one["metadata"]["name"] for one in jobs} == {job_name(weights)}
    assert {one["spec"]["template"]["metadata"]["annotations"][TOKEN_DIGEST] for one in jobs} == digests


def test_a_digest_says_nothing_of_the_token_elsewhere() -> None:
    weights = planned(GATED).weights
    other = planned().weights
    assert weights is not None
    assert other is not None
    assert token_digest(weights, TOKEN) != token_digest(other, TOKEN)
    assert len(token_digest(weights, TOKEN)) == 12


def test_an_open_model_has_none() -> None:
    assert job()["spec"]["template"]["metadata"].keys() == {"labels"}


SIDECAR = "registry.example.com/sidecar:1.0"


def beside(**changes: Any) -> dict[str, Any]:
    """Return changes that put another endpoint of the same model beside a gated one with a sidecar of its own."""
    other = CHAT | {"hostname": "other.example.com", "scaling": {}, "workers": {"min": 1, "max": 1}}
    other |= {"model": GATED["chat.model"], "token": GATED["chat.token"], "sidecar_image": SIDECAR} | changes
    return {
        **GATED,
        "chat.sidecar_image": SIDECAR,
        "endpoints.other": other,
        "node_pools.l4.nodes": {"min": 2, "max": 8},
    }


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"sidecar_image": None}, ["endpoints.other.sidecar_image"]),
        ({"sidecar_image": f"{SIDECAR}-1"}, ["endpoints.other.sidecar_image"]),
        ({"token": {"secret": "other_token"}}, ["endpoints.other.token"]),
        ({"model": "qwen3-8b", "token": None, "sidecar_image": None}, []),
    ],
)
def test_endpoints_of_one_model_agree_on_its_job(changes: dict[str, Any], wrong: list[str]) -> None:
    found = problems(beside(**changes))
    assert [dotted(one.field) for one in found] == wrong
    assert all("one job copies its weights for both" in one.message for one in found)


@pytest.mark.parametrize("image", [None, SIDECAR])
def test_endpoints_of_one_revision_have_one_job_with_the_image_that_the_plan_names(image: str | None) -> None:
    """Whichever of them stands first in the file."""
    plan = planned_stack(beside(sidecar_image=image) | {"chat.sidecar_image": image})
    found = recording.declared(lambda: declare(plan))
    (inputs,) = (one.inputs for one in found if one.token == "kubernetes:batch/v1:Job" and "weights" in one.name)
    own = f"{recording.ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/bedplate-sidecar:0.1.0"
    assert inputs["spec"]["template"]["spec"]["containers"][0]["image"] == (image or own)
    assert inputs["metadata"]["namespace"] == "vision-dev-general"


def test_the_digest_is_a_secret_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is no part of a preview's output or of a plain state."""
    monkeypatch.setattr(recording, "_plain", lambda value: value)
    plan = planned_stack(GATED)
    found = recording.declared(lambda: declare(plan))
    (inputs,) = (one.inputs for one in found if one.token == "kubernetes:batch/v1:Job" and "weights" in one.name)
    assert rpc.is_rpc_secret(inputs["spec"])
    weights = planned(GATED).weights
    assert weights is not None
    template = rpc.unwrap_rpc_secret(inputs["spec"])["template"]
    expected = token_digest(weights, recording.SECRETS["bedplate:hf_token"])
    assert template["metadata"]["annotations"] == {TOKEN_DIGEST: expected}
