"""Separation of roles inside a cluster: who may run on inference and training pools, and in which namespace."""
