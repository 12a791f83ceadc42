"""Reconstructed frames and log-mel from the predictions of a pre-training model.

Shapes: B batch, N tokens of the grid, P values of a patch.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmavf.models.layers import patch_grid, take_patches
from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.models.targets import PatchTarget


class Reconstruction(NamedTuple):
    """One modality of a batch, in the units of its data: pixels in [0, 1], or normalised log-mel.

    Attributes:
        original: What the loader gave, `(B, channels, *size)`.
        predicted: What the decoder predicts, at every place, `(B, channels, *size)`.
        hidden: Whether the encoder did not see the place, bool `(B, 1, *size)`.
        error: Mean squared error over the hidden tokens, in the units of the loss; scalar.
        relative: Whether predictions lack the patches' mean and deviation, which then are those of the original.
    """

    original: Tensor
    predicted: Tensor
    hidden: Tensor
    error: Tensor
    relative: bool

    @property
    def pasted(self) -> Tensor:
        """Predictions of what the encoder did not see, the original elsewhere, `(B, channels, *size)`."""
        return torch.where(self.hidden, self.predicted, self.original)


def unpatchify(patches: Tensor, grid: Sequence[int]) -> Tensor:
    """Assemble patches `(B, N, channels, *patch_size)` to `(B, channels, *size)`: the inverse of `take_patches`."""
    axes = len(grid)
    x = patches.unflatten(1, tuple(grid))  # (B, g1, g2, ..., channels, p1, p2, ...)
    pairs = [axis for i in range(axes) for axis in (1 + i, 2 + axes + i)]
    x = x.permute(0, 1 + axes, *pairs)  # (B, channels, g1, p1, g2, p2, ...)
    for axis in range(axes):
        x = x.flatten(2 + axis, 3 + axis)
    return x


def undo_target(target: PatchTarget, values: Tensor, clip: Tensor) -> Tensor:
    """Turn target values back into a clip in the units of the data: the inverse of `PatchTarget`.

    A standardised patch has lost its mean and deviation: they are taken from the same patch of `clip`.

    Args:
        target: What the values are a prediction of.
        values: Target values of all tokens, (B, N, P).
        clip: The model's input `(B, channels, *size)`, as the data preprocessor gives it.

    Returns:
        Float32 `(B, channels, *size)`.
    """
    channels, patch_size = clip.shape[1], target.patch_size
    patches = values.float().unflatten(2, (-1, channels))  # (B, N, positions, channels)
    if target.frame_difference:
        frames = patches.unflatten(2, (patch_size[0], -1))  # (B, N, frames, rows * columns, channels)
        patches = frames.cumsum(dim=2).flatten(2, 3)
    patches = patches.transpose(2, 3)  # (B, N, channels, positions)
    if target.normalize:
        everything = torch.arange(values.shape[1], device=values.device)
        true = take_patches(input_in_data_units(target, clip), patch_size, everything)
        true = true.flatten(3)  # (B, N, channels, positions)
        std, mean = torch.std_mean(true, dim=3, keepdim=True)
        patches = patches * (std + 1e-6) + mean
    return unpatchify(patches.unflatten(3, patch_size), patch_grid(clip.shape[2:], patch_size))


def input_in_data_units(target: PatchTarget, clip: Tensor) -> Tensor:
    """Undo the preprocessor's normalisation of the model's input `(B, channels, *size)`, where the target does so."""
    if not target.undo:
        return clip.float()
    shape = (1, -1, *[1] * (clip.dim() - 2))
    return clip.float() * target.std.view(shape) + target.mean.view(shape)


def token_map(flags: Tensor, size: Sequence[int], patch_size: Sequence[int]) -> Tensor:
    """Spread one flag per token, bool (B, N), over the places of its patch: `(B, 1, *size)`."""
    patches = flags.view(*flags.shape, 1, *[1] * len(patch_size)).expand(-1, -1, -1, *patch_size)
    return unpatchify(patches, patch_grid(size, patch_size))


@torch.no_grad()
def reconstruct(model: MaskedAutoencoder, inputs: Mapping[str, Tensor]) -> dict[str, Reconstruction]:
    """Hide patches of a batch as in training, and predict all of them.

    The decoder is trained to predict one half of the tokens at a time, so it runs twice, once for each half.

    Args:
        model: A pre-training model, in evaluation mode.
        inputs: Output of the model's data preprocessor for each modality, on the model's device.

    Returns:
        A reconstruction of each modality.
    """
    first = inputs[model.modalities[0]]
    batch, device = first.shape[0], first.device
    drawn = model.masker(batch, device)
    hidden, halves = {}, {}
    predictions: dict[str, Tensor] = {}
    for m in model.modalities:
        everything = torch.ones(batch, model.masker.num_tokens[m], dtype=torch.bool, device=device)
        hidden[m] = everything.scatter(1, drawn[m].keep_ids, False)
        halves[m] = everything.scatter(1, drawn[m].decode_ids, False)
    for flip in (False, True):
        masks = {m: (hidden[m], ~halves[m] if flip else halves[m]) for m in model.modalities}
        output = model(inputs, mode='predict', masks=masks)
        for m in model.modalities:
            values, ids = output.predictions[m].float(), output.masks[m].decode_ids
            blank = values.new_zeros(batch, model.masker.num_tokens[m], values.shape[2])
            whole = predictions.setdefault(m, blank)  # (B, N, P)
            whole.scatter_(1, ids[..., None].expand_as(values), values)
    return {m: _in_data_units(model.targets[m], inputs[m], predictions[m], hidden[m]) for m in model.modalities}


def _in_data_units(target: PatchTarget, clip: Tensor, values: Tensor, hidden: Tensor) -> Reconstruction:
    ids = torch.arange(values.shape[1], device=values.device).expand(values.shape[:2])
    error = (values - target(clip, ids)).square().mean(dim=2)[hidden].mean()
    return Reconstruction(
        original=input_in_data_units(target, clip),
        predicted=undo_target(target, values, clip),
        hidden=token_map(hidden, clip.shape[2:], target.patch_size),
        error=error,
        relative=target.normalize,
    )
