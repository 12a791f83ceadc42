"""Types and values of a checkpoint's state beside the weights, from which a training continues."""

from collections.abc import Mapping
from typing import Any, cast

from mmengine.logging import HistoryBuffer

from mmavf.checkpoints.weights import check_finite
from mmavf.errors import CheckpointError

from .rng import check_rng_state

_TYPES = {
    'optimizer': dict,
    'param_schedulers': list | dict,
    'ema_state_dict': dict,
    'message_hub': dict,
    'message_hub.log_scalars': dict,
    'message_hub.runtime_info': dict,
    'message_hub.resumed_keys': dict,
    'meta.epoch': int,
    'meta.iter': int,
    'meta.resume': dict,
    'meta.resume.loop': dict,
    'meta.resume.loop.order_seed': int,
    'meta.resume.rng_states': list,
}
_OPTIONAL = ('param_schedulers', 'ema_state_dict')
_ADVICE = 'Use another checkpoint, or start from its weights: set load_from and leave out --resume.'


def check_state(checkpoint: Mapping[str, Any], source: str) -> None:
    """Make sure that all parts are of the types that `AVFRunner` writes, and its moments and averages finite.

    Args:
        checkpoint: In MMEngine's form.
        source: The file, for messages.

    Raises:
        KeyError: A part is missing; names it.
        CheckpointError: A part is of another type, or a tensor is not finite.
    """
    for place, kind in _TYPES.items():
        value: Any = checkpoint
        for key in place.split('.'):
            if key not in value and place in _OPTIONAL:
                break
            value = value[key]
        else:
            if not isinstance(value, kind) or isinstance(value, bool):
                raise _strange(source, place, value, kind)
            if kind is int and cast(int, value) < 0:
                raise CheckpointError(f'{source} cannot be resumed: its {place} is {value}, less than 0.')
    for name, value in checkpoint['message_hub']['log_scalars'].items():
        if not isinstance(value, HistoryBuffer):
            raise _strange(source, f'message_hub.log_scalars[{name!r}]', value, HistoryBuffer)
    for number, state in enumerate(checkpoint['meta']['resume']['rng_states']):
        try:
            check_rng_state(state)
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
            raise CheckpointError(
                f'{source} cannot be resumed: the random state of process {number} in it (meta.resume.rng_states) is '
                f'not one ({error}). {_ADVICE}'
            ) from error
    for part in ('optimizer', 'param_schedulers', 'ema_state_dict'):
        check_finite(checkpoint.get(part, {}), source, part)


def _strange(source: str, place: str, value: Any, kind: Any) -> CheckpointError:
    return CheckpointError(
        f'{source} cannot be resumed: its {place} is of type {type(value).__name__}, not '
        f'{getattr(kind, "__name__", kind)}. {_ADVICE}'
    )
