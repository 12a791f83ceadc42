"""What the command lines share: options, config, errors, exit status."""
