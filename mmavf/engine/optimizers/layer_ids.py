"""Depth of a parameter in the fine-tuned model, for layer-wise learning-rate decay."""

import re
from collections.abc import Iterable

from mmavf.errors import ConfigError

_INPUT = re.compile(r'(^|\.)(patch_embed|pos_embed|cls_token|mask_token)')
_BLOCK = re.compile(r'^encoders\.\w+\.blocks\.(\d+)\.')
_UNIT = re.compile(r'^correlation\.units\.(\d+)\.')


def layer_ids(names: Iterable[str]) -> dict[str, int]:
    """Return the layer id of each parameter, as released.

    With N = encoder blocks + DiER units: patch embedding, position table, class and mask tokens 0; encoder block i of
    either modality i + 1; DiER unit j follows the blocks; everything else (region tokens, refinement, HAFE layer,
    norms, layer weights, head) N + 1. A model without a correlation module has no units.

    Args:
        names: All parameter names of the model, of which `encoders.<modality>.blocks` and `correlation.units` count.

    Raises:
        ConfigError: No parameter belongs to an encoder block.
    """
    names = list(names)
    depth = _count(_BLOCK, names)
    if not depth:
        raise ConfigError('paramwise_cfg.layer_decay_rate needs a model with parameters named encoders.*.blocks.*.')
    last = depth + _count(_UNIT, names) + 1
    return {name: _layer_id(name, depth, last) for name in names}


def _count(pattern: re.Pattern, names: list[str]) -> int:
    return max((int(found[1]) + 1 for found in map(pattern.match, names) if found), default=0)


def _layer_id(name: str, depth: int, last: int) -> int:
    if _INPUT.search(name):
        return 0
    if block := _BLOCK.match(name):
        return int(block[1]) + 1
    if unit := _UNIT.match(name):
        return depth + int(unit[1]) + 1
    return last
