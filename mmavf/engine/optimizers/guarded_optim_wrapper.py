"""One optimizer step: precision, accumulation, clipping, and no update from a gradient that is not finite."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from torch import nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from mmavf.engine.sharded_tensors import gathered, replicated, sharded_like
from mmavf.errors import ConfigError
from mmavf.registry import OPTIM_WRAPPERS


def has_bf16_units(device_type: str) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware: emulation is slower than float32."""
    if device_type == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


@OPTIM_WRAPPERS.register_module()
class GuardedOptimWrapper(OptimWrapper):
    """Step in float32 or under bfloat16 autocast, on a GPU or a CPU, without waiting for the device.

    Weights, gradients and moments stay float32. The total gradient norm is taken in every step, after DDP has averaged
    the gradients, so that it is finite on all ranks or on none. If it is not, the fused optimizer leaves weights,
    moments and step count as they are; the decision is made on the device. `skipped` and `skipped_in_row` count on
    the device too; `NonFiniteGuardHook` reads them.

    Args:
        optimizer: One with `fused=True`: only fused implementations can skip a step on the device.
        dtype: 'bfloat16' (autocast; float32 with a warning where the device has no bfloat16 units) or 'float32'.
        accumulative_counts: Batches whose gradients are averaged into one step.
        clip_grad: `dict(max_norm=…)` clips the total 2-norm (`norm_type=2` may be said, too); None does not clip.

    Attributes:
        grad_norm: Total 2-norm before clipping in the last step, a scalar on the device.
        skipped: Steps left out so far, an int64 scalar on the device.
        skipped_in_row: Steps left out since the last good one, an int64 scalar on the device.

    Raises:
        ConfigError: The optimizer is not fused, dtype is neither of the two, or clip_grad is something else.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        dtype: str = 'bfloat16',
        accumulative_counts: int = 1,
        clip_grad: dict | None = None,
    ) -> None:
        if clip_grad and (set(clip_grad) - {'norm_type'} != {'max_norm'} or clip_grad.get('norm_type', 2) != 2):
            raise ConfigError(f'optim_wrapper.clip_grad is dict(max_norm=…), for the total 2-norm, not {clip_grad}.')
        super().__init__(optimizer, accumulative_counts=accumulative_counts, clip_grad=clip_grad)
        if dtype not in ('bfloat16', 'float32'):
            raise ConfigError(f"optim_wrapper.dtype must be 'bfloat16' or 'float32', not {dtype!r}.")
        if not getattr(optimizer, '_step_supports_amp_scaling', False):
            raise ConfigError(f'{type(optimizer).__name__} must be built with fused=True (AdamW, Adam, SGD have it).')
        self.device_type = torch.device(get_device()).type
        if dtype == 'bfloat16' and not has_bf16_units(self.device_type):
            MMLogger.get_current_instance().warning('This device has no bfloat16 units: training in float32.')
            dtype = 'float32'
        self.dtype = dtype
        self._params = [param for group in optimizer.param_groups for param in group['params']]
        device = self._params[0].device
        self.grad_norm = torch.zeros((), device=device)
        self.skipped = torch.zeros((), dtype=torch.int64, device=device)
        self.skipped_in_row = torch.zeros((), dtype=torch.int64, device=device)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast the forward pass, and leave gradients unsynchronised until the last batch of a step."""
        autocast = torch.autocast(self.device_type, torch.bfloat16, enabled=self.dtype == 'bfloat16')
        with super().optim_context(model), autocast:
            yield

    @torch.no_grad()
    def step(self, **kwargs: Any) -> None:
        """Measure the gradient, clip it, and update unless it is not finite."""
        with_grad = [param for param in self._params if param.grad is not None]
        self.grad_norm = replicated(get_total_norm([param.grad for param in with_grad]))
        not_finite = ~torch.isfinite(self.grad_norm)
        self.skipped += not_finite
        self.skipped_in_row = (self.skipped_in_row + 1) * not_finite
        if self.clip_grad_kwargs:
            clip_grads_with_norm_(with_grad, self.clip_grad_kwargs['max_norm'], self.grad_norm)
        self.optimizer.found_inf = not_finite.float()
        self.optimizer.step(**kwargs)

    def state_dict(self) -> dict:
        """Return the optimizer's state (see `gathered`) and the counters of skipped steps; call it on all ranks."""
        return {**gathered(super().state_dict()), 'skipped': self.skipped, 'skipped_in_row': self.skipped_in_row}

    def load_state_dict(self, state_dict: dict) -> None:
        """Load what `state_dict` returned."""
        optimizer_state = dict(state_dict)
        self.skipped.copy_(optimizer_state.pop('skipped'))
        self.skipped_in_row.copy_(optimizer_state.pop('skipped_in_row'))
        super().load_state_dict(optimizer_state)
        for param, values in self.optimizer.state.items():
            values.update({name: sharded_like(value, param) for name, value in values.items()})
