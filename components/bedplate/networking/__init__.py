"""Networks that clusters stand in."""
