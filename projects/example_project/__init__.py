"""A plugin to copy: a mask generator of one's own."""
