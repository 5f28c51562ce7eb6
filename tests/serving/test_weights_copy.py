"""The program that fills the bucket and the nodes' caches, as a real process against real HTTP servers."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bedplate.serving
from bedplate.serving.weights_copy import bucket as signing
from tests.serving.storage import SECRET, Storage, served

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "Qwen/Qwen3-8B/b968826d9c46dd6066d109eabc6255188de91218"
WEIGHTS = bytes(range(256)) * 1024
MODEL = {
    "config.json": b'{"model_type": "qwen3"}',
    "model-00001-of-00002.safetensors": WEIGHTS,
    "model-00002-of-00002.safetensors": WEIGHTS[::-1],
    "modeling_custom.py": b"import os",
    "pytorch_model.bin": b"pickled",
}
KEPT = {name for name in MODEL if name.endswith((".json", ".safetensors"))}
LARGE = frozenset(name for name in MODEL if name.endswith(".safetensors"))
PROGRAM = Path(bedplate.serving.__file__).with_name("weights_copy")


@pytest.fixture
def storage() -> Iterator[Storage]:
    with served(Storage(dict(MODEL), LARGE)) as running:
        yield running


def run(storage: Storage, tmp_path: Path, command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a container does: alone, isolated from the project, with its files in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "weights_copy", command], cwd=program(tmp_path),
        env=environment(storage, tmp_path, **more), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def program(tmp_path: Path) -> Path:
    """Return a folder with the program alone in it, as the ConfigMap makes one."""
    folder = tmp_path / "program"
    shutil.copytree(PROGRAM, folder / "weights_copy", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return folder


def environment(storage: Storage, tmp_path: Path, **more: str) -> dict[str, str]:
    token = tmp_path / "agent-token"
    token.write_text(SECRET)
    return {
        "PATH": os.environ["PATH"],
        "AWS_REGION": "us-east-1",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{storage.address}/agent",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
        "BEDPLATE_HUB": storage.address,
        "BEDPLATE_REPOSITORY": "Qwen/Qwen3-8B",
        "BEDPLATE_REVISION": PREFIX.rpartition("/")[2],
        "BEDPLATE_S3": storage.address,
        "BEDPLATE_PREFIX": PREFIX,
        "BEDPLATE_FOLDER": str(tmp_path / "cache"),
        "BEDPLATE_MOST_BYTES": str(10**9),
        "BEDPLATE_WAIT_SECONDS": "0",
        "BEDPLATE_RETRY_SECONDS": "0.01",
        **more,
    }


def test_a_model_reaches_the_node_through_the_bucket(storage: Storage, tmp_path: Path) -> None:
    filled = run(storage, tmp_path, "fill")
    assert filled.returncode == 0, filled.stderr
    assert set(storage.objects) == {f"{PREFIX}/{name}" for name in KEPT | {"complete.json"}}
    fetched = run(storage, tmp_path, "fetch")
    assert fetched.returncode == 0, fetched.stderr
    found = {path.name: path.read_bytes() for path in (tmp_path / "cache").iterdir() if path.name != ".lock"}
    assert found == {name: MODEL[name] for name in KEPT}


def test_the_mark_comes_last_and_holds_every_digest(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill")
    written = [path for verb, path, _ in storage.requests if verb == "PUT"]
    assert written[-1].endswith("complete.json")
    mark = json.loads(storage.objects[f"{PREFIX}/complete.json"][0])
    assert {file["path"] for file in mark["files"]} == KEPT
    assert all(len(file["digest"]) == 64 for file in mark["files"])


def test_a_full_bucket_is_left_alone(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill")
    before = len(storage.requests)
    assert "complete copy already" in run(storage, tmp_path, "fill").stdout
    assert not [verb for verb, _, _ in storage.requests[before:] if verb in ("PUT", "POST")]


def test_a_wrong_digest_leaves_no_object_and_no_mark(storage: Storage, tmp_path: Path) -> None:
    name = "model-00002-of-00002.safetensors"
    storage.digests[name] = "0" * 64
    filled = run(storage, tmp_path, "fill")
    assert filled.returncode == 1
    assert f"{name} does not have the digest" in filled.stderr
    assert f"{PREFIX}/{name}" not in storage.objects
    assert f"{PREFIX}/complete.json" not in storage.objects


def test_an_interrupted_job_copies_only_what_is_missing(storage: Storage, tmp_path: Path) -> None:
    storage.failures = [("GET", "model-00002", 404)]
    assert run(storage, tmp_path, "fill").returncode == 1
    assert run(storage, tmp_path, "fill").returncode == 0
    assert storage.asked("GET", "/content/model-00001-of-00002.safetensors") == 1


SHARD = "model-00001-of-00002.safetensors"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.mark.parametrize(
    ("name", "there", "copied"),
    [
        (SHARD, (WEIGHTS, SHA256), False),
        (SHARD, (WEIGHTS, "0" * 64), True),
        (SHARD, (WEIGHTS, ""), True),
        (SHARD, (WEIGHTS[1:], SHA256), True),
        ("config.json", (MODEL["config.json"], "0" * 64), False),
        ("config.json", (MODEL["config.json"], ""), True),
        ("config.json", (b"{}", "0" * 64), True),
    ],
)
def test_what_lies_there_is_copied_again_unless_it_is_the_file(
    storage: Storage, tmp_path: Path, name: str, there: tuple[bytes, str], *, copied: bool
) -> None:
    """Large files have a SHA-256 of the repository's; of small ones the size is compared."""
    storage.objects[f"{PREFIX}/{name}"] = there
    assert run(storage, tmp_path, "fill").returncode == 0
    assert (storage.objects[f"{PREFIX}/{name}"] != there) is copied


