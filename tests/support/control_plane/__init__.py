"""A real Kubernetes control plane for tests: docs/guide/control-plane.md."""
