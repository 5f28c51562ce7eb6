"""The file that the engine's liveness probe looks for."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Verdict:
    """A verdict that stands only while it is repeated.

    The probe believes a file of the last minute, so a watcher that dies condemns nobody for longer than that.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def repeat(self, reason: dict[str, object]) -> None:
        """Write the verdict, whole or not at all; raises OSError where the folder cannot be written to."""
        draft = self.path.with_name(f".{self.path.name}.draft")
        draft.write_text(json.dumps(reason) + "\n", encoding="utf-8")
        draft.replace(self.path)

    def clear(self) -> None:
        """Take the verdict back; without effect where there is none, or no folder."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
