"""Kubernetes clusters: created by this stack, or owned by a platform stack and referred to."""
