"""SVFAP: its encoder, configs and tests."""
