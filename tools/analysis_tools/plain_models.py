"""The pre-training models of HiCMAE, SVFAP and VideoMAE as one writes them first, to measure the package's against.

Plain PyTorch: all patches are embedded and the visible ones taken out by boolean masks, attention is two products with
a softmax between them, targets of all patches are computed and the hidden ones taken out. Parameters have the released
names, so that weights of the package's models can be converted and loaded; the losses are then the same.

Shapes: B batch, N tokens of a clip, n visible ones, C channels.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmavf.models.layers import LAYER_NORM_EPS, sinusoid_table

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Masks = Mapping[str, tuple[Tensor, Tensor]]


class Attention(nn.Module):
    """Self-attention, or cross-attention where `cross`."""

    def __init__(self, dim: int, heads: int, cross: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.q_bias, self.v_bias = nn.Parameter(torch.zeros(dim)), nn.Parameter(torch.zeros(dim))
        if cross:
            self.q, self.kv = nn.Linear(dim, dim, bias=False), nn.Linear(dim, 2 * dim, bias=False)
        else:
            self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Map (B, N, C) and, in cross-attention, a context (B, M, C) to (B, N, C)."""
        no_bias = torch.zeros_like(self.v_bias)
        if context is None:
            q, k, v = self._split(F.linear(x, self.qkv.weight, torch.cat((self.q_bias, no_bias, self.v_bias))), 3)
        else:
            (q,) = self._split(F.linear(x, self.q.weight, self.q_bias), 1)
            k, v = self._split(F.linear(context, self.kv.weight, torch.cat((no_bias, self.v_bias))), 2)
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)  # (B, heads, N, M)
        return self.proj((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))

    def _split(self, x: Tensor, parts: int) -> Tensor:
        """Bring (B, N, parts * C) to (parts, B, heads, N, C / heads)."""
        return x.unflatten(2, (parts, self.heads, -1)).permute(2, 0, 3, 1, 4)


class Mlp(nn.Module):
    """Two layers with GELU between them."""

    def __init__(self, dim: int, hidden: int, out: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., C) to (..., out)."""
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Transformer block, with cross-attention first where `cross`."""

    def __init__(self, dim: int, heads: int, cross: bool = False) -> None:
        super().__init__()
        if cross:
            self.cross_norm1, self.cross_norm2 = _norm(dim), _norm(dim)
            self.cross_attn = Attention(dim, heads, cross=True)
        self.norm1, self.attn = _norm(dim), Attention(dim, heads)
        self.norm2, self.mlp = _norm(dim), Mlp(dim, 4 * dim, dim)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Map (B, N, C) and, with cross-attention, a context (B, M, C) to (B, N, C)."""
        if context is not None:
            x = x + self.cross_attn(self.cross_norm1(x), self.cross_norm2(context))
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Encoder(nn.Module):
    """Plain encoder of the visible patches."""

    def __init__(self, cfg: Mapping, depths: Sequence[int]) -> None:
        super().__init__()
        dim, heads, patch = cfg['embed_dims'], cfg['num_heads'], tuple(cfg['patch_size'])
        convolution = nn.Conv3d if len(patch) == 3 else nn.Conv2d
        self.patch_embed = nn.ModuleDict(dict(proj=convolution(cfg.get('in_channels', 3), dim, patch, patch)))
        self.blocks = nn.ModuleList(Block(dim, heads, cross=i >= depths[0]) for i in range(sum(depths)))
        self.norm = _norm(dim)
        self.out_indices = cfg.get('out_indices', ())
        self.register_buffer('positions', sinusoid_table(num_tokens(cfg), dim), persistent=False)

    def visible(self, x: Tensor, mask: Tensor) -> Tensor:
        """Embed all patches of a clip and take the visible ones: (B, n, C)."""
        tokens = self.patch_embed['proj'](x).flatten(2).transpose(1, 2) + self.positions
        return take(tokens, ~mask)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the tokens of the last layer, and of the layers `out_indices`."""
        x, hidden = self.visible(x, mask), []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.out_indices:
                hidden.append(self.norm(x))
        return self.norm(x), hidden


