"""What Azure answers to a program that is declared without an engine."""

from __future__ import annotations

import base64
import json
from typing import Any

SERVER = "https://cluster.example:443"
CREDENTIALS = "azure-native:containerservice:listManagedClusterUserCredentials"


def answer(token: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what Azure adds to the inputs of a resource, or says in another shape."""
    computed: dict[str, Any] = {}
    match token.rpartition(":")[2]:
        case "UserAssignedIdentity":
            computed = {"principalId": f"<principal of {name}>", "clientId": "", "tenantId": "<tenant>"}
        case "Key":
            computed = {"keyUriWithVersion": f"https://{inputs['vaultName']}.vault.azure.net/keys/cluster/1"}
        case "PublicIPAddress":
            computed = {"ipAddress": "198.51.100.7"}
    identity = inputs.get("identity") or {}
    if "userAssignedIdentities" in identity:  # listed when asked for, and a mapping in the answer
        computed["identity"] = identity | {"userAssignedIdentities": {}}
    return computed


def credentials() -> dict[str, Any]:
    """Return the configuration that AKS hands out: it names the server and its authority, and holds no credential."""
    config = {"clusters": [{"cluster": {"server": SERVER, "certificate-authority-data": "Q0E="}, "name": "c"}]}
    text = base64.b64encode(json.dumps(config).encode()).decode()
    return {"kubeconfigs": [{"name": "clusterUser", "value": text}]}
