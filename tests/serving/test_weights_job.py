"""The job that fills the bucket: what becomes of it when it fails, and when its token is corrected."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime import rpc

from bedplate.platform import declare
from bedplate.serving.weights import JOB_DEADLINE_SECONDS, TOKEN_DIGEST, fill_job, job_name, token_digest
from tests.support import declared as recording
from tests.support.endpoints import planned, planned_stack

GATED = {"chat.model": "llama-3.1-8b-instruct", "chat.token": {"secret": "hf_token"}}
TOKEN = "hf_" + "a1B2c3D4e5F6" * 3


def job(digest: str | None = None) -> dict[str, Any]:
    weights = planned(GATED).weights
    assert weights is not None
    return fill_job(weights, "general", "sidecar", "https://bucket", "us-east-1", digest)


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
