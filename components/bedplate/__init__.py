"""Bedplate: AI clusters declared in one file per team."""
