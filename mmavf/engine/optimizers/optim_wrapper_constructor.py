"""Weight decay and learning rate by parameter, in as few parameter groups as possible."""

from typing import Any

from mmengine.logging import MMLogger
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mmavf.errors import ConfigError
from mmavf.registry import OPTIM_WRAPPER_CONSTRUCTORS

_KEYS = {'no_decay', 'layer_decay_rate'}


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DecayOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Decay matrices; do not decay parameters of one dimension (norms), biases, and those named.

    MMEngine's constructor makes a group per parameter, and a fused optimizer then needs a launch per parameter. Here
    there are two groups in all, or two per layer with layer-wise rates.

    Keys of `paramwise_cfg`:

    - `no_decay`: Parts of parameter names whose parameters do not decay either.
    - `layer_decay_rate`: Learning rate of a layer over that of the next one, in (0, 1]. A parameter learns at
      lr × rate^(L - 1 - depth), with its depth, 0 at the input, and the number of depths L from the model's
      `get_layer_depth(param_name)`.

    Raises:
        ConfigError: Another key, a rate that is not in (0, 1], a rate for a model without `get_layer_depth`, or the
            optimizer has no lr or weight_decay.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        # MMEngine's does not call add_params for an empty one: everything would decay
        super().__init__(optim_wrapper_cfg, paramwise_cfg or dict(no_decay=[]))

    def add_params(self, params: list[dict], module: nn.Module) -> None:
        """Append the groups of `module`'s trainable parameters to `params`, those of the first layer first."""
        unknown = set(self.paramwise_cfg) - _KEYS
        if unknown:
            raise ConfigError(f'paramwise_cfg does not know {sorted(unknown)}: it takes {sorted(_KEYS)}.')
        if self.base_lr is None or self.base_wd is None:
            raise ConfigError('Set lr and weight_decay in optim_wrapper.optimizer.')
        trainable = [(name, param) for name, param in module.named_parameters() if param.requires_grad]
        no_decay = self._no_decay(trainable)
        scales = self._lr_scales(module)
        groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
        for name, param in trainable:
            is_bias = name.rpartition('.')[2] == 'bias'  # those of an ensemble have two axes
            decays = param.ndim > 1 and not is_bias and not any(part in name for part in no_decay)
            groups.setdefault((scales[name], decays), []).append(param)
        params.extend(
            dict(params=groups[scale, decays], lr=self.base_lr * scale, weight_decay=self.base_wd if decays else 0.0)
            for scale, decays in sorted(groups, key=lambda key: (key[0], not key[1]))
        )

    def _no_decay(self, trainable: list[tuple[str, nn.Parameter]]) -> tuple[str, ...]:
        parts = tuple(self.paramwise_cfg.get('no_decay', ()))
        for part in parts:
            if not any(part in name for name, _ in trainable):
                MMLogger.get_current_instance().warning(f'paramwise_cfg.no_decay: no parameter is named *{part}*.')
        return parts

    def _lr_scales(self, module: nn.Module) -> dict[str, float]:
        """Return what each parameter's learning rate is multiplied by."""
        names = [name for name, _ in module.named_parameters()]
        rate = self.paramwise_cfg.get('layer_decay_rate')
        if rate is None:
            return dict.fromkeys(names, 1.0)
        if not 0 < rate <= 1:
            raise ConfigError(f'paramwise_cfg.layer_decay_rate must be in (0, 1], not {rate}.')
        if not hasattr(module, 'get_layer_depth'):
            raise ConfigError(
                f'paramwise_cfg.layer_decay_rate: {type(module).__name__} has no get_layer_depth(param_name), which '
                'gives the depth of a parameter and the number of depths.'
            )
        depth_of: Any = module.get_layer_depth
        depths = {name: depth_of(name) for name in names}
        return {name: rate ** (count - 1 - depth) for name, (depth, count) in depths.items()}
