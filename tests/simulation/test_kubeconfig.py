"""Which kubeconfigs are taken, and that none leads to a cluster that may be real."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from bedplate.errors import BedplateError, UsageError
from bedplate.simulation.kubeconfig import read_kubeconfig
from bedplate.simulation.kubernetes_client import Answer, KubernetesClient
from bedplate.simulation.local_cluster import connect, declared_part

if TYPE_CHECKING:
    from pathlib import Path

SERVER = "https://127.0.0.1:6443"


def written(folder: Path, cluster: dict[str, Any], user: dict[str, Any] | None = None, **changes: Any) -> Path:
    document = {
        "current-context": "kind",
        "clusters": [{"name": "other", "cluster": {"server": "https://other"}}, {"name": "kind", "cluster": cluster}],
        "contexts": [{"name": "kind", "context": {"cluster": "kind", "user": "me"}}],
        "users": [{"name": "me", "user": user or {}}],
        **changes,
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(document))
    return file


@pytest.mark.parametrize(
    "server", [SERVER, "https://localhost:6443/", "https://[::1]:6443", "https://127.0.0.2", "https://127.0.0.1/prefix"]
)
def test_a_server_on_this_machine_is_taken(tmp_path: Path, server: str) -> None:
    access = read_kubeconfig(written(tmp_path, {"server": server}, {"token": "t"}))
    assert (access.server, access.token, access.context) == (server.rstrip("/"), "t", "kind")


@pytest.mark.parametrize(
    ("cluster", "user", "reason"),
    [
        ({"server": "https://ABC.gr7.us-east-1.eks.amazonaws.com"}, {}, "is not on this machine"),
        ({"server": "https://10.0.0.1:6443"}, {}, "is not on this machine"),
        ({"server": "https://127.0.0.1.example.com"}, {}, "is not on this machine"),
        ({"server": "https://127.0.0.1@example.com"}, {}, "is not on this machine"),
        ({"server": "https://localhost.example.com"}, {}, "is not on this machine"),
        ({}, {}, "server (none) is not on this machine"),
        ({"server": "http://127.0.0.1:8001"}, {}, "`kubectl proxy` and the like lead to another cluster"),
        ({"server": SERVER, "proxy-url": "socks5://10.0.0.1"}, {}, "goes through a proxy"),
        ({"server": SERVER, "tls-server-name": "prod.example.com"}, {}, "is known by another name, as behind a tunnel"),
        ({"server": SERVER}, {"exec": {"command": "aws"}}, "logs in with a credential plugin (exec)"),
        ({"server": SERVER}, {"auth-provider": {"name": "gcp"}}, "logs in with a credential plugin (auth-provider)"),
    ],
)
def test_what_may_lead_to_a_real_cluster_is_refused(
    tmp_path: Path, cluster: dict[str, Any], user: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_kubeconfig(written(tmp_path, cluster, user))
    assert reason in str(caught.value)
    assert "test cluster on this machine" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot read the kubeconfig"),
        ("a: [", "not YAML"),
        ("- a", "not a kubeconfig"),
        ("clusters: []", "not a kubeconfig"),
        ("current-context: x\nclusters: [{name: c}]", "no context is named 'x'"),
        (
            "current-context: x\nclusters: [{name: c}]\ncontexts: [{name: x, context: {cluster: d}}]",
            "no cluster is named 'd'",
        ),
    ],
)
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str | None, reason: str) -> None:
    file = tmp_path / "kubeconfig"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=reason):
        read_kubeconfig(file)


@pytest.mark.parametrize(
    ("cluster", "user", "reason"),
    [
        ({"certificate-authority-data": "%"}, {}, "certificate-authority-data is not base64"),
        ({"certificate-authority-data": base64.b64encode(b"x").decode()}, {}, "cannot be used"),
        ({"certificate-authority": "absent.crt"}, {}, "certificate-authority: "),
        ({}, {"tokenFile": "absent"}, "tokenFile: "),
    ],
)
def test_certificates_and_tokens_that_cannot_be_used(
    tmp_path: Path, cluster: dict[str, Any], user: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        read_kubeconfig(written(tmp_path, {"server": SERVER, **cluster}, user))


def test_a_token_is_read_from_a_file_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    assert read_kubeconfig(written(tmp_path, {"server": SERVER}, {"tokenFile": "token"})).token == "secret"


def with_nodes(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    monkeypatch.setattr(KubernetesClient, "request", lambda *_, **__: answer)


def nodes(*providers: str | None) -> Answer:
    items = [{"metadata": {"name": f"n{i}"}, "spec": {"providerID": p} if p else {}} for i, p in enumerate(providers)]
    return Answer(200, {"items": items})


@pytest.mark.parametrize("provider", [None, "kind://docker/kind/kind-control-plane", "k3s://k3d-a-server-0"])
def test_nodes_of_test_clusters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str | None) -> None:
    with_nodes(monkeypatch, nodes(provider))
    assert connect(written(tmp_path, {"server": SERVER})).server == SERVER


@pytest.mark.parametrize("provider", ["aws:///us-east-1a/i-0abc", "gce://p/z/n", "azure:///subscriptions/s", "new://x"])
def test_a_tunnel_to_a_real_cluster_is_told_by_its_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    with_nodes(monkeypatch, nodes(None, provider))
    with pytest.raises(UsageError) as caught:
        connect(written(tmp_path, {"server": SERVER}))
    assert f"leads to a real cluster: its node n1 is {provider}" in str(caught.value)


def test_a_server_that_does_not_show_its_nodes_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_nodes(monkeypatch, Answer(403, {"message": "nodes is forbidden"}))
    with pytest.raises(BedplateError, match=r"cannot tell whether .* is real: nodes is forbidden"):
        connect(written(tmp_path, {"server": SERVER}))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BedplateError, match=r"cannot reach the API server https://127.0.0.1:1: "):
        connect(written(tmp_path, {"server": "https://127.0.0.1:1"}))


@pytest.mark.parametrize(
    ("declared", "live", "part"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": {"b": 2}}),
        ({"a": [{"n": 1}]}, {"a": [{"n": 2, "default": 0}]}, {"a": [{"n": 2}]}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [1, 2]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
    ],
)
def test_only_what_is_declared_can_drift(declared: Any, live: Any, part: Any) -> None:
    assert declared_part(declared, live) == part
