"""Atomic files, locks, JSON lines, Git LFS pointers, Markdown tables."""