class PyramidEncoder(Encoder):
    """SVFAP's: three stages, each with half the slices, bottleneck tokens in the later ones."""

    def __init__(self, cfg: Mapping) -> None:
        super().__init__(cfg, cfg['depths'])
        dim, self.slices = cfg['embed_dims'], cfg['input_size'][0] // cfg['patch_size'][0]
        first, second, _ = cfg['depths']
        self.stages = (first, first + second)
        self.temporal_downsamples = nn.ModuleList(nn.Conv1d(dim, dim, 2, 2) for _ in range(2))
        self.spatial_downsamples = nn.ModuleList(
            nn.ModuleDict(dict(norm=_norm(dim), mlp=Mlp(dim, 128, cfg['num_bottleneck']))) for _ in range(2)
        )

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the normed sum of the stages, and no layers."""
        second, third = self.stages
        x = self.visible(x, mask)
        for block in self.blocks[:second]:
            x = block(x)
        summed, x = x, x.unflatten(1, (self.slices, -1))  # (B, T, S, C)
        for stage, blocks in enumerate((self.blocks[second:third], self.blocks[third:])):
            x = self._stage(x, stage, blocks)
            summed = summed + x.repeat_interleave(self.slices // x.shape[1], dim=1).flatten(1, 2)
        return self.norm(summed), []

    def _stage(self, x: Tensor, stage: int, blocks: nn.ModuleList) -> Tensor:
        b, _, s, _ = x.shape
        series = x.permute(0, 2, 3, 1).flatten(0, 1)  # (B * S, C, T)
        x = self.temporal_downsamples[stage](series).unflatten(0, (b, s)).permute(0, 3, 1, 2)  # (B, T / 2, S, C)
        part = self.spatial_downsamples[stage]
        weights = part['mlp'](part['norm'](x)).softmax(dim=2)  # (B, T, S, G)
        bottleneck, context = (weights.transpose(2, 3) @ x).flatten(1, 2), x.flatten(1, 2)
        for block in blocks[:-1]:
            bottleneck = block(bottleneck, context)
        return blocks[-1](context, bottleneck).view_as(x)


class Decoder(nn.Module):
    """Plain blocks, or blocks that look at the encoder's layers after the first."""

    def __init__(self, cfg: Mapping, encoder: Mapping) -> None:
        super().__init__()
        dim, heads, skips = cfg['embed_dims'], cfg['num_heads'], len(encoder.get('out_indices', ()))
        cross = [False] * cfg.get('depth', 1) + [True] * skips
        self.blocks = nn.ModuleList(Block(dim, heads, kind) for kind in cross)
        self.norm = _norm(dim)
        values = int(torch.Size(encoder['patch_size']).numel()) * encoder.get('in_channels', 3)
        self.head = nn.Linear(dim, values)
        self.register_buffer('positions', sinusoid_table(num_tokens(encoder), dim), persistent=False)

    def forward(self, x: Tensor, skips: list[Tensor], mask_token: Tensor, mask: Tensor, not_decoded: Tensor) -> Tensor:
        """Return predictions (B, m, P) of the decoded tokens."""
        positions = self.positions.expand(len(mask), -1, -1)
        visible, decoded = take(positions, ~mask), take(positions, ~not_decoded)
        x = torch.cat((x + visible, mask_token + decoded), dim=1)
        contexts = [None] * (len(self.blocks) - len(skips)) + [skip + visible for skip in reversed(skips)]
        for block, context in zip(self.blocks, contexts, strict=True):
            x = block(x, context)
        return self.head(self.norm(x[:, -decoded.shape[1] :]))


