"""Fabrics: the networks between accelerators of different nodes, and what a pod must carry to use them."""
