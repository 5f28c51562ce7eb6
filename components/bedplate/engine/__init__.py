"""The Pulumi engine: the `pulumi` program and its Python language host, found, downloaded or built.

Nothing here imports `pulumi`. Commands that need an engine call `locate` (which changes nothing) or `install`,
and run it with `environment` added to their own environment variables.
"""

from __future__ import annotations

from bedplate.engine.health import doctor
from bedplate.engine.installation import environment, install, locate
from bedplate.engine.model import Check, Engine, Progress

__all__ = ["Check", "Engine", "Progress", "doctor", "environment", "install", "locate"]
