"""What resources cost that no plan counted, read from a Pulumi state or preview."""
