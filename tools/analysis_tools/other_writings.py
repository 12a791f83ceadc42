"""A pre-training step next to the same step of another writing of the model: plain PyTorch, or transformers."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from mmengine.registry import init_default_scope
from plain_models import Masks, PlainModel
from torch import Tensor, nn

from mmavf.cli.program import UsageError
from mmavf.engine.allocator import keep_freed_memory
from mmavf.engine.config_file import load_config
from mmavf.models.complexity import input_sizes
from mmavf.models.pretrainers import MaskedAutoencoder
from mmavf.registry import MODELS

DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16}
Loss = Callable[[], Tensor]


def run(args: argparse.Namespace) -> None:
    """Print one JSON line per batch size and precision."""
    args.device = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    torch.manual_seed(0)
    keep_freed_memory()  # as a run does
    config = load_config(args.config, args.cfg_options)
    init_default_scope('mmavf')
    model = MODELS.build(config.model)
    other = _of_transformers(model) if args.transformers else PlainModel(config.model)
    model.to(args.device).train(), other.to(args.device).train()
    for batch_size in args.batch_size:
        inputs = {m: torch.randn(batch_size, *size, device=args.device) for m, size in input_sizes(model).items()}
        sides = {'ours': lambda inputs=inputs: sum(model(inputs, mode='loss').values())}
        sides['transformers' if args.transformers else 'plain'] = _loss_of(other, inputs, _masks(model, batch_size))
        for name in args.dtype:
            steps = [_step(loss, m, DTYPES[name]) for loss, m in zip(sides.values(), (model, other), strict=True)]
            times = in_turn(steps, args)
            about = dict(config=args.config, device=args.device, threads=torch.get_num_threads())
            about |= dict(rounds=args.rounds, clock='cpu' if args.cpu_time else 'wall')
            print(json.dumps(about | dict(dtype=name, batch_size=batch_size) | summary(list(sides), times)), flush=True)


def in_turn(steps: list[Callable[[], None]], args: argparse.Namespace) -> np.ndarray:
    """Run the steps in turn, every other round in reverse order; return seconds, (rounds, sides)."""
    clock = time.process_time if args.cpu_time else time.perf_counter
    times = np.zeros((args.rounds + 1, len(steps)))
    for number in range(args.rounds + 1):
        for side in range(len(steps))[:: 1 if number % 2 else -1]:
            start = clock()
            steps[side]()
            if args.device.startswith('cuda'):
                torch.cuda.synchronize()
            times[number, side] = clock() - start
    return times[1:]


def summary(names: list[str], times: np.ndarray) -> dict:
    """Return median and quartiles of the seconds of each side, and of the ratio of the second to the first."""
    columns = {f'{name}_s': times[:, i] for i, name in enumerate(names)} | dict(ratio=times[:, 1] / times[:, 0])
    return {
        key: [round(float(value), 3) for value in np.percentile(column, (25, 50, 75))]
        for key, column in columns.items()
    }


def _step(loss: Loss, model: nn.Module, dtype: torch.dtype) -> Callable[[], None]:
    """Return forward, loss and backward of one side."""
    device = next(model.parameters()).device.type

    def step() -> None:
        """Run one step."""
        with torch.autocast(device, torch.bfloat16, enabled=dtype == torch.bfloat16):
            value = loss()
        value.backward()
        model.zero_grad(set_to_none=True)

    return step


def _loss_of(other: nn.Module, inputs: Mapping[str, Tensor], masks: Masks) -> Loss:
    if isinstance(other, PlainModel):
        return lambda: sum(other(inputs, masks).values())
    frames = inputs['video'].transpose(1, 2).contiguous()  # (B, T, 3, H, W)
    return lambda: other(frames, bool_masked_pos=masks['video'][0]).loss


def _masks(model: MaskedAutoencoder, batch_size: int) -> Masks:
    """Draw masks as the other sides take them: bool (B, N), True where the encoder or decoder has no token."""
    masks = {}
    for m, drawn in model.masker(batch_size, next(model.parameters()).device).items():
        hidden = torch.ones(batch_size, model.encoders[m].num_tokens, dtype=torch.bool, device=drawn.keep_ids.device)
        masks[m] = hidden.scatter(1, drawn.keep_ids, False), hidden.scatter(1, drawn.decode_ids, False)
    return masks


def _of_transformers(model: MaskedAutoencoder) -> nn.Module:
    """Build transformers' model of the same sizes.

    Raises:
        UsageError: It has no such model.
    """
    from transformers import VideoMAEConfig, VideoMAEForPreTraining

    encoder, decoder = model.encoders['video'], model.decoders['video']
    if model.masker.decoder_masks is not None or type(encoder).__name__ != 'ViTEncoder':
        raise UsageError('transformers has VideoMAE alone: pass --cfg-options model.masker.decoder=None')
    config = VideoMAEConfig(
        image_size=encoder.input_size[1],
        patch_size=encoder.patch_size[1],
        hidden_size=encoder.embed_dims,
        intermediate_size=encoder.blocks[0].ffn.fc1.out_features,
        num_hidden_layers=len(encoder.blocks),
        num_attention_heads=encoder.blocks[0].self_attn.attn.num_heads,
        decoder_hidden_size=decoder.embed_dims,
        decoder_intermediate_size=decoder.block.ffn.fc1.out_features,
        decoder_num_hidden_layers=1 + len(decoder.plain_blocks),
        decoder_num_attention_heads=decoder.block.self_attn.attn.num_heads,
        layer_norm_eps=encoder.norm.eps,
        attn_implementation='sdpa',
    )
    other = VideoMAEForPreTraining(config)
    counts = [sum(p.numel() for p in side.parameters()) for side in (model, other)]
    print(f'parameters: {counts[0]:,} here, {counts[1]:,} there', file=sys.stderr)
    return other