class PlainModel(nn.Module):
    """A whole model, built of the same config as the package's."""

    def __init__(self, cfg: Mapping) -> None:
        super().__init__()
        self.cfg = cfg
        for m, encoder in cfg['encoders'].items():
            end, decoder = _end(m), cfg['decoders'][m]
            pyramid = 'depths' in encoder
            self.add_module(
                f'encoder{end}', PyramidEncoder(encoder) if pyramid else Encoder(encoder, [encoder['depth']])
            )
            self.add_module(f'decoder{end}', Decoder(decoder, encoder))
            to_decoder = nn.Linear(encoder['embed_dims'], decoder['embed_dims'], bias=False)
            self.add_module(f'encoder_to_decoder{end}', to_decoder)
            self.register_parameter(f'mask_token{end}', nn.Parameter(torch.zeros(1, 1, decoder['embed_dims'])))
        if cfg.get('correlation'):
            self.encoder_fusion = Fusion(cfg['correlation'])

    def forward(self, inputs: Mapping[str, Tensor], masks: Masks) -> dict[str, Tensor]:
        """Return the loss terms.

        Args:
            inputs: Clips by modality.
            masks: By modality what the encoder does not see and what the decoder does not predict, bool (B, N).
        """
        encoded = {m: getattr(self, f'encoder{_end(m)}')(x, masks[m][0]) for m, x in inputs.items()}
        tokens = [encoded[m][0] for m in inputs]
        if hasattr(self, 'encoder_fusion'):
            tokens = self.encoder_fusion(*tokens)
        losses = {}
        for m, x in zip(inputs, tokens, strict=True):
            losses[f'loss_{m}'] = self._reconstruction(m, inputs[m], x, encoded[m][1], masks[m])
        if contrast := self.cfg.get('contrastive_loss'):
            layers = zip(*(encoded[m][1] for m in inputs), strict=True)
            terms = [_contrast(*layer, contrast['temperature']) for layer in layers]
            losses['loss_contrastive'] = contrast['loss_weight'] * sum(terms)
        return losses

    def _reconstruction(self, m: str, clip: Tensor, x: Tensor, hidden: list[Tensor], masks: tuple) -> Tensor:
        end, (mask, not_decoded) = _end(m), masks
        to_decoder = getattr(self, f'encoder_to_decoder{end}')
        skips = [to_decoder(layer) for layer in hidden]
        predicted = getattr(self, f'decoder{end}')(
            to_decoder(x), skips, getattr(self, f'mask_token{end}'), mask, not_decoded
        )
        labels = take(targets(clip, self.cfg['encoders'][m], self.cfg['targets'][m]), ~not_decoded)
        weight = mask[~not_decoded].view(len(mask), -1)
        return ((predicted.float() - labels).square().mean(dim=-1) * weight).sum() / weight.sum()


class Fusion(nn.Module):
    """HiCMAE's fusion: pairs of blocks that look at each other's modality."""

    def __init__(self, cfg: Mapping) -> None:
        super().__init__()
        dim, heads = cfg['embed_dims'], cfg['num_heads']
        self.blocks, self.blocks_audio = (
            nn.ModuleList(Block(dim, heads, cross=True) for _ in range(cfg['num_units'])) for _ in range(2)
        )
        self.norm, self.norm_audio = _norm(dim), _norm(dim)

    def forward(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Relate video (B, n, C) and audio (B, k, C)."""
        for of_video, of_audio in zip(self.blocks, self.blocks_audio, strict=True):
            video, audio = of_video(video, audio), of_audio(audio, video)
        return self.norm(video), self.norm_audio(audio)


@torch.no_grad()
def targets(x: Tensor, encoder: Mapping, cfg: Mapping) -> Tensor:
    """Return the standardised patches of a clip (B, channels, *size), all of them: (B, N, P)."""
    if x.ndim == 5:
        mean, std = (torch.tensor(value, device=x.device).view(1, 3, 1, 1, 1) for value in IMAGENET)
        x = x * std + mean
    sizes = [
        size for pair in zip(x.shape[2:], encoder['patch_size'], strict=True) for size in (pair[0] // pair[1], pair[1])
    ]
    axes = range(len(encoder['patch_size']))
    x = x.reshape(*x.shape[:2], *sizes)
    x = x.permute(0, *(2 + 2 * i for i in axes), *(3 + 2 * i for i in axes), 1)  # (B, *grid, *patch, channels)
    x = x.flatten(1, len(axes)).flatten(2, -2)  # (B, N, positions, channels)
    x = (x - x.mean(dim=2, keepdim=True)) / (x.var(dim=2, keepdim=True).sqrt() + 1e-6)
    if cfg.get('frame_difference'):
        first, second = x.chunk(2, dim=2)
        x = torch.cat((first, second - first), dim=2)
    return x.flatten(2)


def take(x: Tensor, mask: Tensor) -> Tensor:
    """Return the tokens (B, n, C) of (B, N, C) where a mask (B, N) is True."""
    return x.expand(len(mask), -1, -1)[mask].view(len(mask), -1, x.shape[-1])


def num_tokens(cfg: Mapping) -> int:
    """Return the number of tokens of an encoder."""
    grid = [size // patch for size, patch in zip(cfg['input_size'], cfg['patch_size'], strict=True)]
    return int(torch.Size(grid).numel())


def _contrast(video: Tensor, audio: Tensor, temperature: float) -> Tensor:
    video, audio = (F.normalize(x.float().mean(dim=1), dim=-1) for x in (video, audio))
    scores = video @ audio.T / temperature
    labels = torch.arange(len(scores), device=scores.device)
    return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2


def _end(modality: str) -> str:
    """Return how the released names of a modality's parts end."""
    return '' if modality == 'video' else f'_{modality}'


def _norm(dim: int) -> nn.LayerNorm:
    return nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
