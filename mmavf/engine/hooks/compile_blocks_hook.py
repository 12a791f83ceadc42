"""Compile the repeated blocks of a model, one by one."""

from collections.abc import Sequence

import torch._dynamo
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavf.errors import ConfigError
from mmavf.registry import HOOKS


@HOOKS.register_module()
class CompileBlocksHook(Hook):
    """Compile every sub-module of the named classes with torch.compile when training starts.

    Blocks of one class share a compiled graph where their shapes and drop-path rates are the same: pre-training has one
    for each modality, fine-tuning one for each modality and layer, as the rate grows with depth. Module and parameter
    names stay, and so do checkpoints. MMEngine's `compile` key compiles the whole training step, data preprocessing
    included, which fails.

    Args:
        blocks: Class names, for example ('LGIBlock', 'ViTBlock').

    Raises:
        ConfigError: The model has no module of a named class.
    """

    def __init__(self, blocks: Sequence[str]) -> None:
        self.blocks = blocks

    def before_train(self, runner: Runner) -> None:
        """Mark the blocks; each is compiled when it first runs."""
        for name in self.blocks:
            modules = [module for module in runner.model.modules() if type(module).__name__ == name]
            if not modules:
                raise ConfigError(f'CompileBlocksHook: the model has no module of class {name}.')
            # beyond its limit, 8, PyTorch would leave the other variants as they are; torch 2.6 knows the limit by this
            # name alone, later versions by recompile_limit, too
            limit = torch._dynamo.config.cache_size_limit
            torch._dynamo.config.cache_size_limit = max(limit, len(modules) + 1)
            for module in modules:
                module.compile(dynamic=False)
            runner.logger.info(f'Compiling {len(modules)} × {name} at their first use.')
