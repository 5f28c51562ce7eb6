"""Pools of nodes: which machines, how they are bought, between which bounds."""
