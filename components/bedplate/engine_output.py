"""What the engine prints about a preview, whoever reads it: error messages, and what a document leaves out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

QUIET_SEVERITIES = frozenset({"debug", "info", "info#err", "warning"})
LAST_WORDS = frozenset({"preview failed"})
"""The engine's last word on a preview that only policies refuse: nothing is missing from it."""

ANSI_OR_DIRECTIVE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|<\{%[^%]*%\}>")


def error_messages(diagnostics: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the error messages among diagnostics, each once; with one of them, steps of the preview are missing."""
    texts = (one.get("message") or "" for one in diagnostics if one.get("severity") not in QUIET_SEVERITIES)
    messages = (without_colours(text).removeprefix("error: ").strip() for text in texts)
    return tuple(dict.fromkeys(message for message in messages if message and message not in LAST_WORDS))


def unchanged_left_out(document: Mapping[str, Any]) -> int:
    """Return how many resources that stay as they are a preview's document leaves out, as without `--show-sames`."""
    unchanged = int((document.get("changeSummary") or {}).get("same", 0))
    shown: int = sum(step.get("op") == "same" for step in document.get("steps") or ())
    return max(0, unchanged - shown - 1)  # the stack itself is counted and not a step


def without_colours(text: str) -> str:
    """Return a message of the engine without what colours it on a terminal.

    >>> without_colours("<{%fg 1%}>no<{%reset%}> way")
    'no way'
    """
    return ANSI_OR_DIRECTIVE.sub("", text)
