"""Weights, gradients and moments divided among the processes: PyTorch's FSDP2 as one of MMEngine's model wrappers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import broadcast
from mmengine.hooks import EMAHook, Hook
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

from mmavf.errors import ConfigError
from mmavf.registry import MODEL_WRAPPERS

from .constant_buffers import constant_buffers
from .hooks.compile_blocks_hook import CompileBlocksHook
from .hooks.cuda_graph_hook import CUDAGraphHook
from .optimizers.guarded_optim_wrapper import has_bf16_units
from .sharded_tensors import gathered, sharded_like

BLOCKS = ('CrossBlock', 'CrossSelfBlock', 'LGIBlock', 'ViTBlock')


def is_fully_shard(model_wrapper_cfg: Mapping | None) -> bool:
    """Return whether a config's `model_wrapper_cfg` names `FullyShard`."""
    return (model_wrapper_cfg or {}).get('type') in ('FullyShard', 'mmavf.FullyShard')


@MODEL_WRAPPERS.register_module()
class FullyShard(nn.Module):
    """Keep a share of weights, gradients and moments in each process; gather the weights of a block while it runs.

    It replaces DistributedDataParallel: `model_wrapper_cfg = dict(_delete_=True, type='FullyShard')`. Steps and
    checkpoints are the same, and either continues what the other has written. The shares, and with them the optimizer,
    are float32 in any case, and so is the sum of the gradients.

    With `param_dtype='bfloat16'` a block's weights are gathered in bfloat16, half the bytes, and its tokens are
    bfloat16 from its input to its output, which is float32 again. What is outside the blocks, such as heads, mask
    tokens and batch norms, is not affected.

    In evaluation each process holds the whole model, so that processes may predict different numbers of batches.
    Buffers that checkpoints hold are those of the main process, as with `broadcast_buffers=True`.

    Args:
        module: The model, with the same sizes on all processes. Its weights are drawn here (`init_weights`); those of
            the main process count.
        blocks: Names of the classes that are gathered one at a time; blocks within a block are a part of it. None for
            this package's transformer blocks.
        param_dtype: 'float32', or 'bfloat16' for the blocks; float32 with a warning where the device has no bfloat16
            units.
        reshard_after_forward: Whether a block's weights are freed after its forward pass and gathered again for its
            backward pass: less memory, half as much traffic again.

    Raises:
        ConfigError: The model has no block of a named class, `param_dtype` is neither of the two, or torch is too old.
    """

    def __init__(
        self,
        module: nn.Module,
        blocks: Sequence[str] | None = None,
        param_dtype: str = 'float32',
        reshard_after_forward: bool = True,
    ) -> None:
        super().__init__()
        if not hasattr(FSDPModule, 'set_reshard_after_forward'):
            raise ConfigError(
                f'FullyShard needs torch 2.8 or later, not {torch.__version__}: set model_wrapper_cfg=None.'
            )
        self.module: Any = module
        self.reshard_after_forward = reshard_after_forward
        policy = _policy(param_dtype, next(module.parameters()).device.type)
        self._blocks = list(_outermost(module, blocks or BLOCKS))
        _check_found(self._blocks, blocks, module)
        _draw_weights(module)
        constant = constant_buffers(module)
        self._shared_buffers = [buffer for name, buffer in module.named_buffers() if name not in constant]
        for block in self._blocks:
            fully_shard(block, mp_policy=policy, reshard_after_forward=reshard_after_forward)
            if policy.param_dtype is not None:
                block.register_forward_pre_hook(_cast_inputs)
        fully_shard(module)  # what is in no block
        module.register_state_dict_post_hook(_gather_state)
        module.register_load_state_dict_pre_hook(_divide_state)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model."""
        if self.training:
            for buffer in self._shared_buffers:
                broadcast(buffer)
        return self.module(*args, **kwargs)

    def train_step(self, data: dict, optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """Run forward and backward pass and, where one is due, the optimizer step; return the losses for the log."""
        self.module.set_requires_gradient_sync(optim_wrapper.should_sync())
        with optim_wrapper.optim_context(self):
            losses = self(**self.module.data_preprocessor(data, training=True), mode='loss')
        loss, log_vars = self.module.parse_losses(losses)
        optim_wrapper.update_params(loss)
        return log_vars

    def val_step(self, data: dict) -> list:
        """Predict a batch; see the model."""
        return self.module.val_step(data)

    def test_step(self, data: dict) -> list:
        """Predict a batch; see the model."""
        return self.module.test_step(data)

    def train(self, mode: bool = True) -> 'FullyShard':
        """Switch to training or evaluation, in which each process holds the whole model; call it on all ranks."""
        for block in self._blocks:
            block.set_reshard_after_forward(self.reshard_after_forward and mode, recurse=False)
        for part in (self.module, *self._blocks):
            if mode:
                part.reshard()
            else:
                part.unshard()
        return super().train(mode)

    @staticmethod
    def check_hooks(hooks: Sequence[Hook]) -> None:
        """Refuse hooks that work on whole weights.

        Raises:
            ConfigError: One averages the weights, compiles the blocks or records steps.
        """
        for hook in hooks:
            if isinstance(hook, CompileBlocksHook | CUDAGraphHook | EMAHook):
                raise ConfigError(
                    f'{type(hook).__name__} does not work with FullyShard, which divides the weights: leave out one of '
                    'the two (model_wrapper_cfg=None gives DistributedDataParallel).'
                )


def _policy(param_dtype: str, device_type: str) -> MixedPrecisionPolicy:
    if param_dtype not in ('bfloat16', 'float32'):
        raise ConfigError(f"model_wrapper_cfg.param_dtype must be 'bfloat16' or 'float32', not {param_dtype!r}.")
    if param_dtype == 'float32':
        return MixedPrecisionPolicy()
    if not has_bf16_units(device_type):
        MMLogger.get_current_instance().warning('This device has no bfloat16 units: blocks are gathered in float32.')
        return MixedPrecisionPolicy()
    # torch 2.11 does not cast the inputs of a block that is recomputed (with_cp)
    return MixedPrecisionPolicy(torch.bfloat16, torch.float32, output_dtype=torch.float32, cast_forward_inputs=False)


def _cast_inputs(block: nn.Module, inputs: tuple) -> tuple:
    """Cast the tokens, given by place, that enter a block."""
    return tuple(x.bfloat16() if isinstance(x, Tensor) and x.is_floating_point() else x for x in inputs)


def _outermost(module: nn.Module, names: Sequence[str]) -> Iterator[Any]:
    """Yield the sub-modules of the named classes that are in no other one."""
    for child in module.children():
        if type(child).__name__ in names:
            yield child
        else:
            yield from _outermost(child, names)


def _check_found(found: Sequence[nn.Module], names: Sequence[str] | None, module: nn.Module) -> None:
    classes = {type(block).__name__ for block in found}
    missing = [name for name in names or () if name not in classes]
    if missing or not found:
        raise ConfigError(
            f'FullyShard: {type(module).__name__} has no block of class {", ".join(missing or BLOCKS)} outside of '
            'other blocks: name the classes that are to be gathered one at a time in model_wrapper_cfg.blocks.'
        )


def _draw_weights(module: Any) -> None:
    """Initialise a model as a runner does; here, because shares of a weight cannot be drawn as the whole is."""
    if hasattr(module, 'init_weights'):
        module.init_weights()
    for tensor in module.state_dict().values():
        broadcast(tensor)


def _gather_state(module: nn.Module, state_dict: dict[str, Any], prefix: str, local_metadata: dict) -> None:
    state_dict.update(gathered(dict(state_dict)))


def _divide_state(module: nn.Module, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
    for name, param in module.named_parameters(prefix.removesuffix('.')):
        if name in state_dict:
            state_dict[name] = sharded_like(state_dict[name], param)
