"""The weights in a checkpoint of any origin: found, by their own names, and finite."""

import math
import re
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from mmavf.errors import CheckpointError

CONTAINERS = ('state_dict', 'model', 'module', 'model_state_dict', 'net')
# DistributedDataParallel, DataParallel, DeepSpeed; torch.compile, which also wraps single layers
_WRAPPERS = re.compile(r'^(?:(?:module|_orig_mod)\.)+|(?<=\.)_orig_mod\.')


def as_checkpoint(content: Any, source: str) -> dict[str, Any]:
    """Bring what a file holds into MMEngine's form, with the weights under `state_dict` by the model's own names.

    Args:
        content: Content of a file: a dictionary of tensors, or one that holds such a dictionary under one of
            `CONTAINERS`, the first of which counts.
        source: Where it comes from, for messages.

    Returns:
        `state_dict`, `meta`, and what else stood beside the weights. Prefixes of wrappers are taken off the names.

    Raises:
        CheckpointError: There are no weights, two of them get the same name, or they are not finite.
    """
    if not isinstance(content, dict):
        raise CheckpointError(f'{source} holds a {type(content).__name__}, not a dictionary of weights.')
    key = next((key for key in CONTAINERS if _holds_tensors(content.get(key))), None)
    if key is None and not _holds_tensors(content):
        found = ', '.join(repr(name) for name in list(content)[:5]) or 'nothing'
        raise CheckpointError(
            f'{source} holds no weights: no tensors, neither at its top nor under {", ".join(CONTAINERS)}; there is '
            f'{found}.'
        )
    beside = {} if key is None else {name: value for name, value in content.items() if name != key}
    weights = content[key] if key else OrderedDict((k, v) for k, v in content.items() if isinstance(v, Tensor))
    weights = strip_wrappers(weights, source)
    check_finite(weights, source)
    meta = {} if beside.get('meta') is None else beside['meta']
    if not isinstance(meta, dict) or not isinstance(meta.get('dataset_meta') or {}, dict):
        raise CheckpointError(f'{source}: its `meta`, or `dataset_meta` in it, is not a dictionary.')
    return {**beside, 'meta': meta, 'state_dict': weights}


def strip_wrappers(weights: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """Take the prefixes of wrappers, `module.` and `_orig_mod.`, in any order and number off the names of weights.

    Raises:
        CheckpointError: A name is not a string, or two names become one.
    """
    strange = [name for name in weights if not isinstance(name, str)]
    if strange:
        raise CheckpointError(f'{source}: a weight is called {strange[0]!r}, which is not a name.')
    names = {name: _WRAPPERS.sub('', name) for name in weights}
    twice = [name for name, count in Counter(names.values()).items() if count > 1]
    if twice:
        both = ' and '.join(name for name, own in names.items() if own == twice[0])
        raise CheckpointError(
            f'{source}: {both} are one weight without the prefixes of wrappers (module., _orig_mod.). Remove one of '
            'them.'
        )
    stripped = OrderedDict((names[name], value) for name, value in weights.items())
    if hasattr(weights, '_metadata'):  # versions of layers, which torch keeps beside the weights
        stripped._metadata = weights._metadata  # type: ignore[attr-defined]
    return stripped


def check_finite(content: Any, source: str, name: str = '') -> None:
    """Make sure that all floating-point tensors and numbers in nested dictionaries and lists are finite.

    Args:
        content: Weights, or the state of an optimizer.
        source: Where it comes from, for the message.
        name: Name of `content`, for the message.

    Raises:
        CheckpointError: Names the first three that are not, and says how many there are.
    """
    bad = [place for place, value in _numbers(content, name) if not _is_finite(value)]
    if bad:
        listed = ', '.join(bad[:3]) + (', …' if len(bad) > 3 else '')
        raise CheckpointError(
            f'{source}: {len(bad)} of its tensors and numbers hold NaN or infinity: {listed}. It is damaged, or was '
            'written by a run that went wrong: take an earlier checkpoint.'
        )


def _holds_tensors(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(part, Tensor) for part in value.values())


def _numbers(content: Any, name: str) -> Iterator[tuple[str, Tensor | float]]:
    if isinstance(content, Tensor | float):
        yield name, content
    elif isinstance(content, Mapping | list | tuple):
        pairs = content.items() if isinstance(content, Mapping) else enumerate(content)
        for key, value in pairs:
            yield from _numbers(value, f'{name}.{key}' if name else str(key))


def _is_finite(tensor: Tensor | float) -> bool:
    """Look at the extremes, which carry NaN: ten times as fast as `torch.isfinite`, and without its copies."""
    if isinstance(tensor, float):
        return math.isfinite(tensor)
    tensor = torch.view_as_real(tensor) if tensor.is_complex() else tensor
    if not tensor.is_floating_point() or tensor.is_meta or not tensor.numel():
        return True
    tensor = tensor.to_dense() if tensor.layout != torch.strided else tensor
    low, high = torch.aminmax(tensor.float() if tensor.itemsize == 1 else tensor)  # torch has none for float8
    return math.isfinite(low) and math.isfinite(high)
