"""The rules of the policy pack: one module per family, each rule a function with its reason and its fix."""
