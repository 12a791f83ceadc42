"""Many runs as one: folds, and their results together."""
