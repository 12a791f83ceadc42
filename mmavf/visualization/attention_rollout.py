"""Which parts of face and spectrogram the tokens that a model pools have drawn on: attention roll-out.

Abnar and Zuidema, Quantifying Attention Flow in Transformers (ACL 2020), section 3: a layer y = x + attention(x) hands
on half of each token and half of what the token attends to, (I + A) / 2 with A the mean over heads; the product over
layers says how much of each input is in each output. Layer norms and feed-forward layers act on each token by itself
and do not count.

A block of the local-global encoder is four such layers in a row, which is how roll-out is applied to it here:

- stage I: each region's token and its local tokens attend to each other;
- stage II: region tokens attend to each other;
- stage III: local tokens attend to region tokens: half of a local token stays, half comes from regions;
- stage IV: region tokens attend to local tokens likewise (AVF-MAE++ alone).

Tokens that a stage does not change are handed on whole. The map is the mean over the tokens that are pooled, summed
over all ways back to each patch. Region tokens begin as learned constants, which are no part of the input: what leads
back to them is left out, and the map scaled to a sum of 1.

What it does not say: which class a part speaks for, how much one modality counts against the other, and what happens
after the encoder (correlation, head). Attention shows where a model looked, not that the answer would be another one
without it.

Shapes: B clips, K region tokens, N local tokens (patches), C channels.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmavf.errors import ConfigError
from mmavf.models.encoders import EncoderEnsemble, EncoderOutput, ImprovedLGIEncoder, ViTEncoder
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.models.recognizers.token_choice import TokenType

from .attention_weights import recorded_attention

KEPT = 0.5  # of a token, by the residual connection


def attention_maps(model: AVFMAERecognizer, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return for each modality how much the tokens that a recognizer pools have drawn on each patch.

    Args:
        model: The model, in evaluation mode; neither its weights nor its state change.
        inputs: Its normalised inputs, as in its `forward`; modalities that it has no encoder for are ignored.

    Returns:
        Float32 (B, slices, rows, columns) of video and (B, time, mel) of audio, in patches; every map sums to 1.

    Raises:
        ConfigError: An encoder is of a kind whose roll-out is not defined here, or is compiled.
    """
    return {
        m: rollout(encoder, inputs[m], model.token_type if getattr(encoder, 'num_regions', 0) else 'local')
        for m, encoder in model.encoders.items()
        if m in inputs
    }


@torch.no_grad()
def rollout(encoder: nn.Module, x: Tensor, tokens: TokenType = 'region') -> Tensor:
    """Return how much the tokens of an encoder's last layer have drawn on each patch.

    Args:
        encoder: An `ImprovedLGIEncoder`, a `ViTEncoder`, or an `EncoderEnsemble`, whose members count
            the same; in evaluation mode.
        x: Clips ``(B, channels, *input_size)``, normalised.
        tokens: Over which tokens the mean is taken: those that are pooled. A `ViTEncoder` has 'local' ones alone.

    Returns:
        Float32 ``(B, *grid)``; each map sums to 1.

    Raises:
        ConfigError: The encoder is of another kind, has no such tokens, or is compiled.
    """
    if isinstance(encoder, EncoderEnsemble):
        return torch.stack([rollout(member, x, tokens) for member in encoder.members]).mean(dim=0)
    if not isinstance(encoder, ImprovedLGIEncoder | ViTEncoder):
        raise ConfigError(
            f'attention roll-out is defined for ImprovedLGIEncoder and ViTEncoder, not for {type(encoder).__name__}'
        )
    if tokens != 'local' and not encoder.num_regions:
        raise ConfigError(f'{type(encoder).__name__} has no region tokens: its roll-out starts from the local ones')
    with recorded_attention(encoder) as weights:
        output: EncoderOutput = encoder(x)
    try:
        local = _follow_back(encoder, weights, tokens, x)
    except KeyError as error:
        raise ConfigError(f'attention of {error} was not seen: use the model as it was before compiling') from error
    grid = torch.zeros_like(local).index_copy_(1, output.token_ids, local)  # into raster order
    return (grid / grid.sum(dim=1, keepdim=True)).unflatten(1, encoder.grid)


def _follow_back(
    encoder: ImprovedLGIEncoder | ViTEncoder, weights: Mapping[str, Tensor], tokens: TokenType, x: Tensor
) -> Tensor:
    """Return how much of each local token (B, N), in the order of the encoder, is in the mean of the last tokens."""
    num_regions = encoder.num_regions
    regions, local = x.new_ones((len(x), num_regions)), x.new_ones((len(x), encoder.num_tokens))
    if tokens == 'region':
        local = torch.zeros_like(local)
    elif tokens == 'local':
        regions = torch.zeros_like(regions)
    regions, local = regions.float(), local.float()
    for index in reversed(range(len(encoder.blocks))):
        name = f'blocks.{index}'
        if num_regions:
            regions, local = _through_lgi_block(regions, local, name, weights)
        else:
            local = _to_itself(local, weights[f'{name}.self_attn.attn'])
    return local


def _through_lgi_block(
    regions: Tensor, local: Tensor, name: str, weights: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """Turn shares of a block's output, regions (B, K) and local tokens (B, N), into shares of its input."""
    num_regions = regions.shape[1]
    if f'{name}.stage4.attn' in weights:
        regions, local = _to_context(regions, local, weights[f'{name}.stage4.attn'])
    local, regions = _to_context(local, regions, weights[f'{name}.stage3.attn'])
    regions = _to_itself(regions, weights[f'{name}.stage2.attn'])
    together = torch.cat((regions.unsqueeze(2), local.unflatten(1, (num_regions, -1))), dim=2)  # (B, K, 1 + N / K)
    together = _to_itself(together.flatten(0, 1), weights[f'{name}.stage1.attn']).unflatten(0, (-1, num_regions))
    return together[:, :, 0], together[:, :, 1:].flatten(1)


def _to_itself(share: Tensor, attention: Tensor) -> Tensor:
    """Shares (B, N) of the output of self-attention (B, N, N) as shares of its input."""
    return KEPT * share + (1 - KEPT) * (share.unsqueeze(1) @ attention).squeeze(1)


def _to_context(share: Tensor, of_context: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
    """The same for attention (B, N, M) to a context, whose own shares (B, M) it adds to."""
    return KEPT * share, of_context + (1 - KEPT) * (share.unsqueeze(1) @ attention).squeeze(1)
