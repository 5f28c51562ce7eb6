"""Type tokens of resources, by one name for each type."""

from __future__ import annotations

import re
from functools import cache

VERSION_OF_AZURE = re.compile(r"^(azure-native:\w+)/v\w+:")
CORE_WITHOUT_ITS_NAME = re.compile(r"^kubernetes:(v\w+):")


@cache
def plain_type(token: str) -> str:
    """Return a type token as rules and prices name it: of azure-native without an API version, core kinds in `core/`.

    `kubernetes.apiextensions.CustomResource` makes `kubernetes:v1:Pod` of what the SDK's class calls
    `kubernetes:core/v1:Pod`; the provider creates the same of both.

    >>> plain_type("azure-native:network/v20230601:VirtualNetwork"), plain_type("kubernetes:v1:Pod")
    ('azure-native:network:VirtualNetwork', 'kubernetes:core/v1:Pod')
    """
    return CORE_WITHOUT_ITS_NAME.sub(r"kubernetes:core/\1:", VERSION_OF_AZURE.sub(r"\1:", token))
