"""The policy pack. The constructor serves the engine and never returns, so it stands alone here."""

from __future__ import annotations

import gc

from pulumi_policy import EnforcementLevel, PolicyPack

from bedplate import catalog
from rules.model import FOLDER, Settings
from rules.pack import policies

# What is loaded by now stays, and what comes is released by counting: searching all of it for cycles over and over
# costs a twentieth of the judgement (benchmarks/policies.py).
gc.freeze()
gc.set_threshold(100_000, 20, 20)

# The platform team's own prices lie beside its caps.
catalog.use_own_prices(FOLDER / catalog.OWN_PRICES_FOLDER.name)

PolicyPack("bedplate", policies(Settings()), enforcement_level=EnforcementLevel.MANDATORY)
