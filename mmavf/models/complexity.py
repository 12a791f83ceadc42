"""Parameters and operations of a model, per part.

An operation is an addition or a multiplication, so that a multiply-add counts as 2, in matrix products, convolutions
and attention.
"""

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(model: nn.Module) -> dict[str, int]:
    """Return the trainable parameters of the model ('') and of its parts, two levels deep."""
    names = [''] + [name for name, _ in model.named_modules() if name and name.count('.') <= 1]
    counts = {name: sum(p.numel() for p in model.get_submodule(name).parameters() if p.requires_grad) for name in names}
    return {name: count for name, count in counts.items() if count}


def count_flops(
    model: nn.Module, video_size: tuple[int, ...] | None, audio_size: tuple[int, ...] | None
) -> dict[str, int]:
    """Return the forward operations for one clip, of the model ('') and of its parts, two levels deep.

    Args:
        model: A model that takes `inputs` with `video` and `audio`, or one of them.
        video_size: (frames, rows, columns); None of a model of sound alone.
        audio_size: (time steps, mel bins); None of a model without sound.
    """
    inputs = {}
    if video_size is not None:
        inputs['video'] = torch.zeros(1, 3, *video_size)
    if audio_size is not None:
        inputs['audio'] = torch.zeros(1, 1, *audio_size)
    counter = FlopCounterMode(display=False, depth=3)
    # as plain products, because the counter does not know the CPU's fused attention
    with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        model.eval()(inputs, mode='tensor')
    root = type(model).__name__
    counts = {name: sum(ops.values()) for name, ops in counter.get_flop_counts().items()}
    del counts['Global']  # the same as the root's
    totals = {name.removeprefix(root).removeprefix('.'): total for name, total in counts.items()}
    for name in [name for name in totals if '.' in name]:
        parent = name.rpartition('.')[0]
        if parent not in totals:  # a container that is never called itself
            totals[parent] = sum(v for k, v in totals.items() if k.rpartition('.')[0] == parent)
    return {name: total for name, total in totals.items() if total and name.count('.') <= 1}
