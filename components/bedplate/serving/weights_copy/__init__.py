"""Copies a model's weights: `fill` from their public repository into the bucket, `fetch` from the bucket to a node.

This package runs in the cluster, alone and with nothing but Python's standard library: `bedplate.serving.weights` puts
its files into a ConfigMap. What it needs to know is in environment variables (`__main__`).
"""
