"""Compile the repeated blocks of a model, one by one."""

from collections.abc import Sequence

import torch._dynamo
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavf.errors import ConfigError
from mmavf.models.layers import share_graphs
from mmavf.registry import HOOKS

MAX_GRAPHS = 64  # of a class: for each modality and shape of the batch, in training and in evaluation


@HOOKS.register_module()
class CompileBlocksHook(Hook):
    """Compile every sub-module of the named classes with torch.compile when training starts.

    Blocks of one class share a compiled graph where their shapes are the same, whatever their drop-path rates: there is
    one for each modality in training, and one in evaluation, where a last batch that is smaller has its own. A resumed
    run, which may begin with a validation, compiles what a fresh one does. Module and parameter names stay, and so do
    checkpoints. MMEngine's `compile` key compiles the whole training step, data preprocessing included, which fails.

    Args:
        blocks: Class names, for example ('LGIBlock', 'ViTBlock').
        **options: Of torch.compile, such as `backend`.

    Raises:
        ConfigError: The model has no module of a named class.
    """

    def __init__(self, blocks: Sequence[str], **options) -> None:
        self.blocks = blocks
        self.options = dict(dynamic=False) | options

    def before_train(self, runner: Runner) -> None:
        """Mark the blocks; each is compiled when it first runs."""
        # beyond its limit, 8, PyTorch would leave further shapes as they are; torch 2.6 knows the limit by this name
        # alone, later versions by recompile_limit, too
        torch._dynamo.config.cache_size_limit = max(torch._dynamo.config.cache_size_limit, MAX_GRAPHS)
        for name in self.blocks:
            modules = [module for module in runner.model.modules() if type(module).__name__ == name]
            if not modules:
                raise ConfigError(f'CompileBlocksHook: the model has no module of class {name}.')
            share_graphs(modules, next(runner.model.parameters()).device)
            for module in modules:
                module.compile(**self.options)
            runner.logger.info(f'Compiling {len(modules)} × {name} at their first use.')
