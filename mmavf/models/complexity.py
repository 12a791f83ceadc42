"""Parameters and operations of a model, per part.

An operation is an addition or a multiplication, so that a multiply-add counts as 2, in matrix products, convolutions
and attention.
"""

from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(model: nn.Module) -> dict[str, int]:
    """Return the trainable parameters of the model ('') and of its parts, two levels deep."""
    names = [''] + [name for name, _ in model.named_modules() if name and name.count('.') <= 1]
    counts = {name: sum(p.numel() for p in model.get_submodule(name).parameters() if p.requires_grad) for name in names}
    return {name: count for name, count in counts.items() if count}


def input_sizes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the size of a clip of each modality, without the batch: (channels, frames, rows, columns) of video."""
    encoders: Any = model.encoders
    return {
        m: (encoder.in_channels, *(g * p for g, p in zip(encoder.grid, encoder.patch_size, strict=True)))
        for m, encoder in encoders.items()
    }


def count_flops(model: nn.Module) -> dict[str, int]:
    """Return the forward operations for one clip, of the model ('') and of its parts, two levels deep.

    Args:
        model: A pre-trainer or a recognizer: its `encoders` announce the sizes of their inputs. On the meta device no
            value is computed.
    """
    device = next(model.parameters()).device
    inputs = {m: torch.zeros(1, *size, device=device) for m, size in input_sizes(model).items()}
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


def count_hidden_embedding(model: nn.Module) -> int:
    """Return the operations per clip that embedding the hidden patches would take.

    The released programs embed every patch in pre-training and then drop those that the masks hide; the encoders here
    embed the visible ones (the convolutions of a `ConvStem` run over all). Published figures contain these operations.

    Args:
        model: A pre-trainer, or a recognizer, which hides nothing.
    """
    if not hasattr(model, 'masker'):
        return 0
    pretrainer: Any = model
    masks, encoders = pretrainer.masker(1, next(model.parameters()).device), pretrainer.encoders
    hidden = {m: encoder.num_tokens - masks[m].keep_ids.shape[1] for m, encoder in encoders.items()}
    return sum(hidden[m] * encoder.patch_embed.patch_operations for m, encoder in encoders.items())
