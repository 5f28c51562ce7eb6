"""The environment of a simulated command: nothing that leads to a real account, state or cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.simulation.home import Home

PASSPHRASE = "simulation"  # noqa: S105  it protects simulated values only

_DROPPED = (
    *("PULUMI_", "AWS_", "AMAZON_", "GOOGLE_", "GCLOUD_", "GCP_", "GCE_", "CLOUDSDK_", "AZURE_", "ARM_", "MSI_"),
    *("KUBE", "HELM_", "VAULT_", "GRPC_PROXY"),
)
_KEPT = (
    "PULUMI_OPTION_",
    "PULUMI_K8S_",
    "PULUMI_DEBUG_GRPC",
    "PULUMI_ENABLE_STREAMING_JSON_PREVIEW",
    "PULUMI_SKIP_CHECKPOINTS",
)
_NO_FILE = "no-such-file"


def simulated_environment(variables: Mapping[str, str], home: Home, providers: str) -> dict[str, str]:
    """Return the variables for a simulated command: the caller's without credentials, and the simulation's own.

    Credentials that lie in files are hidden as well: the clouds' SDKs look for them at places that variables name.
    """
    kept = {name: value for name, value in variables.items() if not name.startswith(_DROPPED) or name.startswith(_KEPT)}
    nowhere = str(home.folder / _NO_FILE)
    return {
        **kept,
        "PULUMI_HOME": str(home.pulumi),
        "PULUMI_BACKEND_URL": home.backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_DEBUG_PROVIDERS": providers,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CLOUDSDK_CONFIG": nowhere,
        "AZURE_CONFIG_DIR": nowhere,
    }
