"""What runs on every cluster: add-ons, the node autoscaler, device plugins, separation of roles."""
