"""`python -m bedplate_sidecar`."""

from __future__ import annotations

from bedplate_sidecar.main import main

main()
