"""The policy pack. The constructor serves the engine and never returns, so it stands alone here."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack

from rules.model import Settings
from rules.pack import policies

PolicyPack("bedplate", policies(Settings()), enforcement_level=EnforcementLevel.MANDATORY)
