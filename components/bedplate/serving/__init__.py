"""Serving endpoints: a model behind an address, on the inference pool and nowhere else."""
