"""What the installed Pulumi SDKs know of a resource type, read from their classes by type token.

The SDK is the only description of a provider's inputs that is always at hand: it needs no plugin, no network
and no schema file. `check_inputs` says what is wrong with a resource's inputs; the simulated clouds refuse
with it, and the policy pack checks with it the Kubernetes inputs that no provider sees on a first preview.

What an SDK does not know: replace-on-change, names that a service refuses, rules between fields, quotas.
"""

from __future__ import annotations

from bedplate.sdk_types.checks import InputProblem, check_inputs
from bedplate.sdk_types.classes import ResourceType, function_result, is_known_token, resource_type
from bedplate.sdk_types.values import UNKNOWN, has_unknown, is_unknown

__all__ = [
    "UNKNOWN",
    "InputProblem",
    "ResourceType",
    "check_inputs",
    "function_result",
    "has_unknown",
    "is_known_token",
    "is_unknown",
    "resource_type",
]
