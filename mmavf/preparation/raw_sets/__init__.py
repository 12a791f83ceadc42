"""Parsers of raw data sets, one file per set or family; each registers itself in `RAW_SETS`."""

from importlib import import_module
from pkgutil import iter_modules

from .base import RawSet

# every module of this folder registers its parsers: adding a set touches its own file only
for _module in iter_modules(__path__):
    import_module(f'{__name__}.{_module.name}')

__all__ = ['RawSet']
