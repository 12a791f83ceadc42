"""Which parameters decay, in as few parameter groups as possible."""

from mmengine.logging import MMLogger
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mmavf.errors import ConfigError
from mmavf.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DecayOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Decay matrices; do not decay parameters of one dimension (norms, biases) and those named.

    MMEngine's constructor makes a group per parameter, and a fused optimizer then needs a launch per parameter. Here
    there are two groups in all.

    `paramwise_cfg` takes one key, `no_decay`: a list of parts of parameter names whose parameters do not decay either.

    Raises:
        ConfigError: Another key than `no_decay`, or no weight decay is set in the optimizer.
    """

    def add_params(self, params: list[dict], module: nn.Module) -> None:
        """Append the two groups of `module`'s trainable parameters to `params`."""
        unknown = set(self.paramwise_cfg) - {'no_decay'}
        if unknown:
            raise ConfigError(f'paramwise_cfg does not know {sorted(unknown)}: it takes no_decay alone.')
        if self.base_wd is None:
            raise ConfigError('Set weight_decay in optim_wrapper.optimizer.')
        names = self.paramwise_cfg.get('no_decay', ())
        trainable = [(name, param) for name, param in module.named_parameters() if param.requires_grad]
        for part in names:
            if not any(part in name for name, _ in trainable):
                MMLogger.get_current_instance().warning(f'paramwise_cfg.no_decay: no parameter is named *{part}*.')
        groups = {True: [], False: []}
        for name, param in trainable:
            groups[param.ndim > 1 and not any(part in name for part in names)].append(param)
        params.extend(
            dict(params=members, weight_decay=self.base_wd if decays else 0.0)
            for decays, members in groups.items()
            if members
        )
