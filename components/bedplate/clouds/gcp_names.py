"""Names and labels as Google Cloud takes them: pure functions, because its rules are narrower than ours."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL_LENGTH = 63
"""Compute Engine documentation, "Labeling resources": keys and values have at most 63 characters."""

DIGEST_LENGTH = 6

CLUSTER_LENGTH = 40
NODE_POOL_LENGTH = 40
ACCOUNT_LENGTH = 30
RESOURCE_LENGTH = 63
"""GKE API: clusters and node pools have at most 40 characters. IAM: the identifier of a service account has 6 to 30.
Compute Engine: names have at most 63."""


def gcp_labels(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as labels: lower-case letters, digits, dashes and underscores, the key beginning with a letter.

    Raises ValueError where two tags would become one label, because one of them would be lost without a word.

    >>> gcp_labels({"bedplate:team": "vision", "cost-center": "R&D 7"})
    {'bedplate-team': 'vision', 'cost-center': 'r-d-7'}
    """
    labels = {_label_key(key): _label_text(value) for key, value in tags.items()}
    if len(labels) != len(tags):
        raise ValueError(f"two of the tags {', '.join(sorted(tags))} become the same label on Google Cloud")
    return labels


def _label_key(key: str) -> str:
    text = _label_text(key)
    return text if text[:1].isalpha() else f"l-{text}"[:LABEL_LENGTH]


def _label_text(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:LABEL_LENGTH]


def fitting_name(name: str, longest: int) -> str:
    """Return a name of at most `longest` characters: the name itself where it fits.

    A longer one keeps its beginning and its last part (which tells offers and networks apart), and gets a digest of
    the whole between them, so that two long names stay two.

    >>> fitting_name("vision-dev-h100-offer1", 40)
    'vision-dev-h100-offer1'
    >>> fitting_name("recommendations-staging-training-h200-offer2", 40)
    'recommendations-staging-tr-7681e9-offer2'
    """
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
    last = name.rpartition("-")[2]
    kept = longest - len(last) - DIGEST_LENGTH - 2
    if kept < 1:
        return f"{name[: longest - DIGEST_LENGTH - 1].rstrip('-')}-{digest}"
    return f"{name[:kept].rstrip('-')}-{digest}-{last}"
