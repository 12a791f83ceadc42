"""Count parameters and forward GFLOP per clip of a configuration, per part of the model.

Counts 2 operations per multiply-add in matrix products, convolutions and attention. No value is computed, so that a
model of any size takes seconds and no memory. In pre-training the released programs also embed the patches that are
hidden, and published figures contain that: the last line adds it.

Examples:
  mmavf complexity configs/avfmae_b_pretrain.py
  mmavf complexity configs/finetune/samm/avfmae_b_samm.py
  mmavf complexity configs/avfmae_b_finetune.py --cfg-options model.head.num_classes=11
"""

from argparse import ArgumentParser, Namespace

from mmavf.cli.options import add_config_options


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('config', help='config file')
    add_config_options(parser)


def run(args: Namespace) -> None:
    """Print a table."""
    import torch
    from mmengine.registry import init_default_scope

    from mmavf.engine.config_file import load_config
    from mmavf.models.complexity import count_flops, count_hidden_embedding, count_parameters
    from mmavf.registry import MODELS

    config = load_config(args.config, args.cfg_options)
    init_default_scope('mmavf')
    with torch.device('meta'):
        model = MODELS.build(config.model).to('meta')
    flops, parameters = count_flops(model), count_parameters(model)
    print(f'{"part":<28}{"parameters":>14}{"GFLOP / clip":>14}')
    for name in sorted({*parameters, *flops}):
        print(f'{name or "model":<28}{parameters.get(name, 0):>14,}{flops.get(name, 0) / 1e9:>14.2f}')
    if embedding := count_hidden_embedding(model):
        print(f'{"with hidden patches embedded":<42}{(flops[""] + embedding) / 1e9:>14.2f}')
