"""Pre-training steps by a CUDA graph."""

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmavf.engine.graphed_losses import GraphedLosses
from mmavf.errors import ConfigError
from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.registry import HOOKS


@HOOKS.register_module()
class CUDAGraphHook(Hook):
    """Run forward and backward pass of pre-training steps as one CUDA graph, which the host launches at once.

    It is recorded in the first step (see `mmavf.engine.graphed_losses`); losses and weights are those of eager steps.
    Memory grows by one copy of the inputs and one of the gradients. Between ranks, gradients are exchanged after the
    backward pass, no longer during it. Without a GPU, a warning is logged and nothing changes.

    Raises:
        ConfigError: The model is no `MaskedAutoencoder`, recomputes activations (`with_cp`), or talks to other ranks in
            its forward pass.
    """

    def before_train(self, runner: Runner) -> None:
        """Let the model's losses be recorded."""
        model = runner.bare_model
        check_graphable(model)
        if next(model.parameters()).is_cuda:
            model.masked_losses = GraphedLosses(model)
        else:
            runner.logger.warning('CUDAGraphHook: there is no GPU, steps run without a graph.')

    def after_train(self, runner: Runner) -> None:
        """Give the graph's memory back."""
        vars(runner.bare_model).pop('masked_losses', None)


def check_graphable(model: nn.Module) -> None:
    """Make sure that a model's losses can be recorded.

    Raises:
        ConfigError: They cannot.
    """
    if not isinstance(model, MaskedAutoencoder):
        raise ConfigError(f'CUDAGraphHook is for pre-training (MaskedAutoencoder), not for {type(model).__name__}.')
    for name, module in model.named_modules():
        if getattr(module, 'with_cp', False):
            raise ConfigError(f'CUDAGraphHook cannot record {name} with with_cp=True, which keeps random states.')
        if get_world_size() > 1 and (getattr(module, 'gather', False) or isinstance(module, nn.SyncBatchNorm)):
            raise ConfigError(
                f'CUDAGraphHook: {name} exchanges tensors between ranks in the forward pass, which has not been tried '
                'in a graph. Set contrastive_loss.gather=False and leave out sync_bn.'
            )
