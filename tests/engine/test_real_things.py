"""A simulation reads and changes nothing that is real: stack files, logins, states, credentials."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.engine.projects import digest, new_project
from tests.support.engine import installed_engine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine

PROGRAM = """
import os
import pulumi
import pulumi_aws as aws
config = pulumi.Config()
aws.sqs.Queue("queue", tags={"token": config.require_secret("token")})
pulumi.export("version", config.require("version"))
pulumi.export("nested", config.require_object("nested"))
pulumi.export("variables", sorted(name for name in os.environ if name.startswith(("AWS_", "PULUMI_ACCESS", "KUBE"))))
"""
STACK_FILE = """\
secretsprovider: awskms://alias/production?region=us-east-1   # a comment
encryptedkey: AQICAHgNotARealKey=
config:
  aws:region: us-east-2
  fixture:token:
    secure: v1:bm90IGEgcmVhbCBvbmU=
  fixture:version: "1.30"
  fixture:nested:
    inner: {secure: v1:YWxzbyBub3Q=}
    on: 1.30
"""


def test_sim_touches_nothing_real(tmp_path: Path) -> None:
    installed_engine()
    real = tmp_path / "real"
    (real / "login").mkdir(parents=True)
    (real / "state").mkdir()
    (real / "login" / "credentials.json").write_text('{"current": "https://api.example.invalid"}')
    (real / "state" / "dev.json").write_text("{}")
    simulated = new_project(
        tmp_path,
        f"backend:\n  url: file://{real / 'state'}\n",
        HOME=str(real),
        PULUMI_HOME=str(real / "login"),
        PULUMI_ACCESS_TOKEN="pul-not-a-token",
        PULUMI_BACKEND_URL="s3://production-states",
        AWS_PROFILE="production",
        AWS_SECRET_ACCESS_KEY="not-a-key",
        KUBECONFIG=str(real / "kubeconfig"),
        # the engine is found through PATH or the user's cache, which a changed HOME would hide
        PATH=f"{installed_engine().pulumi.parent}{os.pathsep}{os.environ['PATH']}",
    )
    simulated.write(PROGRAM, dev=STACK_FILE)
    before = digest(simulated.project), digest(real)

    done = simulated.up()
    assert done.returncode == 0, done.stdout + done.stderr
    assert simulated.pulumi("refresh", "--yes").returncode == 0
    outputs = json.loads(simulated.pulumi("stack", "output", "--json").stdout)
    assert outputs["version"] == "1.30"
    assert outputs["nested"]["inner"] == "simulated-secret"
    assert not {"AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "KUBECONFIG", "PULUMI_ACCESS_TOKEN"} & set(outputs["variables"])
    assert simulated.world.of_type("aws:sqs/queue:Queue")[0].inputs["tags"] == {"token": "simulated-secret"}
    assert simulated.pulumi("destroy", "--yes").returncode == 0
    assert simulated.pulumi("stack", "rm", "dev", "--yes").returncode == 0
    assert (digest(simulated.project), digest(real)) == before