def test_failures_that_pass_are_tried_again(storage: Storage, tmp_path: Path) -> None:
    storage.failures = [("GET", "/api/models", 503), ("PUT", "model-00001", 500), ("GET", "/content/model-00002", 0)]
    filled = run(storage, tmp_path, "fill")
    assert filled.returncode == 0, filled.stderr
    assert not storage.failures


def test_the_token_is_shown_to_the_repository_alone(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill", HF_TOKEN="a token")
    shown = {
        path.split("/")[1] for _, path, headers in storage.requests if headers.get("authorization") == "Bearer a token"
    }
    assert shown == {"api", "Qwen"}  # the listing and the address of each file; not where the content lies


def test_a_cut_connection_goes_on_where_it_stopped(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill")
    name = "model-00001-of-00002.safetensors"
    storage.failures = [("GET", name, 0)]
    assert run(storage, tmp_path, "fetch").returncode == 0
    starts = [
        headers["range"]
        for verb, path, headers in storage.requests
        if verb == "GET" and path.endswith(name) and "range" in headers
    ]
    assert starts == ["bytes=0-", f"bytes={len(WEIGHTS) // 2}-"]
    assert (tmp_path / "cache" / name).read_bytes() == WEIGHTS


def test_damage_on_the_way_is_noticed_and_fetched_again(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill")
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "model-00001-of-00002.safetensors.part").write_bytes(b"x" * 1000)
    assert run(storage, tmp_path, "fetch").returncode == 0
    assert (cache / "model-00001-of-00002.safetensors").read_bytes() == WEIGHTS


def test_a_second_start_brings_nothing(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill")
    run(storage, tmp_path, "fetch")
    assert "0 of them brought now" in run(storage, tmp_path, "fetch").stdout


def test_weights_above_the_bound_are_refused(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill")
    fetched = run(storage, tmp_path, "fetch", BEDPLATE_MOST_BYTES="1000")
    assert fetched.returncode == 1
    assert "the cache may take 1000" in fetched.stderr


def test_without_the_mark_nothing_is_fetched(storage: Storage, tmp_path: Path) -> None:
    fetched = run(storage, tmp_path, "fetch")
    assert fetched.returncode == 1
    assert "is not complete in the bucket" in fetched.stderr


def test_a_mark_cannot_write_outside_the_folder(storage: Storage, tmp_path: Path) -> None:
    mark = {"files": [{"path": "../escaped", "size": 1, "digest": "0" * 64}]}
    storage.objects[f"{PREFIX}/complete.json"] = (json.dumps(mark).encode(), "")
    fetched = run(storage, tmp_path, "fetch")
    assert fetched.returncode == 1
    assert "is no plain file name" in fetched.stderr


def test_one_process_at_a_time_fills_a_folder(storage: Storage, tmp_path: Path) -> None:
    run(storage, tmp_path, "fill")
    folder, variables = program(tmp_path), environment(storage, tmp_path)  # once: a file must not change under a reader
    command = [sys.executable, "-m", "weights_copy", "fetch"]
    started = [
        subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = sorted(process.communicate(timeout=60)[0].rpartition(", ")[2].strip() for process in started)
    assert outputs == ["0 of them brought now", "0 of them brought now", "3 of them brought now"]
    assert storage.asked("GET", f"{PREFIX}/config.json") == 1


def test_a_pod_without_identity_says_so(storage: Storage, tmp_path: Path) -> None:
    variables = environment(storage, tmp_path)
    del variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    ended = subprocess.run(
        [sys.executable, "-m", "weights_copy", "fetch"], cwd=program(tmp_path), env=variables, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "started without an identity" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_large_files_are_uploaded_in_parts(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bedplate.serving.weights_copy import fill
    from bedplate.serving.weights_copy.hub import Hub

    for name, value in environment(storage, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(fill, "PART_BYTES", 100_000)
    fill.fill(
        Hub(storage.address, "Qwen/Qwen3-8B", "b968826", ""), signing.Bucket(storage.address, "us-east-1", PREFIX)
    )
    assert storage.objects[f"{PREFIX}/model-00001-of-00002.safetensors"][0] == WEIGHTS
    assert storage.asked("PUT", "partNumber=3") == 2
    assert not storage.uploads


def test_a_wrong_large_file_is_given_up(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bedplate.serving.weights_copy import fill
    from bedplate.serving.weights_copy.hub import Hub
    from bedplate.serving.weights_copy.web import CopyError

    for name, value in environment(storage, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(fill, "PART_BYTES", 100_000)
    storage.digests["model-00001-of-00002.safetensors"] = "0" * 64
    bucket = signing.Bucket(storage.address, "us-east-1", PREFIX)
    with pytest.raises(CopyError, match="does not have the digest"):
        fill.fill(Hub(storage.address, "Qwen/Qwen3-8B", "b968826", ""), bucket)
    assert not storage.uploads
    assert f"{PREFIX}/model-00001-of-00002.safetensors" not in storage.objects


def test_the_signature_is_that_of_amazons_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon S3 API reference, "Signature Calculations for the Authorization Header", example GET Object."""

    class Credentials(signing.Credentials):
        def get(self) -> dict[str, str]:
            secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
            return {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": secret, "Token": ""}

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls(2013, 5, 24, tzinfo=tz)

    monkeypatch.setattr(signing, "datetime", Clock)
    address = "https://examplebucket.s3.amazonaws.com"
    bucket = signing.Bucket(address, "us-east-1", "", Credentials())
    signed = bucket._signed("GET", f"{address}/test.txt", b"", {"Range": "bytes=0-9"})
    expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert signed["Authorization"].endswith(
        f"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature={expected}"
    )
