"""Parameters and forward GFLOP per clip of a configuration, per part of the model.

Counts 2 operations per multiply-add in matrix products, convolutions and attention. Runs one clip through the model.

Examples:
  python tools/analysis_tools/get_complexity.py configs/avfmae_b_pretrain.py
  python tools/analysis_tools/get_complexity.py configs/finetune/samm/avfmae_b_samm.py
  python tools/analysis_tools/get_complexity.py configs/avfmae_b_finetune.py --cfg-options model.head.num_classes=11
"""

import argparse
import sys

import torch
from mmengine.config import DictAction
from mmengine.registry import init_default_scope
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mmavf.cli.run import load_config, run_command
from mmavf.registry import MODELS


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


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='overrides, key=value')
    return parser.parse_args()


def print_table(args: argparse.Namespace) -> None:
    """Count the parts of the configured model and print a table."""
    config = load_config(args.config, args.cfg_options)
    init_default_scope('mmavf')
    model = MODELS.build(config.model)
    encoders = config.model.video_encoder, config.model.audio_encoder
    flops = count_flops(model, *(encoder and tuple(encoder.input_size) for encoder in encoders))
    parameters = count_parameters(model)
    print(f'{"part":<28}{"parameters":>14}{"GFLOP / clip":>14}')
    for name in sorted({*parameters, *flops}):
        print(f'{name or "model":<28}{parameters.get(name, 0):>14,}{flops.get(name, 0) / 1e9:>14.2f}')


def main() -> int:
    return run_command(print_table, parse_args())


if __name__ == '__main__':
    sys.exit(main())
