"""Targets of the pre-training stage."""

from .patch_target import PatchTarget

__all__ = ['PatchTarget']
