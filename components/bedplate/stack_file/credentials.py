"""Recognizes secrets that stand in plain text, by their shape or by the name of their key."""

from __future__ import annotations

import math
import re
from collections import Counter

# Documented prefixes; each issuer publishes its own so that scanners find leaked ones. Patterns with an open run
# before something else begin at the run's start (a lookbehind), or a long line would take quadratic time.
_SHAPES = {
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{20,}"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "an NVIDIA API key": re.compile(r"\bnvapi-[A-Za-z0-9_-]{20,}"),
    "a Pulumi access token": re.compile(r"\bpul-[0-9a-f]{40}\b"),
    "an API key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a JSON web token": re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
}

_SECRET_NAME = re.compile(
    r"(^|[a-z0-9_:.-])(token|password|passwd|passphrase|secret|credentials?|(api|access|secret|private)[_-]?key)$",
    re.IGNORECASE,
)
_NAMED_VALUE = re.compile(r"(?<![\w:.-])([\w:.-]+)[\"']?\s*:\s*[\"']?[^\s\"'{\[]")

# Random text of mixed case and digits. Digests (hexadecimal) and names (words joined by dashes, dots, slashes or
# underscores) stay below: they have no capitals, or their runs are short.
_LONG_RUN = re.compile(r"[A-Za-z0-9+]{32,}={0,2}")
_RANDOM_BITS_PER_CHARACTER = 4.0


def credential(text: str) -> str:
    """Return what kind of credential a text holds, or nothing."""
    for kind, shape in _SHAPES.items():
        if shape.search(text):
            return kind
    return "random text, as keys and tokens are," if any(map(_random, _LONG_RUN.findall(text))) else ""


def secret_name(key: str) -> bool:
    """Tell whether a key is named as secrets are: `hf_token`, `aws:secretKey`, `password`."""
    return bool(_SECRET_NAME.search(key))


def shows_secret(line: str) -> bool:
    """Tell whether a source line holds a credential, or a value under a name that secrets have."""
    if credential(line):
        return True
    return any(secret_name(match[1]) for match in _NAMED_VALUE.finditer(line))


def _random(run: str) -> bool:
    kinds = (sum(map(str.isupper, run)), sum(map(str.islower, run)), sum(map(str.isdigit, run)))
    if min(kinds) < 3:
        return False
    shares = [count / len(run) for count in Counter(run).values()]
    return -sum(share * math.log2(share) for share in shares) >= _RANDOM_BITS_PER_CHARACTER
