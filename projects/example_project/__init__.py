"""A plugin to copy: a custom mask generator and a custom encoder."""
