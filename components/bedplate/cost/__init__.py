"""What a stack costs: at rest, as expected, and with everything up."""
