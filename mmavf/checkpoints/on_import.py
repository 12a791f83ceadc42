"""Weights-only reading from the first moment on, without loading PyTorch for those who only want an error class."""

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

READER = 'mmengine.runner.checkpoint'
GUARD = 'mmavf.checkpoints.safe_globals'


class _AfterReader(MetaPathFinder):
    """Has `GUARD` imported as soon as the module is there that reads MMEngine's checkpoints."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Find the reader, once, with a loader that imports `GUARD` behind it."""
        if name != READER:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_then_guard(module: ModuleType) -> None:
                """Load the module, then what guards it."""
                execute(module)
                import_module(GUARD)

            spec.loader.exec_module = execute_then_guard  # type: ignore[method-assign]
        return spec


def read_weights_only() -> None:
    """Make MMEngine read checkpoints weights-only: now if it is loaded, else when it is."""
    if READER in sys.modules:
        import_module(GUARD)
    else:
        sys.meta_path.insert(0, _AfterReader())
